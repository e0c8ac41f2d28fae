/**
 * The `qemu` board, after fact base platform-qemu: composition of the hypervisor's modules and cold boot to the root VM.
 * Flattened device trees are in fdt/.
 */
export { type BootedBoard, boot, newHypervisor, type RootCaps } from './boot.js';
export { BUS_END, type BusResult, busAccess } from './bus.js';
export { primaryTree } from './primary-tree.js';
