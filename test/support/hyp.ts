/** A hypervisor with one calling thread and stub ports, for tests of one module at a time. */

import { registerDoorbell } from '../../src/doorbell/index.js';
import {
  type CSpace,
  defaultHypConfig,
  grantMaster,
  type HypConfig,
  Hypervisor,
  type HypObject,
  NO_OBJECT,
  nativeCall,
  ObjectState,
  registerCore,
  type Thread,
  type VirqSource,
} from '../../src/hyp/index.js';
import { registerMsgQueue } from '../../src/msgq/index.js';
import { HypError, ObjectType } from '../../src/protocol/index.js';
import { bareThread } from './thread.js';

/** What the stub VIC saw, in order. */
export type VicEvent = { op: 'assert' | 'assertEdge' | 'clear'; owner: number; kind: number };

export interface Bench {
  hyp: Hypervisor;
  thread: Thread;
  /** Capability ids of the thread's own space. */
  caps: { cspace: bigint; partition: bigint; vic: bigint };
  memory: Uint8Array;
  vicEvents: VicEvent[];
  /** Native hypercall by number; returns a copy of x0..x7. */
  call(num: number, ...args: bigint[]): bigint[];
}

export const MEMORY_SIZE = 0x10000;

export function bench(config: Partial<HypConfig> = {}, maxCaps = 512): Bench {
  const hyp = new Hypervisor({ ...defaultHypConfig(), ...config });
  registerCore(hyp);
  registerDoorbell(hyp);
  registerMsgQueue(hyp);
  const memory = new Uint8Array(MEMORY_SIZE);
  const vicEvents: VicEvent[] = [];
  const bound = new Set<number>();
  hyp.kind<HypObject>(ObjectType.VIC, { create: (_h, o) => o, activate: () => HypError.OK });
  hyp.vic = {
    ...({} as Hypervisor['vic']),
    assertSource: (s, edge) =>
      void vicEvents.push({ op: edge ? 'assertEdge' : 'assert', owner: s.owner, kind: s.kind }),
    clearSource: (s) => void vicEvents.push({ op: 'clear', owner: s.owner, kind: s.kind }),
    bindSource(s: VirqSource, vicId, virq) {
      if (virq < 32 || virq > 1019) return HypError.ARGUMENT_INVALID;
      if (bound.has(virq)) return HypError.BUSY;
      bound.add(virq);
      s.vic = vicId;
      s.virq = virq;
      return HypError.OK;
    },
    unbindSource(s) {
      bound.delete(s.virq);
      s.vic = NO_OBJECT;
    },
  };
  const outside = (va: bigint, size: bigint): boolean => va + size > BigInt(MEMORY_SIZE);
  hyp.mem = {
    ...({} as Hypervisor['mem']),
    copyFromGuest(_t, va, size, to, max, at = 0) {
      if (size === 0n || size > BigInt(max)) return HypError.ARGUMENT_SIZE;
      if (outside(va, size)) return HypError.ADDR_INVALID;
      to.set(memory.subarray(Number(va), Number(va + size)), at);
      return HypError.OK;
    },
    copyToGuest(_t, va, bufferSize, from, size, at = 0) {
      if (bufferSize < BigInt(size)) return HypError.ARGUMENT_SIZE;
      if (outside(va, BigInt(size))) return HypError.ADDR_INVALID;
      memory.set(from.subarray(at, at + size), Number(va));
      return HypError.OK;
    },
  };
  const made = <T extends HypObject>(type: number): T => {
    const object = hyp.create<T>(type, NO_OBJECT);
    if (typeof object === 'number') throw new Error(`create ${type}: ${object}`);
    return object;
  };
  const cspace = made<CSpace>(ObjectType.CSPACE);
  cspace.maxCaps = maxCaps;
  hyp.setState(cspace, ObjectState.ACTIVE);
  const partition = made(ObjectType.PARTITION);
  hyp.setState(partition, ObjectState.ACTIVE);
  const vic = made(ObjectType.VIC);
  hyp.setState(vic, ObjectState.ACTIVE);
  const thread: Thread = {
    ...bareThread({
      id: hyp.objects.length,
      type: ObjectType.THREAD,
      state: ObjectState.ACTIVE,
      refs: 1,
      partition: partition.id,
      caps: [],
    }),
    cspace: hyp.ref(cspace.id),
    pc: 0x1000n,
  };
  hyp.objects.push(thread);
  const grant = (object: HypObject): bigint => grantMaster(hyp, cspace, object) ?? -1n;
  const caps = { cspace: grant(cspace), partition: grant(partition), vic: grant(vic) };
  const call = (num: number, ...args: bigint[]): bigint[] => {
    thread.x.fill(0n);
    args.forEach((a, i) => {
      thread.x[i] = BigInt.asUintN(64, a);
    });
    nativeCall(hyp, thread, 0x6000 + num);
    return [...thread.x.subarray(0, 8)];
  };
  return { hyp, thread, caps, memory, vicEvents, call };
}
