import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sumExceeds } from '../../src/base/index.js';

describe('sums of register values', () => {
  it('are compared without rounding', () => {
    const border = fc.constantFrom(0n, 2n ** 36n, 2n ** 44n, 2n ** 52n, 2n ** 53n, 2n ** 63n, 2n ** 64n);
    const value = fc.tuple(border, fc.bigInt(-2n, 2n)).map(([b, d]) => BigInt.asUintN(64, b + d));
    const limit = fc.constantFrom(0, 2 ** 36, 2 ** 44, 2 ** 52, 2 ** 64);
    fc.assert(
      fc.property(value, value, limit, (a, b, most) => {
        expect(sumExceeds(a, b, most)).toBe(a + b > BigInt(most));
      }),
    );
  });
});
