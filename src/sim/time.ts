/** What operations cost in virtual time. Values are round figures, not measurements: only their order of magnitude matters. */

export interface Cost {
  /** One hypercall, SMC or trapped access. */
  hypercallNs: number;
  /** One step of the Resource Manager beside its hypercalls. */
  rmStepNs: number;
  /** One plain memory access, system register access or A64 instruction. */
  operationNs: number;
}

export const defaultCost = (): Cost => ({ hypercallNs: 2_000, rmStepNs: 10_000, operationNs: 16 });
