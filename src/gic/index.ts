/**
 * The virtual GICv3 and the EL1 timers as VMs see them, after fact base vgic-and-timer: VIC and HWIRQ objects, distributor and
 * redistributor frames, ICC_* registers with four list registers per vCPU, delivery, routing, SGIs, timers, and the other EL1
 * system registers (sysregs/). Left out, as in this build of Gunyah: LPIs and ITS, 1-of-N routing, extended ranges, a counting PMU.
 */

export { attachVcpu, gicVcpu, setMapping } from './calls.js';
export { type Gic, gicOf } from './context.js';
export { readHppir, signalledException } from './cpuif.js';
export { createHwirq, type Hwirq, raiseHwirq } from './hwirq.js';
export { Icc } from './icc.js';
export { gicInvariants } from './invariants.js';
export { endInterrupt, takeInterrupt } from './irq.js';
export { ESR_DATA_ABORT, gicOfHyp, registerGic } from './port.js';
export {
  type FpUnit,
  fpTrap,
  getStored,
  parseSysreg,
  pendingException,
  readSysreg,
  type SysregThread,
  setStored,
  sysInstruction,
  sysreg,
  unexpectedTrap,
  writeSysreg,
} from './sysregs/index.js';
export { counter, NS_PER_TICK, nextTimerEvent, timersDue } from './timer.js';
export type { GicThread, GicVcpu, Vic } from './types.js';
