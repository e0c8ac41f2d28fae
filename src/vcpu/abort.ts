/**
 * How a guest access that stage 2 refuses is resolved.
 *
 * Order (fact base memory 9, vcpu-and-scheduler 9.5 and 11): a permission fault on a write may be a virtio page; a
 * translation fault may be a vGIC window, then a VMMIO range of a proxied vCPU; everything else is injected into the guest as
 * a synchronous external abort. Debug builds halt a vCPU whose own EL1h synchronous vector faults.
 */
import { Fault, type GuestException, type Hypervisor, type Thread } from '../hyp/index.js';
import { halt } from './power.js';
import { block } from './queue.js';
import { schedule } from './sched.js';
import { Block, type Vcpu } from './types.js';

/** A load or store with its stage-2 syndrome. */
export interface GuestAccess {
  va: bigint;
  /** Also above everything that a stage-2 table can hold. */
  ipa: number;
  /** 1, 2, 4 or 8 bytes. */
  size: number;
  write: boolean;
  /** Whole source register of a write. */
  value: bigint;
  /** Syndrome valid: a single-register access without write-back. Anything else is never emulated. */
  isv: boolean;
  /** Destination register of a read, 31 = XZR. */
  rt: number;
  signed: boolean;
  /** 64-bit destination. */
  wide: boolean;
}

export type Resolution =
  /** Emulated: a read delivers `value`, to be put through {@link deviceValue}; the instruction is done. */
  | { kind: 'emulated'; value: bigint }
  /** The vCPU waits for its manager; registers and PC are updated when it continues. */
  | { kind: 'blocked' }
  /** The vCPU was halted for good. */
  | { kind: 'halted' }
  | { kind: 'exception'; exception: GuestException };

const EC_INSTRUCTION_LOWER = 0x20;
const EC_DATA_LOWER = 0x24;
const IL = 1 << 25;
const SYNC_EXTERNAL = 0x10;

/** EC, IL and fault status of the abort that the hypervisor injects: no WnR, no other syndrome bits. */
const injectedEsr = (data: boolean, fromEl0: boolean): number =>
  ((((data ? EC_DATA_LOWER : EC_INSTRUCTION_LOWER) + (fromEl0 ? 0 : 1)) << 26) | IL | SYNC_EXTERNAL) >>> 0;

const EL1H_SYNC_VECTOR = 0x200n;
const VECTOR_SIZE = 0x80n;

/** Where the faulting instruction stands. `vbar` is VBAR_EL1. */
export interface FaultContext {
  pc: bigint;
  vbar: bigint;
  fromEl0: boolean;
}

/** An abort in the guest's own synchronous vector would only loop. */
const loops = (at: FaultContext): boolean =>
  !at.fromEl0 && at.pc - (at.pc % VECTOR_SIZE) === at.vbar + EL1H_SYNC_VECTOR;

function inject(hyp: Hypervisor, v: Vcpu, at: FaultContext, va: bigint, data: boolean): Resolution {
  if (loops(at)) {
    halt(hyp, v, false);
    return { kind: 'halted' };
  }
  return { kind: 'exception', exception: { esr: injectedEsr(data, at.fromEl0), far: va } };
}

/** A write to a page that the guest has read-only and a device stands behind. */
function emulatePage(hyp: Hypervisor, v: Vcpu, access: GuestAccess): Resolution | undefined {
  const pa = hyp.mem.translate(v.addrspace, access.ipa, false);
  if (pa < 0) return undefined;
  for (const device of hyp.physDevices) {
    const done = device(hyp, v, pa, access.size, access.value);
    if (done !== undefined) return done ? { kind: 'emulated', value: 0n } : undefined;
  }
  return undefined;
}

/** A device model's turn; `undefined`: nobody claims the access. */
function emulate(hyp: Hypervisor, v: Vcpu, access: GuestAccess, fault: number): Resolution | undefined {
  if (!access.isv) return undefined;
  if (fault === Fault.PERMISSION) return access.write ? emulatePage(hyp, v, access) : undefined;
  const gic = hyp.vic?.mmioAccess(v, access.ipa, access.size, access.write, access.value);
  if (gic !== undefined) return 'value' in gic ? { kind: 'emulated', value: gic.value } : { kind: 'exception', ...gic };
  if (!v.proxied || !hyp.mem.inVmmioRange(v.addrspace, access.ipa, access.size)) return undefined;
  const { ipa, size, write, rt, signed, wide } = access;
  v.vmmio = { ipa, size, write, value: write ? access.value : 0n, rt, signed, wide };
  v.pending = { kind: 'vmmio' };
  block(hyp, v, Block.VMMIO);
  schedule(hyp, v.running);
  return { kind: 'blocked' };
}

/** A data abort of the thread in control. `fault` is a `Fault`. */
export function handleDataAbort(
  hyp: Hypervisor,
  thread: Thread,
  access: GuestAccess,
  fault: number,
  at: FaultContext,
): Resolution {
  const v = thread as Vcpu;
  return emulate(hyp, v, access, fault) ?? inject(hyp, v, at, access.va, true);
}

/** An instruction abort: never emulated. */
export function handleInstructionAbort(hyp: Hypervisor, thread: Thread, va: bigint, at: FaultContext): Resolution {
  return inject(hyp, thread as Vcpu, at, va, false);
}
