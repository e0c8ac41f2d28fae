/** What makes calls on vCPUs, power groups, virtio devices and the hypervisor itself refuse, by rule of spec/hypercalls.toml. */
import { Call, ObjectType, VcpuOption } from '../../../src/protocol/index.js';
import { BUFFER, type Cases, NO_SYNC, SPARSE } from './kit.js';

const T = ObjectType;
const NEEDS_RESET = 0x40n;
const INPUT = 18n;
const TYPED = 0x40n;
const UNMAPPED = 0x8000_0000n;
const WRITE_ONLY = 0xf_0022n;
const CPU_STARTS_NS = 50_000_000;
const EVENT_BITS = 0x11n;

export const VCPU_CASES: Cases = {
  'vcpu_configure.1': () => ({ options: 0x40n }),
  'vcpu_configure.3': (k) => ({ cap: k.vcpu() }),
  'vcpu_poweron.1': () => ({ flags: 4n }),
  'vcpu_poweron.3': (k, a) => {
    k.m.must(Call.VCPU_POWERON, a.cap, BUFFER, 0n, 0n);
    return {};
  },
  'vcpu_poweron.4': (k) => ({ cap: k.killed() }),
  'vcpu_poweroff.1': () => ({ flags: 2n }),
  'vcpu_poweroff.3': (k) => ({ cap: k.vcpu() }),
  'vcpu_poweroff.4': () => ({ flags: 0n }),
  'scheduler_yield.1': () => ({ control: 0x8000_0001n }),
  'scheduler_yield.3': () => ({ control: 2n }),
  'vcpu_set_affinity.1': (k) => {
    // Debug builds stop instead (death hyp-affinity-out-of-range).
    k.m.sim.hyp.config.cspaceSeed = 1;
    return { affinity: 8n };
  },
  'vcpu_set_affinity.3': (k) => ({ cap: k.failed(T.THREAD) }),
  'vcpu_set_affinity.4': (k) => ({ cap: k.vcpu({ options: VcpuOption.PINNED, affinity: 0n }) }),
  'vcpu_set_affinity.5': (k) => {
    const cap = k.vcpu({ group: k.group(), affinity: 2n });
    // A move takes its time only where there is another CPU to wait for.
    k.poweredOn({ affinity: 3n });
    k.m.sim.spin(CPU_STARTS_NS);
    k.m.must(Call.VCPU_SET_AFFINITY, cap, 3n, -1n);
    return { cap };
  },
  'vcpu_set_priority.2': () => ({ priority: 63n }),
  'vcpu_set_priority.3': (k) => ({ cap: k.vcpu() }),
  'vcpu_set_timeslice.2': (k) => ({ cap: k.vcpu() }),
  'vcpu_set_timeslice.3': () => ({ nanoseconds: 99_999n }),
  'vcpu_register_write.2': (k) => ({ vcpu: k.killed() }),
  'vcpu_register_write.3': (k) => ({ vcpu: k.poweredOn() }),
  'vcpu_register_write.4': () => ({ register_set: 3n }),
  'vcpu_run.2': (k) => ({ cap: k.vcpu() }),
  'vcpu_run.3': (k) => ({
    cap: k.poweredOn({ options: VcpuOption.PINNED | VcpuOption.VCPU_RUN_SCHEDULED, affinity: 1n }),
  }),
  'vcpu_run_check.2': (k) => ({ cap: k.poweredOn({ affinity: 0n }) }),

  'vpm_group_attach_vcpu.3': (k) => ({ vcpu: k.vcpu() }),
  'vpm_group_attach_vcpu.4': () => ({ index: 8n }),
  'vpm_group_configure.1': () => ({ flags: 2n }),
  'vpm_group_configure.3': (k) => ({ vpm_group: k.group() }),

  'virtio_mmio_configure.3': (k) => ({ virtio_mmio: k.device() }),
  'virtio_mmio_configure.4': (k) => ({ memextent: k.extent(0x1000n, 7n | SPARSE) }),
  'virtio_mmio_configure.5': () => ({ vqs_num: 17n }),
  'virtio_mmio_configure.6': () => ({ flags: TYPED, device_type: INPUT + 1n }),
  'virtio_mmio_backend_assert_virq.2': (k, a) => {
    k.m.must(Call.VIRTIO_MMIO_BACKEND_UPDATE_STATUS, a.virtio_mmio, NEEDS_RESET);
    return {};
  },
  'virtio_mmio_backend_set_dev_features.2': () => ({ sel: 2n }),
  'virtio_mmio_backend_set_dev_features.3': () => ({ sel: 1n, dev_feat: 1n }),
  'virtio_mmio_backend_set_queue_num_max.2': () => ({ sel: 2n }),
  'virtio_mmio_backend_get_drv_features.2': () => ({ sel: 2n }),
  'virtio_mmio_backend_get_queue_info.2': () => ({ sel: 2n }),
  'virtio_input_configure.2': (k) => ({ virtio_mmio: k.device(false) }),
  'virtio_input_configure.3': () => ({ num_evtypes: 33n }),
  'virtio_input_configure.5': (k, a) => {
    k.m.must(Call.VIRTIO_INPUT_CONFIGURE, a.virtio_mmio, 0n, 0n, 1n, 0n);
    return {};
  },
  'virtio_input_set_data.2': (k) => ({ virtio_mmio: k.device(false) }),
  'virtio_input_set_data.3': () => ({ sel: 9n }),
  'virtio_input_set_data.4': (k, a) => {
    k.m.must(Call.VIRTIO_INPUT_CONFIGURE, a.virtio_mmio, 0n, 0n, 1n, 0n);
    k.m.must(Call.VIRTIO_INPUT_SET_DATA, a.virtio_mmio, EVENT_BITS, 0n, 4n, BUFFER);
    return { sel: EVENT_BITS };
  },
  'virtio_input_set_data.5': () => ({ size: 0n }),
  'virtio_input_set_data.6': () => ({ data: (1n << 64n) - 2n }),
  'virtio_input_set_data.8': (k) => {
    k.m.must(Call.ADDRSPACE_MAP, k.ownMemory, k.extent(), UNMAPPED, WRITE_ONLY, NO_SYNC, 0n, 0n);
    return { data: UNMAPPED };
  },
  'virtio_input_set_data.9': () => ({ data: UNMAPPED }),

  'prng_get_entropy.1': () => ({ num_bytes: 0n }),
  'prng_get_entropy.2': () => ({ num_bytes: 5n }),
  'prng_get_entropy.3': (k) => {
    for (let i = 0; i < 4; i++) k.m.must(Call.PRNG_GET_ENTROPY, 4n);
    return {};
  },
};
