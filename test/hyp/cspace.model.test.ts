import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allCaps, CapState, type CSpace, decodeCapId, encodeCapId, MAX_CAPS } from '../../src/hyp/index.js';
import { Call, HypError, ObjectType } from '../../src/protocol/index.js';
import { type Bench, bench } from '../support/hyp.js';

const DOORBELL_ALL = 0x8000_0007;
const SEND = 1;

interface ModelCap {
  object: number;
  rights: number;
  master: boolean;
  revoked: boolean;
}

type Slots = (ModelCap | undefined)[];

const MUTANTS = [
  'a copy of a master is a master',
  'revoking stays in its space',
  'the source is looked at before the room for the copy',
  'a copy has the rights of its mask',
  'the highest free slot is taken',
] as const;
type Mutant = (typeof MUTANTS)[number] | undefined;

const refused = (error: number): [number, number] => [error, -1];

/** capabilities 7 as two lists of slots: the lowest free index is always the next one (below 62 slots). */
class Model {
  readonly spaces: readonly Slots[];
  objects = 0;

  constructor(
    used: readonly number[],
    readonly max: number,
    readonly mutant: Mutant,
  ) {
    this.spaces = used.map((count) =>
      Array.from({ length: count }, () => ({ object: -1, rights: 0xffff_ffff, master: true, revoked: false })),
    );
  }

  private full(space: number): boolean {
    return this.spaces[space].filter((s) => s !== undefined).length >= this.max;
  }

  private put(space: number, cap: ModelCap): [number, number] {
    if (this.full(space)) return refused(HypError.CSPACE_FULL);
    const slots = this.spaces[space];
    let i = this.mutant === 'the highest free slot is taken' ? slots.lastIndexOf(undefined) : slots.indexOf(undefined);
    if (i < 0) i = slots.length;
    slots[i] = cap;
    return [HypError.OK, i];
  }

  create(to: number): [number, number] {
    const cap = { object: this.objects, rights: DOORBELL_ALL, master: true, revoked: false };
    const made = this.put(to, cap);
    if (made[0] === HypError.OK) this.objects++;
    return made;
  }

  copy(from: number, slot: number, to: number, mask: number): [number, number] {
    if (this.full(to) && this.mutant !== 'the source is looked at before the room for the copy')
      return refused(HypError.CSPACE_FULL);
    if (slot > LAST_SLOT) return refused(HypError.ARGUMENT_INVALID);
    const cap = this.spaces[from][slot];
    if (cap === undefined) return refused(HypError.CSPACE_CAP_NULL);
    if (cap.revoked) return refused(HypError.CSPACE_CAP_REVOKED);
    const rights = (cap.rights & mask) >>> 0;
    if (rights === 0) return refused(HypError.CSPACE_INSUFFICIENT_RIGHTS);
    return this.put(to, {
      ...cap,
      rights: this.mutant === 'a copy has the rights of its mask' ? mask : rights,
      master: cap.master && this.mutant === 'a copy of a master is a master',
    });
  }

  delete(space: number, slot: number): [number, number] {
    if (slot > LAST_SLOT) return refused(HypError.ARGUMENT_INVALID);
    if (this.spaces[space][slot] === undefined) return refused(HypError.CSPACE_CAP_NULL);
    this.spaces[space][slot] = undefined;
    return [HypError.OK, -1];
  }

  revoke(space: number, slot: number): [number, number] {
    if (slot > LAST_SLOT) return refused(HypError.ARGUMENT_INVALID);
    const cap = this.spaces[space][slot];
    if (cap === undefined) return refused(HypError.CSPACE_CAP_NULL);
    if (cap.revoked) return refused(HypError.CSPACE_CAP_REVOKED);
    if (!cap.master) return refused(HypError.CSPACE_INSUFFICIENT_RIGHTS);
    const within = this.mutant === 'revoking stays in its space' ? [this.spaces[space]] : this.spaces;
    for (const other of within.flat()) if (other && other !== cap && other.object === cap.object) other.revoked = true;
    return [HypError.OK, -1];
  }

  use(space: number, slot: number): number {
    const cap = this.spaces[space][slot];
    if (cap === undefined) return HypError.CSPACE_CAP_NULL;
    if (cap.revoked) return HypError.CSPACE_CAP_REVOKED;
    return (cap.rights & SEND) === 0 ? HypError.CSPACE_INSUFFICIENT_RIGHTS : HypError.OK;
  }
}

/** Ids behind it do not decode. */
const LAST_SLOT = 61;
const MAX = 8;
/** Slots in use at the start: the caller's space holds itself, the partition, a VIC and the other space. */
const USED = [4, 0] as const;
/** So many slots are looked at: one behind the limit, too. */
const SLOTS = MAX + 1;

interface Command {
  op: 'create' | 'copy' | 'delete' | 'revoke';
  from: number;
  slot: number;
  to: number;
  mask: number;
}

const slot = fc.oneof(
  { weight: 9, arbitrary: fc.nat(SLOTS) },
  { weight: 1, arbitrary: fc.integer({ min: 62, max: 255 }) },
);
const command: fc.Arbitrary<Command> = fc
  .record({
    op: fc.constantFrom('create', 'create', 'copy', 'copy', 'copy', 'delete', 'revoke'),
    from: fc.nat(1),
    slot,
    to: fc.nat(1),
    mask: fc.constantFrom(1, 2, 3, 0x8000_0000, 0xffff_ffff, 0x10),
  })
  // What the calls themselves need stays where it is.
  .filter((c) => c.from === 1 || c.slot >= USED[0]) as fc.Arbitrary<Command>;
const commands = fc.array(command, { maxLength: 40, size: 'max' });

/** Every object knows exactly its valid capabilities, and lives exactly while it has one (or another reference). */
function brokenInvariant(b: Bench, spaces: readonly CSpace[]): string | undefined {
  const listed = new Map<number, number>();
  for (const cspace of spaces) {
    let count = 0;
    for (const view of allCaps(cspace)) {
      count++;
      if (view.table.state[view.lower] !== CapState.VALID) continue;
      const id = view.table.object[view.lower];
      if (b.hyp.objects[id] === undefined) return `slot ${view.slot} names a dead object`;
      listed.set(id, (listed.get(id) ?? 0) + 1);
    }
    if (count !== cspace.capCount) return `${count} slots in use, ${cspace.capCount} counted`;
  }
  for (const object of b.hyp.objects) {
    if (object === undefined || object === b.thread) continue;
    if (object.caps.length !== (listed.get(object.id) ?? 0))
      return `object ${object.id} lists ${object.caps.length} capabilities`;
    if (object.refs === 0) return `object ${object.id} lives without a reference`;
  }
  return undefined;
}

/** Two spaces of MAX capabilities; the first one is the caller's. */
function twoSpaces(cspaceSeed: number | undefined): { b: Bench; spaces: readonly CSpace[]; caps: readonly bigint[] } {
  const b = bench({ cspaceSeed }, MAX);
  const own = b.hyp.get<CSpace>(b.thread.cspace);
  const [error, cap] = b.call(Call.PARTITION_CREATE_CSPACE, b.caps.partition, b.caps.cspace);
  expect(error).toBe(0n);
  b.call(Call.CSPACE_CONFIGURE, cap, BigInt(MAX));
  b.call(Call.OBJECT_ACTIVATE, cap);
  const other = b.hyp.objects.find((o) => o?.type === ObjectType.CSPACE && o !== own) as CSpace;
  return { b, spaces: [own, other], caps: [b.caps.cspace, cap] };
}

/** `seen` gathers "call: error". */
function compare(list: readonly Command[], seed: number | undefined, mutant: Mutant, seen = new Set<string>()) {
  const { b, spaces, caps } = twoSpaces(seed);
  const model = new Model(USED, MAX, mutant);
  const idOf = (space: number, at: number): bigint => encodeCapId(spaces[space], at);
  for (const [i, c] of list.entries()) {
    const id = idOf(c.from, c.slot);
    let got: bigint[];
    let want: [number, number];
    if (c.op === 'create') {
      got = b.call(Call.PARTITION_CREATE_DOORBELL, b.caps.partition, caps[c.to]);
      want = model.create(c.to);
      if (got[0] === 0n) b.call(Call.OBJECT_ACTIVATE_FROM, caps[c.to], got[1]);
    } else if (c.op === 'copy') {
      got = b.call(Call.CSPACE_COPY_CAP_FROM, caps[c.from], id, caps[c.to], BigInt(c.mask));
      want = model.copy(c.from, c.slot, c.to, c.mask);
    } else if (c.op === 'delete') {
      got = b.call(Call.CSPACE_DELETE_CAP_FROM, caps[c.from], id);
      want = model.delete(c.from, c.slot);
    } else {
      got = b.call(Call.CSPACE_REVOKE_CAPS_FROM, caps[c.from], id);
      want = model.revoke(c.from, c.slot);
    }
    const differ = (what: string): string => `step ${i} ${JSON.stringify(c)}: ${what}`;
    const made = want[1] < 0 ? 0n : idOf(c.to, want[1]);
    if (got[0] !== BigInt(want[0]) || got[1] !== made)
      return differ(`${got.slice(0, 2)} instead of ${want[0]},${made}`);
    seen.add(`${c.op}: ${Object.keys(HypError).find((name) => HypError[name as keyof typeof HypError] === want[0])}`);
    for (const [space, cspace] of spaces.entries()) {
      b.thread.cspace = cspace.id;
      for (let s = USED[space]; s <= SLOTS; s++) {
        const r = Number(b.call(Call.DOORBELL_SEND, idOf(space, s), 0n)[0]);
        if (r !== model.use(space, s)) return differ(`using ${s} of ${space} gives ${r}, not ${model.use(space, s)}`);
      }
    }
    b.thread.cspace = spaces[0].id;
    const broken = brokenInvariant(b, spaces);
    if (broken !== undefined) return differ(broken);
  }
  return undefined;
}

describe('capability spaces against their reference model', () => {
  it.each([
    ['in order', undefined],
    ['at random', 4711],
  ])('create, copy, delete and revoke as the model for any sequence, with ids %s', (_, seed) => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(commands, (list) => {
        expect(compare(list, seed, undefined, seen)).toBeUndefined();
      }),
      { numRuns: 150, seed: 1 },
    );
    expect([...seen].sort()).toEqual([
      'copy: ARGUMENT_INVALID',
      'copy: CSPACE_CAP_NULL',
      'copy: CSPACE_CAP_REVOKED',
      'copy: CSPACE_FULL',
      'copy: CSPACE_INSUFFICIENT_RIGHTS',
      'copy: OK',
      'create: CSPACE_FULL',
      'create: OK',
      'delete: ARGUMENT_INVALID',
      'delete: CSPACE_CAP_NULL',
      'delete: OK',
      'revoke: ARGUMENT_INVALID',
      'revoke: CSPACE_CAP_NULL',
      'revoke: CSPACE_CAP_REVOKED',
      'revoke: CSPACE_INSUFFICIENT_RIGHTS',
      'revoke: OK',
    ]);
  });

  it.each(MUTANTS)('the comparison notices the mutant: %s', (mutant) => {
    const found = fc.check(
      fc.property(commands, (list) => compare(list, 4711, mutant) === undefined),
      { numRuns: 500, seed: 1, endOnFailure: true },
    );
    expect(found.failed).toBe(true);
  });

  it('decodes every slot of a randomised space from its id, and refuses the invalid id', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 0, max: MAX_CAPS - 1 }), (cspaceSeed, n) => {
        const b = bench({ cspaceSeed });
        const cspace = b.hyp.get<CSpace>(b.thread.cspace);
        const slotIndex = (Math.floor(n / 62) << 8) | (n % 62);
        expect(decodeCapId(cspace, encodeCapId(cspace, slotIndex))).toBe(slotIndex);
        expect(decodeCapId(cspace, 0xffff_ffff_ffff_ffffn)).toBe(-1);
      }),
    );
  });

  it('distinguishes ids that do not decode from empty slots', () => {
    const b = bench();
    for (const id of [0xdeadn, -1n, 0x1_0000n, 0x3en, 0xe800n]) {
      expect(b.call(Call.DOORBELL_SEND, id, 0n)[0]).toBe(BigInt(HypError.ARGUMENT_INVALID));
    }
    for (const id of [0x3dn, 0x100n, 0xe73dn]) {
      expect(b.call(Call.DOORBELL_SEND, id, 0n)[0]).toBe(BigInt(HypError.CSPACE_CAP_NULL));
    }
    expect(b.call(Call.DOORBELL_SEND, b.caps.partition, 0n)[0]).toBe(BigInt(HypError.CSPACE_WRONG_OBJECT_TYPE));
  });

  it('answers holes with a 64-bit -1 and cleared registers, and numbers past the table with registers kept', () => {
    const b = bench();
    expect(b.call(0x08, 1n, 2n, 3n)).toEqual([0xffff_ffff_ffff_ffffn, 0n, 0n, 0n, 0n, 0n, 0n, 0n]);
    expect(b.call(0x69, 1n, 2n, 3n)).toEqual([0xffff_ffff_ffff_ffffn, 2n, 3n, 0n, 0n, 0n, 0n, 0n]);
    expect(b.call(Call.PARTITION_CREATE_PARTITION, 0xdeadn)).toEqual([
      0xffff_ffffn,
      0xffff_ffff_ffff_ffffn,
      0n,
      0n,
      0n,
      0n,
      0n,
      0n,
    ]);
  });
});
