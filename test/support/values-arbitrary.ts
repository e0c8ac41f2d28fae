/** Arbitraries for single values of messages: uniform, with the interesting edges added. */
import fc from 'fast-check';
import { ENUM_NAMES, FLAG_NAMES, type IdEntry, Platform } from '../../src/protocol/index.js';

export const u8 = fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.integer({ min: 0, max: 0xff }));
export const u16 = fc.oneof(fc.constantFrom(0, 1, 0x7fff, 0xffff), fc.integer({ min: 0, max: 0xffff }));
export const u32 = fc.oneof(
  fc.constantFrom(0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff),
  fc.integer({ min: 0, max: 0xffff_ffff }),
);
export const u64 = fc.oneof(
  fc.constantFrom(0n, 1n, 1n << 63n, 0xffff_ffff_ffff_ffffn),
  fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn }),
);

/** VMIDs: the hypervisor, HLOS, RM, both ends of the static and dynamic ranges, and any. */
export const vmid = fc.oneof(fc.constantFrom(0, 1, 3, 4, 31, 32, 0x80, 0xbe, 0xbf, 255, 256, 0xffff), u16);
export const handle = fc.oneof(fc.constantFrom(0, 1, 2, Platform.INVALID_HANDLE), u32);
export const irq = fc.oneof(
  fc.constantFrom(0, 15, 16, 31, 32, 255, 256, 959, 960, 1019, 1020, Platform.VIRQ_NONE),
  u32,
);

/** Guest addresses and sizes: page aligned or not, around the limits of 2^36, 2^44 and 2^64. */
export const address = fc.oneof(
  fc.constantFrom(0n, 1n, 0xfffn, 0x1000n, 0x4000_0000n, 0x8000_0000n, 1n << 36n, (1n << 44n) - 0x1000n, 1n << 44n),
  fc.constantFrom(0xffff_ffff_ffff_f000n, 0xffff_ffff_ffff_ffffn),
  fc.integer({ min: 0, max: 0x8_0000 }).map((page) => BigInt(page) << 12n),
  u64,
);

const max = (size: number): number => (size === 1 ? 0xff : size === 2 ? 0xffff : 0xffff_ffff);

/** Mostly named values of an enumeration, sometimes any number of the field's width. */
export const enumValue = (name: string, size: number): fc.Arbitrary<number> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...Object.keys(ENUM_NAMES[name]).map(Number)) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: max(size) }) },
  );

/** Mostly combinations of named bits, sometimes any number of the field's width. */
export const flagBits = (name: string, size: number): fc.Arbitrary<number> =>
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.subarray(FLAG_NAMES[name].map(([, bit]) => bit)).map((bits) => bits.reduce((a, b) => a | b, 0)),
    },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: max(size) }) },
  );

export const guid = fc.uint8Array({ minLength: 16, maxLength: 16 });
export const shortBytes = fc.uint8Array({ maxLength: 100 });
export const idEntries: fc.Arbitrary<IdEntry[]> = fc.array(
  fc.record({ type: enumValue('IdType', 1), data: fc.uint8Array({ maxLength: 30 }) }),
  { maxLength: 4 },
);
