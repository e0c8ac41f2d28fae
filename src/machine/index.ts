/** State machines as data: the XState v5 profile, the compiled executor, XState itself as reference, coverage, registry.
 *
 * Models nothing of Gunyah; docs/adr/0001-machine-backends.md has the reasons and figures. Leaves out everything of XState that the profile
 * refuses (profile.ts): actors, timers, parallel and history states, effects performed inside a machine.
 */
export { compile } from './compile.js';
export { coverage, type MachineCoverage, resetCoverage } from './coverage.js';
export { effect } from './effect.js';
export { reference } from './reference.js';
export { registeredMachines, registerMachine, setBackend } from './registry.js';
export { type Effect, UNHANDLED } from './types.js';
