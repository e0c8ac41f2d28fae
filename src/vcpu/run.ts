/**
 * Proxy scheduling: `vcpu_run` and `vcpu_run_check`.
 * Source: fact base vcpu-and-scheduler 9.2 to 9.4 and 15.2.
 */
import { BLOCKED, type Hypervisor, lookup, type Thread } from '../hyp/index.js';
import { Call, HypError, ObjectType, Rights, VcpuRunState } from '../protocol/index.js';
import { proxyEvent } from './charts.js';
import { setAffinity } from './move.js';
import { finishPending } from './pending.js';
import { unblock } from './queue.js';
import { blockedState, copyResults, finishRun } from './run-result.js';
import { giveUpCpu } from './sched.js';
import { exitThread } from './start-stop.js';
import { Block, isCritical, isHlos, isRunnable, Life, type Vcpu } from './types.js';
import { startYield } from './yield.js';

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
