/**
 * The hypervisor's core, after fact base hypercall-abi 1 to 4 and capabilities: objects and their life, capability spaces,
 * hypercall dispatch, vIRQ sources, and the ports that connect it to memory (mem/), src/gic and src/vcpu.
 */
export { grantMaster, type Partition, registerCore } from './core-calls.js';
export {
  allCaps,
  allocateSlot,
  CapState,
  type CapTable,
  type CapView,
  type CSpace,
  decodeCapId,
  deleteCap,
  encodeCapId,
  findCap,
  freeSlot,
  installCap,
  MAX_CAPS,
  SLOTS_PER_TABLE,
} from './cspace.js';
export { finishNative, HYPERCALL_BASE, HYPERCALL_COUNT, nativeCall } from './dispatch.js';
export {
  BLOCKED,
  defaultHypConfig,
  type HypConfig,
  type HypDeath,
  type HypercallHandler,
  Hypervisor,
  type ObjectKind,
  type PhysDevice,
  type SmcccHandler,
} from './hypervisor.js';
export { granted, lookup, lookupAny, lookupConfigure, lookupIn, lookupInit, objectOf } from './lookup.js';
export { type AccessResult, Fault, type GuestException, type MemPort, type SchedPort, type VicPort } from './ports.js';
export { isSmc64, withoutHint } from './smccc.js';
export { type HypObject, isPinned, NO_OBJECT, ObjectState, type Thread } from './types.js';
export {
  assertSource,
  bindSource,
  type CheckPending,
  clearSource,
  SourceKind,
  unbindSource,
  type VirqSource,
  virqSource,
} from './virq.js';
