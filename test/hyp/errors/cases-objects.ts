/** What makes calls on objects, spaces, doorbells, queues and their interrupts refuse, by rule of spec/hypercalls.toml. */
import { HW_DETACHED } from '../../../src/gic/dstate.js';
import type { Vic } from '../../../src/gic/index.js';
import { Call, ObjectType, Rights } from '../../../src/protocol/index.js';
import { type Cases, INFO_VMID, type Kit } from './kit.js';

const T = ObjectType;
const CREATED = [
  'cspace',
  'addrspace',
  'memextent',
  'thread',
  'doorbell',
  'msgqueue',
  'vic',
  'vpm_group',
  'virtio_mmio',
] as const;
const MALFORMED = 0x3en;

/** Bind calls share their rules from `first` on; `object`: the argument that names the owner of the source. */
const binding = (call: string, first: number, number: number, object: string, more: bigint[] = []): Cases => ({
  [`${call}.${first}`]: (k, a) => {
    k.m.must(number, a[object], a.vic, 41n, ...more);
    return {};
  },
  [`${call}.${first + 1}`]: () => ({ virq: 1020n }),
  [`${call}.${first + 2}`]: () => ({ virq: 96n }),
  [`${call}.${first + 3}`]: (k, a) => {
    k.m.must(Call.DOORBELL_BIND_VIRQ, k.doorbell(), a.vic, a.virq);
    return {};
  },
});

export const OBJECT_CASES: Cases = {
  'partition_create_partition.1': () => ({}),
  ...Object.fromEntries(CREATED.map((type) => [`partition_create_${type}.4`, (k: Kit) => ({ cspace: k.full() })])),
  'object_activate.2': (k) => ({ cap: k.doorbell() }),
  'object_activate.3': (k) => ({ cap: k.init(T.CSPACE) }),
  'object_activate.4': (k) => {
    const cap = k.init(T.ADDRSPACE);
    k.m.must(Call.ADDRSPACE_CONFIGURE, cap, INFO_VMID);
    k.addrspace(INFO_VMID);
    return { cap };
  },
  'object_activate.5': (k) => {
    const group = k.group();
    k.vcpu({ group });
    return { cap: k.thread({ group }) };
  },
  'object_activate.6': (k) => {
    const cap = k.init(T.MEMEXTENT);
    k.m.must(Call.MEMEXTENT_CONFIGURE, cap, 0x4000_0000n, 0x1000n, 7n);
    return { cap };
  },
  'object_activate_from.3': (k) => ({ cap: k.doorbell() }),
  'object_activate_from.4': (k) => ({ cap: k.init(T.CSPACE) }),
  'object_reset.1': () => ({}),
  'object_reset_from.1': () => ({}),

  'cspace_delete_cap_from.2': () => ({ cap: MALFORMED }),
  'cspace_delete_cap_from.3': (k) => ({ cap: k.empty() }),
  'cspace_copy_cap_from.3': (k) => ({ dest_cspace: k.full() }),
  'cspace_copy_cap_from.5': () => ({ src_cap: MALFORMED }),
  'cspace_copy_cap_from.6': (k) => ({ src_cap: k.empty() }),
  'cspace_copy_cap_from.7': (k) => ({ src_cap: k.revoked() }),
  'cspace_copy_cap_from.8': () => ({ rights_mask: 0x10n }),
  'cspace_revoke_cap_from.1': () => ({}),
  'cspace_revoke_caps_from.2': () => ({ master_cap: MALFORMED }),
  'cspace_revoke_caps_from.3': (k) => ({ master_cap: k.empty() }),
  'cspace_revoke_caps_from.4': (k) => ({ master_cap: k.revoked() }),
  'cspace_revoke_caps_from.5': (k) => ({ master_cap: k.copy(k.doorbell()) }),
  'cspace_configure.2': (k) => ({ cspace: k.cspace() }),
  'cspace_configure.3': () => ({ max_caps: 14385n }),
  'cspace_attach_thread.3': (k) => ({ thread: k.vcpu() }),

  ...binding('doorbell_bind_virq', 3, Call.DOORBELL_BIND_VIRQ, 'doorbell'),
  'doorbell_receive.2': () => ({ clear_flags: 0n }),

  ...binding('msgqueue_bind_send_virq', 3, Call.MSGQUEUE_BIND_SEND_VIRQ, 'msgqueue'),
  ...binding('msgqueue_bind_receive_virq', 3, Call.MSGQUEUE_BIND_RECEIVE_VIRQ, 'msgqueue'),
  'msgqueue_send.2': (k, a) => {
    for (let i = 0; i < 2; i++) k.m.must(Call.MSGQUEUE_SEND, a.msgqueue, 4n, a.data, 0n);
    return {};
  },
  'msgqueue_receive.2': (k, a) => {
    k.m.must(Call.MSGQUEUE_FLUSH, a.msgqueue);
    return {};
  },
  'msgqueue_configure_send.2': () => ({ not_full_holdoff: 0n }),
  'msgqueue_configure_send.3': () => ({ not_full_threshold: 2n }),
  'msgqueue_configure_receive.2': () => ({ not_empty_holdoff: 0n }),
  'msgqueue_configure_receive.3': () => ({ not_empty_threshold: 0n }),
  'msgqueue_configure_receive.4': () => ({ not_empty_threshold: 3n }),
  'msgqueue_configure.2': (k) => ({ msgqueue: k.queue() }),
  'msgqueue_configure.3': () => ({ create_info: 2n }),

  ...binding('vcpu_bind_virq', 5, Call.VCPU_BIND_VIRQ, 'vcpu', [0n]),
  'vcpu_bind_virq.3': () => ({ virq_type: 2n }),
  'vcpu_bind_virq.4': (k) => ({ vcpu: k.self, virq_type: 1n }),
  'vcpu_unbind_virq.2': () => ({ virq_type: 2n }),
  ...binding('vpm_group_bind_virq', 3, Call.VPM_GROUP_BIND_VIRQ, 'vpm_group'),
  ...binding('virtio_mmio_backend_bind_virq', 3, Call.VIRTIO_MMIO_BACKEND_BIND_VIRQ, 'virtio_mmio'),
  ...binding('virtio_mmio_frontend_bind_virq', 3, Call.VIRTIO_MMIO_FRONTEND_BIND_VIRQ, 'virtio_mmio'),

  'hwirq_bind_virq.4': (k) => {
    const vic = k.vic();
    k.vcpu({ vic });
    return { hwirq: k.hwirq(false), vic, virq: 16n };
  },
  'hwirq_bind_virq.5': () => ({ virq: 16n }),
  'hwirq_bind_virq.6': (k, a) => {
    k.m.must(Call.HWIRQ_BIND_VIRQ, a.hwirq, a.vic, 41n);
    return {};
  },
  'hwirq_bind_virq.7': () => ({ virq: 96n }),
  'hwirq_bind_virq.8': (k, a) => {
    k.m.must(Call.DOORBELL_BIND_VIRQ, k.doorbell(), a.vic, a.virq);
    return {};
  },
  'hwirq_bind_virq.9': (k, a) => {
    // How a VM gets there: test/gic/hwirq.test.ts.
    for (const id of k.m.sim.hyp.ofType[T.VIC]) k.m.sim.hyp.get<Vic>(id).spi[Number(a.virq) - 32] |= HW_DETACHED;
    return {};
  },
  'hwirq_unbind_virq.2': (k) => ({ hwirq: k.hwirq() }),
  'vic_configure.2': () => ({ vic_options: 4n }),
  'vic_configure.3': (k) => ({ vic: k.vic() }),
  'vic_configure.4': () => ({ max_vcpus: 9n }),
  'vic_configure.5': () => ({ max_virqs: 989n }),
  'vic_configure.6': () => ({ max_msis: 1n, vic_options: 1n }),
  'vic_attach_vcpu.3': (k) => ({ vcpu: k.vcpu() }),
  'vic_attach_vcpu.4': () => ({ index: 2n }),
  'vic_bind_msi_source.2': () => ({}),
  'vgic_set_mpidr_mapping.2': (k) => ({ vic: k.vic() }),
  'vgic_set_mpidr_mapping.3': () => ({ aff3_shift: 32n }),
  'vgic_set_mpidr_mapping.4': () => ({ mask: 0x0101n }),
  'vgic_set_mpidr_mapping.5': () => ({ mask: 0xfen }),
};

/** Rights whose names the specification gives per type. */
export const rightMask = (type: number, name: string): number => {
  const typeName = Object.keys(T).find((key) => T[key as keyof typeof T] === type) as keyof typeof Rights;
  return (Rights[typeName] as Readonly<Record<string, number>>)[name];
};
