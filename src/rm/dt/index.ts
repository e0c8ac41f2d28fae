/**
 * RM's own device tree logic: what a guest's tree asks for (VM_INIT), what RM writes into it (VM_START), and what RM adds
 * to the tree of the primary VM at boot (fact base: rm-boot-and-dt 3 to 5). Works on bytes only: accepting parcels and
 * creating devices is the core's business. Left out, because the qemu platform never does it: ramdisk and command line
 * from a configuration archive, virtual RTC and watchdog nodes.
 */
export { HLOS_TREE_AREA, patchHlosTree } from './hlos-tree.js';
export { DEFAULT_GENERATE, isVmConfigError, parseVmConfig } from './vm-config.js';
export type * from './vm-config-types.js';
export { PHANDLE_UNSET, patchVmTree, type TreeArea, type VmTreeResult } from './vm-tree.js';
export type * from './vm-tree-types.js';
