/** A bench with the memory module registered, and short forms of its calls. Errors come back as numbers. */

import { type HypConfig, type HypObject, ObjectState, type Thread } from '../../src/hyp/index.js';
import { type Addrspace, bootMove, type MemExtent, Owner, registerMemory } from '../../src/hyp/mem/index.js';
import { Call, HypError, ObjectType } from '../../src/protocol/index.js';
import { bench } from '../support/hyp.js';
import { bareThread } from '../support/thread.js';

/** Normal write-back memory, in the position that mapping attributes have it. */
export const WB = 15 << 16;
export const NO_SYNC = 0x8000_0000n;
export const RAM = 0x4000_0000;
export const RAM_SIZE = 0x8000_0000;

export const both = (access: number): number => access | (access << 4);
export const mapAttrs = (access: number): bigint => BigInt(WB | both(access));
export const extentAttrs = (access: number, sparse: boolean, memtype = 0): bigint =>
  BigInt(access | (memtype << 8) | (sparse ? 0x10000 : 0));

export interface MemBench {
  b: ReturnType<typeof bench>;
  call(num: number, ...args: bigint[]): number;
  /** Creates an object; returns its capability. */
  create(num: number): bigint;
  object<T extends HypObject>(cap: bigint): T;
  /** Active address space with the VMID. */
  space(vmid: number): bigint;
  /** Configured and activated extent; the error of activation if it fails. `cap` is valid either way. */
  root(phys: number, size: number, access: number, sparse: boolean, memtype?: number): { cap: bigint; error: number };
  derive(parent: bigint, offset: number, size: number, access: number, sparse: boolean): { cap: bigint; error: number };
  map(as: bigint, me: bigint, vbase: number, access: number, offset?: number, size?: number): number;
  unmap(as: bigint, me: bigint, vbase: number, offset?: number, size?: number): number;
  donate(type: number, from: bigint, to: bigint, offset: number, size: number): number;
  remove(cap: bigint): number;
}

export function memBench(quirks: Partial<HypConfig['quirks']> = {}): MemBench {
  const b = bench({ quirks: { lendKeepsBlockMappings: false, ...quirks } });
  const { hyp } = b;
  registerMemory(hyp);
  if (hyp.kinds[ObjectType.THREAD] === undefined) {
    hyp.kind<Thread>(ObjectType.THREAD, {
      create: (_h, o) => bareThread(o),
      activate: () => HypError.OK,
    });
  }
  const partition = hyp.objects.find((o) => o?.type === ObjectType.PARTITION) as HypObject;
  bootMove(hyp, RAM, RAM_SIZE, Owner.NOBODY, partition.id);
  const raw = (num: number, ...args: bigint[]): bigint[] => b.call(num, ...args);
  const call = (num: number, ...args: bigint[]): number => Number(raw(num, ...args)[0]);
  const create = (num: number): bigint => {
    const [error, cap] = raw(num, b.caps.partition, b.caps.cspace);
    if (error !== 0n) throw new Error(`create ${num}: ${error}`);
    return cap;
  };
  const cspace = hyp.get<HypObject & { tables: ({ object: Int32Array } | null)[] }>(b.thread.cspace);
  const object = <T extends HypObject>(cap: bigint): T =>
    hyp.get<T>(cspace.tables[Number(cap >> 8n)]?.object[Number(cap & 0xffn)] ?? -1);
  const activate = (cap: bigint): number => call(Call.OBJECT_ACTIVATE, cap);
  return {
    b,
    call,
    create,
    object,
    space(vmid) {
      const cap = create(Call.PARTITION_CREATE_ADDRSPACE);
      call(Call.ADDRSPACE_CONFIGURE, cap, BigInt(vmid));
      if (activate(cap) !== 0 || object<Addrspace>(cap).state !== ObjectState.ACTIVE) throw new Error('space');
      return cap;
    },
    root(phys, size, access, sparse, memtype = 0) {
      const cap = create(Call.PARTITION_CREATE_MEMEXTENT);
      const attrs = extentAttrs(access, sparse, memtype);
      const error = call(Call.MEMEXTENT_CONFIGURE, cap, BigInt(phys), BigInt(size), attrs);
      return { cap, error: error === 0 ? activate(cap) : error };
    },
    derive(parent, offset, size, access, sparse) {
      const cap = create(Call.PARTITION_CREATE_MEMEXTENT);
      const memtype = object<MemExtent>(parent).memtype;
      const attrs = extentAttrs(access, sparse, memtype);
      const error = call(Call.MEMEXTENT_CONFIGURE_DERIVE, cap, parent, BigInt(offset), BigInt(size), attrs);
      return { cap, error: error === 0 ? activate(cap) : error };
    },
    map(as, me, vbase, access, offset, size) {
      const partial = offset === undefined ? 0n : 1n;
      const range = [BigInt(offset ?? 0), BigInt(size ?? 0)];
      return call(Call.ADDRSPACE_MAP, as, me, BigInt(vbase), mapAttrs(access), partial | NO_SYNC, ...range);
    },
    unmap(as, me, vbase, offset, size) {
      const partial = offset === undefined ? 0n : 1n;
      return call(
        Call.ADDRSPACE_UNMAP,
        as,
        me,
        BigInt(vbase),
        partial | NO_SYNC,
        BigInt(offset ?? 0),
        BigInt(size ?? 0),
      );
    },
    donate: (type, from, to, offset, size) =>
      call(Call.MEMEXTENT_DONATE, BigInt(type) | NO_SYNC, from, to, BigInt(offset), BigInt(size)),
    remove: (cap) => call(Call.CSPACE_DELETE_CAP_FROM, b.caps.cspace, cap),
  };
}
