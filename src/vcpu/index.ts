/**
 * vCPUs: threads, block reasons, the fixed-priority round-robin scheduler with directed yields, proxy scheduling
 * (`vcpu_run`), power groups and PSCI, and the resolution of stage-2 faults.
 *
 * Models fact base vcpu-and-scheduler 1 to 11 and rm-boot-and-dt 8; the event loop drives it through port.ts. Leaves out:
 * CPU environment registers (src/gic and the guest interpreter have those), physical idle states but for one defect, and the
 * watchdog, which the modelled build does not have.
 */
import type { Hypervisor } from '../hyp/index.js';
import { registerVcpuCalls } from './calls.js';
import { registerRun } from './run.js';
import { registerThread } from './thread.js';
import { registerVpm } from './vpm.js';

export { type GuestAccess, handleDataAbort, handleInstructionAbort } from './abort.js';
export { setAffinity } from './move.js';
export { deviceValue } from './pending.js';
export {
  charge,
  dueCpu,
  executing,
  expireOnBlock,
  expireOnFault,
  expireOnWake,
  nextDeadline,
  nextDeadlineOfAll,
  registerScheduler,
  step,
  stepDue,
} from './port.js';
export { halt, kill, powerOn, waitForInterrupt } from './power.js';
export { registerPsci } from './psci.js';
export { schedule } from './sched.js';
export {
  Block,
  type CpuSched,
  cpuOf,
  isHlos,
  isRunnable,
  Life,
  schedState,
  type Vcpu,
  type VpmGroup,
} from './types.js';

/** Thread and power group objects and their hypercalls. {@link registerScheduler} first. */
export function registerVcpu(hyp: Hypervisor): void {
  registerThread(hyp);
  registerVpm(hyp);
  registerVcpuCalls(hyp);
  registerRun(hyp);
}
