/** Constants of the qemu platform and limits of the hypervisor and RM on it. Bytes unless the name says otherwise.
 *
 * Generated from spec/ by tools/generate.ts; edit the specification, not this file.
 */

/** Platform constants and limits. */
export const Platform = {
  /** Physical CPUs. Fact base: platform-qemu 2. */
  CORES: 8,
  /** Mask of CPUs that vCPUs may use. Fact base: platform-qemu 2. */
  USABLE_CORES: 255,
  /** Granule of every mapping and ownership change. Fact base: memory 1. */
  PAGE_SIZE: 0x1000,
  /** Guest physical address width. Fact base: platform-qemu 2. */
  GUEST_PA_BITS: 36,
  /** Width of the table of device windows: wider than guest physical addresses, and windows may lie beyond those. Fact base: hypervisor source, virtual devices. */
  DEVICE_ADDRESS_BITS: 44,
  /** Architectural timer; one tick is 16 ns. Fact base: platform-qemu 2. */
  TIMER_FREQ_HZ: 0x3b9aca0,
  /** PMU overflow interrupt. Fact base: platform-qemu 3. */
  PPI_PMU: 23,
  /** Kept by the hypervisor. Fact base: platform-qemu 3. */
  PPI_GIC_MAINTENANCE: 25,
  /** Kept by the hypervisor. Fact base: platform-qemu 3. */
  PPI_HYP_TIMER: 26,
  /** EL1 virtual timer. Fact base: platform-qemu 3. */
  PPI_VIRTUAL_TIMER: 27,
  /** EL1 physical timer. Fact base: platform-qemu 3. */
  PPI_PHYSICAL_TIMER: 30,
  /** First byte of the device extent. Fact base: platform-qemu 4. */
  DEVICE_BASE: 0,
  /** Size of the device extent. Fact base: platform-qemu 4. */
  DEVICE_SIZE: 0x40000000,
  /** GIC distributor, physical and (for the root VM and HLOS) virtual. Fact base: platform-qemu 4. */
  GICD_BASE: 0x8000000,
  /** 64 KiB. Fact base: platform-qemu 4. */
  GICD_SIZE: 0x10000,
  /** Redistributor of CPU 0. Fact base: platform-qemu 4. */
  GICR_BASE: 0x80a0000,
  /** Distance and size of redistributor frames. Fact base: platform-qemu 4. */
  GICR_STRIDE: 0x20000,
  /** Mapped to HLOS; the emulated ITS answers there. Fact base: platform-qemu 4, corrections. */
  ITS_BASE: 0x8080000,
  /** 128 KiB. Fact base: platform-qemu 4. */
  ITS_SIZE: 0x20000,
  /** PL011. Fact base: platform-qemu 4. */
  UART_BASE: 0x9000000,
  /** One page. Fact base: platform-qemu 4. */
  UART_SIZE: 0x1000,
  /** First byte of RAM. Fact base: platform-qemu 4. */
  DDR_BASE: 0x40000000,
  /** 2 GiB. Fact base: platform-qemu 4. */
  DDR_SIZE: 0x80000000,
  /** Memory of the primary VM (guest address equals physical address). Fact base: platform-qemu 4. */
  HLOS_VM_BASE: 0x40000000,
  /** 1 GiB. Fact base: platform-qemu 4. */
  HLOS_VM_SIZE: 0x40000000,
  /** Where the boot loader puts the primary VM's ramfs. Fact base: platform-qemu 4. */
  HLOS_RAMFS_BASE: 0x40800000,
  /** The primary VM's device tree (x0 at entry). Fact base: platform-qemu 4. */
  HLOS_DT_BASE: 0x40f00000,
  /** First instruction of the primary VM. Fact base: platform-qemu 4. */
  HLOS_ENTRY: 0x41000000,
  /** Hypervisor image and private heap. Fact base: platform-qemu 4. */
  HYP_BASE: 0x80000000,
  /** 4 MiB. Fact base: platform-qemu 4. */
  HYP_SIZE: 0x400000,
  /** Memory of the root VM (RM). Fact base: platform-qemu 4. */
  ROOTVM_BASE: 0x80480000,
  /** 640 KiB. Fact base: platform-qemu 4. */
  ROOTVM_SIZE: 0xa0000,
  /** RM's log as mapped read-only in the primary VM. Fact base: transcript format 3. */
  RM_LOG_BASE: 0x804f9000,
  /** 8 KiB. Fact base: transcript format 3. */
  RM_LOG_SIZE: 0x2000,
  /** Second free range reported to RM; the first is the primary VM's memory. Fact base: platform-qemu 4. */
  FREE_RANGE_BASE: 0x80400000,
  /** Still contains the root VM's own memory. Fact base: platform-qemu 4. */
  FREE_RANGE_SIZE: 0x3d800000,
  /** Root partition heap and trace buffer. Fact base: platform-qemu 4. */
  ROOT_HEAP_BASE: 0xbdd00000,
  /** About 3 MiB; objects created by hypercalls come from here. Fact base: platform-qemu 4, 6. */
  ROOT_HEAP_SIZE: 0x300000,
  /** Capabilities in the root VM's space. Fact base: platform-qemu 5.1. */
  ROOT_MAX_CAPS: 2048,
  /** Bindable SPIs of the root VM: 32..95. Fact base: platform-qemu 5.1. */
  ROOT_VIC_VIRQS: 64,
  /** Highest physical interrupt. Fact base: platform-qemu 5.1. */
  LAST_HWIRQ: 287,
  /** Highest interrupt that VM_IRQ_LEND accepts. Fact base: observations 28. */
  LAST_LENDABLE_HWIRQ: 255,
  /** Environment data handed to the root VM. Fact base: platform-qemu 5.3. */
  RM_ENV_SIZE: 0x4000,
  /** The hypervisor. Fact base: rm-rpc-transport, conventions. */
  VMID_HYP: 0,
  /** Primary VM. Fact base: README 3. */
  VMID_HLOS: 3,
  /** Resource Manager (root VM). Fact base: README 3. */
  VMID_RM: 255,
  /** Lowest VMID a client may ask for by number. Fact base: rm-rpc-messages 0.3. */
  VMID_STATIC_FIRST: 4,
  /** Highest VMID a client may ask for by number. Fact base: rm-rpc-messages 0.3. */
  VMID_STATIC_LAST: 31,
  /** Lowest VMID that RM chooses. Fact base: rm-rpc-messages 0.3. */
  VMID_DYNAMIC_FIRST: 128,
  /** Highest VMID that RM chooses (63 of them). Fact base: rm-rpc-messages 0.3. */
  VMID_DYNAMIC_LAST: 190,
  /** Marker for reserved interrupts. Fact base: README 3. */
  VMID_ANY: 0xfffe,
  /** Borrower of an interrupt loan after the borrower was reset. Fact base: rm-state-machines 4.2. */
  VMID_NONE: 0xffff,
  /** No memory parcel. Fact base: rm-rpc-messages 3. */
  INVALID_HANDLE: 0xffffffff,
  /** No interrupt; as a request: let RM choose. Fact base: rm-rpc-messages 5. */
  VIRQ_NONE: 0xffffffff,
  /** Messages in each queue between a VM and RM, by default. Fact base: rm-rpc-transport 1. */
  RM_QUEUE_DEPTH: 8,
  /** Largest message in it, by default. Fact base: rm-rpc-transport 1. */
  RM_QUEUE_MSG_SIZE: 240,
  /** Header of every fragment. Fact base: rm-rpc-transport 2. */
  RPC_HEADER_SIZE: 8,
  /** Payload bytes in one fragment. Fact base: rm-rpc-transport 2. */
  RPC_MAX_CONTENT: 232,
  /** Additional fragments after the first. Fact base: rm-rpc-transport 2. */
  RPC_MAX_FRAGMENTS: 62,
  /** Largest message: 63 fragments of 232 bytes. Fact base: rm-rpc-transport 2. */
  RPC_MAX_PAYLOAD: 0x3918,
  /** Notifications waiting for one VM; the oldest is dropped after that. Fact base: rm-rpc-transport 6. */
  RPC_MAX_PENDING_NOTIFICATIONS: 256,
  /** Memory parcels one VM may own. Fact base: rm-rpc-messages 3. */
  MAX_PARCELS_PER_OWNER: 64,
  /** Entries of one memory-parcel list. Fact base: rm-rpc-messages 3. */
  MAX_LIST_ENTRIES: 512,
  /** Entries of one IPA_RESERVE. Fact base: rm-rpc-messages 8. */
  MAX_IPA_RESERVATIONS: 30,
  /** Stored bytes of a crash message. Fact base: rm-rpc-messages 1.10. */
  CRASH_MSG_MAX: 192,
  /** Longest name or URI that can be looked up. Fact base: rm-rpc-messages 1.12. */
  LOOKUP_STRING_MAX: 79,
  /** One entry of VM_GET_HYP_RESOURCES. Fact base: rm-rpc-messages 5. */
  RESOURCE_ENTRY_SIZE: 44,
  /** Lowest interrupt number RM allocates in a VM (32 in RM itself). Fact base: rm-state-machines 6. */
  VIRQ_ALLOC_FIRST: 960,
  /** Highest interrupt number RM allocates in a VM. Fact base: rm-state-machines 6. */
  VIRQ_ALLOC_LAST: 1019,
  /** Capabilities in the space of a VM made by RM. Fact base: rm-state-machines 7.1. */
  VM_MAX_CAPS: 1024,
  /** Lowest shared interrupt. Fact base: vgic-and-timer 1.1. */
  SPI_FIRST: 32,
  /** Highest shared interrupt. Fact base: vgic-and-timer 1.1. */
  SPI_LAST: 1019,
  /** Shared interrupts of one controller. Fact base: vgic-and-timer 1.1. */
  SPI_COUNT: 988,
  /** Interrupts a CPU can have pending or active in hardware. Fact base: vgic-and-timer 1.1. */
  GIC_LIST_REGISTERS: 4,
  /** vCPUs per interrupt controller, power group and address space. Fact base: platform-qemu 6. */
  MAX_VCPUS: 8,
  /** Highest vCPU priority (63 levels above idle exist). Fact base: platform-qemu 6. */
  PRIORITY_MAX: 62,
  /** Priority of new vCPUs, RM and the primary VM. Fact base: platform-qemu 6. */
  PRIORITY_DEFAULT: 32,
  /** 5 ms. Fact base: platform-qemu 6. */
  TIMESLICE_DEFAULT_NS: 0x4c4b40,
  /** 100 us. Fact base: platform-qemu 6. */
  TIMESLICE_MIN_NS: 0x186a0,
  /** 100 ms. Fact base: platform-qemu 6. */
  TIMESLICE_MAX_NS: 0x5f5e100,
  /** Not scheduled on any CPU. Fact base: vcpu-and-scheduler 1.1. */
  AFFINITY_INVALID: 0xffff,
  /** Messages. Fact base: ipc 3.1. */
  MSGQUEUE_MAX_DEPTH: 255,
  /** Bytes of one message. Fact base: ipc 3.1. */
  MSGQUEUE_MAX_MSG_SIZE: 1023,
  /** Mapping records per extent. Fact base: memory 3. */
  MEMEXTENT_MAX_MAPS: 4,
  /** Per address space. Fact base: memory 8. */
  MAX_VMMIO_RANGES: 128,
  /** Slots 0x00..0x3d of each table. Fact base: capabilities 2. */
  CSPACE_SLOTS_PER_TABLE: 62,
  /** Tables of one capability space. Fact base: capabilities 2. */
  CSPACE_TABLES: 232,
  /** Slots of one capability space. Fact base: capabilities 2. */
  CSPACE_MAX_CAPS: 0x3830,
  /** Queues per virtio-mmio device. Fact base: platform-qemu 6. */
  VIRTIO_MAX_QUEUES: 16,
  /** HVC immediate of call 0. Fact base: hypercall-abi 1. */
  HYPERCALL_BASE: 0x6000,
  /** Entries of the native call table, holes included. Fact base: hypercall-abi 1. */
  HYPERCALL_NUM: 105,
  /** First word of hypervisor_identify: API version 1, 64-bit, variant 0x51. Fact base: hypercall-abi 4.1. */
  API_INFO: 0x5100000000008001n,
  /** Feature word: everything but the watchdog; round-robin scheduler. Fact base: hypercall-abi 4.1. */
  API_FLAGS_0: 0x0000000010000effn,
  /** Never a capability. Fact base: capabilities 3. */
  CAP_INVALID: 0xffffffffffffffffn,
} as const;
