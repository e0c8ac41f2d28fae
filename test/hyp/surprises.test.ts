/** What surprises about hypercalls, capabilities and memory (spec/quirks.toml): one test each. */
import { describe, expect, it } from 'vitest';
import { type CSpace, decodeCapId, HYPERCALL_BASE, nativeCall } from '../../src/hyp/index.js';
import { Call, HYPERCALLS, HypError } from '../../src/protocol/index.js';
import { type Bench, bench } from '../support/hyp.js';
import { rig } from '../vcpu/rig.js';
import { memBench } from './mem-bench.js';

const E = HypError;
const ARGUMENT_INVALID = BigInt(E.ARGUMENT_INVALID);
const ALL_ONES = 0xffff_ffff_ffff_ffffn;
const EMPTY_SLOT = 0x3dn;
const DOORBELL_SEND = 1n;

const doorbell = (b: Bench): bigint[] => {
  const made = b.call(Call.PARTITION_CREATE_DOORBELL, b.caps.partition, b.caps.cspace);
  if (made[0] === 0n) b.call(Call.OBJECT_ACTIVATE, made[1]);
  return made;
};
const copy = (b: Bench, cap: bigint, rights: bigint): bigint[] =>
  b.call(Call.CSPACE_COPY_CAP_FROM, b.caps.cspace, cap, b.caps.cspace, rights);

describe('the reserved argument', () => {
  it('is all ones for three calls and 0 for the others, checked before anything else', () => {
    const b = bench();
    const errorWith = (number: number, index: number, value: bigint): bigint => {
      const args = new Array<bigint>(8).fill(EMPTY_SLOT);
      args[index] = value;
      return b.call(number, ...args)[0];
    };
    const calls = [
      Call.MSGQUEUE_CONFIGURE_SEND,
      Call.MSGQUEUE_CONFIGURE_RECEIVE,
      Call.MSGQUEUE_SEND,
      Call.DOORBELL_SEND,
    ];
    const accepted = calls.map((number) => {
      const index = HYPERCALLS[number].reserved?.index ?? -1;
      return [0n, ALL_ONES].filter((value) => errorWith(number, index, value) === BigInt(E.CSPACE_CAP_NULL));
    });
    expect(accepted).toEqual([[ALL_ONES], [ALL_ONES], [0n], [0n]]);
    const { call, start } = rig(1);
    const v = start({ cpu: 0 });
    expect([0n, ALL_ONES].map((value) => call(v, Call.VCPU_SET_AFFINITY, EMPTY_SLOT, 0n, value)?.[0])).toEqual([
      ARGUMENT_INVALID,
      BigInt(E.CSPACE_CAP_NULL),
    ]);
  });

  it('is not looked at when the call comes through SMCCC', () => {
    const r = rig(1);
    const v = r.start({ cpu: 0 });
    const native = r.call(v, Call.VCPU_KILL, EMPTY_SLOT, 1n)?.[0];
    const smccc = r.smccc(v, 0xc600_8000n | BigInt(Call.VCPU_KILL), EMPTY_SLOT, 1n)?.[0];
    expect([native, smccc]).toEqual([ARGUMENT_INVALID, BigInt(E.CSPACE_CAP_NULL)]);
  });
});

describe('a native call', () => {
  it('returns its own return address in x9, keeps x8 and zeroes x10 to x17', () => {
    const b = bench();
    b.thread.x.fill(0x55n, 8, 19);
    nativeCall(b.hyp, b.thread, HYPERCALL_BASE + Call.DOORBELL_SEND);
    expect([...b.thread.x.subarray(8, 19)]).toEqual([0x55n, b.thread.pc, ...new Array<bigint>(8).fill(0n), 0x55n]);
  });

  it('that fails to create gives capability 0, but partition_create_partition -1 whatever the arguments', () => {
    const b = bench();
    const partition = (...args: bigint[]) => b.call(Call.PARTITION_CREATE_PARTITION, ...args).slice(0, 2);
    const failed = [0xffff_ffffn, ALL_ONES];
    expect([partition(0xdeadn), partition(b.caps.partition, b.caps.cspace)]).toEqual([failed, failed]);
    const other = b.call(Call.PARTITION_CREATE_DOORBELL, EMPTY_SLOT, b.caps.cspace);
    expect(other.slice(0, 2)).toEqual([BigInt(E.CSPACE_CAP_NULL), 0n]);
  });
});

describe('capabilities', () => {
  it('have neighbouring ids that reach the same slot when numbers are random, and a freed slot its old id', () => {
    for (const cspaceSeed of [1, 2, 3]) {
      const b = bench({ cspaceSeed });
      const cspace = b.hyp.get<CSpace>(b.thread.cspace);
      const [, cap] = doorbell(b);
      const slot = decodeCapId(cspace, cap);
      const same = Array.from({ length: 2 * cspace.mult }, (_, i) => {
        const id = BigInt.asUintN(64, ((cap ^ cspace.base) + BigInt(i - cspace.mult)) ^ cspace.base);
        return decodeCapId(cspace, id) === slot;
      }).filter((reached) => reached).length;
      expect(same).toBeGreaterThan(1);
      expect(same).toBeLessThanOrEqual(cspace.mult);
      const alias = BigInt.asUintN(64, ((cap ^ cspace.base) + 1n) ^ cspace.base);
      expect(b.call(Call.DOORBELL_SEND, alias, 0n)[0]).toBe(0n);
      expect(b.call(Call.CSPACE_DELETE_CAP_FROM, b.caps.cspace, cap)[0]).toBe(0n);
      expect(doorbell(b)).toEqual([0n, cap, ...new Array<bigint>(6).fill(0n)]);
    }
  });

  it('are copied only after a destination slot is reserved: a full space hides a bad source', () => {
    const b = bench({}, 4);
    doorbell(b);
    expect(copy(b, EMPTY_SLOT, DOORBELL_SEND)[0]).toBe(BigInt(E.CSPACE_FULL));
    expect(copy(bench({}, 5), EMPTY_SLOT, DOORBELL_SEND)[0]).toBe(BigInt(E.CSPACE_CAP_NULL));
  });

  it('whose master is deleted live on as copies that nobody can revoke', () => {
    const b = bench();
    const [, master] = doorbell(b);
    const [, one] = copy(b, master, DOORBELL_SEND);
    const [, two] = copy(b, master, 0x8000_0007n);
    expect(b.call(Call.CSPACE_DELETE_CAP_FROM, b.caps.cspace, master)[0]).toBe(0n);
    for (const cap of [one, two]) {
      expect(b.call(Call.CSPACE_REVOKE_CAPS_FROM, b.caps.cspace, cap)[0]).toBe(BigInt(E.CSPACE_INSUFFICIENT_RIGHTS));
    }
    expect(b.call(Call.DOORBELL_SEND, one, 0n)[0]).toBe(0n);
  });

  it('of the wrong type and without the right to activate lack the right first, in calls that configure', () => {
    const b = bench();
    const [, bell] = doorbell(b);
    const [, weak] = copy(b, bell, DOORBELL_SEND);
    const configure = (cap: bigint) => b.call(Call.MSGQUEUE_CONFIGURE, cap, 4n | (8n << 16n))[0];
    expect(configure(weak)).toBe(BigInt(E.CSPACE_INSUFFICIENT_RIGHTS));
    expect(configure(bell)).toBe(BigInt(E.CSPACE_WRONG_OBJECT_TYPE));
  });
});

describe('memory', () => {
  it('that is mapped over another mapping replaces it in silence, and the record of the first stays', () => {
    const m = memBench();
    const as = m.space(1);
    const [first, second] = [0x5000_0000, 0x5001_0000].map((pa) => m.root(pa, 0x1000, 7, false).cap);
    const at = 0x8000_0000;
    const seen = () => m.b.hyp.mem.translate(m.object(as).id, at, true);
    expect(m.map(as, first, at, 7)).toBe(E.OK);
    expect(m.map(as, second, at, 7)).toBe(E.OK);
    expect(seen()).toBe(0x5001_0000);
    // Unmapping the first one succeeds by its record and leaves the second one where it is.
    expect(m.unmap(as, first, at)).toBe(E.OK);
    expect(seen()).toBe(0x5001_0000);
    expect(m.unmap(as, first, at)).toBe(E.ADDR_INVALID);
  });
});
