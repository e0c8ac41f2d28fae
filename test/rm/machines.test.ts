import { describe, expect, test } from 'vitest';
import { IrqLendState, ParcelState } from '../../src/protocol/index.js';
import { irqLoanLife } from '../../src/rm/irq/life.js';
import { parcelLife } from '../../src/rm/memparcel/life.js';

describe('machines of parcels and loans', () => {
  test('state numbers are those of RM', () => {
    expect(parcelLife.states.map(({ index, meta }) => [index, meta.value])).toEqual([
      [ParcelState.INIT, 0],
      [ParcelState.SHARING, 1],
      [ParcelState.SHARED, 2],
      [3, 3],
    ]);
    expect(irqLoanLife.states.map(({ index, meta }) => [index, meta.value])).toEqual(
      [IrqLendState.NONE, IrqLendState.OFFERED, IrqLendState.ACCEPTED].map((n) => [n, n]),
    );
  });

  test('a shared parcel cannot be reclaimed, and the last release offers it again', () => {
    expect(parcelLife.next(ParcelState.SHARED, { sharers: 2 }, { type: 'RECLAIM' })).toBe('unhandled');
    expect(parcelLife.next(ParcelState.SHARED, { sharers: 2 }, { type: 'RELEASE' })).toMatchObject({ state: 2 });
    expect(parcelLife.next(ParcelState.SHARED, { sharers: 1 }, { type: 'RELEASE' })).toMatchObject({ state: 1 });
  });
});
