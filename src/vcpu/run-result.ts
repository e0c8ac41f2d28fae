/** What `vcpu_run` and `vcpu_run_check` report of a vCPU. Source: fact base vcpu-and-scheduler 9.3. */
import { toU64 } from '../base/index.js';
import type { Hypervisor } from '../hyp/index.js';
import { VcpuRunState, WakeupFrom } from '../protocol/index.js';
import { proxyReturned } from './charts.js';
import { block } from './queue.js';
import { Block, isRunnable, Life, type Vcpu, type VmmioAccess, vcpuOf } from './types.js';

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

/** Writes the results that {@link blockedState} has set to x1..x4 of a caller. */
export function copyResults(to: BigUint64Array): void {
  for (let i = 0; i < 4; i++) to[i] = results[i];
}

/** Bit 0 of data 0 of POWERED_OFF: the vCPU has exited for ever. */
const EXITED = 1n;
/** data 1 of EXPECTS_WAKEUP. */
const FROM_WFI = BigInt(WakeupFrom.WFI);
const FROM_SUSPEND = BigInt(WakeupFrom.PSCI_CPU_SUSPEND);

/** Why a vCPU that is not runnable does not run; the first matching row counts. */
export function blockedState(v: Vcpu): number {
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
