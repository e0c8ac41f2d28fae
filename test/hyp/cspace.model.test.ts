import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allCaps, type CSpace, decodeCapId, encodeCapId, MAX_CAPS } from '../../src/hyp/index.js';
import { Call, HypError } from '../../src/protocol/index.js';
import { type Bench, bench } from '../support/hyp.js';

const DOORBELL_ALL = 0x8000_0007;

interface ModelCap {
  object: number;
  rights: number;
  master: boolean;
  revoked: boolean;
}

/** capabilities 7 as a list of slots: the lowest free index is always the next id (randomisation off, below 62 slots). */
class Model {
  slots: (ModelCap | undefined)[];
  objects = 0;
  constructor(
    used: number,
    readonly max: number,
  ) {
    this.slots = Array.from({ length: used }, () => ({
      object: -1,
      rights: 0xffff_ffff,
      master: true,
      revoked: false,
    }));
  }
  get count(): number {
    return this.slots.filter((s) => s !== undefined).length;
  }
  private put(cap: ModelCap): bigint[] {
    if (this.count >= this.max) return [BigInt(HypError.CSPACE_FULL), 0n];
    let i = this.slots.indexOf(undefined);
    if (i < 0) i = this.slots.length;
    this.slots[i] = cap;
    return [0n, BigInt(i)];
  }
  create(): bigint[] {
    return this.put({ object: this.objects++, rights: DOORBELL_ALL, master: true, revoked: false });
  }
  copy(from: number, mask: number): bigint[] {
    if (this.count >= this.max) return [BigInt(HypError.CSPACE_FULL), 0n];
    const cap = this.slots[from];
    if (cap === undefined) return [BigInt(HypError.CSPACE_CAP_NULL), 0n];
    if (cap.revoked) return [BigInt(HypError.CSPACE_CAP_REVOKED), 0n];
    const rights = (cap.rights & mask) >>> 0;
    if (rights === 0) return [BigInt(HypError.CSPACE_INSUFFICIENT_RIGHTS), 0n];
    return this.put({ ...cap, rights, master: false });
  }
  delete(slot: number): bigint[] {
    if (this.slots[slot] === undefined) return [BigInt(HypError.CSPACE_CAP_NULL)];
    this.slots[slot] = undefined;
    return [0n];
  }
  revoke(slot: number): bigint[] {
    const cap = this.slots[slot];
    if (cap === undefined) return [BigInt(HypError.CSPACE_CAP_NULL)];
    if (cap.revoked) return [BigInt(HypError.CSPACE_CAP_REVOKED)];
    if (!cap.master) return [BigInt(HypError.CSPACE_INSUFFICIENT_RIGHTS)];
    for (const other of this.slots) if (other && other !== cap && other.object === cap.object) other.revoked = true;
    return [0n];
  }
  use(slot: number): bigint {
    const cap = this.slots[slot];
    if (cap === undefined) return BigInt(HypError.CSPACE_CAP_NULL);
    if (cap.revoked) return BigInt(HypError.CSPACE_CAP_REVOKED);
    return (cap.rights & 1) === 0 ? BigInt(HypError.CSPACE_INSUFFICIENT_RIGHTS) : 0n;
  }
}

const MAX = 12;
const FIRST = 3;
const slot = fc.integer({ min: FIRST, max: MAX + 1 });
const command = fc.oneof(
  fc.record({ op: fc.constant('create' as const), slot, mask: fc.constant(0) }),
  fc.record({ op: fc.constant('copy' as const), slot, mask: fc.constantFrom(1, 2, 3, 0x8000_0000, 0xffff_ffff, 0x10) }),
  fc.record({ op: fc.constantFrom('delete' as const, 'revoke' as const), slot, mask: fc.constant(0) }),
);

/** Every object knows exactly its valid capabilities, and lives exactly while it has one (or another reference). */
function checkInvariants(b: Bench): string | undefined {
  const listed = new Map<number, number>();
  const cspace = b.hyp.get<CSpace>(b.thread.cspace);
  let count = 0;
  for (const view of allCaps(cspace)) {
    count++;
    if (view.table.state[view.lower] !== 1) continue;
    const id = view.table.object[view.lower];
    if (b.hyp.objects[id] === undefined) return `slot ${view.slot} names a dead object`;
    listed.set(id, (listed.get(id) ?? 0) + 1);
  }
  if (count !== cspace.capCount) return `${count} slots in use, ${cspace.capCount} counted`;
  for (const object of b.hyp.objects) {
    if (object === undefined || object === b.thread) continue;
    if (object.caps.length !== (listed.get(object.id) ?? 0))
      return `object ${object.id} lists ${object.caps.length} capabilities`;
    if (object.refs === 0) return `object ${object.id} lives without a reference`;
  }
  return undefined;
}

function compare(
  commands: readonly { op: 'create' | 'copy' | 'delete' | 'revoke'; slot: number; mask: number }[],
  model: Model,
) {
  const b = bench({}, MAX);
  for (const [i, c] of commands.entries()) {
    const cs = b.caps.cspace;
    const id = BigInt(c.slot);
    let got: bigint[];
    let want: bigint[];
    if (c.op === 'create') {
      got = b.call(Call.PARTITION_CREATE_DOORBELL, b.caps.partition, cs);
      want = model.create();
      if (got[0] === 0n) b.call(Call.OBJECT_ACTIVATE, got[1]);
    } else if (c.op === 'copy') {
      got = b.call(Call.CSPACE_COPY_CAP_FROM, cs, id, cs, BigInt(c.mask));
      want = model.copy(c.slot, c.mask);
    } else if (c.op === 'delete') {
      got = b.call(Call.CSPACE_DELETE_CAP_FROM, cs, id);
      want = model.delete(c.slot);
    } else {
      got = b.call(Call.CSPACE_REVOKE_CAPS_FROM, cs, id);
      want = model.revoke(c.slot);
    }
    for (const [k, w] of want.entries())
      if (got[k] !== w) return `step ${i} ${c.op}(${c.slot}): x${k} = ${got[k]} instead of ${w}`;
    for (let s = FIRST; s <= MAX; s++) {
      const r = b.call(Call.DOORBELL_SEND, BigInt(s), 0n)[0];
      if (r !== model.use(s)) return `step ${i} ${c.op}: using ${s} gives ${r} instead of ${model.use(s)}`;
    }
    const broken = checkInvariants(b);
    if (broken !== undefined) return `step ${i} ${c.op}: ${broken}`;
  }
  return undefined;
}

describe('capability space against its reference model', () => {
  it('allocates, copies, deletes and revokes as the model for any sequence', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 40 }), (cs) => compare(cs, new Model(FIRST, MAX)) === undefined),
      {
        numRuns: 300,
      },
    );
  });

  it('catches a mutant that promotes a copy to master', () => {
    class Mutant extends Model {
      override copy(from: number, mask: number): bigint[] {
        const r = super.copy(from, mask);
        const made = this.slots[Number(r[1])];
        if (r[0] === 0n && made) made.master = true;
        return r;
      }
    }
    const found = fc.check(
      fc.property(fc.array(command, { maxLength: 40 }), (cs) => compare(cs, new Mutant(FIRST, MAX)) === undefined),
      { numRuns: 500, seed: 1 },
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
