/**
 * Arguments of hypercalls for property tests. A capability is drawn as a wish, because which ids exist is known only when the
 * call is made: {@link resolve} turns it into an id.
 */
import fc from 'fast-check';
import { allCaps, CapState, type CSpace, encodeCapId, findCap, type Hypervisor } from '../../src/hyp/index.js';
import { HYPERCALLS, ObjectType } from '../../src/protocol/index.js';

/** `own`: a capability to an object of a type that the call wants. `any`: whatever slot is in use. `empty`: one that is not. */
export interface CapWish {
  readonly types: readonly number[];
  readonly from: 'recent' | 'own' | 'any' | 'revoked' | 'empty';
  readonly pick: number;
}

export type Argument = bigint | CapWish;

export interface CallWish {
  readonly number: number;
  readonly args: readonly Argument[];
}

export type CallSample = fc.Arbitrary<CallWish>;

const U64 = 0xffff_ffff_ffff_ffffn;
const word = fc.bigInt({ min: 0n, max: U64 });
const near = (...edges: bigint[]): fc.Arbitrary<bigint> => fc.constantFrom(...edges);
const small = fc.bigInt({ min: 0n, max: 16n });
const pages = fc.bigInt({ min: 0n, max: 0x40n }).map((n) => n << 12n);

/** The edges of a width: around powers of two, and bits above it, which the hypervisor ignores. */
export const wordArg = (width: number): fc.Arbitrary<bigint> => {
  const top = 1n << BigInt(width);
  return fc.oneof(
    { weight: 4, arbitrary: fc.constant(0n) },
    { weight: 4, arbitrary: small },
    { weight: 3, arbitrary: near(7n, 8n, 31n, 32n, 62n, 63n, 255n, 256n, top >> 1n, top - 1n, top - 2n) },
    { weight: 1, arbitrary: word.map((w) => w & (top - 1n)) },
    {
      weight: 1,
      arbitrary: fc.tuple(small, word).map(([low, high]) => BigInt.asUintN(64, low | (high << BigInt(width)))),
    },
  );
};

/** Addresses and sizes: aligned or not, around the limits of 2^36, 2^44, 2^48, 2^52 and 2^64. */
const edges = near(
  1n,
  0xfffn,
  0x1000n,
  0x20_0000n,
  (1n << 36n) - 0x1000n,
  1n << 36n,
  1n << 44n,
  1n << 48n,
  1n << 52n,
  U64 - 0xfffn,
  U64,
);
const guestRam = pages.map((p) => 0x4100_0000n + p);
const addressArg = fc.oneof(
  { weight: 4, arbitrary: guestRam },
  { weight: 2, arbitrary: fc.bigInt({ min: 0n, max: 8n }).map((n) => n << 21n) },
  { weight: 1, arbitrary: edges },
  { weight: 1, arbitrary: word },
);
export const vaArg = fc.oneof({ weight: 9, arbitrary: guestRam }, { weight: 1, arbitrary: addressArg });
export const ipaArg = addressArg;
/** Mostly memory that nobody has (the rest of the root partition's), so that extents of it can come into use. */
export const paArg = fc.oneof(
  { weight: 4, arbitrary: pages.map((p) => 0x9000_0000n + p) },
  { weight: 1, arbitrary: addressArg },
);
export const sizeArg = fc.oneof(
  { weight: 4, arbitrary: pages },
  { weight: 2, arbitrary: small },
  { weight: 1, arbitrary: fc.constant(0n) },
  { weight: 1, arbitrary: edges },
);

/** Numbers of CPUs that there are not stop the hypervisor. */
export const affinityArg = fc.oneof(
  { weight: 40, arbitrary: fc.bigInt({ min: 0n, max: 7n }) },
  { weight: 4, arbitrary: fc.constant(0xffffn) },
  { weight: 1, arbitrary: wordArg(16) },
);
export const virqArg = fc.oneof(
  { weight: 5, arbitrary: fc.bigInt({ min: 32n, max: 64n }) },
  { weight: 2, arbitrary: fc.bigInt({ min: 900n, max: 1019n }) },
  { weight: 1, arbitrary: near(0n, 15n, 16n, 31n, 1019n, 1020n, 0xffff_ffffn) },
);
const access = fc.constantFrom(1n, 2n, 4n, 5n, 6n, 7n);
/** User and kernel access, equal, as they have to be; memory type in bits 23:16. */
export const mapAttrsArg = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.tuple(access, near(0n, 4n, 5n, 12n, 15n)).map(([a, type]) => a | (a << 4n) | (type << 16n)),
  },
  { weight: 1, arbitrary: wordArg(32) },
);
export const extentAttrsArg = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(access, near(0n, 1n, 2n), near(0n, 0x1_0000n))
      .map(([a, type, kind]) => a | (type << 8n) | kind),
  },
  { weight: 1, arbitrary: wordArg(32) },
);
/** Depth and size of messages. */
export const queueInfoArg = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(small, small).map(([depth, size]) => depth | (size << 16n)) },
  { weight: 1, arbitrary: word },
);
export const timesliceArg = fc.oneof(near(99_999n, 100_000n, 100_000_000n, 100_000_001n), word);
export const holdoffArg = fc.oneof(
  { weight: 6, arbitrary: fc.constant(0xffff_ffffn) },
  { weight: 1, arbitrary: wordArg(32) },
);
/** What it must be, and sometimes not. */
export const reservedArg = (value: bigint): fc.Arbitrary<bigint> =>
  fc.oneof(
    { weight: 40, arbitrary: fc.constant(value) },
    { weight: 1, arbitrary: near(U64 - value, 1n, 0xffff_ffffn, 1n << 63n) },
  );

type TypeName = keyof typeof ObjectType | 'ANY';

/** A capability: mostly to an object of a right type, lately made ones more often; or to any other, or none. */
export const capArg = (...types: TypeName[]): fc.Arbitrary<Argument> => {
  const wish = (from: CapWish['from']): fc.Arbitrary<CapWish> =>
    fc.record({
      types: fc.constant(types.flatMap((t) => (t === 'ANY' ? [] : [ObjectType[t]]))),
      from: fc.constant(from),
      pick: fc.nat(1000),
    });
  return fc.oneof(
    { weight: 12, arbitrary: wish('recent') },
    { weight: 10, arbitrary: wish('own') },
    { weight: 1, arbitrary: wish('any') },
    { weight: 1, arbitrary: wish('revoked') },
    { weight: 1, arbitrary: wish('empty') },
    { weight: 1, arbitrary: near(0x3en, 0xe800n, 0x1_0000n, U64) as fc.Arbitrary<Argument> },
  );
};

/** The call with arguments drawn for each of its registers. */
export const callSample = (number: number, ...args: readonly fc.Arbitrary<Argument>[]): CallSample =>
  fc.record({ number: fc.constant(number), args: fc.tuple(...args) });

/** How many of the last capabilities of a type count as recent. */
const RECENT = 3;

function resolveCap(hyp: Hypervisor, space: CSpace, wish: CapWish): bigint {
  const views = [...allCaps(space)];
  const typed = views.filter(({ table, lower }) => {
    if (table.state[lower] === CapState.REVOKED) return wish.from === 'revoked';
    if (wish.from === 'revoked') return false;
    const type = hyp.objects[table.object[lower]]?.type;
    return wish.from === 'any' || wish.types.length === 0 || (type !== undefined && wish.types.includes(type));
  });
  const among = wish.from === 'recent' ? typed.slice(-RECENT) : typed;
  const slot = among.length === 0 || wish.from === 'empty' ? wish.pick % 0x3e : among[wish.pick % among.length].slot;
  return encodeCapId(space, slot);
}

/**
 * The registers of a call in a space. What names a capability of any type is looked up in the space that the first argument
 * names, where it names one: so do the calls that act on another space.
 */
export function resolve(hyp: Hypervisor, own: CSpace, wish: CallWish): bigint[] {
  const out: bigint[] = [];
  for (const arg of wish.args) {
    if (typeof arg === 'bigint') out.push(arg);
    else out.push(resolveCap(hyp, arg.types.length === 0 ? spaceOf(hyp, own, out[0]) : own, arg));
  }
  return out;
}

function spaceOf(hyp: Hypervisor, own: CSpace, id: bigint | undefined): CSpace {
  const cap = id === undefined ? -1 : findCap(own, id);
  const object = typeof cap === 'number' ? undefined : hyp.objects[cap.table.object[cap.lower]];
  return object?.type === ObjectType.CSPACE ? (object as CSpace) : own;
}

/** For messages of failures. */
export const callLine = (number: number, args: readonly bigint[]): string =>
  `${HYPERCALLS[number].name}(${args.map((a) => `0x${a.toString(16)}`).join(', ')})`;
