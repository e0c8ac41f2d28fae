import type { HypObject, Thread } from '../../src/hyp/index.js';

/** A thread without a scheduler: what every module may know of one, at its reset values. */
export const bareThread = (base: HypObject): Thread => ({
  ...base,
  cspace: -1,
  addrspace: -1,
  x: new BigUint64Array(31),
  pc: 0n,
  options: 0n,
  pstate: 0x3c5,
  sctlr: 0x30d0_0800n,
  spEl0: 0n,
  prngWindowNs: Number.NEGATIVE_INFINITY,
  prngReads: 0,
});
