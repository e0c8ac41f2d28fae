/**
 * Proxy scheduling: `vcpu_run` and `vcpu_run_check`.
 * Source: fact base vcpu-and-scheduler 9.2 to 9.4 and 15.2.
 */
import { toU64 } from '../base/index.js';
import { BLOCKED, type Hypervisor, lookup, type Thread } from '../hyp/index.js';
import { Call, HypError, ObjectType, Rights, VcpuRunState, WakeupFrom } from '../protocol/index.js';
import { proxyEvent, proxyReturned } from './charts.js';
import { setAffinity } from './move.js';
import { finishPending, giveUpCpu } from './pending.js';
import { exitThread } from './power.js';
import { block, unblock } from './queue.js';
import { Block, isCritical, isHlos, isRunnable, Life, type Vcpu, type VmmioAccess, vcpuOf } from './types.js';
import { startYield } from './yield.js';

/** x1..x4 of the results; words 4 to 6 stay zero. */
const results = new BigUint64Array(8);

/** Sets the results; returns the state. */
function result(state: number, data0 = 0n, data1 = 0n, data2 = 0n): number {
  results[0] = toU64(state);
  results[1] = data0;
  results[2] = data1;
  results[3] = data2;
  return state;
}

function copyResults(to: BigUint64Array): void {
  for (let i = 0; i < 4; i++) to[i] = results[i];
}

/** Bit 0 of data 0 of POWERED_OFF: the vCPU has exited for ever. */
const EXITED = 1n;
/** data 1 of EXPECTS_WAKEUP. */
const FROM_WFI = BigInt(WakeupFrom.WFI);
const FROM_SUSPEND = BigInt(WakeupFrom.PSCI_CPU_SUSPEND);

/** Why a vCPU that is not runnable does not run; the first matching row counts. */
function blockedState(v: Vcpu): number {
  if (v.life === Life.EXITED) return result(VcpuRunState.POWERED_OFF, EXITED);
  if (v.life === Life.KILLED) return result(VcpuRunState.BLOCKED);
  if ((v.block & Block.VMMIO) !== 0) {
    const a = v.vmmio as VmmioAccess;
    const state = a.write ? VcpuRunState.ADDRSPACE_VMMIO_WRITE : VcpuRunState.ADDRSPACE_VMMIO_READ;
    return result(state, BigInt(a.ipa), BigInt(a.size), a.write ? a.value : 0n);
  }
  if (v.reset !== null) return result(VcpuRunState.PSCI_SYSTEM_RESET, v.reset.type, v.reset.cookie);
  if ((v.block & Block.SUSPEND) !== 0) {
    return result(VcpuRunState.EXPECTS_WAKEUP, BigInt(v.suspendState >>> 0), FROM_SUSPEND);
  }
  if ((v.block & Block.WFI) !== 0) return result(VcpuRunState.EXPECTS_WAKEUP, 0n, FROM_WFI);
  if ((v.block & Block.FAULT) !== 0) return result(VcpuRunState.FAULT);
  if ((v.block & Block.OFF) !== 0) return result(VcpuRunState.POWERED_OFF);
  return result(VcpuRunState.BLOCKED);
}

/** End of a run: what became of the vCPU, as x1..x4 of the caller; it is blocked again until the next run. */
export function finishRun(hyp: Hypervisor, target: number): BigUint64Array {
  const v = vcpuOf(hyp, target);
  proxyReturned(v, isRunnable(v) ? result(VcpuRunState.READY) : blockedState(v));
  block(hyp, v, Block.RUN);
  hyp.unref(target);
  return results;
}

/** The root VM takes its interrupts as they come; nothing stays pending while it works. */
const isRootVm = (v: Vcpu): boolean => isCritical(v) && !isHlos(v);

function vcpuRun(hyp: Hypervisor, caller: Thread, a: BigUint64Array, out: BigUint64Array): number {
  const v = lookup<Vcpu>(hyp, caller, a[0], ObjectType.THREAD, Rights.THREAD.AFFINITY | Rights.THREAD.YIELD_TO);
  if (typeof v === 'number') return v;
  const effects = proxyEvent(v, 'RUN');
  if (effects === undefined) return HypError.BUSY;
  const self = caller as Vcpu;
  for (const { type } of effects) {
    if (type === 'supplyRead' && v.vmmio !== null) v.vmmio.value = a[1];
    unblock(hyp, v, Block.VMMIO);
  }
  unblock(hyp, v, Block.RUN);
  hyp.ref(v.id);
  if (isRunnable(v)) {
    const moved = setAffinity(hyp, v, self.running);
    if (moved !== HypError.OK) {
      // The vCPU stays unblocked: a defect, kept (vcpu 9.2 step 5).
      hyp.unref(v.id);
      return moved;
    }
    if (isRootVm(self) && v.life === Life.KILLED && v.running < 0 && isRunnable(v)) {
      exitInPlace(hyp, v, self.running);
    } else {
      const yielded = startYield(hyp, self, v, isRootVm(self));
      if (yielded !== 'skipped') {
        const owns = yielded === 'started';
        giveUpCpu(hyp, self, { kind: 'run', smccc: hyp.smccc.hypercall, owns, target: v.id });
        return BLOCKED;
      }
    }
  }
  finishRun(hyp, v.id);
  copyResults(out);
  return HypError.OK;
}

/**
 * A killed vCPU that gets the CPU only unwinds its stack and exits. For the root VM, whose program continues synchronously
 * after its calls, that is done in place: nothing can come between.
 */
function exitInPlace(hyp: Hypervisor, v: Vcpu, cpu: number): void {
  v.running = cpu;
  finishPending(hyp, v);
  if (hyp.dead === undefined) exitThread(hyp, v);
  v.running = -1;
  if (hyp.dead === undefined) hyp.unref(v.id);
}

function vcpuRunCheck(hyp: Hypervisor, caller: Thread, a: BigUint64Array, out: BigUint64Array): number {
  const v = lookup<Vcpu>(hyp, caller, a[0], ObjectType.THREAD, Rights.THREAD.BIND_VIRQ | Rights.THREAD.STATE);
  if (typeof v === 'number') return v;
  if (isRunnable(v)) return HypError.BUSY;
  const state = blockedState(v);
  copyResults(out);
  return state === VcpuRunState.BLOCKED ? HypError.BUSY : HypError.OK;
}

export function registerRun(hyp: Hypervisor): void {
  hyp.call(Call.VCPU_RUN, vcpuRun);
  hyp.call(Call.VCPU_RUN_CHECK, vcpuRunCheck);
}
