/** Inputs that stop the Resource Manager, or the hypervisor, for good.
 *
 * Generated from spec/ by tools/generate.ts; edit the specification, not this file.
 */

export type DeathKind = 'ABORT' | 'FAULT' | 'HYP';

/** Id of a death trigger, as used by RmDeath and by reports. */
export type DeathId =
  | 'vm-deallocate-unknown'
  | 'vm-reset-without-configuration'
  | 'vm-reset-after-bad-auth-type'
  | 'vm-stop-without-link'
  | 'mem-notify-without-link'
  | 'irq-notify-without-link'
  | 'irq-empty-payload'
  | 'console-write-empty'
  | 'ipa-reserve-rollback'
  | 'vm-exit-from-hlos'
  | 'vm-exit-bad-state'
  | 'dt-rm-rpc-without-generate'
  | 'two-rm-rpc-nodes-reset'
  | 'reply-too-long'
  | 'crash-fatal-exit'
  | 'kill-low-priority-vcpu'
  | 'reset-of-irq-lender'
  | 'no-shutdown-halt'
  | 'halt-state-query-failed'
  | 'dt-too-deep'
  | 'dt-cells'
  | 'gic-stride'
  | 'peer-without-value'
  | 'vdevice-without-peer'
  | 'iomem-freed-twice'
  | 'two-console-devs'
  | 'dt-generate-not-absolute'
  | 'dt-generate-without-name'
  | 'dt-overlay-limit'
  | 'vm-start-unaccepted-donate'
  | 'third-init-of-reset-vmid'
  | 'vm-start-dt-overflow'
  | 'vm-exited-owner-without-link'
  | 'link-send-failed'
  | 'notification-without-link'
  | 'leftover-virq-at-teardown'
  | 'dt-overlay-path-too-long'
  | 'dt-overlay-full'
  | 'dt-overlay-too-deep'
  | 'delete-own-cap'
  | 'virq-not-mapped'
  | 'vcpu-kill-failed'
  | 'vcpu-teardown'
  | 'vm-init-tree-unmapped'
  | 'vdevice-teardown'
  | 'rm-assertion'
  | 'boot-irq-manager'
  | 'boot-memory'
  | 'boot-self'
  | 'boot-hlos'
  | 'boot-log'
  | 'boot-hlos-tree'
  | 'boot-hlos-start'
  | 'vm-reset-bad-state'
  | 'vm-start-bad-state'
  | 'hyp-copy-to-device-mapping'
  | 'hyp-virtio-without-queues'
  | 'hyp-virtio-config-overrun'
  | 'hyp-unexpected-trap'
  | 'hyp-device-beyond-limit'
  | 'hyp-lookup-beyond-limit'
  | 'hyp-stage2-access'
  | 'hyp-critical-vcpu-exit'
  | 'hyp-system-off-by-hlos'
  | 'hyp-system-reset-by-hlos'
  | 'hyp-second-affinity-move'
  | 'hyp-yield-without-target'
  | 'hyp-affinity-out-of-range'
  | 'hyp-eoir-1023-disabled'
  | 'hyp-dir-special-intid'
  | 'hyp-igrpen1-with-listed'
  | 'hyp-all-listed-active';

export interface DeathInfo {
  readonly id: DeathId;
  /** ABORT: RM stops answering. FAULT: RM touches an unmapped address. HYP: the hypervisor stops. */
  readonly kind: DeathKind;
  /** Request that triggers it, if one does. */
  readonly message?: string;
  readonly trigger: string;
  readonly source: string;
  /** False when no client of this platform can get there. */
  readonly reachable: boolean;
}

export const DEATHS: Readonly<Record<DeathId, DeathInfo>> = {
  'vm-deallocate-unknown': {
    id: 'vm-deallocate-unknown',
    kind: 'ABORT',
    message: 'VM_DEALLOCATE',
    trigger: 'VM_DEALLOCATE names a VMID that is not allocated (0, 256 and up, freed before).',
    source: 'rm-rpc-transport 9 row 1; observations 21',
    reachable: true,
  },
  'vm-reset-without-configuration': {
    id: 'vm-reset-without-configuration',
    kind: 'FAULT',
    message: 'VM_RESET',
    trigger:
      'VM_RESET of a VM that has no configuration object: only allocated, already reset, or VM_CONFIG_IMAGE failed early.',
    source: 'rm-rpc-transport 9 row 2; observations 21',
    reachable: true,
  },
  'vm-reset-after-bad-auth-type': {
    id: 'vm-reset-after-bad-auth-type',
    kind: 'ABORT',
    message: 'VM_RESET',
    trigger:
      'VM_RESET of a VM whose VM_CONFIG_IMAGE failed because of its auth type. The reply is OK; RM stops in reset stage DESTROY_VM.',
    source: 'rm-rpc-transport 9 row 3',
    reachable: true,
  },
  'vm-stop-without-link': {
    id: 'vm-stop-without-link',
    kind: 'ABORT',
    message: 'VM_STOP',
    trigger: 'VM_STOP without FORCE for a VM that has no RM link.',
    source: 'rm-rpc-transport 9 row 4',
    reachable: true,
  },
  'mem-notify-without-link': {
    id: 'mem-notify-without-link',
    kind: 'ABORT',
    message: 'MEM_NOTIFY',
    trigger: 'MEM_NOTIFY SHARED or RECALL lists a VM without an RM link, for example one that is only allocated.',
    source: 'rm-rpc-transport 9 row 5; observations 21',
    reachable: true,
  },
  'irq-notify-without-link': {
    id: 'irq-notify-without-link',
    kind: 'ABORT',
    message: 'VM_IRQ_NOTIFY',
    trigger: 'VM_IRQ_NOTIFY LENT while the borrower does not exist or has no RM link.',
    source: 'rm-rpc-transport 9 row 6',
    reachable: true,
  },
  'irq-empty-payload': {
    id: 'irq-empty-payload',
    kind: 'ABORT',
    message: 'VM_IRQ_*',
    trigger: 'VM_IRQ_ACCEPT, LEND, RELEASE, RECLAIM or NOTIFY with an empty payload.',
    source: 'rm-rpc-transport 9 row 7; observations 21',
    reachable: true,
  },
  'console-write-empty': {
    id: 'console-write-empty',
    kind: 'FAULT',
    message: 'VM_CONSOLE_WRITE',
    trigger: 'VM_CONSOLE_WRITE with an empty payload.',
    source: 'rm-rpc-transport 9 row 8; observations 21',
    reachable: true,
  },
  'ipa-reserve-rollback': {
    id: 'ipa-reserve-rollback',
    kind: 'ABORT',
    message: 'IPA_RESERVE',
    trigger: 'IPA_RESERVE with a fixed list whose second or later entry fails after an earlier one succeeded.',
    source: 'rm-rpc-transport 9 row 9',
    reachable: true,
  },
  'vm-exit-from-hlos': {
    id: 'vm-exit-from-hlos',
    kind: 'ABORT',
    message: 'VM_EXIT',
    trigger:
      'VM_EXIT from the primary VM with a valid payload: its vCPUs are killed, then RM stops (killing a critical vCPU stops the hypervisor too).',
    source: 'rm-rpc-transport 9 row 10; observations 11',
    reachable: true,
  },
  'vm-exit-bad-state': {
    id: 'vm-exit-bad-state',
    kind: 'ABORT',
    message: 'VM_EXIT',
    trigger: 'VM_EXIT from a VM whose state does not lead to EXITED.',
    source: 'rm-rpc-transport 9 row 11',
    reachable: true,
  },
  'dt-rm-rpc-without-generate': {
    id: 'dt-rm-rpc-without-generate',
    kind: 'FAULT',
    message: 'VM_INIT',
    trigger: "The guest's device tree has an rm-rpc node without a generate property.",
    source: 'rm-rpc-transport 9 row 12',
    reachable: true,
  },
  'two-rm-rpc-nodes-reset': {
    id: 'two-rm-rpc-nodes-reset',
    kind: 'ABORT',
    message: 'VM_RESET',
    trigger: 'Reset of a VM whose device tree had two rm-rpc nodes: the second destruction finds no queue state.',
    source: 'rm-rpc-transport 9 row 13',
    reachable: true,
  },
  'reply-too-long': {
    id: 'reply-too-long',
    kind: 'ABORT',
    message: 'VM_GET_HYP_RESOURCES',
    trigger: 'A reply longer than 14616 bytes (333 or more resource entries).',
    source: 'rm-rpc-transport 9 row 14',
    reachable: true,
  },
  'crash-fatal-exit': {
    id: 'crash-fatal-exit',
    kind: 'ABORT',
    trigger: 'A VM marked crash-fatal exits or faults.',
    source: 'rm-rpc-transport 9 row 15',
    reachable: true,
  },
  'kill-low-priority-vcpu': {
    id: 'kill-low-priority-vcpu',
    kind: 'ABORT',
    trigger:
      'A VM whose vCPUs RM does not run itself (affinity static, pinned or sticky) and whose priority is below the default is stopped or reset, or ends, before all its vCPUs have exited by themselves: RM wants to raise their priority, which is fixed since they were activated.',
    source: 'rm-state-machines 4.1; observed',
    reachable: true,
  },
  'reset-of-irq-lender': {
    id: 'reset-of-irq-lender',
    kind: 'ABORT',
    message: 'VM_RESET',
    trigger: 'Reset of a VM that has an interrupt lent out.',
    source: 'rm-rpc-transport 9 row 16',
    reachable: true,
  },
  'no-shutdown-halt': {
    id: 'no-shutdown-halt',
    kind: 'ABORT',
    trigger: 'A VM marked no-shutdown stops on its own account: PSCI system off or reset, or a fault.',
    source: 'rm-rpc-transport 9 row 17',
    reachable: true,
  },
  'halt-state-query-failed': {
    id: 'halt-state-query-failed',
    kind: 'ABORT',
    trigger: 'The halt interrupt of a vCPU arrives and vcpu_run_check fails.',
    source: 'rm-rpc-transport 9 row 18',
    reachable: true,
  },
  'dt-too-deep': {
    id: 'dt-too-deep',
    kind: 'ABORT',
    message: 'VM_INIT',
    trigger: "The guest's device tree has a node at depth 16 or more.",
    source: 'rm-rpc-transport 9 row 19',
    reachable: true,
  },
  'dt-cells': {
    id: 'dt-cells',
    kind: 'ABORT',
    message: 'VM_INIT',
    trigger:
      'iomemory-ranges under a root with more than two cells; a first child that looks like a PCI bridge (three address cells and a ranges property with content); or, at VM_START, /reserved-memory with more than two cells.',
    source: 'rm-rpc-transport 9 row 20',
    reachable: true,
  },
  'gic-stride': {
    id: 'gic-stride',
    kind: 'ABORT',
    message: 'VM_INIT',
    trigger:
      "A redistributor-stride that is no power of two, where RM itself looks for the redistributors' addresses: no reg, or one outside of the device range.",
    source: 'resource manager source, address allocator; recorded',
    reachable: true,
  },
  'peer-without-value': {
    id: 'peer-without-value',
    kind: 'ABORT',
    message: 'VM_INIT',
    trigger: "A vdevice's peer is vm-guid, vm-name or vm-uri without a colon and a value.",
    source: 'resource manager source, lookup by id; recorded',
    reachable: true,
  },
  'vdevice-without-peer': {
    id: 'vdevice-without-peer',
    kind: 'ABORT',
    message: 'VM_INIT',
    trigger:
      "The owner's end of a doorbell-source or queue pair cannot be made, because its interrupt numbers are used up (58 in the primary VM).",
    source: 'resource manager source, virtual devices; recorded',
    reachable: true,
  },
  'iomem-freed-twice': {
    id: 'iomem-freed-twice',
    kind: 'FAULT',
    message: 'VM_RESET',
    trigger:
      'VM_INIT refused an iomem node without generate and patch behind another iomem node, and with it freed the record of that one. If other records take its place until the reset, RM goes on; not modelled.',
    source: 'resource manager source, virtual devices; recorded',
    reachable: true,
  },
  'two-console-devs': {
    id: 'two-console-devs',
    kind: 'ABORT',
    message: 'VM_INIT',
    trigger: "The guest's device tree has two rm-rpc nodes with console-dev.",
    source: 'rm-rpc-transport 9 row 21',
    reachable: true,
  },
  'dt-generate-not-absolute': {
    id: 'dt-generate-not-absolute',
    kind: 'ABORT',
    message: 'VM_START',
    trigger: "A vdevice's generate (or an iomem's patch) does not start with a slash.",
    source: 'rm-rpc-transport 9 row 22',
    reachable: true,
  },
  'dt-generate-without-name': {
    id: 'dt-generate-without-name',
    kind: 'ABORT',
    message: 'VM_START',
    trigger: "The generate of an shm (or an iomem's generate or patch) is a slash alone or ends with one.",
    source: 'rm-boot-and-dt 4.6',
    reachable: true,
  },
  'dt-overlay-limit': {
    id: 'dt-overlay-limit',
    kind: 'ABORT',
    message: 'VM_START',
    trigger:
      "A generate of about 480 bytes or more, an shm's or virtio-mmio's generate of 15 or more components, or a property too large for the overlay that RM builds.",
    source: 'rm-boot-and-dt 5.2',
    reachable: true,
  },
  'vm-start-unaccepted-donate': {
    id: 'vm-start-unaccepted-donate',
    kind: 'FAULT',
    message: 'VM_START',
    trigger:
      'VM_START while a donated parcel that names the VM has not been accepted. RM reads freed memory: what is left in it lets a few starts succeed, which is not modelled.',
    source: 'observations 30',
    reachable: true,
  },
  'third-init-of-reset-vmid': {
    id: 'third-init-of-reset-vmid',
    kind: 'ABORT',
    message: 'VM_INIT',
    trigger:
      'The third VM_INIT of a VMID that was only ever reset, never deallocated: leftovers in the IRQ manager fail an assertion.',
    source: 'observations 31',
    reachable: true,
  },
  'vm-start-dt-overflow': {
    id: 'vm-start-dt-overflow',
    kind: 'FAULT',
    message: 'VM_START',
    trigger: 'The patched device tree does not fit into dt_size (for example dt_size 0x1000).',
    source: 'observations 21, 32',
    reachable: true,
  },
  'vm-exited-owner-without-link': {
    id: 'vm-exited-owner-without-link',
    kind: 'ABORT',
    trigger: 'A VM ends and its owner has no RM link. The only owner is the primary VM, which always has one.',
    source: 'rm-rpc-messages 1.18',
    reachable: false,
  },
  'link-send-failed': {
    id: 'link-send-failed',
    kind: 'ABORT',
    trigger: 'msgqueue_send fails with something other than a full queue.',
    source: 'rm-rpc-transport 6',
    reachable: false,
  },
  'notification-without-link': {
    id: 'notification-without-link',
    kind: 'ABORT',
    trigger: 'Any other reply or notification to a VM without an RM link.',
    source: 'rm-rpc-transport 6',
    reachable: true,
  },
  'leftover-virq-at-teardown': {
    id: 'leftover-virq-at-teardown',
    kind: 'ABORT',
    message: 'VM_RESET',
    trigger: 'Reset finds a virtual interrupt that no device of the VM freed.',
    source: 'rm-state-machines 4.3',
    reachable: true,
  },
  'dt-overlay-path-too-long': {
    id: 'dt-overlay-path-too-long',
    kind: 'ABORT',
    message: 'VM_START',
    trigger: "The patch for the guest's device tree would contain a path that RM's builder has no room for.",
    source: 'resource manager source, device tree overlay builder',
    reachable: true,
  },
  'dt-overlay-full': {
    id: 'dt-overlay-full',
    kind: 'ABORT',
    message: 'VM_START',
    trigger: "The patch for the guest's device tree exceeds RM's buffer while address ranges are written.",
    source: 'resource manager source, device tree overlay builder',
    reachable: true,
  },
  'dt-overlay-too-deep': {
    id: 'dt-overlay-too-deep',
    kind: 'ABORT',
    message: 'VM_START',
    trigger: "The fixups of the patch are nested deeper than RM's builder goes.",
    source: 'resource manager source, device tree overlay builder',
    reachable: true,
  },
  'delete-own-cap': {
    id: 'delete-own-cap',
    kind: 'ABORT',
    trigger: 'RM cannot delete a capability of its own space that must exist.',
    source: 'rm-state-machines 4.3',
    reachable: false,
  },
  'virq-not-mapped': {
    id: 'virq-not-mapped',
    kind: 'ABORT',
    trigger:
      'RM gives back an interrupt number that is not mapped in the VM: after VM_INIT found no number for the wake-up interrupt of a proxy-scheduled vCPU.',
    source: 'rm-state-machines 4.3',
    reachable: true,
  },
  'vcpu-kill-failed': {
    id: 'vcpu-kill-failed',
    kind: 'ABORT',
    trigger: 'vcpu_kill fails for a vCPU of a VM that ends.',
    source: 'rm-state-machines 4.1',
    reachable: false,
  },
  'vcpu-teardown': {
    id: 'vcpu-teardown',
    kind: 'ABORT',
    message: 'VM_RESET',
    trigger: 'A step of removing a vCPU fails.',
    source: 'rm-state-machines 4.3',
    reachable: false,
  },
  'vm-init-tree-unmapped': {
    id: 'vm-init-tree-unmapped',
    kind: 'FAULT',
    message: 'VM_INIT',
    trigger:
      'The part of the image parcel that holds the device tree is mapped into RM but has no memory behind it (it was reclaimed in the meantime).',
    source: 'resource manager source, device tree mapping',
    reachable: true,
  },
  'vdevice-teardown': {
    id: 'vdevice-teardown',
    kind: 'ABORT',
    message: 'VM_RESET',
    trigger: 'A step of destroying a virtual device fails.',
    source: 'rm-state-machines 4.3',
    reachable: false,
  },
  'rm-assertion': {
    id: 'rm-assertion',
    kind: 'ABORT',
    trigger: 'Any other assertion of RM about its own hypercalls.',
    source: 'rm-rpc-transport 9',
    reachable: false,
  },
  'boot-irq-manager': {
    id: 'boot-irq-manager',
    kind: 'ABORT',
    trigger: "RM's interrupt manager cannot be set up at boot.",
    source: 'rm-boot-and-dt 2',
    reachable: false,
  },
  'boot-memory': {
    id: 'boot-memory',
    kind: 'ABORT',
    trigger: "RM's parent memory extent cannot be made at boot.",
    source: 'rm-boot-and-dt 2',
    reachable: false,
  },
  'boot-self': {
    id: 'boot-self',
    kind: 'ABORT',
    trigger: "RM's own VM record cannot be made at boot.",
    source: 'rm-boot-and-dt 2',
    reachable: false,
  },
  'boot-hlos': {
    id: 'boot-hlos',
    kind: 'ABORT',
    trigger: 'The primary VM cannot be created at boot.',
    source: 'rm-boot-and-dt 2',
    reachable: false,
  },
  'boot-log': {
    id: 'boot-log',
    kind: 'ABORT',
    trigger: "RM's log cannot be mapped for the primary VM at boot.",
    source: 'rm-boot-and-dt 2',
    reachable: false,
  },
  'boot-hlos-tree': {
    id: 'boot-hlos-tree',
    kind: 'ABORT',
    trigger: "The primary VM's device tree cannot be patched at boot (missing, malformed or too little room).",
    source: 'rm-boot-and-dt 2',
    reachable: false,
  },
  'boot-hlos-start': {
    id: 'boot-hlos-start',
    kind: 'ABORT',
    trigger: "The primary VM's first vCPU cannot be started at boot.",
    source: 'rm-boot-and-dt 2',
    reachable: false,
  },
  'vm-reset-bad-state': {
    id: 'vm-reset-bad-state',
    kind: 'ABORT',
    trigger: 'RM moves a VM to RESETTING or RESET from a state that does not lead there.',
    source: 'rm-state-machines 1.2',
    reachable: false,
  },
  'vm-start-bad-state': {
    id: 'vm-start-bad-state',
    kind: 'ABORT',
    trigger: 'RM moves a VM to RUNNING or INIT_FAILED from a state that does not lead there.',
    source: 'rm-state-machines 1.2',
    reachable: false,
  },
  'hyp-copy-to-device-mapping': {
    id: 'hyp-copy-to-device-mapping',
    kind: 'HYP',
    trigger: 'msgqueue_send or msgqueue_receive with an address that resolves to a device mapping.',
    source: 'observations 1',
    reachable: true,
  },
  'hyp-virtio-without-queues': {
    id: 'hyp-virtio-without-queues',
    kind: 'HYP',
    trigger: 'A virtio-mmio object with no queues is activated: VM_INIT with vqs-num 0.',
    source: 'hypervisor source, virtio-mmio; recorded',
    reachable: true,
  },
  'hyp-virtio-config-overrun': {
    id: 'hyp-virtio-config-overrun',
    kind: 'HYP',
    trigger:
      "The driver of a virtio-mmio device without a type stores a value greater than what is left of the device's page in its configuration space: value and access size arrive exchanged, and that many bytes are written.",
    source: 'hypervisor source, virtio-mmio; recorded',
    reachable: true,
  },
  'hyp-unexpected-trap': {
    id: 'hyp-unexpected-trap',
    kind: 'HYP',
    trigger: 'PACGA, which traps to the hypervisor and which it does not expect.',
    source: 'hypervisor source, vCPU exceptions; recorded',
    reachable: true,
  },
  'hyp-device-beyond-limit': {
    id: 'hyp-device-beyond-limit',
    kind: 'HYP',
    trigger: 'A load or store of one register at an address of 2^44 or above and below 2^52.',
    source: 'hypervisor source, virtual devices; recorded',
    reachable: true,
  },
  'hyp-lookup-beyond-limit': {
    id: 'hyp-lookup-beyond-limit',
    kind: 'HYP',
    trigger:
      'addrspace_lookup reaches an address of 2^36 or above and below 2^37: the check lets one bit too much pass, and the table walk panics. RM looks up every range of a memory parcel: MEM_SHARE, MEM_LEND or MEM_DONATE of such an address stops the machine.',
    source: 'hypervisor source, page tables; recorded',
    reachable: true,
  },
  'hyp-stage2-access': {
    id: 'hyp-stage2-access',
    kind: 'HYP',
    trigger: 'A mapping with different user and kernel read or write access, or kernel access that is execute only.',
    source: 'memory 1.1',
    reachable: false,
  },
  'hyp-critical-vcpu-exit': {
    id: 'hyp-critical-vcpu-exit',
    kind: 'HYP',
    trigger: 'A critical vCPU (primary VM or RM) is killed or exits.',
    source: 'vcpu-and-scheduler 7.3; observations 11',
    reachable: true,
  },
  'hyp-system-off-by-hlos': {
    id: 'hyp-system-off-by-hlos',
    kind: 'HYP',
    trigger: 'PSCI SYSTEM_OFF by the primary VM: the firmware switches the machine off.',
    source: 'platform-qemu 8; observations 11',
    reachable: true,
  },
  'hyp-system-reset-by-hlos': {
    id: 'hyp-system-reset-by-hlos',
    kind: 'HYP',
    trigger: 'PSCI SYSTEM_RESET by the primary VM: reset is not implemented on this platform.',
    source: 'platform-qemu 8; observations 11',
    reachable: true,
  },
  'hyp-second-affinity-move': {
    id: 'hyp-second-affinity-move',
    kind: 'HYP',
    trigger:
      'vcpu_set_affinity moves a vCPU of an aggregating power group away from a CPU that its previous move switched on for the first time: the CPU forgot the vCPU when it came up.',
    source: 'vcpu-and-scheduler, corrections (section 5)',
    reachable: true,
  },
  'hyp-yield-without-target': {
    id: 'hyp-yield-without-target',
    kind: 'HYP',
    trigger:
      'A thread is preempted during its directed yield, gets control through the directed yield of the thread that preempted it, and is scheduled by itself later: it still counts as yielding, to nobody.',
    source: 'hypervisor source, scheduler',
    reachable: false,
  },
  'hyp-affinity-out-of-range': {
    id: 'hyp-affinity-out-of-range',
    kind: 'HYP',
    trigger:
      'vcpu_set_affinity with a CPU number of 8 or more other than 0xFFFF, in builds with assertions, whatever the capability; so does VM_INIT with such a number in affinity-map.',
    source: 'vcpu-and-scheduler 5; observed',
    reachable: true,
  },
  'hyp-eoir-1023-disabled': {
    id: 'hyp-eoir-1023-disabled',
    kind: 'HYP',
    trigger: 'ICC_EOIR0/1_EL1 := 1023 while the interrupt group is disabled.',
    source: 'vgic-and-timer, corrections (section 4.5)',
    reachable: true,
  },
  'hyp-dir-special-intid': {
    id: 'hyp-dir-special-intid',
    kind: 'HYP',
    trigger: 'ICC_DIR_EL1 := 1020 or above.',
    source: 'vgic-and-timer, corrections (section 4.5)',
    reachable: true,
  },
  'hyp-igrpen1-with-listed': {
    id: 'hyp-igrpen1-with-listed',
    kind: 'HYP',
    trigger:
      'Group 1 disabled at the CPU interface (ICC_IGRPEN1_EL1 = 0) while group 0 is enabled there and in GICD_CTLR: the register write never returns.',
    source: 'vgic-and-timer, corrections (section 4.3)',
    reachable: true,
  },
  'hyp-all-listed-active': {
    id: 'hyp-all-listed-active',
    kind: 'HYP',
    trigger:
      'A vCPU of the primary VM has acknowledged as many interrupts as there are list registers (4) without ending one, and another waits that cannot take the place of any of them: the maintenance interrupt for "none pending" stays asserted and the vCPU gets no further.',
    source: 'vgic-and-timer 4; observed',
    reachable: true,
  },
};
