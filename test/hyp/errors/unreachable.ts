/** Refusals that no test can bring about, with the reason. Everything else in spec/hypercalls.toml has a case. */

const HEAP = "the hypervisor's heap is not modelled: nothing ever exhausts it";
const RACE = 'two CPUs would have to act at the same moment; here operations come one after the other';
const READ_ONLY = 'no call makes an address space read-only; the board does not either';

export const UNREACHABLE: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['cspace', 'addrspace', 'memextent', 'thread', 'doorbell', 'msgqueue', 'vic', 'vpm_group', 'virtio_mmio'].flatMap(
      (type) => [
        [`partition_create_${type}.3`, HEAP],
        [`partition_create_${type}.5`, HEAP],
      ],
    ),
  ),
  'object_activate.7': HEAP,
  'cspace_copy_cap_from.4': HEAP,
  'cspace_delete_cap_from.4': RACE,
  'cspace_copy_cap_from.9': RACE,
  'hwirq_bind_virq.3': HEAP,
  'addrspace_map.7': READ_ONLY,
  'addrspace_unmap.6': READ_ONLY,
  'addrspace_update_access.7': READ_ONLY,
  'addrspace_map.14': HEAP,
  'addrspace_configure_vmmio.9': HEAP,
  'memextent_donate.14': HEAP,
  'virtio_input_configure.4': HEAP,
  'virtio_input_set_data.7': 'stage 1 of guests is not modelled: every address translates to itself',
  'trace_update_class_flags.1': 'the platform of this build allows debugging',
  'prng_get_entropy.4': "the board's generator does not fail",
};
