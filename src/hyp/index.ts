/**
 * The hypervisor's core, after fact base hypercall-abi 1 to 4 and capabilities: objects and their life, capability spaces,
 * hypercall dispatch, vIRQ sources, and the ports that connect it to memory (mem/), src/gic and src/vcpu.
 */
export { grantMaster, type Partition, registerCore } from './core-calls.js';
export {
  allCaps,
  CapState,
  type CapView,
  type CSpace,
  decodeCapId,
  deleteCap,
  encodeCapId,
  findCap,
  MAX_CAPS,
} from './cspace.js';
export { finishNative, HYPERCALL_BASE, HYPERCALL_COUNT, nativeCall } from './dispatch.js';
export { BLOCKED, defaultHypConfig, type HypConfig, type HypercallHandler, Hypervisor } from './hypervisor.js';
export { granted, lookup, lookupAny, lookupConfigure, lookupInit, objectOf } from './lookup.js';
export { type AccessResult, Fault, type GuestException, type SchedPort } from './ports.js';
export { isSmc64, withoutHint } from './smccc.js';
export { type HypObject, NO_OBJECT, NS_PER_TICK, ObjectState, type Thread } from './types.js';
export {
  assertSource,
  bindSource,
  clearSource,
  SourceKind,
  unbindSource,
  type VirqSource,
  virqSource,
} from './virq.js';
