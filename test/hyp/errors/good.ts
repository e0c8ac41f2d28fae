/** For every hypercall arguments with which it succeeds, and the objects that they name. */
import { ObjectType } from '../../../src/protocol/index.js';
import { type Args, BUFFER, type Kit, MAP_RW, NO_SYNC, PAGE, RWX } from './kit.js';

const T = ObjectType;
const create = (k: Kit): Args => ({ src_partition: k.partition, cspace: k.space });
const VIRQ = 40n;
const ALL_ONES_32 = 0xffff_ffffn;

const queueWithMessage = (k: Kit): bigint => {
  const queue = k.queue();
  k.m.must(0x1b, queue, 4n, BUFFER, 0n);
  return queue;
};

/** Both spaces are new; the extent is mapped at one page. */
const mapped = (k: Kit): Args => {
  const args = { addrspace: k.addrspace(), memextent: k.extent(), vbase: PAGE };
  k.map(args.addrspace, args.memextent, PAGE);
  return args;
};

/** Reserved arguments are left out: they are what they have to be. */
export const GOOD: Readonly<Record<string, (k: Kit) => Args>> = {
  hypervisor_identify: () => ({}),
  trace_update_class_flags: () => ({ set_flags: 0n, clear_flags: 0n }),
  prng_get_entropy: () => ({ num_bytes: 4n }),
  partition_create_partition: create,
  partition_create_cspace: create,
  partition_create_addrspace: create,
  partition_create_memextent: create,
  partition_create_thread: create,
  partition_create_doorbell: create,
  partition_create_msgqueue: create,
  partition_create_vic: create,
  partition_create_vpm_group: create,
  partition_create_virtio_mmio: create,
  object_activate: (k) => ({ cap: k.init(T.DOORBELL) }),
  object_activate_from: (k) => ({ cspace: k.space, cap: k.init(T.DOORBELL) }),
  object_reset: (k) => ({ cap: k.doorbell() }),
  object_reset_from: (k) => ({ cspace: k.space, cap: k.doorbell() }),
  doorbell_bind_virq: (k) => ({ doorbell: k.doorbell(), vic: k.vic(), virq: VIRQ }),
  doorbell_unbind_virq: (k) => ({ doorbell: k.doorbell() }),
  doorbell_send: (k) => ({ doorbell: k.doorbell(), new_flags: 1n }),
  doorbell_receive: (k) => ({ doorbell: k.doorbell(), clear_flags: 1n }),
  doorbell_reset: (k) => ({ doorbell: k.doorbell() }),
  doorbell_mask: (k) => ({ doorbell: k.doorbell(), enable_mask: 1n, ack_mask: 0n }),
  msgqueue_bind_send_virq: (k) => ({ msgqueue: k.queue(), vic: k.vic(), virq: VIRQ }),
  msgqueue_bind_receive_virq: (k) => ({ msgqueue: k.queue(), vic: k.vic(), virq: VIRQ }),
  msgqueue_unbind_send_virq: (k) => ({ msgqueue: k.queue() }),
  msgqueue_unbind_receive_virq: (k) => ({ msgqueue: k.queue() }),
  msgqueue_send: (k) => ({ msgqueue: k.queue(), size: 4n, data: BUFFER, send_flags: 0n }),
  msgqueue_receive: (k) => ({ msgqueue: queueWithMessage(k), buffer: BUFFER, buf_size: 64n }),
  msgqueue_flush: (k) => ({ msgqueue: k.queue() }),
  msgqueue_configure_send: (k) => ({ msgqueue: k.queue(), not_full_threshold: 1n, not_full_holdoff: ALL_ONES_32 }),
  msgqueue_configure_receive: (k) => ({
    msgqueue: k.queue(),
    not_empty_threshold: 1n,
    not_empty_holdoff: ALL_ONES_32,
  }),
  msgqueue_configure: (k) => ({ msgqueue: k.init(T.MSGQUEUE), create_info: 0x40_0002n }),
  cspace_delete_cap_from: (k) => ({ cspace: k.space, cap: k.doorbell() }),
  cspace_copy_cap_from: (k) => ({
    src_cspace: k.space,
    src_cap: k.doorbell(),
    dest_cspace: k.cspace(),
    rights_mask: ALL_ONES_32,
  }),
  cspace_revoke_cap_from: (k) => ({ src_cspace: k.space, src_cap: k.doorbell() }),
  cspace_revoke_caps_from: (k) => ({ src_cspace: k.space, master_cap: k.doorbell() }),
  cspace_configure: (k) => ({ cspace: k.init(T.CSPACE), max_caps: 1n }),
  cspace_attach_thread: (k) => ({ cspace: k.space, thread: k.init(T.THREAD) }),
  hwirq_bind_virq: (k) => ({ hwirq: k.hwirq(), vic: k.vic(), virq: VIRQ }),
  hwirq_unbind_virq: (k) => {
    const hwirq = k.hwirq();
    k.m.must(0x26, hwirq, k.vic(), VIRQ);
    return { hwirq };
  },
  vic_configure: (k) => ({ vic: k.init(T.VIC), max_vcpus: 1n, max_virqs: 64n, vic_options: 0n, max_msis: 0n }),
  vic_attach_vcpu: (k) => ({ vic: k.vic(), vcpu: k.init(T.THREAD), index: 0n }),
  vic_bind_msi_source: (k) => ({ vic: k.vic(), msi_source: k.doorbell() }),
  vgic_set_mpidr_mapping: (k) => ({
    vic: k.init(T.VIC),
    mask: 0xffn,
    aff0_shift: 0n,
    aff1_shift: 0n,
    aff2_shift: 0n,
    aff3_shift: 0n,
    mt: 0n,
  }),
  addrspace_attach_thread: (k) => ({ addrspace: k.addrspace(), thread: k.init(T.THREAD) }),
  addrspace_map: (k) => ({
    addrspace: k.addrspace(),
    memextent: k.extent(),
    vbase: PAGE,
    map_attrs: MAP_RW,
    map_flags: NO_SYNC,
    offset: 0n,
    size: 0n,
  }),
  addrspace_unmap: (k) => ({ ...mapped(k), map_flags: NO_SYNC, offset: 0n, size: 0n }),
  addrspace_update_access: (k) => ({ ...mapped(k), access_attrs: 0x44n, map_flags: NO_SYNC, offset: 0n, size: 0n }),
  addrspace_configure: (k) => ({ addrspace: k.init(T.ADDRSPACE), vmid: 201n }),
  addrspace_attach_vdma: (k) => ({ addrspace: k.addrspace(), dma_device: k.doorbell(), index: 0n }),
  addrspace_lookup: (k) => ({ ...mapped(k), size: PAGE }),
  addrspace_configure_info_area: (k) => ({
    addrspace: k.init(T.ADDRSPACE),
    info_area_me: k.extent(),
    ipa: PAGE,
  }),
  addrspace_configure_vmmio: (k) => ({ addrspace: k.addrspace(), vbase: PAGE, size: PAGE, op: 0n }),
  addrspace_attach_vdevice: (k) => ({
    addrspace: k.addrspace(),
    vdevice: k.vic(),
    index: 0n,
    vbase: PAGE,
    size: 0x1_0000n,
    flags: 0n,
  }),
  memextent_modify: (k) => ({ memextent: k.extent(), flags: NO_SYNC | 1n, offset: 0n, size: PAGE }),
  memextent_configure: (k) => ({
    memextent: k.init(T.MEMEXTENT),
    phys_base: k.free(PAGE),
    size: PAGE,
    attributes: RWX,
  }),
  memextent_configure_derive: (k) => ({
    memextent: k.init(T.MEMEXTENT),
    parent: k.extent(4n * PAGE),
    offset: 0n,
    size: PAGE,
    attributes: RWX,
  }),
  memextent_donate: (k) => ({ options: 1n, from: k.sparse(), to: k.partition, offset: 0n, size: PAGE }),
  vcpu_configure: (k) => ({ cap: k.init(T.THREAD), options: 0n }),
  vcpu_poweron: (k) => ({ cap: k.vcpu(), entry_point: BUFFER, context: 0n, flags: 0n }),
  vcpu_poweroff: (k) => ({ cap: k.self, flags: 1n }),
  vcpu_kill: (k) => ({ cap: k.vcpu() }),
  scheduler_yield: (k) => ({ control: 1n, arg1: k.vcpu() }),
  vcpu_set_affinity: (k) => ({ cap: k.init(T.THREAD), affinity: 1n }),
  vcpu_set_priority: (k) => ({ cap: k.init(T.THREAD), priority: 1n }),
  vcpu_set_timeslice: (k) => ({ cap: k.init(T.THREAD), nanoseconds: 1_000_000n }),
  vcpu_bind_virq: (k) => ({ vcpu: k.vcpu(), vic: k.vic(), virq: VIRQ, virq_type: 0n }),
  vcpu_unbind_virq: (k) => ({ vcpu: k.vcpu(), virq_type: 0n }),
  vcpu_register_write: (k) => ({ vcpu: k.vcpu(), register_set: 0n, index: 0n, value: 1n }),
  vcpu_run: (k) => ({ cap: k.guest, resume_data_0: 0n, resume_data_1: 0n, resume_data_2: 0n }),
  vcpu_run_check: (k) => ({ cap: k.vcpu() }),
  vpm_group_attach_vcpu: (k) => ({ vpm_group: k.group(), vcpu: k.init(T.THREAD), index: 0n }),
  vpm_group_bind_virq: (k) => ({ vpm_group: k.group(), vic: k.vic(), virq: VIRQ }),
  vpm_group_unbind_virq: (k) => ({ vpm_group: k.group() }),
  vpm_group_get_state: (k) => ({ vpm_group: k.group() }),
  vpm_group_configure: (k) => ({ vpm_group: k.init(T.VPM_GROUP), flags: 0n }),
  virtio_mmio_configure: (k) => ({
    virtio_mmio: k.init(T.VIRTIO_MMIO),
    memextent: k.extent(),
    vqs_num: 1n,
    flags: 0n,
    device_type: 0n,
  }),
  virtio_mmio_backend_bind_virq: (k) => ({ virtio_mmio: k.device(), vic: k.vic(), virq: VIRQ }),
  virtio_mmio_backend_unbind_virq: (k) => ({ virtio_mmio: k.device() }),
  virtio_mmio_frontend_bind_virq: (k) => ({ virtio_mmio: k.device(), vic: k.vic(), virq: VIRQ }),
  virtio_mmio_frontend_unbind_virq: (k) => ({ virtio_mmio: k.device() }),
  virtio_mmio_backend_assert_virq: (k) => ({ virtio_mmio: k.device(), interrupt_status: 1n }),
  virtio_mmio_backend_set_dev_features: (k) => ({ virtio_mmio: k.device(), sel: 0n, dev_feat: 1n }),
  virtio_mmio_backend_set_queue_num_max: (k) => ({ virtio_mmio: k.device(), sel: 0n, queue_num_max: 8n }),
  virtio_mmio_backend_get_drv_features: (k) => ({ virtio_mmio: k.device(), sel: 0n }),
  virtio_mmio_backend_get_queue_info: (k) => ({ virtio_mmio: k.device(), sel: 0n }),
  virtio_mmio_backend_get_notification: (k) => ({ virtio_mmio: k.device() }),
  virtio_mmio_backend_acknowledge_reset: (k) => ({ virtio_mmio: k.device() }),
  virtio_mmio_backend_update_status: (k) => ({ virtio_mmio: k.device(), val: 1n }),
  virtio_input_configure: (k) => ({
    virtio_mmio: k.device(),
    devids: 0n,
    prop_bits: 0n,
    num_evtypes: 1n,
    num_absaxes: 1n,
  }),
  virtio_input_set_data: (k) => ({ virtio_mmio: k.device(), sel: 1n, subsel: 0n, size: 4n, data: BUFFER }),
};

/** Calls that never succeed: no arguments do. */
export const NEVER: readonly string[] = [
  'partition_create_partition',
  'object_reset',
  'object_reset_from',
  'cspace_revoke_cap_from',
  'addrspace_attach_vdma',
  'vic_bind_msi_source',
];
