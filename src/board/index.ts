/**
 * The `qemu` board, after fact base platform-qemu: composition of the hypervisor's modules and cold boot to the root VM.
 * Flattened device trees are in fdt/.
 */
export { type BootedBoard, boot } from './boot.js';
export { BUS_END, busAccess } from './bus.js';
export { primaryTree } from './primary-tree.js';
