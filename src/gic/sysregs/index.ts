/**
 * System registers of a vCPU at EL1, after fact base vcpu-and-scheduler 11 and vgic-and-timer 4.5, 6. Debug, PMU and translation
 * registers only hold their values; nothing counts, breaks or translates because of them.
 */
export { pendingException, readSysreg, writeSysreg } from './access.js';
export { esrTrappedSysreg, parseSysreg, sysreg } from './encoding.js';
export { type FpUnit, fpTrap, unexpectedTrap } from './fp-access.js';
export { sysInstruction } from './instructions.js';
export { Sysreg } from './names.js';
export { getStored, type SysregThread, setStored } from './store.js';
