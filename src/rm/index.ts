/**
 * The Resource Manager (revision bf31a9a, qemu platform, debug build) as a guest program of its own vCPU.
 *
 * Models: boot and the primary VM, the RPC link, every request and notification, memory parcels, IRQ lending, the console,
 * VM life from allocation to reset, and every known input that kills it. Source: fact base rm-rpc-transport,
 * rm-rpc-messages, rm-state-machines, rm-boot-and-dt. Leaves out: exhaustion of RM's heap, the text of its log, watchdog,
 * virtual RTC and pass-through devices, which this platform does not have.
 */
export type { RmEnvironment } from './environment.js';
export { createRm, rmStep } from './rm.js';
export type { Rm, VmRecord } from './types.js';
