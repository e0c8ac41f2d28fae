/** System registers that drivers of vCPUs use, by their architectural names. */
import { sysreg } from './encoding.js';

/** op0 << 14 | op1 << 11 | CRn << 7 | CRm << 3 | op2 of the registers that have a name here. */
export const Sysreg = {
  CPACR_EL1: sysreg(3, 0, 1, 0, 2),
  ICC_PMR_EL1: sysreg(3, 0, 4, 6, 0),
  ICC_IAR0_EL1: sysreg(3, 0, 12, 8, 0),
  ICC_EOIR0_EL1: sysreg(3, 0, 12, 8, 1),
  ICC_IAR1_EL1: sysreg(3, 0, 12, 12, 0),
  ICC_EOIR1_EL1: sysreg(3, 0, 12, 12, 1),
  ICC_SRE_EL1: sysreg(3, 0, 12, 12, 5),
  ICC_IGRPEN1_EL1: sysreg(3, 0, 12, 12, 7),
  CNTV_TVAL_EL0: sysreg(3, 3, 14, 3, 0),
  CNTV_CTL_EL0: sysreg(3, 3, 14, 3, 1),
} as const;
