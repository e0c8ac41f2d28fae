/* Numbers and layouts of Gunyah, its Resource Manager and the simulator's link.
 * Generated from spec/ by tools/generate.ts; edit the specification, not this file. */
#ifndef GUNYAH_IDS_H
#define GUNYAH_IDS_H

#include <stdint.h>

#define GH_PACKED __attribute__((packed))

/* Results of hypercalls: signed 32-bit in x0. */
#define GH_ERROR_OK                          0x0u
#define GH_ERROR_UNIMPLEMENTED               (-1)
#define GH_ERROR_RETRY                       (-2)
#define GH_ERROR_ARGUMENT_INVALID            0x1u
#define GH_ERROR_ARGUMENT_SIZE               0x2u
#define GH_ERROR_ARGUMENT_ALIGNMENT          0x3u
#define GH_ERROR_NOMEM                       0xau
#define GH_ERROR_NORESOURCES                 0xbu
#define GH_ERROR_ADDR_OVERFLOW               0x14u
#define GH_ERROR_ADDR_UNDERFLOW              0x15u
#define GH_ERROR_ADDR_INVALID                0x16u
#define GH_ERROR_DENIED                      0x1eu
#define GH_ERROR_BUSY                        0x1fu
#define GH_ERROR_IDLE                        0x20u
#define GH_ERROR_OBJECT_STATE                0x21u
#define GH_ERROR_OBJECT_CONFIG               0x22u
#define GH_ERROR_OBJECT_CONFIGURED           0x23u
#define GH_ERROR_FAILURE                     0x24u
#define GH_ERROR_VIRQ_BOUND                  0x28u
#define GH_ERROR_VIRQ_NOT_BOUND              0x29u
#define GH_ERROR_CSPACE_CAP_NULL             0x32u
#define GH_ERROR_CSPACE_CAP_REVOKED          0x33u
#define GH_ERROR_CSPACE_WRONG_OBJECT_TYPE    0x34u
#define GH_ERROR_CSPACE_INSUFFICIENT_RIGHTS  0x35u
#define GH_ERROR_CSPACE_FULL                 0x36u
#define GH_ERROR_MSGQUEUE_EMPTY              0x3cu
#define GH_ERROR_MSGQUEUE_FULL               0x3du
#define GH_ERROR_STRING_TRUNCATED            0x5au
#define GH_ERROR_STRING_REACHED_END          0x5bu
#define GH_ERROR_STRING_INVALID_FORMAT       0x5cu
#define GH_ERROR_STRING_MISSING_PLACEHOLDER  0x5du
#define GH_ERROR_STRING_MISSING_ARGUMENT     0x5eu
#define GH_ERROR_ALLOCATOR_RANGE_OVERLAPPING 0x64u
#define GH_ERROR_ALLOCATOR_MEM_INUSE         0x65u
#define GH_ERROR_MEMDB_EMPTY                 0x6eu
#define GH_ERROR_MEMDB_NOT_OWNER             0x6fu
#define GH_ERROR_MEMEXTENT_MAPPINGS_FULL     0x78u
#define GH_ERROR_MEMEXTENT_TYPE              0x79u
#define GH_ERROR_EXISTING_MAPPING            0xc8u

/* First word of every reply of the Resource Manager. */
#define GH_RM_OK               0x0u
#define GH_RM_NOMEM            0x1u
#define GH_RM_NORESOURCE       0x2u
#define GH_RM_DENIED           0x3u
#define GH_RM_MSG_INVALID      0x4u
#define GH_RM_BUSY             0x5u
#define GH_RM_ARGUMENT_INVALID 0x6u
#define GH_RM_HANDLE_INVALID   0x7u
#define GH_RM_VALIDATE_FAILED  0x8u
#define GH_RM_MAP_FAILED       0x9u
#define GH_RM_MEM_INVALID      0xau
#define GH_RM_MEM_INUSE        0xbu
#define GH_RM_MEM_RELEASED     0xcu
#define GH_RM_VMID_INVALID     0xdu
#define GH_RM_LOOKUP_FAILED    0xeu
#define GH_RM_IRQ_INVALID      0xfu
#define GH_RM_IRQ_INUSE        0x10u
#define GH_RM_IRQ_RELEASED     0x11u
#define GH_RM_IN_USE           0x12u
#define GH_RM_IRQ_NOT_MAPPED   0x13u
#define GH_RM_VM_STATE         0x14u
#define GH_RM_UNIMPLEMENTED    0xffffffffu

/* Object types. */
#define GH_OBJECT_ADDRSPACE   0x0u
#define GH_OBJECT_CSPACE      0x1u
#define GH_OBJECT_DOORBELL    0x2u
#define GH_OBJECT_HWIRQ       0x3u
#define GH_OBJECT_MEMEXTENT   0x4u
#define GH_OBJECT_MSGQUEUE    0x5u
#define GH_OBJECT_PARTITION   0x6u
#define GH_OBJECT_THREAD      0x7u
#define GH_OBJECT_VIC         0x8u
#define GH_OBJECT_VIRTIO_MMIO 0x9u
#define GH_OBJECT_VPM_GROUP   0xau
#define GH_OBJECT_VRTC        0xbu

/* Rights of capabilities. */
#define GH_RIGHT_ADDRSPACE_ATTACH               0x1u
#define GH_RIGHT_ADDRSPACE_MAP                  0x2u
#define GH_RIGHT_ADDRSPACE_LOOKUP               0x4u
#define GH_RIGHT_ADDRSPACE_ADD_VMMIO_RANGE      0x8u
#define GH_RIGHT_CSPACE_CAP_CREATE              0x1u
#define GH_RIGHT_CSPACE_CAP_DELETE              0x2u
#define GH_RIGHT_CSPACE_CAP_COPY                0x4u
#define GH_RIGHT_CSPACE_ATTACH                  0x8u
#define GH_RIGHT_CSPACE_CAP_REVOKE              0x10u
#define GH_RIGHT_DOORBELL_SEND                  0x1u
#define GH_RIGHT_DOORBELL_RECEIVE               0x2u
#define GH_RIGHT_DOORBELL_BIND                  0x4u
#define GH_RIGHT_HWIRQ_BIND_VIC                 0x2u
#define GH_RIGHT_MEMEXTENT_MAP                  0x1u
#define GH_RIGHT_MEMEXTENT_DERIVE               0x2u
#define GH_RIGHT_MEMEXTENT_ATTACH               0x4u
#define GH_RIGHT_MEMEXTENT_LOOKUP               0x8u
#define GH_RIGHT_MEMEXTENT_DONATE               0x10u
#define GH_RIGHT_MSGQUEUE_SEND                  0x1u
#define GH_RIGHT_MSGQUEUE_RECEIVE               0x2u
#define GH_RIGHT_MSGQUEUE_BIND_SEND             0x4u
#define GH_RIGHT_MSGQUEUE_BIND_RECEIVE          0x8u
#define GH_RIGHT_PARTITION_OBJECT_CREATE        0x1u
#define GH_RIGHT_PARTITION_DONATE               0x2u
#define GH_RIGHT_THREAD_POWER                   0x1u
#define GH_RIGHT_THREAD_AFFINITY                0x2u
#define GH_RIGHT_THREAD_PRIORITY                0x4u
#define GH_RIGHT_THREAD_TIMESLICE               0x8u
#define GH_RIGHT_THREAD_YIELD_TO                0x10u
#define GH_RIGHT_THREAD_BIND_VIRQ               0x20u
#define GH_RIGHT_THREAD_STATE                   0x40u
#define GH_RIGHT_THREAD_LIFECYCLE               0x80u
#define GH_RIGHT_THREAD_WRITE_CONTEXT           0x100u
#define GH_RIGHT_THREAD_DISABLE                 0x200u
#define GH_RIGHT_VIC_BIND_SOURCE                0x1u
#define GH_RIGHT_VIC_ATTACH_VCPU                0x2u
#define GH_RIGHT_VIC_ATTACH_VDEVICE             0x4u
#define GH_RIGHT_VIRTIO_MMIO_BIND_BACKEND_VIRQ  0x1u
#define GH_RIGHT_VIRTIO_MMIO_BIND_FRONTEND_VIRQ 0x2u
#define GH_RIGHT_VIRTIO_MMIO_ASSERT_VIRQ        0x4u
#define GH_RIGHT_VIRTIO_MMIO_CONFIG             0x8u
#define GH_RIGHT_VPM_GROUP_ATTACH_VCPU          0x1u
#define GH_RIGHT_VPM_GROUP_BIND_VIRQ            0x2u
#define GH_RIGHT_VPM_GROUP_QUERY                0x4u
#define GH_RIGHT_VRTC_CONFIGURE                 0x1u
#define GH_RIGHT_VRTC_ATTACH_ADDRSPACE          0x2u
#define GH_RIGHT_VRTC_SET_TIME_BASE             0x4u

/* Hypercalls: number; the HVC immediate is GH_HYPERCALL_BASE + number. */
#define GH_CALL_HYPERVISOR_IDENTIFY                   0x0u
#define GH_CALL_PARTITION_CREATE_PARTITION            0x1u
#define GH_CALL_PARTITION_CREATE_CSPACE               0x2u
#define GH_CALL_PARTITION_CREATE_ADDRSPACE            0x3u
#define GH_CALL_PARTITION_CREATE_MEMEXTENT            0x4u
#define GH_CALL_PARTITION_CREATE_THREAD               0x5u
#define GH_CALL_PARTITION_CREATE_DOORBELL             0x6u
#define GH_CALL_PARTITION_CREATE_MSGQUEUE             0x7u
#define GH_CALL_PARTITION_CREATE_VIC                  0xau
#define GH_CALL_PARTITION_CREATE_VPM_GROUP            0xbu
#define GH_CALL_OBJECT_ACTIVATE                       0xcu
#define GH_CALL_OBJECT_ACTIVATE_FROM                  0xdu
#define GH_CALL_OBJECT_RESET                          0xeu
#define GH_CALL_OBJECT_RESET_FROM                     0xfu
#define GH_CALL_DOORBELL_BIND_VIRQ                    0x10u
#define GH_CALL_DOORBELL_UNBIND_VIRQ                  0x11u
#define GH_CALL_DOORBELL_SEND                         0x12u
#define GH_CALL_DOORBELL_RECEIVE                      0x13u
#define GH_CALL_DOORBELL_RESET                        0x14u
#define GH_CALL_DOORBELL_MASK                         0x15u
#define GH_CALL_MSGQUEUE_BIND_SEND_VIRQ               0x17u
#define GH_CALL_MSGQUEUE_BIND_RECEIVE_VIRQ            0x18u
#define GH_CALL_MSGQUEUE_UNBIND_SEND_VIRQ             0x19u
#define GH_CALL_MSGQUEUE_UNBIND_RECEIVE_VIRQ          0x1au
#define GH_CALL_MSGQUEUE_SEND                         0x1bu
#define GH_CALL_MSGQUEUE_RECEIVE                      0x1cu
#define GH_CALL_MSGQUEUE_FLUSH                        0x1du
#define GH_CALL_MSGQUEUE_CONFIGURE_SEND               0x1fu
#define GH_CALL_MSGQUEUE_CONFIGURE_RECEIVE            0x20u
#define GH_CALL_MSGQUEUE_CONFIGURE                    0x21u
#define GH_CALL_CSPACE_DELETE_CAP_FROM                0x22u
#define GH_CALL_CSPACE_COPY_CAP_FROM                  0x23u
#define GH_CALL_CSPACE_REVOKE_CAP_FROM                0x24u
#define GH_CALL_CSPACE_CONFIGURE                      0x25u
#define GH_CALL_HWIRQ_BIND_VIRQ                       0x26u
#define GH_CALL_HWIRQ_UNBIND_VIRQ                     0x27u
#define GH_CALL_VIC_CONFIGURE                         0x28u
#define GH_CALL_VIC_ATTACH_VCPU                       0x29u
#define GH_CALL_ADDRSPACE_ATTACH_THREAD               0x2au
#define GH_CALL_ADDRSPACE_MAP                         0x2bu
#define GH_CALL_ADDRSPACE_UNMAP                       0x2cu
#define GH_CALL_ADDRSPACE_UPDATE_ACCESS               0x2du
#define GH_CALL_ADDRSPACE_CONFIGURE                   0x2eu
#define GH_CALL_ADDRSPACE_ATTACH_VDMA                 0x2fu
#define GH_CALL_MEMEXTENT_MODIFY                      0x30u
#define GH_CALL_MEMEXTENT_CONFIGURE                   0x31u
#define GH_CALL_MEMEXTENT_CONFIGURE_DERIVE            0x32u
#define GH_CALL_VCPU_CONFIGURE                        0x34u
#define GH_CALL_VCPU_POWERON                          0x38u
#define GH_CALL_VCPU_POWEROFF                         0x39u
#define GH_CALL_VCPU_KILL                             0x3au
#define GH_CALL_SCHEDULER_YIELD                       0x3bu
#define GH_CALL_VPM_GROUP_ATTACH_VCPU                 0x3cu
#define GH_CALL_VCPU_SET_AFFINITY                     0x3du
#define GH_CALL_CSPACE_ATTACH_THREAD                  0x3eu
#define GH_CALL_TRACE_UPDATE_CLASS_FLAGS              0x3fu
#define GH_CALL_VPM_GROUP_BIND_VIRQ                   0x43u
#define GH_CALL_VPM_GROUP_UNBIND_VIRQ                 0x44u
#define GH_CALL_VPM_GROUP_GET_STATE                   0x45u
#define GH_CALL_VCPU_SET_PRIORITY                     0x46u
#define GH_CALL_VCPU_SET_TIMESLICE                    0x47u
#define GH_CALL_PARTITION_CREATE_VIRTIO_MMIO          0x48u
#define GH_CALL_VIRTIO_MMIO_CONFIGURE                 0x49u
#define GH_CALL_VIRTIO_MMIO_BACKEND_BIND_VIRQ         0x4au
#define GH_CALL_VIRTIO_MMIO_BACKEND_UNBIND_VIRQ       0x4bu
#define GH_CALL_VIRTIO_MMIO_FRONTEND_BIND_VIRQ        0x4cu
#define GH_CALL_VIRTIO_MMIO_FRONTEND_UNBIND_VIRQ      0x4du
#define GH_CALL_VIRTIO_MMIO_BACKEND_ASSERT_VIRQ       0x4eu
#define GH_CALL_VIRTIO_MMIO_BACKEND_SET_DEV_FEATURES  0x4fu
#define GH_CALL_VIRTIO_MMIO_BACKEND_SET_QUEUE_NUM_MAX 0x50u
#define GH_CALL_VIRTIO_MMIO_BACKEND_GET_DRV_FEATURES  0x51u
#define GH_CALL_VIRTIO_MMIO_BACKEND_GET_QUEUE_INFO    0x52u
#define GH_CALL_VIRTIO_MMIO_BACKEND_GET_NOTIFICATION  0x53u
#define GH_CALL_VIRTIO_MMIO_BACKEND_ACKNOWLEDGE_RESET 0x54u
#define GH_CALL_VIRTIO_MMIO_BACKEND_UPDATE_STATUS     0x55u
#define GH_CALL_VIC_BIND_MSI_SOURCE                   0x56u
#define GH_CALL_PRNG_GET_ENTROPY                      0x57u
#define GH_CALL_CSPACE_REVOKE_CAPS_FROM               0x59u
#define GH_CALL_ADDRSPACE_LOOKUP                      0x5au
#define GH_CALL_ADDRSPACE_CONFIGURE_INFO_AREA         0x5bu
#define GH_CALL_VCPU_BIND_VIRQ                        0x5cu
#define GH_CALL_VCPU_UNBIND_VIRQ                      0x5du
#define GH_CALL_VIRTIO_INPUT_CONFIGURE                0x5eu
#define GH_CALL_VIRTIO_INPUT_SET_DATA                 0x5fu
#define GH_CALL_ADDRSPACE_CONFIGURE_VMMIO             0x60u
#define GH_CALL_MEMEXTENT_DONATE                      0x61u
#define GH_CALL_ADDRSPACE_ATTACH_VDEVICE              0x62u
#define GH_CALL_VCPU_REGISTER_WRITE                   0x64u
#define GH_CALL_VCPU_RUN                              0x65u
#define GH_CALL_VPM_GROUP_CONFIGURE                   0x66u
#define GH_CALL_VGIC_SET_MPIDR_MAPPING                0x67u
#define GH_CALL_VCPU_RUN_CHECK                        0x68u

/* SMCCC functions. */
#define GH_SMCCC_SMCCC_VERSION               0x80000000u
#define GH_SMCCC_SMCCC_ARCH_FEATURES         0x80000001u
#define GH_SMCCC_STANDARD_HYP_UID            0x8500ff01u
#define GH_SMCCC_STANDARD_HYP_REVISION       0x8500ff03u
#define GH_SMCCC_VENDOR_HYP_UID              0x8600ff01u
#define GH_SMCCC_VENDOR_HYP_REVISION         0x8600ff03u
#define GH_SMCCC_PSCI_VERSION                0x84000000u
#define GH_SMCCC_PSCI_CPU_SUSPEND            0x84000001u
#define GH_SMCCC_PSCI_CPU_SUSPEND_64         0xc4000001u
#define GH_SMCCC_PSCI_CPU_OFF                0x84000002u
#define GH_SMCCC_PSCI_CPU_ON                 0x84000003u
#define GH_SMCCC_PSCI_CPU_ON_64              0xc4000003u
#define GH_SMCCC_PSCI_AFFINITY_INFO          0x84000004u
#define GH_SMCCC_PSCI_AFFINITY_INFO_64       0xc4000004u
#define GH_SMCCC_PSCI_SYSTEM_OFF             0x84000008u
#define GH_SMCCC_PSCI_SYSTEM_RESET           0x84000009u
#define GH_SMCCC_PSCI_FEATURES               0x8400000au
#define GH_SMCCC_PSCI_CPU_DEFAULT_SUSPEND    0x8400000cu
#define GH_SMCCC_PSCI_CPU_DEFAULT_SUSPEND_64 0xc400000cu
#define GH_SMCCC_PSCI_SET_SUSPEND_MODE       0x8400000fu
#define GH_SMCCC_PSCI_SYSTEM_RESET2          0x84000012u
#define GH_SMCCC_PSCI_SYSTEM_RESET2_64       0xc4000012u
#define GH_SMCCC_TRNG_VERSION                0x84000050u
#define GH_SMCCC_TRNG_FEATURES               0x84000051u
#define GH_SMCCC_TRNG_GET_UUID               0x84000052u
#define GH_SMCCC_TRNG_RND                    0x84000053u
#define GH_SMCCC_TRNG_RND_64                 0xc4000053u

/* Words of c1d58fcd-a453-5fdb-9265-ce36673d5f14, the identity of Gunyah. */
#define GH_SMCCC_UID {0xcd8fd5c1u, 0xdb5f53a4u, 0x36ce6592u, 0x145f3d67u}

/* Messages: requests, and notifications with N. */
#define GH_MSG_VM_ALLOCATE          0x56000001u
#define GH_MSG_VM_DEALLOCATE        0x56000002u
#define GH_MSG_VM_START             0x56000004u
#define GH_MSG_VM_STOP              0x56000005u
#define GH_MSG_VM_RESET             0x56000006u
#define GH_MSG_VM_SUSPEND           0x56000007u
#define GH_MSG_VM_RESUME            0x56000008u
#define GH_MSG_VM_GET_ID            0x56000010u
#define GH_MSG_VM_LOOKUP_URI        0x56000011u
#define GH_MSG_VM_LOOKUP_GUID       0x56000012u
#define GH_MSG_VM_LOOKUP_NAME       0x56000013u
#define GH_MSG_VM_GET_OWNER         0x56000015u
#define GH_MSG_VM_GET_STATE         0x56000017u
#define GH_MSG_VM_GET_CRASH_MSG     0x56000019u
#define GH_MSG_VM_GET_VMID          0x56000024u
#define GH_MSG_VM_GET_PEERS         0x56000025u
#define GH_MSG_VM_SET_TIME_BASE     0x56000030u
#define GH_MSG_VM_SET_CONTEXT       0x56000031u
#define GH_MSG_VM_SET_STATUS        0x56000080u
#define GH_MSG_VM_EXIT              0x56000085u
#define GH_MSG_VM_SET_CRASH_MSG     0x56000086u
#define GH_MSG_VM_HOST_GET_TYPE     0x560000a0u
#define GH_MSG_VM_CONFIG_IMAGE      0x56000009u
#define GH_MSG_VM_AUTH_IMAGE        0x5600000au
#define GH_MSG_VM_INIT              0x5600000bu
#define GH_MSG_MEM_DONATE           0x51000010u
#define GH_MSG_MEM_LEND             0x51000012u
#define GH_MSG_MEM_SHARE            0x51000013u
#define GH_MSG_MEM_APPEND           0x51000018u
#define GH_MSG_MEM_ACCEPT           0x51000011u
#define GH_MSG_MEM_RELEASE          0x51000014u
#define GH_MSG_MEM_RECLAIM          0x51000015u
#define GH_MSG_MEM_NOTIFY           0x51000017u
#define GH_MSG_MEM_QCOM_LOOKUP_SGL  0x5100001au
#define GH_MSG_FW_MILESTONE         0x51000020u
#define GH_MSG_FW_SET_VM_FIRMWARE   0x51000021u
#define GH_MSG_VM_SET_FIRMWARE_MEM  0x56000032u
#define GH_MSG_VM_GET_HYP_RESOURCES 0x56000020u
#define GH_MSG_VM_GET_HYP_CAPIDS    0x56000021u
#define GH_MSG_VM_GET_HYP_IRQS      0x56000022u
#define GH_MSG_VM_IRQ_LEND          0x56000051u
#define GH_MSG_VM_IRQ_ACCEPT        0x56000050u
#define GH_MSG_VM_IRQ_RELEASE       0x56000052u
#define GH_MSG_VM_IRQ_RECLAIM       0x56000053u
#define GH_MSG_VM_IRQ_NOTIFY        0x56000054u
#define GH_MSG_VM_IRQ_UNMAP         0x56000055u
#define GH_MSG_VM_CONSOLE_OPEN      0x56000081u
#define GH_MSG_VM_CONSOLE_CLOSE     0x56000082u
#define GH_MSG_VM_CONSOLE_WRITE     0x56000083u
#define GH_MSG_VM_CONSOLE_FLUSH     0x56000084u
#define GH_MSG_IPA_RESERVE          0x560000b0u
#define GH_MSG_IPA_UNRESERVE        0x560000b1u
#define GH_MSG_N_MEM_SHARED         0x51100011u
#define GH_MSG_N_MEM_RELEASED       0x51100012u
#define GH_MSG_N_MEM_ACCEPTED       0x51100013u
#define GH_MSG_N_MEM_RECALL         0x51100014u
#define GH_MSG_N_VM_EXITED          0x56100001u
#define GH_MSG_N_VM_SHUTDOWN        0x56100002u
#define GH_MSG_N_VM_STATUS          0x56100008u
#define GH_MSG_N_VM_IRQ_LENT        0x56100011u
#define GH_MSG_N_VM_IRQ_RELEASED    0x56100012u
#define GH_MSG_N_VM_IRQ_ACCEPTED    0x56100013u
#define GH_MSG_N_VM_CONSOLE_CHARS   0x56100080u

/* Values of fields. */
#define GH_VM_STATE_NONE                        0x0u
#define GH_VM_STATE_INIT                        0x1u
#define GH_VM_STATE_READY                       0x2u
#define GH_VM_STATE_RUNNING                     0x3u
#define GH_VM_STATE_PAUSED                      0x4u
#define GH_VM_STATE_LOAD                        0x5u
#define GH_VM_STATE_AUTH                        0x6u
#define GH_VM_STATE_INIT_FAILED                 0x8u
#define GH_VM_STATE_EXITED                      0x9u
#define GH_VM_STATE_RESETTING                   0xau
#define GH_VM_STATE_RESET                       0xbu
#define GH_OS_STATE_NONE                        0x0u
#define GH_OS_STATE_EARLY_BOOT                  0x1u
#define GH_OS_STATE_BOOT                        0x2u
#define GH_OS_STATE_INIT                        0x3u
#define GH_OS_STATE_RUN                         0x4u
#define GH_OS_STATE_SHUTDOWN                    0x5u
#define GH_OS_STATE_HALTED                      0x6u
#define GH_OS_STATE_CRASHED                     0x7u
#define GH_EXIT_TYPE_VM_EXIT                    0x0u
#define GH_EXIT_TYPE_PLATFORM_OFF               0x1u
#define GH_EXIT_TYPE_PLATFORM_RESET             0x2u
#define GH_EXIT_TYPE_PSCI_SYSTEM_RESET2         0x3u
#define GH_EXIT_TYPE_WATCHDOG_BITE              0x4u
#define GH_EXIT_TYPE_SOFTWARE_ERROR             0x5u
#define GH_EXIT_TYPE_ASYNC_HW_ERROR             0x6u
#define GH_EXIT_TYPE_VM_STOP_FORCED             0x7u
#define GH_EXIT_CODE_NORMAL                     0x0u
#define GH_EXIT_CODE_SOFTWARE_ERROR             0x1u
#define GH_EXIT_CODE_UNKNOWN_ERROR              0x2u
#define GH_EXIT_CODE_BUS_ERROR                  0x3u
#define GH_EXIT_CODE_DEVICE_ERROR               0x4u
#define GH_RESET_STAGE_INIT                     0x0u
#define GH_RESET_STAGE_DESTROY_VDEVICES         0x1u
#define GH_RESET_STAGE_RELEASE_MEMPARCELS       0x2u
#define GH_RESET_STAGE_RELEASE_IRQS             0x3u
#define GH_RESET_STAGE_DESTROY_VM               0x4u
#define GH_RESET_STAGE_CLEANUP_VM               0x5u
#define GH_RESET_STAGE_COMPLETED                0x6u
#define GH_PARCEL_STATE_INIT                    0x0u
#define GH_PARCEL_STATE_SHARING                 0x1u
#define GH_PARCEL_STATE_SHARED                  0x2u
#define GH_IRQ_MAP_STATE_RESERVED               0x0u
#define GH_IRQ_MAP_STATE_UNBOUND                0x1u
#define GH_IRQ_MAP_STATE_BOUND                  0x2u
#define GH_IRQ_MAP_STATE_LENDING                0x3u
#define GH_IRQ_LEND_STATE_NONE                  0x0u
#define GH_IRQ_LEND_STATE_OFFERED               0x1u
#define GH_IRQ_LEND_STATE_ACCEPTED              0x2u
#define GH_IRQ_LEND_STATE_ACCEPTED_STATIC       0x3u
#define GH_MEM_TYPE_NORMAL                      0x0u
#define GH_MEM_TYPE_IO                          0x1u
#define GH_TRANS_TYPE_DONATE                    0x0u
#define GH_TRANS_TYPE_LEND                      0x1u
#define GH_TRANS_TYPE_SHARE                     0x2u
#define GH_MEM_RIGHTS_R                         0x4u
#define GH_MEM_RIGHTS_RX                        0x5u
#define GH_MEM_RIGHTS_RW                        0x6u
#define GH_MEM_RIGHTS_RWX                       0x7u
#define GH_MEM_ATTR_NORMAL                      0x0u
#define GH_MEM_ATTR_DEVICE                      0x1u
#define GH_MEM_ATTR_UNCACHED                    0x2u
#define GH_MEM_ATTR_CACHED                      0x3u
#define GH_AUTH_TYPE_NONE                       0x0u
#define GH_AUTH_TYPE_PLATFORM                   0x1u
#define GH_AUTH_TYPE_ANDROID                    0x2u
#define GH_RESOURCE_TYPE_DOORBELL_SRC           0x0u
#define GH_RESOURCE_TYPE_DOORBELL               0x1u
#define GH_RESOURCE_TYPE_MSG_QUEUE_SEND         0x2u
#define GH_RESOURCE_TYPE_MSG_QUEUE_RECV         0x3u
#define GH_RESOURCE_TYPE_VIRTUAL_CPU            0x4u
#define GH_RESOURCE_TYPE_VIRTUAL_PM             0x5u
#define GH_RESOURCE_TYPE_VIRTIO_MMIO            0x6u
#define GH_RESOURCE_TYPE_VRTC                   0x7u
#define GH_RESOURCE_TYPE_WATCHDOG               0x8u
#define GH_ID_TYPE_GUID                         0x0u
#define GH_ID_TYPE_URI                          0x1u
#define GH_ID_TYPE_NAME                         0x2u
#define GH_ID_TYPE_SIGN_AUTH                    0x3u
#define GH_RPC_TYPE_CONTINUED                   0x0u
#define GH_RPC_TYPE_REQUEST                     0x1u
#define GH_RPC_TYPE_REPLY                       0x2u
#define GH_RPC_TYPE_NOTIFICATION                0x3u
#define GH_MEM_NOTIFY_FLAG_SHARED               0x1u
#define GH_MEM_NOTIFY_FLAG_RELEASED             0x2u
#define GH_MEM_NOTIFY_FLAG_ACCEPTED             0x4u
#define GH_MEM_NOTIFY_FLAG_RECALL               0x8u
#define GH_IRQ_NOTIFY_FLAG_LENT                 0x1u
#define GH_IRQ_NOTIFY_FLAG_RELEASED             0x2u
#define GH_IRQ_NOTIFY_FLAG_ACCEPTED             0x4u
#define GH_IPA_RESERVE_TYPE_FIXED               0x0u
#define GH_IPA_RESERVE_TYPE_ALLOCATE            0x1u
#define GH_VCPU_RUN_STATE_READY                 0x0u
#define GH_VCPU_RUN_STATE_EXPECTS_WAKEUP        0x1u
#define GH_VCPU_RUN_STATE_POWERED_OFF           0x2u
#define GH_VCPU_RUN_STATE_BLOCKED               0x3u
#define GH_VCPU_RUN_STATE_ADDRSPACE_VMMIO_READ  0x4u
#define GH_VCPU_RUN_STATE_ADDRSPACE_VMMIO_WRITE 0x5u
#define GH_VCPU_RUN_STATE_FAULT                 0x6u
#define GH_VCPU_RUN_STATE_PSCI_SYSTEM_RESET     0x100u
#define GH_VCPU_VIRQ_TYPE_HALT                  0x0u
#define GH_VCPU_VIRQ_TYPE_VCPU_RUN_WAKEUP       0x1u
#define GH_VCPU_REGISTER_SET_X                  0x0u
#define GH_VCPU_REGISTER_SET_PC                 0x1u
#define GH_VCPU_REGISTER_SET_SP_EL              0x2u
#define GH_WAKEUP_FROM_WFI                      0x1u
#define GH_WAKEUP_FROM_PSCI_CPU_SUSPEND         0x2u
#define GH_WAKEUP_FROM_PSCI_SYSTEM_SUSPEND      0x3u
#define GH_YIELD_HINT_YIELD                     0x0u
#define GH_YIELD_HINT_YIELD_TO                  0x1u
#define GH_VPM_STATE_NO_STATE                   0x0u
#define GH_VPM_STATE_RUNNING                    0x1u
#define GH_VPM_STATE_CPUS_SUSPENDED             0x2u
#define GH_VPM_STATE_SYSTEM_SUSPENDED           0x3u
#define GH_DONATE_TYPE_TO_CHILD                 0x0u
#define GH_DONATE_TYPE_TO_PARENT                0x1u
#define GH_DONATE_TYPE_TO_SIBLING               0x2u
#define GH_MODIFY_OP_UNMAP_ALL                  0x0u
#define GH_MODIFY_OP_ZERO_RANGE                 0x1u
#define GH_MODIFY_OP_CACHE_CLEAN_RANGE          0x2u
#define GH_MODIFY_OP_CACHE_FLUSH_RANGE          0x3u
#define GH_MODIFY_OP_SYNC_ALL                   0xffu
#define GH_EXTENT_TYPE_BASIC                    0x0u
#define GH_EXTENT_TYPE_SPARSE                   0x1u
#define GH_EXTENT_MEM_TYPE_ANY                  0x0u
#define GH_EXTENT_MEM_TYPE_DEVICE               0x1u
#define GH_EXTENT_MEM_TYPE_UNCACHED             0x2u
#define GH_EXTENT_MEM_TYPE_CACHED               0x3u
#define GH_MAP_MEM_TYPE_DEVICE_NGNRNE           0x0u
#define GH_MAP_MEM_TYPE_DEVICE_NGNRE            0x1u
#define GH_MAP_MEM_TYPE_DEVICE_NGRE             0x2u
#define GH_MAP_MEM_TYPE_DEVICE_GRE              0x3u
#define GH_MAP_MEM_TYPE_NORMAL_NC               0x5u
#define GH_MAP_MEM_TYPE_NORMAL_ONC_IWT          0x6u
#define GH_MAP_MEM_TYPE_NORMAL_ONC_IWB          0x7u
#define GH_MAP_MEM_TYPE_NORMAL_OWT_INC          0x9u
#define GH_MAP_MEM_TYPE_NORMAL_WT               0xau
#define GH_MAP_MEM_TYPE_NORMAL_OWT_IWB          0xbu
#define GH_MAP_MEM_TYPE_NORMAL_OWB_INC          0xdu
#define GH_MAP_MEM_TYPE_NORMAL_OWB_IWT          0xeu
#define GH_MAP_MEM_TYPE_NORMAL_WB               0xfu
#define GH_ACCESS_NONE                          0x0u
#define GH_ACCESS_X                             0x1u
#define GH_ACCESS_W                             0x2u
#define GH_ACCESS_R                             0x4u
#define GH_ACCESS_RX                            0x5u
#define GH_ACCESS_RW                            0x6u
#define GH_ACCESS_RWX                           0x7u
#define GH_VMMIO_OP_ADD                         0x0u
#define GH_VMMIO_OP_REMOVE                      0x1u
#define GH_MEM_CREATE_FLAG_SANITIZE             0x1u
#define GH_MEM_CREATE_FLAG_APPEND               0x2u
#define GH_MEM_APPEND_FLAG_DONE                 0x1u
#define GH_MEM_ACCEPT_FLAG_VALIDATE_SANITIZED   0x1u
#define GH_MEM_ACCEPT_FLAG_VALIDATE_ACL_ATTR    0x2u
#define GH_MEM_ACCEPT_FLAG_VALIDATE_LABEL       0x4u
#define GH_MEM_ACCEPT_FLAG_MAP_OTHER            0x8u
#define GH_MEM_ACCEPT_FLAG_MAP_CONTIGUOUS       0x10u
#define GH_MEM_ACCEPT_FLAG_SANITIZE             0x20u
#define GH_MEM_ACCEPT_FLAG_DONE                 0x80u
#define GH_MEM_RELEASE_FLAG_SANITIZE            0x1u
#define GH_VM_STOP_FLAG_FORCE                   0x1u
#define GH_IPA_CONSTRAINT_ECC                   0x1u
#define GH_IPA_CONSTRAINT_TAGGED                0x2u
#define GH_IPA_CONSTRAINT_NORMAL                0x4u
#define GH_IPA_CONSTRAINT_IO                    0x8u
#define GH_IPA_CONSTRAINT_BASE_MEM              0x40u
#define GH_VCPU_OPTION_PINNED                   0x0u
#define GH_VCPU_OPTION_RAS_ERROR_HANDLER        0x1u
#define GH_VCPU_OPTION_AMU_COUNTING_DISABLED    0x2u
#define GH_VCPU_OPTION_SVE_ALLOWED              0x3u
#define GH_VCPU_OPTION_DEBUG_ALLOWED            0x4u
#define GH_VCPU_OPTION_TRACE_ALLOWED            0x5u
#define GH_VCPU_OPTION_CRITICAL                 0x8u
#define GH_VCPU_OPTION_VCPU_RUN_SCHEDULED       0x9u
#define GH_VCPU_OPTION_HLOS_VM                  0x3fu
#define GH_TRACE_CLASS_ERROR                    0x0u
#define GH_TRACE_CLASS_DEBUG                    0x1u
#define GH_TRACE_CLASS_USER                     0x2u
#define GH_TRACE_CLASS_TRACE_LOG_BUFFER         0x4u
#define GH_TRACE_CLASS_LOG_BUFFER               0x5u
#define GH_TRACE_CLASS_INFO                     0x6u
#define GH_TRACE_CLASS_MEMDB                    0x7u
#define GH_TRACE_CLASS_PSCI                     0x10u
#define GH_TRACE_CLASS_VGIC                     0x11u
#define GH_TRACE_CLASS_VGIC_DEBUG               0x12u

/* The qemu platform and limits. */
#define GH_CORES                         0x8u
#define GH_USABLE_CORES                  0xffu
#define GH_PAGE_SIZE                     0x1000u
#define GH_GUEST_PA_BITS                 0x24u
#define GH_DEVICE_ADDRESS_BITS           0x2cu
#define GH_TIMER_FREQ_HZ                 0x3b9aca0u
#define GH_PPI_PMU                       0x17u
#define GH_PPI_GIC_MAINTENANCE           0x19u
#define GH_PPI_HYP_TIMER                 0x1au
#define GH_PPI_VIRTUAL_TIMER             0x1bu
#define GH_PPI_PHYSICAL_TIMER            0x1eu
#define GH_DEVICE_BASE                   0x0u
#define GH_DEVICE_SIZE                   0x40000000u
#define GH_GICD_BASE                     0x8000000u
#define GH_GICD_SIZE                     0x10000u
#define GH_GICR_BASE                     0x80a0000u
#define GH_GICR_STRIDE                   0x20000u
#define GH_ITS_BASE                      0x8080000u
#define GH_ITS_SIZE                      0x20000u
#define GH_UART_BASE                     0x9000000u
#define GH_UART_SIZE                     0x1000u
#define GH_DDR_BASE                      0x40000000u
#define GH_DDR_SIZE                      0x80000000u
#define GH_HLOS_VM_BASE                  0x40000000u
#define GH_HLOS_VM_SIZE                  0x40000000u
#define GH_HLOS_RAMFS_BASE               0x40800000u
#define GH_HLOS_DT_BASE                  0x40f00000u
#define GH_HLOS_ENTRY                    0x41000000u
#define GH_HYP_BASE                      0x80000000u
#define GH_HYP_SIZE                      0x400000u
#define GH_ROOTVM_BASE                   0x80480000u
#define GH_ROOTVM_SIZE                   0xa0000u
#define GH_RM_LOG_BASE                   0x804f9000u
#define GH_RM_LOG_SIZE                   0x2000u
#define GH_FREE_RANGE_BASE               0x80400000u
#define GH_FREE_RANGE_SIZE               0x3d800000u
#define GH_ROOT_HEAP_BASE                0xbdd00000u
#define GH_ROOT_HEAP_SIZE                0x300000u
#define GH_ROOT_MAX_CAPS                 0x800u
#define GH_ROOT_VIC_VIRQS                0x40u
#define GH_LAST_HWIRQ                    0x11fu
#define GH_LAST_LENDABLE_HWIRQ           0xffu
#define GH_RM_ENV_SIZE                   0x4000u
#define GH_VMID_HYP                      0x0u
#define GH_VMID_HLOS                     0x3u
#define GH_VMID_RM                       0xffu
#define GH_VMID_STATIC_FIRST             0x4u
#define GH_VMID_STATIC_LAST              0x1fu
#define GH_VMID_DYNAMIC_FIRST            0x80u
#define GH_VMID_DYNAMIC_LAST             0xbeu
#define GH_VMID_ANY                      0xfffeu
#define GH_VMID_NONE                     0xffffu
#define GH_INVALID_HANDLE                0xffffffffu
#define GH_VIRQ_NONE                     0xffffffffu
#define GH_RM_QUEUE_DEPTH                0x8u
#define GH_RM_QUEUE_MSG_SIZE             0xf0u
#define GH_RPC_HEADER_SIZE               0x8u
#define GH_RPC_MAX_CONTENT               0xe8u
#define GH_RPC_MAX_FRAGMENTS             0x3eu
#define GH_RPC_MAX_PAYLOAD               0x3918u
#define GH_RPC_MAX_PENDING_NOTIFICATIONS 0x100u
#define GH_MAX_PARCELS_PER_OWNER         0x40u
#define GH_MAX_LIST_ENTRIES              0x200u
#define GH_MAX_IPA_RESERVATIONS          0x1eu
#define GH_CRASH_MSG_MAX                 0xc0u
#define GH_LOOKUP_STRING_MAX             0x4fu
#define GH_RESOURCE_ENTRY_SIZE           0x2cu
#define GH_VIRQ_ALLOC_FIRST              0x3c0u
#define GH_VIRQ_ALLOC_LAST               0x3fbu
#define GH_VM_MAX_CAPS                   0x400u
#define GH_SPI_FIRST                     0x20u
#define GH_SPI_LAST                      0x3fbu
#define GH_SPI_COUNT                     0x3dcu
#define GH_GIC_LIST_REGISTERS            0x4u
#define GH_MAX_VCPUS                     0x8u
#define GH_PRIORITY_MAX                  0x3eu
#define GH_PRIORITY_DEFAULT              0x20u
#define GH_TIMESLICE_DEFAULT_NS          0x4c4b40u
#define GH_TIMESLICE_MIN_NS              0x186a0u
#define GH_TIMESLICE_MAX_NS              0x5f5e100u
#define GH_AFFINITY_INVALID              0xffffu
#define GH_MSGQUEUE_MAX_DEPTH            0xffu
#define GH_MSGQUEUE_MAX_MSG_SIZE         0x3ffu
#define GH_MEMEXTENT_MAX_MAPS            0x4u
#define GH_MAX_VMMIO_RANGES              0x80u
#define GH_CSPACE_SLOTS_PER_TABLE        0x3eu
#define GH_CSPACE_TABLES                 0xe8u
#define GH_CSPACE_MAX_CAPS               0x3830u
#define GH_VIRTIO_MAX_QUEUES             0x10u
#define GH_HYPERCALL_BASE                0x6000u
#define GH_HYPERCALL_NUM                 0x69u
#define GH_API_INFO                      UINT64_C(0x5100000000008001)
#define GH_API_FLAGS_0                   UINT64_C(0x10000eff)
#define GH_CAP_INVALID                   UINT64_C(0xffffffffffffffff)

/* Entries of lists in messages. */
/* Access control: who may have the memory, and how. */
struct GH_PACKED gh_entry_acl {
  uint16_t vmid;
  uint8_t rights;
  uint8_t reserved;
};
_Static_assert(sizeof(struct gh_entry_acl) == 4, "gh_entry_acl");

/* Scatter-gather: ranges of guest addresses. */
struct GH_PACKED gh_entry_sgl {
  uint64_t ipa;
  uint64_t size;
};
_Static_assert(sizeof(struct gh_entry_sgl) == 16, "gh_entry_sgl");

/* Memory attribute of one VM; attribute first. */
struct GH_PACKED gh_entry_attr {
  uint16_t attr;
  uint16_t vmid;
};
_Static_assert(sizeof(struct gh_entry_attr) == 4, "gh_entry_attr");

/* A VM. */
struct GH_PACKED gh_entry_vmid {
  uint16_t vmid;
  uint16_t reserved;
};
_Static_assert(sizeof(struct gh_entry_vmid) == 4, "gh_entry_vmid");

/* A VM, as 32-bit number. */
struct GH_PACKED gh_entry_vmid32 {
  uint32_t vmid;
};
_Static_assert(sizeof(struct gh_entry_vmid32) == 4, "gh_entry_vmid32");

/* Size of one region of a parcel. */
struct GH_PACKED gh_entry_size {
  uint64_t size;
};
_Static_assert(sizeof(struct gh_entry_size) == 8, "gh_entry_size");

/* Parameter of platform authentication. */
struct GH_PACKED gh_entry_auth_param {
  uint32_t type;
  uint32_t value;
};
_Static_assert(sizeof(struct gh_entry_auth_param) == 8, "gh_entry_auth_param");

/* A range to reserve. */
struct GH_PACKED gh_entry_ipa_fixed {
  uint64_t base;
  uint64_t size;
};
_Static_assert(sizeof(struct gh_entry_ipa_fixed) == 16, "gh_entry_ipa_fixed");

/* A range to find and reserve. All ones as region base: anywhere. */
struct GH_PACKED gh_entry_ipa_alloc {
  uint64_t region_base;
  uint64_t region_size;
  uint64_t size;
  uint64_t alignment;
};
_Static_assert(sizeof(struct gh_entry_ipa_alloc) == 32, "gh_entry_ipa_alloc");

/* A guest address. */
struct GH_PACKED gh_entry_ipa {
  uint64_t ipa;
};
_Static_assert(sizeof(struct gh_entry_ipa) == 8, "gh_entry_ipa");

/* One capability or interrupt of the caller that has to do with the VM asked about. */
struct GH_PACKED gh_entry_resource {
  uint8_t type;
  uint8_t reserved;
  uint16_t partner_vmid;
  uint32_t resource_handle;
  uint32_t label;
  uint64_t cap_id;
  uint32_t virq_handle;
  uint32_t virq;
  uint64_t base;
  uint64_t size;
};
_Static_assert(sizeof(struct gh_entry_resource) == 44, "gh_entry_resource");

/* Identity of a VM: type, size, bytes, zero padding to 4. Entries differ in length. */
struct GH_PACKED gh_entry_id {
  uint8_t type;
  uint8_t reserved;
  uint16_t size;
};
_Static_assert(sizeof(struct gh_entry_id) == 4, "gh_entry_id");

/* Fixed parts of message payloads. */
/* Reserves a VMID and creates an empty VM record. */
struct GH_PACKED gh_vm_allocate_req {
  uint16_t vmid;
  uint16_t reserved;
};
_Static_assert(sizeof(struct gh_vm_allocate_req) == 4, "gh_vm_allocate_req");

/* Reply to VM_ALLOCATE. */
struct GH_PACKED gh_vm_allocate_reply {
  uint32_t error;
  uint32_t vmid;
};
_Static_assert(sizeof(struct gh_vm_allocate_reply) == 8, "gh_vm_allocate_reply");

/* Frees a VM record and its VMID. */
struct GH_PACKED gh_vm_deallocate_req {
  uint16_t vmid;
  uint16_t reserved;
};
_Static_assert(sizeof(struct gh_vm_deallocate_req) == 4, "gh_vm_deallocate_req");

/* Accepts the VM's memory, patches its device tree and starts its boot vCPUs. */
struct GH_PACKED gh_vm_start_req {
  uint16_t vmid;
  uint16_t reserved;
};
_Static_assert(sizeof(struct gh_vm_start_req) == 4, "gh_vm_start_req");

/* Ends a VM, or asks it to end itself. */
struct GH_PACKED gh_vm_stop_req {
  uint16_t vmid;
  uint8_t flags;
  uint8_t reserved;
  uint32_t stop_reason;
};
_Static_assert(sizeof(struct gh_vm_stop_req) == 8, "gh_vm_stop_req");

/* Takes an ended VM apart so that its memory can be reclaimed and its VMID freed. */
struct GH_PACKED gh_vm_reset_req {
  uint16_t vmid;
  uint16_t reserved;
};
_Static_assert(sizeof(struct gh_vm_reset_req) == 4, "gh_vm_reset_req");

/* Asks who a VM is: GUID, name, URI, signer. */
struct GH_PACKED gh_vm_get_id_req {
  uint16_t vmid;
  uint16_t reserved;
};
_Static_assert(sizeof(struct gh_vm_get_id_req) == 4, "gh_vm_get_id_req");

/* Reply to VM_GET_ID. Followed by: ids (struct gh_entry_id). */
struct GH_PACKED gh_vm_get_id_reply {
  uint32_t error;
  uint32_t count;
};
_Static_assert(sizeof(struct gh_vm_get_id_reply) == 8, "gh_vm_get_id_reply");

/* Finds VMs by URI. Followed by: uri. */
struct GH_PACKED gh_vm_lookup_uri_req {
  uint16_t length;
  uint16_t reserved;
};
_Static_assert(sizeof(struct gh_vm_lookup_uri_req) == 4, "gh_vm_lookup_uri_req");

/* Reply to VM_LOOKUP_URI. Followed by: vms (struct gh_entry_vmid). */
struct GH_PACKED gh_vm_lookup_uri_reply {
  uint32_t error;
  uint32_t count;
};
_Static_assert(sizeof(struct gh_vm_lookup_uri_reply) == 8, "gh_vm_lookup_uri_reply");

/* Finds VMs by GUID. */
struct GH_PACKED gh_vm_lookup_guid_req {
  uint8_t guid[16];
};
_Static_assert(sizeof(struct gh_vm_lookup_guid_req) == 16, "gh_vm_lookup_guid_req");

/* Reply to VM_LOOKUP_GUID. Followed by: vms (struct gh_entry_vmid). */
struct GH_PACKED gh_vm_lookup_guid_reply {
  uint32_t error;
  uint32_t count;
};
_Static_assert(sizeof(struct gh_vm_lookup_guid_reply) == 8, "gh_vm_lookup_guid_reply");

/* Finds VMs by name. Followed by: name. */
struct GH_PACKED gh_vm_lookup_name_req {
  uint16_t length;
  uint16_t reserved;
};
_Static_assert(sizeof(struct gh_vm_lookup_name_req) == 4, "gh_vm_lookup_name_req");

/* Reply to VM_LOOKUP_NAME. Followed by: vms (struct gh_entry_vmid). */
struct GH_PACKED gh_vm_lookup_name_reply {
  uint32_t error;
  uint32_t count;
};
_Static_assert(sizeof(struct gh_vm_lookup_name_reply) == 8, "gh_vm_lookup_name_reply");

/* Reply to VM_GET_OWNER. */
struct GH_PACKED gh_vm_get_owner_reply {
  uint32_t error;
  uint32_t vmid;
};
_Static_assert(sizeof(struct gh_vm_get_owner_reply) == 8, "gh_vm_get_owner_reply");

/* Asks for the life-cycle state of a VM. */
struct GH_PACKED gh_vm_get_state_req {
  uint16_t vmid;
  uint16_t reserved;
};
_Static_assert(sizeof(struct gh_vm_get_state_req) == 4, "gh_vm_get_state_req");

/* Reply to VM_GET_STATE. */
struct GH_PACKED gh_vm_get_state_reply {
  uint32_t error;
  uint8_t vm_state;
  uint8_t os_state;
  uint16_t app_status;
};
_Static_assert(sizeof(struct gh_vm_get_state_reply) == 8, "gh_vm_get_state_reply");

/* Reads the crash message a VM left. */
struct GH_PACKED gh_vm_get_crash_msg_req {
  uint16_t vmid;
  uint16_t reserved;
};
_Static_assert(sizeof(struct gh_vm_get_crash_msg_req) == 4, "gh_vm_get_crash_msg_req");

/* Reply to VM_GET_CRASH_MSG. Followed by: message. */
struct GH_PACKED gh_vm_get_crash_msg_reply {
  uint32_t error;
  uint16_t length;
  uint16_t reserved;
};
_Static_assert(sizeof(struct gh_vm_get_crash_msg_reply) == 8, "gh_vm_get_crash_msg_reply");

/* Reply to VM_GET_VMID. */
struct GH_PACKED gh_vm_get_vmid_reply {
  uint32_t error;
  uint32_t vmid;
};
_Static_assert(sizeof(struct gh_vm_get_vmid_reply) == 8, "gh_vm_get_vmid_reply");

/* Reply to VM_GET_PEERS. Followed by: peers (struct gh_entry_vmid32). */
struct GH_PACKED gh_vm_get_peers_reply {
  uint32_t error;
  uint32_t count;
};
_Static_assert(sizeof(struct gh_vm_get_peers_reply) == 8, "gh_vm_get_peers_reply");

/* Sets the virtual real-time clock of a VM. No VM of this platform has one. */
struct GH_PACKED gh_vm_set_time_base_req {
  uint16_t vmid;
  uint16_t reserved;
  uint64_t time_base;
  uint64_t sys_timer_ref;
};
_Static_assert(sizeof(struct gh_vm_set_time_base_req) == 20, "gh_vm_set_time_base_req");

/* Tells what the caller's operating system is doing. */
struct GH_PACKED gh_vm_set_status_req {
  uint8_t reserved;
  uint8_t os_state;
  uint16_t app_status;
};
_Static_assert(sizeof(struct gh_vm_set_status_req) == 4, "gh_vm_set_status_req");

/* Ends the caller. */
struct GH_PACKED gh_vm_exit_req {
  uint16_t exit_flags;
  uint8_t exit_code;
  uint8_t reserved;
};
_Static_assert(sizeof(struct gh_vm_exit_req) == 4, "gh_vm_exit_req");

/* Leaves a crash message for the owner. Followed by: message. */
struct GH_PACKED gh_vm_set_crash_msg_req {
  uint16_t length;
  uint16_t reserved;
};
_Static_assert(sizeof(struct gh_vm_set_crash_msg_req) == 4, "gh_vm_set_crash_msg_req");

/* Reply to VM_HOST_GET_TYPE. */
struct GH_PACKED gh_vm_host_get_type_reply {
  uint32_t error;
  uint32_t host_type;
};
_Static_assert(sizeof(struct gh_vm_host_get_type_reply) == 8, "gh_vm_host_get_type_reply");

/* Tells RM which parcel holds the VM's image and device tree, and how it is authenticated. */
struct GH_PACKED gh_vm_config_image_req {
  uint16_t vmid;
  uint16_t auth_type;
  uint32_t image_handle;
  uint64_t image_offset;
  uint64_t image_size;
  uint64_t dt_offset;
  uint64_t dt_size;
};
_Static_assert(sizeof(struct gh_vm_config_image_req) == 40, "gh_vm_config_image_req");

/* Authenticates the image of a VM with auth type PLATFORM. Followed by: params (struct gh_entry_auth_param). */
struct GH_PACKED gh_vm_auth_image_req {
  uint16_t vmid;
  uint16_t count;
};
_Static_assert(sizeof(struct gh_vm_auth_image_req) == 4, "gh_vm_auth_image_req");

/* Reads the guest's device tree and creates every object of the VM. */
struct GH_PACKED gh_vm_init_req {
  uint16_t vmid;
  uint16_t reserved;
};
_Static_assert(sizeof(struct gh_vm_init_req) == 4, "gh_vm_init_req");

/* Offers memory to one VM for ever. Followed by: acl (struct gh_entry_acl), sgl (struct gh_entry_sgl), attr (struct gh_entry_attr). */
struct GH_PACKED gh_mem_donate_req {
  uint8_t mem_type;
  uint8_t reserved1;
  uint8_t flags;
  uint8_t reserved2;
  uint32_t label;
};
_Static_assert(sizeof(struct gh_mem_donate_req) == 8, "gh_mem_donate_req");

/* Reply to MEM_DONATE. */
struct GH_PACKED gh_mem_donate_reply {
  uint32_t error;
  uint32_t handle;
};
_Static_assert(sizeof(struct gh_mem_donate_reply) == 8, "gh_mem_donate_reply");

/* Offers memory to other VMs; the owner loses access until it reclaims. Followed by: acl (struct gh_entry_acl), sgl (struct gh_entry_sgl), attr (struct gh_entry_attr). */
struct GH_PACKED gh_mem_lend_req {
  uint8_t mem_type;
  uint8_t reserved1;
  uint8_t flags;
  uint8_t reserved2;
  uint32_t label;
};
_Static_assert(sizeof(struct gh_mem_lend_req) == 8, "gh_mem_lend_req");

/* Reply to MEM_LEND. */
struct GH_PACKED gh_mem_lend_reply {
  uint32_t error;
  uint32_t handle;
};
_Static_assert(sizeof(struct gh_mem_lend_reply) == 8, "gh_mem_lend_reply");

/* Offers memory to other VMs; the owner keeps the access the ACL gives it. Followed by: acl (struct gh_entry_acl), sgl (struct gh_entry_sgl), attr (struct gh_entry_attr). */
struct GH_PACKED gh_mem_share_req {
  uint8_t mem_type;
  uint8_t reserved1;
  uint8_t flags;
  uint8_t reserved2;
  uint32_t label;
};
_Static_assert(sizeof(struct gh_mem_share_req) == 8, "gh_mem_share_req");

/* Reply to MEM_SHARE. */
struct GH_PACKED gh_mem_share_reply {
  uint32_t error;
  uint32_t handle;
};
_Static_assert(sizeof(struct gh_mem_share_reply) == 8, "gh_mem_share_reply");

/* Adds ranges to a parcel created with APPEND. Followed by: sgl (struct gh_entry_sgl). */
struct GH_PACKED gh_mem_append_req {
  uint32_t handle;
  uint8_t flags;
  uint8_t reserved1;
  uint16_t reserved2;
};
_Static_assert(sizeof(struct gh_mem_append_req) == 8, "gh_mem_append_req");

/* Takes a parcel: chooses guest addresses and maps it. Followed by: acl (struct gh_entry_acl), sgl (struct gh_entry_sgl), attr (struct gh_entry_attr). */
struct GH_PACKED gh_mem_accept_req {
  uint32_t handle;
  uint8_t mem_type;
  uint8_t trans_type;
  uint8_t flags;
  uint8_t reserved;
  uint32_t label;
};
_Static_assert(sizeof(struct gh_mem_accept_req) == 12, "gh_mem_accept_req");

/* Reply to MEM_ACCEPT. Followed by: sgl (struct gh_entry_sgl). */
struct GH_PACKED gh_mem_accept_reply {
  uint32_t error;
  uint16_t count;
  uint8_t flags;
  uint8_t reserved;
};
_Static_assert(sizeof(struct gh_mem_accept_reply) == 8, "gh_mem_accept_reply");

/* Gives an accepted parcel back. */
struct GH_PACKED gh_mem_release_req {
  uint32_t handle;
  uint8_t flags;
  uint8_t reserved1;
  uint16_t reserved2;
};
_Static_assert(sizeof(struct gh_mem_release_req) == 8, "gh_mem_release_req");

/* Takes memory back that nobody holds. */
struct GH_PACKED gh_mem_reclaim_req {
  uint32_t handle;
  uint8_t flags;
  uint8_t reserved1;
  uint16_t reserved2;
};
_Static_assert(sizeof(struct gh_mem_reclaim_req) == 8, "gh_mem_reclaim_req");

/* Has RM tell the other side about a parcel. Followed by: vms (struct gh_entry_vmid). */
struct GH_PACKED gh_mem_notify_req {
  uint32_t handle;
  uint8_t flags;
  uint8_t reserved1;
  uint16_t reserved2;
  uint32_t mem_info_tag;
};
_Static_assert(sizeof(struct gh_mem_notify_req) == 12, "gh_mem_notify_req");

/* Finds the handle of a parcel by its description. Followed by: acl (struct gh_entry_acl), sgl (struct gh_entry_sgl), attr (struct gh_entry_attr). */
struct GH_PACKED gh_mem_qcom_lookup_sgl_req {
  uint8_t mem_type;
  uint8_t reserved1;
  uint16_t reserved2;
  uint32_t label;
};
_Static_assert(sizeof(struct gh_mem_qcom_lookup_sgl_req) == 8, "gh_mem_qcom_lookup_sgl_req");

/* Reply to MEM_QCOM_LOOKUP_SGL. */
struct GH_PACKED gh_mem_qcom_lookup_sgl_reply {
  uint32_t error;
  uint32_t handle;
};
_Static_assert(sizeof(struct gh_mem_qcom_lookup_sgl_reply) == 8, "gh_mem_qcom_lookup_sgl_reply");

/* Donates the firmware image for VMs with auth type ANDROID. */
struct GH_PACKED gh_fw_set_vm_firmware_req {
  uint16_t auth_type;
  uint16_t reserved;
  uint32_t handle;
  uint64_t offset;
  uint64_t size;
};
_Static_assert(sizeof(struct gh_fw_set_vm_firmware_req) == 24, "gh_fw_set_vm_firmware_req");

/* Tells RM where the firmware of a VM goes. */
struct GH_PACKED gh_vm_set_firmware_mem_req {
  uint16_t vmid;
  uint16_t reserved;
  uint32_t handle;
  uint64_t offset;
  uint64_t size;
};
_Static_assert(sizeof(struct gh_vm_set_firmware_mem_req) == 24, "gh_vm_set_firmware_mem_req");

/* Lists the capabilities and interrupts that connect the caller to a VM. */
struct GH_PACKED gh_vm_get_hyp_resources_req {
  uint16_t vmid;
  uint16_t reserved;
};
_Static_assert(sizeof(struct gh_vm_get_hyp_resources_req) == 4, "gh_vm_get_hyp_resources_req");

/* Reply to VM_GET_HYP_RESOURCES. Followed by: resources (struct gh_entry_resource). */
struct GH_PACKED gh_vm_get_hyp_resources_reply {
  uint32_t error;
  uint32_t count;
};
_Static_assert(sizeof(struct gh_vm_get_hyp_resources_reply) == 8, "gh_vm_get_hyp_resources_reply");

/* Offers a hardware interrupt to another VM. */
struct GH_PACKED gh_vm_irq_lend_req {
  uint16_t borrower;
  uint16_t reserved;
  uint32_t virq;
  uint32_t label;
};
_Static_assert(sizeof(struct gh_vm_irq_lend_req) == 12, "gh_vm_irq_lend_req");

/* Reply to VM_IRQ_LEND. */
struct GH_PACKED gh_vm_irq_lend_reply {
  uint32_t error;
  uint32_t handle;
};
_Static_assert(sizeof(struct gh_vm_irq_lend_reply) == 8, "gh_vm_irq_lend_reply");

/* Takes an offered interrupt. */
struct GH_PACKED gh_vm_irq_accept_req {
  uint32_t handle;
  uint32_t virq;
};
_Static_assert(sizeof(struct gh_vm_irq_accept_req) == 8, "gh_vm_irq_accept_req");

/* Reply to VM_IRQ_ACCEPT. */
struct GH_PACKED gh_vm_irq_accept_reply {
  uint32_t error;
  uint32_t virq;
};
_Static_assert(sizeof(struct gh_vm_irq_accept_reply) == 8, "gh_vm_irq_accept_reply");

/* Gives an accepted interrupt back. */
struct GH_PACKED gh_vm_irq_release_req {
  uint32_t handle;
};
_Static_assert(sizeof(struct gh_vm_irq_release_req) == 4, "gh_vm_irq_release_req");

/* Ends a loan that nobody has accepted. */
struct GH_PACKED gh_vm_irq_reclaim_req {
  uint32_t handle;
};
_Static_assert(sizeof(struct gh_vm_irq_reclaim_req) == 4, "gh_vm_irq_reclaim_req");

/* Has RM tell the other side about a loan. Followed by: vms (struct gh_entry_vmid). */
struct GH_PACKED gh_vm_irq_notify_req {
  uint32_t handle;
  uint32_t flags;
};
_Static_assert(sizeof(struct gh_vm_irq_notify_req) == 8, "gh_vm_irq_notify_req");

/* Opens the caller's side of a console. */
struct GH_PACKED gh_vm_console_open_req {
  uint16_t target;
  uint16_t reserved;
};
_Static_assert(sizeof(struct gh_vm_console_open_req) == 4, "gh_vm_console_open_req");

/* Closes the caller's side of a console. */
struct GH_PACKED gh_vm_console_close_req {
  uint16_t target;
  uint16_t reserved;
};
_Static_assert(sizeof(struct gh_vm_console_close_req) == 4, "gh_vm_console_close_req");

/* Sends characters to the other side of a console. Followed by: chars. */
struct GH_PACKED gh_vm_console_write_req {
  uint16_t target;
  uint16_t length;
};
_Static_assert(sizeof(struct gh_vm_console_write_req) == 4, "gh_vm_console_write_req");

/* Does nothing; characters are never buffered. */
struct GH_PACKED gh_vm_console_flush_req {
  uint16_t target;
  uint16_t reserved;
};
_Static_assert(sizeof(struct gh_vm_console_flush_req) == 4, "gh_vm_console_flush_req");

/* Keeps guest addresses for parcels that are accepted at exactly those addresses. Followed by: ranges (struct gh_entry_ipa_fixed). */
struct GH_PACKED gh_ipa_reserve_req {
  uint8_t type;
  uint8_t reserved1;
  uint16_t reserved2;
  uint32_t generic_constraints;
  uint32_t platform_constraints;
  uint32_t count;
};
_Static_assert(sizeof(struct gh_ipa_reserve_req) == 16, "gh_ipa_reserve_req");

/* Reply to IPA_RESERVE. Followed by: ipas (struct gh_entry_ipa). */
struct GH_PACKED gh_ipa_reserve_reply {
  uint32_t error;
  uint32_t count;
};
_Static_assert(sizeof(struct gh_ipa_reserve_reply) == 8, "gh_ipa_reserve_reply");

/* A parcel is offered. Followed by: acl (struct gh_entry_acl), regions (struct gh_entry_size), attr (struct gh_entry_attr). */
struct GH_PACKED gh_mem_shared_note {
  uint32_t handle;
  uint8_t mem_type;
  uint8_t trans_type;
  uint8_t flags;
  uint8_t reserved1;
  uint16_t owner;
  uint16_t reserved2;
  uint32_t label;
  uint32_t mem_info_tag;
};
_Static_assert(sizeof(struct gh_mem_shared_note) == 20, "gh_mem_shared_note");

/* A VM gave a parcel back (by MEM_NOTIFY, or because it was reset). */
struct GH_PACKED gh_mem_released_note {
  uint32_t handle;
  uint16_t vmid;
  uint16_t reserved;
  uint32_t mem_info_tag;
};
_Static_assert(sizeof(struct gh_mem_released_note) == 12, "gh_mem_released_note");

/* A VM accepted a parcel. */
struct GH_PACKED gh_mem_accepted_note {
  uint32_t handle;
  uint16_t vmid;
  uint16_t reserved;
  uint32_t mem_info_tag;
};
_Static_assert(sizeof(struct gh_mem_accepted_note) == 12, "gh_mem_accepted_note");

/* The owner wants a parcel back. */
struct GH_PACKED gh_mem_recall_note {
  uint32_t handle;
  uint32_t mem_info_tag;
};
_Static_assert(sizeof(struct gh_mem_recall_note) == 8, "gh_mem_recall_note");

/* A VM ended; follows the VM_STATUS with EXITED. */
struct GH_PACKED gh_vm_exited_note {
  uint16_t vmid;
  uint16_t exit_type;
  uint32_t reason_size;
  uint16_t exit_flags;
  uint16_t exit_code;
  uint32_t reset_type;
  uint64_t cookie;
};
_Static_assert(sizeof(struct gh_vm_exited_note) == 24, "gh_vm_exited_note");

/* The owner asks the VM to end (VM_STOP without FORCE). */
struct GH_PACKED gh_vm_shutdown_note {
  uint32_t stop_reason;
};
_Static_assert(sizeof(struct gh_vm_shutdown_note) == 4, "gh_vm_shutdown_note");

/* The state of a VM changed. */
struct GH_PACKED gh_vm_status_note {
  uint16_t vmid;
  uint16_t reserved;
  uint8_t vm_state;
  uint8_t os_state;
  uint16_t app_status;
};
_Static_assert(sizeof(struct gh_vm_status_note) == 8, "gh_vm_status_note");

/* A hardware interrupt is offered. */
struct GH_PACKED gh_vm_irq_lent_note {
  uint16_t owner;
  uint16_t reserved;
  uint32_t handle;
  uint32_t label;
};
_Static_assert(sizeof(struct gh_vm_irq_lent_note) == 12, "gh_vm_irq_lent_note");

/* The borrower gave an interrupt back. */
struct GH_PACKED gh_vm_irq_released_note {
  uint32_t handle;
};
_Static_assert(sizeof(struct gh_vm_irq_released_note) == 4, "gh_vm_irq_released_note");

/* The borrower accepted an interrupt. */
struct GH_PACKED gh_vm_irq_accepted_note {
  uint32_t handle;
};
_Static_assert(sizeof(struct gh_vm_irq_accepted_note) == 4, "gh_vm_irq_accepted_note");

/* Characters from a console; `from` is 0 when the owner wrote. Followed by: chars. */
struct GH_PACKED gh_vm_console_chars_note {
  uint16_t from;
  uint16_t length;
};
_Static_assert(sizeof(struct gh_vm_console_chars_note) == 4, "gh_vm_console_chars_note");

/* The link. */
/* Magic, versions, limits. */
#define GL_MAGIC             0x4b4e4c47u
#define GL_VERSION_MIN       0x1u
#define GL_VERSION_MAX       0x1u
#define GL_MAX_FRAME         0x10000u
#define GL_MAX_CONNECTIONS   0x100u
#define GL_MAX_INLINE        0x1000u
#define GL_NO_INLINE         0xffu
#define GL_MAX_MEMORY_ACCESS 0x8000u
#define GL_MAX_NAME          0x40u
#define GL_OUTPUT_HIGH       0x40000u

/* Statuses. */
#define GL_STATUS_OK          0x0u
#define GL_STATUS_EXCEPTION   0x1u
#define GL_STATUS_NO_RETURN   0x2u
#define GL_STATUS_DEAD        0x3u
#define GL_STATUS_BAD_REQUEST 0x4u
#define GL_STATUS_REFUSED     0x5u

/* Frames and events. */
#define GL_HELLO            0x1u
#define GL_HVC              0x10u
#define GL_SMC              0x11u
#define GL_MEM_READ         0x20u
#define GL_MEM_WRITE        0x21u
#define GL_DEVICE_TREE      0x22u
#define GL_REG_READ         0x23u
#define GL_REG_WRITE        0x24u
#define GL_IRQ_ACK          0x30u
#define GL_IRQ_END          0x31u
#define GL_WFI              0x32u
#define GL_TIME             0x33u
#define GL_RPC_SEND         0x38u
#define GL_BYE              0x3fu
#define GL_EVENT_IRQ        0xc0u
#define GL_EVENT_RPC_PACKET 0xc1u
#define GL_EVENT_START      0xc2u
#define GL_EVENT_GOODBYE    0xcfu
#define GL_REPLY            0x80u

/* First frame of a connection. Binds it to one vCPU (mode 0) or to the RM link of a VM (mode 1). */
struct GH_PACKED gl_hello {
  uint32_t magic;
  uint16_t version_min;
  uint16_t version_max;
  uint16_t vmid;
  uint16_t vcpu;
  uint8_t mode;
  uint8_t time;
  uint16_t name_length;
  uint64_t scratch;
};
_Static_assert(sizeof(struct gl_hello) == 24, "gl_hello");

/* First frame of a connection. Binds it to one vCPU (mode 0) or to the RM link of a VM (mode 1). */
struct GH_PACKED gl_hello_reply {
  uint16_t status;
  uint16_t version;
  uint32_t max_frame;
  uint64_t now_ns;
  uint64_t x0;
  uint64_t pc;
  uint16_t on;
  uint16_t reserved;
  uint32_t reserved2;
};
_Static_assert(sizeof(struct gl_hello_reply) == 40, "gl_hello_reply");

/* HVC #imm. An inline buffer is placed in the connection's scratch page and its address put into register `inline_reg`. */
struct GH_PACKED gl_hvc {
  uint16_t imm;
  uint8_t inline_reg;
  uint8_t inline_dir;
  uint32_t inline_length;
  uint64_t x[8];
};
_Static_assert(sizeof(struct gl_hvc) == 72, "gl_hvc");

/* HVC #imm. An inline buffer is placed in the connection's scratch page and its address put into register `inline_reg`. */
struct GH_PACKED gl_hvc_reply {
  uint16_t status;
  uint16_t inline_length;
  uint32_t esr;
  uint64_t x[8];
};
_Static_assert(sizeof(struct gl_hvc_reply) == 72, "gl_hvc_reply");

/* SMCCC call: conduit, x0..x17 in and out. */
struct GH_PACKED gl_smc {
  uint16_t conduit;
  uint16_t imm;
  uint32_t reserved;
  uint64_t x[18];
};
_Static_assert(sizeof(struct gl_smc) == 152, "gl_smc");

/* SMCCC call: conduit, x0..x17 in and out. */
struct GH_PACKED gl_smc_reply {
  uint16_t status;
  uint16_t reserved;
  uint32_t esr;
  uint64_t x[18];
};
_Static_assert(sizeof(struct gl_smc_reply) == 152, "gl_smc_reply");

/* Guest memory, or with width 1, 2, 4, 8 one load (device registers). */
struct GH_PACKED gl_mem_read {
  uint64_t ipa;
  uint32_t length;
  uint32_t width;
};
_Static_assert(sizeof(struct gl_mem_read) == 16, "gl_mem_read");

/* Guest memory, or with width 1, 2, 4, 8 one load (device registers). */
struct GH_PACKED gl_mem_read_reply {
  uint16_t status;
  uint16_t reserved;
  uint32_t esr;
  uint64_t far;
};
_Static_assert(sizeof(struct gl_mem_read_reply) == 16, "gl_mem_read_reply");

/* Guest memory, or with a width one store. */
struct GH_PACKED gl_mem_write {
  uint64_t ipa;
  uint32_t width;
  uint32_t reserved;
};
_Static_assert(sizeof(struct gl_mem_write) == 16, "gl_mem_write");

/* Guest memory, or with a width one store. */
struct GH_PACKED gl_mem_write_reply {
  uint16_t status;
  uint16_t reserved;
  uint32_t esr;
  uint64_t far;
};
_Static_assert(sizeof(struct gl_mem_write_reply) == 16, "gl_mem_write_reply");

/* The flattened device tree at the vCPU's boot x0. EXCEPTION: there is none, or the VM is gone. */
struct GH_PACKED gl_device_tree_reply {
  uint16_t status;
  uint16_t reserved;
  uint32_t reserved2;
  uint64_t ipa;
};
_Static_assert(sizeof(struct gl_device_tree_reply) == 16, "gl_device_tree_reply");

/* MRS. The register as in the instruction: op0 << 14 | op1 << 11 | CRn << 7 | CRm << 3 | op2. */
struct GH_PACKED gl_reg_read {
  uint32_t reg;
};
_Static_assert(sizeof(struct gl_reg_read) == 4, "gl_reg_read");

/* MRS. The register as in the instruction: op0 << 14 | op1 << 11 | CRn << 7 | CRm << 3 | op2. */
struct GH_PACKED gl_reg_read_reply {
  uint16_t status;
  uint16_t reserved;
  uint32_t esr;
  uint64_t value;
};
_Static_assert(sizeof(struct gl_reg_read_reply) == 16, "gl_reg_read_reply");

/* MSR. */
struct GH_PACKED gl_reg_write {
  uint32_t reg;
  uint32_t reserved;
  uint64_t value;
};
_Static_assert(sizeof(struct gl_reg_write) == 16, "gl_reg_write");

/* MSR. */
struct GH_PACKED gl_reg_write_reply {
  uint16_t status;
  uint16_t reserved;
  uint32_t esr;
};
_Static_assert(sizeof(struct gl_reg_write_reply) == 8, "gl_reg_write_reply");

/* Acknowledges the most urgent interrupt: ICC_IAR1_EL1. 1023 when nothing is pending. */
struct GH_PACKED gl_irq_ack_reply {
  uint16_t status;
  uint16_t reserved;
  uint32_t intid;
};
_Static_assert(sizeof(struct gl_irq_ack_reply) == 8, "gl_irq_ack_reply");

/* Ends an acknowledged interrupt: ICC_EOIR1_EL1. */
struct GH_PACKED gl_irq_end {
  uint32_t intid;
};
_Static_assert(sizeof(struct gl_irq_end) == 4, "gl_irq_end");

/* Ends an acknowledged interrupt: ICC_EOIR1_EL1. */
struct GH_PACKED gl_irq_end_reply {
  uint16_t status;
  uint16_t reserved;
};
_Static_assert(sizeof(struct gl_irq_end_reply) == 4, "gl_irq_end_reply");

/* Answered when an interrupt is deliverable, or after timeout_ns of virtual time (0: none). */
struct GH_PACKED gl_wfi {
  uint64_t timeout_ns;
};
_Static_assert(sizeof(struct gl_wfi) == 8, "gl_wfi");

/* Answered when an interrupt is deliverable, or after timeout_ns of virtual time (0: none). */
struct GH_PACKED gl_wfi_reply {
  uint16_t status;
  uint16_t pending;
  uint32_t reserved;
  uint64_t now_ns;
};
_Static_assert(sizeof(struct gl_wfi_reply) == 16, "gl_wfi_reply");

/* Lets virtual time pass. */
struct GH_PACKED gl_time {
  uint64_t advance_ns;
};
_Static_assert(sizeof(struct gl_time) == 8, "gl_time");

/* Lets virtual time pass. */
struct GH_PACKED gl_time_reply {
  uint16_t status;
  uint16_t reserved;
  uint32_t reserved2;
  uint64_t now_ns;
};
_Static_assert(sizeof(struct gl_time_reply) == 16, "gl_time_reply");

/* RPC-only mode: one message-queue packet to RM, 1 to 240 bytes. `not_full` 0: the queue is full after it; status OK with queued 0: it was full before and stayed so, the packet was not sent. */
struct GH_PACKED gl_rpc_send_reply {
  uint16_t status;
  uint8_t queued;
  uint8_t not_full;
};
_Static_assert(sizeof(struct gl_rpc_send_reply) == 4, "gl_rpc_send_reply");

/* Clean close: answered, then the connection ends. */
struct GH_PACKED gl_bye_reply {
  uint16_t status;
  uint16_t reserved;
};
_Static_assert(sizeof(struct gl_bye_reply) == 4, "gl_bye_reply");

/* An interrupt became deliverable to this vCPU (sent once until IRQ_ACK has returned 1023). */
struct GH_PACKED gl_irq {
  uint32_t reserved;
};
_Static_assert(sizeof(struct gl_irq) == 4, "gl_irq");

/* The vCPU was started at an entry point: turned on, or reset while it was on. Comes before the reply to any operation behind that, once for every entry that HELLO has not told. */
struct GH_PACKED gl_start {
  uint64_t x0;
  uint64_t pc;
};
_Static_assert(sizeof(struct gl_start) == 16, "gl_start");

#endif
