/**
 * The virtual GICv3 and the EL1 timers as VMs see them, after fact base vgic-and-timer: VIC and HWIRQ objects, distributor and
 * redistributor frames, ICC_* registers with four list registers per vCPU, delivery, routing, SGIs, timers, and the other EL1
 * system registers (sysregs/). Left out, as in this build of Gunyah: LPIs and ITS, 1-of-N routing, extended ranges, a counting PMU.
 */

export { attachVcpu, gicVcpu } from './calls.js';
export { gicOf } from './context.js';
export { createHwirq, type Hwirq, raiseHwirq } from './hwirq.js';
export { endInterrupt, takeInterrupt } from './irq.js';
export { gicOfHyp, registerGic } from './port.js';
export {
  fpTrap,
  getStored,
  parseSysreg,
  pendingException,
  readSysreg,
  Sysreg,
  setStored,
  sysInstruction,
  sysreg,
  unexpectedTrap,
  writeSysreg,
} from './sysregs/index.js';
export { nextTimerEvent, timersDue } from './timer.js';
export type { GicThread, Vic } from './types.js';
