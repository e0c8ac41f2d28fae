import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clonePlain, copyReusing, digest, packPlain, unpackPlain, writeInto } from '../../src/sim/plain.js';

const leaf = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true }).filter((n) => !Object.is(n, -0)),
  fc.boolean(),
  fc.string(),
  fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn }),
  fc.constantFrom(null, undefined, Number.POSITIVE_INFINITY, 0n, 1n),
  fc.uint8Array(),
  fc.int32Array(),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((v) => new BigUint64Array([v, 0n])),
);
const KEYS = ['id', 'name', 'list', 'x'];
/** Any of the keys, in two orders: much faster than a dictionary. */
const recordOf = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T | undefined>> =>
  fc.oneof(
    ...[KEYS, KEYS.toReversed()].map((keys) =>
      fc.record(Object.fromEntries(keys.map((k) => [k, value])), { requiredKeys: [], noNullPrototype: true }),
    ),
  );
const state = fc.letrec((tie) => ({
  any: fc.oneof({ depthSize: 'small' }, leaf, fc.array(tie('any')), recordOf(tie('any'))),
})).any;

/** Strictly, and faster than matchers of the test runner; fast-check shows the state that fails. */
const equal = (a: unknown, b: unknown): void => expect(isDeepStrictEqual(a, b)).toBe(true);

describe('plain state', () => {
  it('survives packing and unpacking', () => {
    fc.assert(
      fc.property(state, (s) => {
        equal(unpackPlain(packPlain(s)), s);
      }),
    );
  });

  it('packs equal states to equal bytes', () => {
    fc.assert(
      fc.property(state, (s) => {
        expect(digest(packPlain(clonePlain(s)))).toBe(digest(packPlain(s)));
      }),
    );
  });

  it('shares nothing with its copy', () => {
    const s = { a: [new Uint8Array([1]), { b: 2n }] as [Uint8Array, { b: bigint }] };
    const copy = clonePlain(s);
    copy.a[0][0] = 9;
    copy.a[1].b = 3n;
    expect(s).toEqual({ a: [new Uint8Array([1]), { b: 2n }] });
  });

  it('copies with parts of an older copy and never with live parts', () => {
    fc.assert(
      fc.property(state, state, (live, other) => {
        const old = clonePlain(other);
        const before = packPlain(old);
        const copy = copyReusing(live, old);
        equal(copy, live);
        equal(packPlain(old), before);
        if (typeof live === 'object' && live !== null) expect(copy).not.toBe(live);
      }),
    );
    expect(copyReusing<object>({ id: undefined }, { list: 0 })).toStrictEqual({ id: undefined });
    const kept = { a: [new Uint8Array([1])], b: { c: 2n } };
    const next = copyReusing({ a: [new Uint8Array([1])], b: { c: 3n } }, kept);
    expect(next).toEqual({ a: [new Uint8Array([1])], b: { c: 3n } });
    expect(next.a).toBe(kept.a);
  });

  it('gives different digests to states that differ in one byte', () => {
    expect(digest(packPlain([new Uint8Array(64)]))).not.toBe(digest(packPlain([new Uint8Array(64).fill(1, 63)])));
  });
});

describe('writing into a record', () => {
  const record = recordOf(state);

  it('takes over a field without a value in the place of another one', () => {
    expect(writeInto({ name: 1 }, { id: undefined })).toStrictEqual({ id: undefined });
  });

  it('makes a list longer by items without a value, not by holes', () => {
    expect(writeInto({ list: [1] as unknown[] }, { list: [1, undefined] })).toStrictEqual({ list: [1, undefined] });
  });

  it('makes it equal, and shares nothing with what it was made equal to', () => {
    fc.assert(
      fc.property(record, record, (live, value) => {
        const before = clonePlain(value);
        const result = writeInto(clonePlain(live), value);
        equal(result, before);
        // Emptying all of the result leaves the value alone.
        const empty = (x: unknown): void => {
          if (typeof x !== 'object' || x === null) return;
          if (ArrayBuffer.isView(x)) (x as Int32Array).fill(x instanceof BigUint64Array ? (7n as never) : 7);
          else for (const part of Object.values(x)) empty(part);
          if (Array.isArray(x)) x.length = 0;
        };
        empty(result);
        equal(value, before);
      }),
    );
  });
});
