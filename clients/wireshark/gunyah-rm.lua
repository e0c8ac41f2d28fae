-- Wireshark dissector for packets of Gunyah's Resource Manager as gunyah-sim writes them (--pcap): link type USER0.
-- wireshark -X lua_script:gunyah-rm.lua file.pcapng
-- Generated from spec/ by tools/generate.ts; edit the specification, not this file.
local BYTE0 = 0x21
local MAX_CONTENT = 232
local MAX_FRAGMENTS = 62
local ERRORS = {[0]="OK",[1]="NOMEM",[2]="NORESOURCE",[3]="DENIED",[4]="MSG_INVALID",[5]="BUSY",[6]="ARGUMENT_INVALID",[7]="HANDLE_INVALID",[8]="VALIDATE_FAILED",[9]="MAP_FAILED",[10]="MEM_INVALID",[11]="MEM_INUSE",[12]="MEM_RELEASED",[13]="VMID_INVALID",[14]="LOOKUP_FAILED",[15]="IRQ_INVALID",[16]="IRQ_INUSE",[17]="IRQ_RELEASED",[18]="IN_USE",[19]="IRQ_NOT_MAPPED",[20]="VM_STATE",[4294967295]="UNIMPLEMENTED"}
local ENUMS = {
  VmState = {[0]="NONE",[1]="INIT",[2]="READY",[3]="RUNNING",[4]="PAUSED",[5]="LOAD",[6]="AUTH",[8]="INIT_FAILED",[9]="EXITED",[10]="RESETTING",[11]="RESET"},
  OsState = {[0]="NONE",[1]="EARLY_BOOT",[2]="BOOT",[3]="INIT",[4]="RUN",[5]="SHUTDOWN",[6]="HALTED",[7]="CRASHED"},
  ExitType = {[0]="VM_EXIT",[1]="PLATFORM_OFF",[2]="PLATFORM_RESET",[3]="PSCI_SYSTEM_RESET2",[4]="WATCHDOG_BITE",[5]="SOFTWARE_ERROR",[6]="ASYNC_HW_ERROR",[7]="VM_STOP_FORCED"},
  ExitCode = {[0]="NORMAL",[1]="SOFTWARE_ERROR",[2]="UNKNOWN_ERROR",[3]="BUS_ERROR",[4]="DEVICE_ERROR"},
  ResetStage = {[0]="INIT",[1]="DESTROY_VDEVICES",[2]="RELEASE_MEMPARCELS",[3]="RELEASE_IRQS",[4]="DESTROY_VM",[5]="CLEANUP_VM",[6]="COMPLETED"},
  ParcelState = {[0]="INIT",[1]="SHARING",[2]="SHARED"},
  IrqMapState = {[0]="RESERVED",[1]="UNBOUND",[2]="BOUND",[3]="LENDING"},
  IrqLendState = {[0]="NONE",[1]="OFFERED",[2]="ACCEPTED",[3]="ACCEPTED_STATIC"},
  MemType = {[0]="NORMAL",[1]="IO"},
  TransType = {[0]="DONATE",[1]="LEND",[2]="SHARE"},
  MemRights = {[4]="R",[5]="RX",[6]="RW",[7]="RWX"},
  MemAttr = {[0]="NORMAL",[1]="DEVICE",[2]="UNCACHED",[3]="CACHED"},
  AuthType = {[0]="NONE",[1]="PLATFORM",[2]="ANDROID"},
  ResourceType = {[0]="DOORBELL_SRC",[1]="DOORBELL",[2]="MSG_QUEUE_SEND",[3]="MSG_QUEUE_RECV",[4]="VIRTUAL_CPU",[5]="VIRTUAL_PM",[6]="VIRTIO_MMIO",[7]="VRTC",[8]="WATCHDOG"},
  IdType = {[0]="GUID",[1]="URI",[2]="NAME",[3]="SIGN_AUTH"},
  RpcType = {[0]="CONTINUED",[1]="REQUEST",[2]="REPLY",[3]="NOTIFICATION"},
  MemNotifyFlag = {[1]="SHARED",[2]="RELEASED",[4]="ACCEPTED",[8]="RECALL"},
  IrqNotifyFlag = {[1]="LENT",[2]="RELEASED",[4]="ACCEPTED"},
  IpaReserveType = {[0]="FIXED",[1]="ALLOCATE"},
  VcpuRunState = {[0]="READY",[1]="EXPECTS_WAKEUP",[2]="POWERED_OFF",[3]="BLOCKED",[4]="ADDRSPACE_VMMIO_READ",[5]="ADDRSPACE_VMMIO_WRITE",[6]="FAULT",[256]="PSCI_SYSTEM_RESET"},
  VcpuVirqType = {[0]="HALT",[1]="VCPU_RUN_WAKEUP"},
  VcpuRegisterSet = {[0]="X",[1]="PC",[2]="SP_EL"},
  WakeupFrom = {[1]="WFI",[2]="PSCI_CPU_SUSPEND",[3]="PSCI_SYSTEM_SUSPEND"},
  YieldHint = {[0]="YIELD",[1]="YIELD_TO"},
  VpmState = {[0]="NO_STATE",[1]="RUNNING",[2]="CPUS_SUSPENDED",[3]="SYSTEM_SUSPENDED"},
  DonateType = {[0]="TO_CHILD",[1]="TO_PARENT",[2]="TO_SIBLING"},
  ModifyOp = {[0]="UNMAP_ALL",[1]="ZERO_RANGE",[2]="CACHE_CLEAN_RANGE",[3]="CACHE_FLUSH_RANGE",[255]="SYNC_ALL"},
  ExtentType = {[0]="BASIC",[1]="SPARSE"},
  ExtentMemType = {[0]="ANY",[1]="DEVICE",[2]="UNCACHED",[3]="CACHED"},
  MapMemType = {[0]="DEVICE_NGNRNE",[1]="DEVICE_NGNRE",[2]="DEVICE_NGRE",[3]="DEVICE_GRE",[5]="NORMAL_NC",[6]="NORMAL_ONC_IWT",[7]="NORMAL_ONC_IWB",[9]="NORMAL_OWT_INC",[10]="NORMAL_WT",[11]="NORMAL_OWT_IWB",[13]="NORMAL_OWB_INC",[14]="NORMAL_OWB_IWT",[15]="NORMAL_WB"},
  Access = {[0]="NONE",[1]="X",[2]="W",[4]="R",[5]="RX",[6]="RW",[7]="RWX"},
  VmmioOp = {[0]="ADD",[1]="REMOVE"},
}
local LISTS = {
  ACL = {size=4,fields={{n="vmid",k="acl.vmid",o=0,s=2},{n="rights",k="acl.rights",o=2,s=1,e="MemRights"},{n="reserved",k="acl.reserved",o=3,s=1}}},
  SGL = {size=16,fields={{n="ipa",k="sgl.ipa",o=0,s=8,x=true},{n="size",k="sgl.size",o=8,s=8,x=true}}},
  ATTR = {size=4,fields={{n="attr",k="attr.attr",o=0,s=2,e="MemAttr"},{n="vmid",k="attr.vmid",o=2,s=2}}},
  VMID = {size=4,fields={{n="vmid",k="vmid.vmid",o=0,s=2},{n="reserved",k="vmid.reserved",o=2,s=2}}},
  VMID32 = {size=4,fields={{n="vmid",k="vmid32.vmid",o=0,s=4}}},
  SIZE = {size=8,fields={{n="size",k="size.size",o=0,s=8,x=true}}},
  AUTH_PARAM = {size=8,fields={{n="type",k="auth_param.type",o=0,s=4},{n="value",k="auth_param.value",o=4,s=4}}},
  IPA_FIXED = {size=16,fields={{n="base",k="ipa_fixed.base",o=0,s=8,x=true},{n="size",k="ipa_fixed.size",o=8,s=8,x=true}}},
  IPA_ALLOC = {size=32,fields={{n="region_base",k="ipa_alloc.region_base",o=0,s=8,x=true},{n="region_size",k="ipa_alloc.region_size",o=8,s=8,x=true},{n="size",k="ipa_alloc.size",o=16,s=8,x=true},{n="alignment",k="ipa_alloc.alignment",o=24,s=8,x=true}}},
  IPA = {size=8,fields={{n="ipa",k="ipa.ipa",o=0,s=8,x=true}}},
  RESOURCE = {size=44,fields={{n="type",k="resource.type",o=0,s=1,e="ResourceType"},{n="reserved",k="resource.reserved",o=1,s=1},{n="partner_vmid",k="resource.partner_vmid",o=2,s=2},{n="resource_handle",k="resource.resource_handle",o=4,s=4},{n="label",k="resource.label",o=8,s=4,x=true},{n="cap_id",k="resource.cap_id",o=12,s=8,x=true},{n="virq_handle",k="resource.virq_handle",o=20,s=4},{n="virq",k="resource.virq",o=24,s=4},{n="base",k="resource.base",o=28,s=8,x=true},{n="size",k="resource.size",o=36,s=8,x=true}}},
  ID = {size=0,fields={{n="type",k="id.type",o=0,s=1,e="IdType"},{n="reserved",k="id.reserved",o=1,s=1},{n="size",k="id.size",o=2,s=2}}},
}
local MESSAGES = {
  [0x56000001] = {name="VM_ALLOCATE",payload={fields={{n="vmid",k="vm_allocate.request.vmid",o=0,s=2},{n="reserved",k="vm_allocate.request.reserved",o=2,s=2}},data={}},reply={fields={{n="vmid",k="vm_allocate.reply.vmid",o=4,s=4}},data={}}},
  [0x56000002] = {name="VM_DEALLOCATE",payload={fields={{n="vmid",k="vm_deallocate.request.vmid",o=0,s=2},{n="reserved",k="vm_deallocate.request.reserved",o=2,s=2}},data={}}},
  [0x56000004] = {name="VM_START",payload={fields={{n="vmid",k="vm_start.request.vmid",o=0,s=2},{n="reserved",k="vm_start.request.reserved",o=2,s=2}},data={}}},
  [0x56000005] = {name="VM_STOP",payload={fields={{n="vmid",k="vm_stop.request.vmid",o=0,s=2},{n="flags",k="vm_stop.request.flags",o=2,s=1,x=true},{n="reserved",k="vm_stop.request.reserved",o=3,s=1},{n="stop_reason",k="vm_stop.request.stop_reason",o=4,s=4}},data={}}},
  [0x56000006] = {name="VM_RESET",payload={fields={{n="vmid",k="vm_reset.request.vmid",o=0,s=2},{n="reserved",k="vm_reset.request.reserved",o=2,s=2}},data={}}},
  [0x56000007] = {name="VM_SUSPEND"},
  [0x56000008] = {name="VM_RESUME"},
  [0x56000010] = {name="VM_GET_ID",payload={fields={{n="vmid",k="vm_get_id.request.vmid",o=0,s=2},{n="reserved",k="vm_get_id.request.reserved",o=2,s=2}},data={}},reply={fields={{n="count",k="vm_get_id.reply.count",o=4,s=4,count="ids"}},data={{kind="special",n="ids",k="vm_get_id.reply.ids",list="ID",special="ids"}}}},
  [0x56000011] = {name="VM_LOOKUP_URI",payload={fields={{n="length",k="vm_lookup_uri.request.length",o=0,s=2,len="uri"},{n="reserved",k="vm_lookup_uri.request.reserved",o=2,s=2}},data={{kind="bytes",n="uri",k="vm_lookup_uri.request.uri",text=true}}},reply={fields={{n="count",k="vm_lookup_uri.reply.count",o=4,s=4,count="vms"}},data={{kind="entries",n="vms",k="vm_lookup_uri.reply.vms",list="VMID"}}}},
  [0x56000012] = {name="VM_LOOKUP_GUID",payload={fields={{n="guid",k="vm_lookup_guid.request.guid",o=0,s=16}},data={}},reply={fields={{n="count",k="vm_lookup_guid.reply.count",o=4,s=4,count="vms"}},data={{kind="entries",n="vms",k="vm_lookup_guid.reply.vms",list="VMID"}}}},
  [0x56000013] = {name="VM_LOOKUP_NAME",payload={fields={{n="length",k="vm_lookup_name.request.length",o=0,s=2,len="name"},{n="reserved",k="vm_lookup_name.request.reserved",o=2,s=2}},data={{kind="bytes",n="name",k="vm_lookup_name.request.name",text=true}}},reply={fields={{n="count",k="vm_lookup_name.reply.count",o=4,s=4,count="vms"}},data={{kind="entries",n="vms",k="vm_lookup_name.reply.vms",list="VMID"}}}},
  [0x56000015] = {name="VM_GET_OWNER",payload={fields={},data={}},reply={fields={{n="vmid",k="vm_get_owner.reply.vmid",o=4,s=4}},data={}}},
  [0x56000017] = {name="VM_GET_STATE",payload={fields={{n="vmid",k="vm_get_state.request.vmid",o=0,s=2},{n="reserved",k="vm_get_state.request.reserved",o=2,s=2}},data={}},reply={fields={{n="vm_state",k="vm_get_state.reply.vm_state",o=4,s=1,e="VmState"},{n="os_state",k="vm_get_state.reply.os_state",o=5,s=1,e="OsState"},{n="app_status",k="vm_get_state.reply.app_status",o=6,s=2}},data={}}},
  [0x56000019] = {name="VM_GET_CRASH_MSG",payload={fields={{n="vmid",k="vm_get_crash_msg.request.vmid",o=0,s=2},{n="reserved",k="vm_get_crash_msg.request.reserved",o=2,s=2}},data={}},reply={fields={{n="length",k="vm_get_crash_msg.reply.length",o=4,s=2,len="message"},{n="reserved",k="vm_get_crash_msg.reply.reserved",o=6,s=2}},data={{kind="bytes",n="message",k="vm_get_crash_msg.reply.message",text=true}}}},
  [0x56000024] = {name="VM_GET_VMID",payload={fields={},data={}},reply={fields={{n="vmid",k="vm_get_vmid.reply.vmid",o=4,s=4}},data={}}},
  [0x56000025] = {name="VM_GET_PEERS",payload={fields={},data={}},reply={fields={{n="count",k="vm_get_peers.reply.count",o=4,s=4,count="peers"}},data={{kind="entries",n="peers",k="vm_get_peers.reply.peers",list="VMID32"}}}},
  [0x56000030] = {name="VM_SET_TIME_BASE",payload={fields={{n="vmid",k="vm_set_time_base.request.vmid",o=0,s=2},{n="reserved",k="vm_set_time_base.request.reserved",o=2,s=2},{n="time_base",k="vm_set_time_base.request.time_base",o=4,s=8},{n="sys_timer_ref",k="vm_set_time_base.request.sys_timer_ref",o=12,s=8}},data={}}},
  [0x56000031] = {name="VM_SET_CONTEXT"},
  [0x56000080] = {name="VM_SET_STATUS",payload={fields={{n="reserved",k="vm_set_status.request.reserved",o=0,s=1},{n="os_state",k="vm_set_status.request.os_state",o=1,s=1,e="OsState"},{n="app_status",k="vm_set_status.request.app_status",o=2,s=2}},data={}}},
  [0x56000085] = {name="VM_EXIT",payload={fields={{n="exit_flags",k="vm_exit.request.exit_flags",o=0,s=2,x=true},{n="exit_code",k="vm_exit.request.exit_code",o=2,s=1,e="ExitCode"},{n="reserved",k="vm_exit.request.reserved",o=3,s=1}},data={}}},
  [0x56000086] = {name="VM_SET_CRASH_MSG",payload={fields={{n="length",k="vm_set_crash_msg.request.length",o=0,s=2,len="message"},{n="reserved",k="vm_set_crash_msg.request.reserved",o=2,s=2}},data={{kind="bytes",n="message",k="vm_set_crash_msg.request.message",text=true}}}},
  [0x560000a0] = {name="VM_HOST_GET_TYPE",payload={fields={},data={}},reply={fields={{n="host_type",k="vm_host_get_type.reply.host_type",o=4,s=4,x=true}},data={}}},
  [0x56000009] = {name="VM_CONFIG_IMAGE",payload={fields={{n="vmid",k="vm_config_image.request.vmid",o=0,s=2},{n="auth_type",k="vm_config_image.request.auth_type",o=2,s=2,e="AuthType"},{n="image_handle",k="vm_config_image.request.image_handle",o=4,s=4,x=true},{n="image_offset",k="vm_config_image.request.image_offset",o=8,s=8,x=true},{n="image_size",k="vm_config_image.request.image_size",o=16,s=8,x=true},{n="dt_offset",k="vm_config_image.request.dt_offset",o=24,s=8,x=true},{n="dt_size",k="vm_config_image.request.dt_size",o=32,s=8,x=true}},data={}}},
  [0x5600000a] = {name="VM_AUTH_IMAGE",payload={fields={{n="vmid",k="vm_auth_image.request.vmid",o=0,s=2},{n="count",k="vm_auth_image.request.count",o=2,s=2,count="params"}},data={{kind="entries",n="params",k="vm_auth_image.request.params",list="AUTH_PARAM"}}}},
  [0x5600000b] = {name="VM_INIT",payload={fields={{n="vmid",k="vm_init.request.vmid",o=0,s=2},{n="reserved",k="vm_init.request.reserved",o=2,s=2}},data={}}},
  [0x51000010] = {name="MEM_DONATE",payload={fields={{n="mem_type",k="mem_donate.request.mem_type",o=0,s=1,e="MemType"},{n="reserved1",k="mem_donate.request.reserved1",o=1,s=1},{n="flags",k="mem_donate.request.flags",o=2,s=1,x=true},{n="reserved2",k="mem_donate.request.reserved2",o=3,s=1},{n="label",k="mem_donate.request.label",o=4,s=4,x=true}},data={{kind="list",n="acl",k="mem_donate.request.acl",list="ACL"},{kind="list",n="sgl",k="mem_donate.request.sgl",list="SGL"},{kind="list",n="attr",k="mem_donate.request.attr",list="ATTR"}}},reply={fields={{n="handle",k="mem_donate.reply.handle",o=4,s=4,x=true}},data={}}},
  [0x51000012] = {name="MEM_LEND",payload={fields={{n="mem_type",k="mem_lend.request.mem_type",o=0,s=1,e="MemType"},{n="reserved1",k="mem_lend.request.reserved1",o=1,s=1},{n="flags",k="mem_lend.request.flags",o=2,s=1,x=true},{n="reserved2",k="mem_lend.request.reserved2",o=3,s=1},{n="label",k="mem_lend.request.label",o=4,s=4,x=true}},data={{kind="list",n="acl",k="mem_lend.request.acl",list="ACL"},{kind="list",n="sgl",k="mem_lend.request.sgl",list="SGL"},{kind="list",n="attr",k="mem_lend.request.attr",list="ATTR"}}},reply={fields={{n="handle",k="mem_lend.reply.handle",o=4,s=4,x=true}},data={}}},
  [0x51000013] = {name="MEM_SHARE",payload={fields={{n="mem_type",k="mem_share.request.mem_type",o=0,s=1,e="MemType"},{n="reserved1",k="mem_share.request.reserved1",o=1,s=1},{n="flags",k="mem_share.request.flags",o=2,s=1,x=true},{n="reserved2",k="mem_share.request.reserved2",o=3,s=1},{n="label",k="mem_share.request.label",o=4,s=4,x=true}},data={{kind="list",n="acl",k="mem_share.request.acl",list="ACL"},{kind="list",n="sgl",k="mem_share.request.sgl",list="SGL"},{kind="list",n="attr",k="mem_share.request.attr",list="ATTR"}}},reply={fields={{n="handle",k="mem_share.reply.handle",o=4,s=4,x=true}},data={}}},
  [0x51000018] = {name="MEM_APPEND",payload={fields={{n="handle",k="mem_append.request.handle",o=0,s=4,x=true},{n="flags",k="mem_append.request.flags",o=4,s=1,x=true},{n="reserved1",k="mem_append.request.reserved1",o=5,s=1},{n="reserved2",k="mem_append.request.reserved2",o=6,s=2}},data={{kind="list",n="sgl",k="mem_append.request.sgl",list="SGL"}}}},
  [0x51000011] = {name="MEM_ACCEPT",payload={fields={{n="handle",k="mem_accept.request.handle",o=0,s=4,x=true},{n="mem_type",k="mem_accept.request.mem_type",o=4,s=1,e="MemType"},{n="trans_type",k="mem_accept.request.trans_type",o=5,s=1,e="TransType"},{n="flags",k="mem_accept.request.flags",o=6,s=1,x=true},{n="reserved",k="mem_accept.request.reserved",o=7,s=1},{n="label",k="mem_accept.request.label",o=8,s=4,x=true}},data={{kind="list",n="acl",k="mem_accept.request.acl",list="ACL"},{kind="list",n="sgl",k="mem_accept.request.sgl",list="SGL"},{kind="list",n="attr",k="mem_accept.request.attr",list="ATTR"}}},reply={fields={{n="count",k="mem_accept.reply.count",o=4,s=2,count="sgl"},{n="flags",k="mem_accept.reply.flags",o=6,s=1},{n="reserved",k="mem_accept.reply.reserved",o=7,s=1}},data={{kind="entries",n="sgl",k="mem_accept.reply.sgl",list="SGL"}}}},
  [0x51000014] = {name="MEM_RELEASE",payload={fields={{n="handle",k="mem_release.request.handle",o=0,s=4,x=true},{n="flags",k="mem_release.request.flags",o=4,s=1,x=true},{n="reserved1",k="mem_release.request.reserved1",o=5,s=1},{n="reserved2",k="mem_release.request.reserved2",o=6,s=2}},data={}}},
  [0x51000015] = {name="MEM_RECLAIM",payload={fields={{n="handle",k="mem_reclaim.request.handle",o=0,s=4,x=true},{n="flags",k="mem_reclaim.request.flags",o=4,s=1,x=true},{n="reserved1",k="mem_reclaim.request.reserved1",o=5,s=1},{n="reserved2",k="mem_reclaim.request.reserved2",o=6,s=2}},data={}}},
  [0x51000017] = {name="MEM_NOTIFY",payload={fields={{n="handle",k="mem_notify.request.handle",o=0,s=4,x=true},{n="flags",k="mem_notify.request.flags",o=4,s=1,e="MemNotifyFlag"},{n="reserved1",k="mem_notify.request.reserved1",o=5,s=1},{n="reserved2",k="mem_notify.request.reserved2",o=6,s=2},{n="mem_info_tag",k="mem_notify.request.mem_info_tag",o=8,s=4,x=true}},data={{kind="list",n="vms",k="mem_notify.request.vms",list="VMID"}}}},
  [0x5100001a] = {name="MEM_QCOM_LOOKUP_SGL",payload={fields={{n="mem_type",k="mem_qcom_lookup_sgl.request.mem_type",o=0,s=1,e="MemType"},{n="reserved1",k="mem_qcom_lookup_sgl.request.reserved1",o=1,s=1},{n="reserved2",k="mem_qcom_lookup_sgl.request.reserved2",o=2,s=2},{n="label",k="mem_qcom_lookup_sgl.request.label",o=4,s=4,x=true}},data={{kind="list",n="acl",k="mem_qcom_lookup_sgl.request.acl",list="ACL"},{kind="list",n="sgl",k="mem_qcom_lookup_sgl.request.sgl",list="SGL"},{kind="list",n="attr",k="mem_qcom_lookup_sgl.request.attr",list="ATTR"}}},reply={fields={{n="handle",k="mem_qcom_lookup_sgl.reply.handle",o=4,s=4,x=true}},data={}}},
  [0x51000020] = {name="FW_MILESTONE",payload={fields={},data={}}},
  [0x51000021] = {name="FW_SET_VM_FIRMWARE",payload={fields={{n="auth_type",k="fw_set_vm_firmware.request.auth_type",o=0,s=2,e="AuthType"},{n="reserved",k="fw_set_vm_firmware.request.reserved",o=2,s=2},{n="handle",k="fw_set_vm_firmware.request.handle",o=4,s=4,x=true},{n="offset",k="fw_set_vm_firmware.request.offset",o=8,s=8,x=true},{n="size",k="fw_set_vm_firmware.request.size",o=16,s=8,x=true}},data={}}},
  [0x56000032] = {name="VM_SET_FIRMWARE_MEM",payload={fields={{n="vmid",k="vm_set_firmware_mem.request.vmid",o=0,s=2},{n="reserved",k="vm_set_firmware_mem.request.reserved",o=2,s=2},{n="handle",k="vm_set_firmware_mem.request.handle",o=4,s=4,x=true},{n="offset",k="vm_set_firmware_mem.request.offset",o=8,s=8,x=true},{n="size",k="vm_set_firmware_mem.request.size",o=16,s=8,x=true}},data={}}},
  [0x56000020] = {name="VM_GET_HYP_RESOURCES",payload={fields={{n="vmid",k="vm_get_hyp_resources.request.vmid",o=0,s=2},{n="reserved",k="vm_get_hyp_resources.request.reserved",o=2,s=2}},data={}},reply={fields={{n="count",k="vm_get_hyp_resources.reply.count",o=4,s=4,count="resources"}},data={{kind="entries",n="resources",k="vm_get_hyp_resources.reply.resources",list="RESOURCE"}}}},
  [0x56000021] = {name="VM_GET_HYP_CAPIDS"},
  [0x56000022] = {name="VM_GET_HYP_IRQS"},
  [0x56000051] = {name="VM_IRQ_LEND",payload={fields={{n="borrower",k="vm_irq_lend.request.borrower",o=0,s=2},{n="reserved",k="vm_irq_lend.request.reserved",o=2,s=2},{n="virq",k="vm_irq_lend.request.virq",o=4,s=4},{n="label",k="vm_irq_lend.request.label",o=8,s=4,x=true}},data={}},reply={fields={{n="handle",k="vm_irq_lend.reply.handle",o=4,s=4,x=true}},data={}}},
  [0x56000050] = {name="VM_IRQ_ACCEPT",payload={fields={{n="handle",k="vm_irq_accept.request.handle",o=0,s=4,x=true},{n="virq",k="vm_irq_accept.request.virq",o=4,s=4}},data={}},reply={fields={{n="virq",k="vm_irq_accept.reply.virq",o=4,s=4}},data={}}},
  [0x56000052] = {name="VM_IRQ_RELEASE",payload={fields={{n="handle",k="vm_irq_release.request.handle",o=0,s=4,x=true}},data={}}},
  [0x56000053] = {name="VM_IRQ_RECLAIM",payload={fields={{n="handle",k="vm_irq_reclaim.request.handle",o=0,s=4,x=true}},data={}}},
  [0x56000054] = {name="VM_IRQ_NOTIFY",payload={fields={{n="handle",k="vm_irq_notify.request.handle",o=0,s=4,x=true},{n="flags",k="vm_irq_notify.request.flags",o=4,s=4,e="IrqNotifyFlag"}},data={{kind="list",n="vms",k="vm_irq_notify.request.vms",list="VMID"}}}},
  [0x56000055] = {name="VM_IRQ_UNMAP"},
  [0x56000081] = {name="VM_CONSOLE_OPEN",payload={fields={{n="target",k="vm_console_open.request.target",o=0,s=2},{n="reserved",k="vm_console_open.request.reserved",o=2,s=2}},data={}}},
  [0x56000082] = {name="VM_CONSOLE_CLOSE",payload={fields={{n="target",k="vm_console_close.request.target",o=0,s=2},{n="reserved",k="vm_console_close.request.reserved",o=2,s=2}},data={}}},
  [0x56000083] = {name="VM_CONSOLE_WRITE",payload={fields={{n="target",k="vm_console_write.request.target",o=0,s=2},{n="length",k="vm_console_write.request.length",o=2,s=2,len="chars"}},data={{kind="bytes",n="chars",k="vm_console_write.request.chars",text=true}}}},
  [0x56000084] = {name="VM_CONSOLE_FLUSH",payload={fields={{n="target",k="vm_console_flush.request.target",o=0,s=2},{n="reserved",k="vm_console_flush.request.reserved",o=2,s=2}},data={}}},
  [0x560000b0] = {name="IPA_RESERVE",payload={fields={{n="type",k="ipa_reserve.request.type",o=0,s=1,e="IpaReserveType"},{n="reserved1",k="ipa_reserve.request.reserved1",o=1,s=1},{n="reserved2",k="ipa_reserve.request.reserved2",o=2,s=2},{n="generic_constraints",k="ipa_reserve.request.generic_constraints",o=4,s=4,x=true},{n="platform_constraints",k="ipa_reserve.request.platform_constraints",o=8,s=4,x=true},{n="count",k="ipa_reserve.request.count",o=12,s=4,count="ranges"}},data={{kind="special",n="ranges",k="ipa_reserve.request.ranges",list="IPA_FIXED",special="ipa_ranges"}}},reply={fields={{n="count",k="ipa_reserve.reply.count",o=4,s=4,count="ipas"}},data={{kind="entries",n="ipas",k="ipa_reserve.reply.ipas",list="IPA"}}}},
  [0x560000b1] = {name="IPA_UNRESERVE"},
  [0x51100011] = {name="MEM_SHARED",payload={fields={{n="handle",k="mem_shared.notification.handle",o=0,s=4,x=true},{n="mem_type",k="mem_shared.notification.mem_type",o=4,s=1,e="MemType"},{n="trans_type",k="mem_shared.notification.trans_type",o=5,s=1,e="TransType"},{n="flags",k="mem_shared.notification.flags",o=6,s=1,x=true},{n="reserved1",k="mem_shared.notification.reserved1",o=7,s=1},{n="owner",k="mem_shared.notification.owner",o=8,s=2},{n="reserved2",k="mem_shared.notification.reserved2",o=10,s=2},{n="label",k="mem_shared.notification.label",o=12,s=4,x=true},{n="mem_info_tag",k="mem_shared.notification.mem_info_tag",o=16,s=4,x=true}},data={{kind="list",n="acl",k="mem_shared.notification.acl",list="ACL"},{kind="list",n="regions",k="mem_shared.notification.regions",list="SIZE"},{kind="list",n="attr",k="mem_shared.notification.attr",list="ATTR"}}}},
  [0x51100012] = {name="MEM_RELEASED",payload={fields={{n="handle",k="mem_released.notification.handle",o=0,s=4,x=true},{n="vmid",k="mem_released.notification.vmid",o=4,s=2},{n="reserved",k="mem_released.notification.reserved",o=6,s=2},{n="mem_info_tag",k="mem_released.notification.mem_info_tag",o=8,s=4,x=true}},data={}}},
  [0x51100013] = {name="MEM_ACCEPTED",payload={fields={{n="handle",k="mem_accepted.notification.handle",o=0,s=4,x=true},{n="vmid",k="mem_accepted.notification.vmid",o=4,s=2},{n="reserved",k="mem_accepted.notification.reserved",o=6,s=2},{n="mem_info_tag",k="mem_accepted.notification.mem_info_tag",o=8,s=4,x=true}},data={}}},
  [0x51100014] = {name="MEM_RECALL",payload={fields={{n="handle",k="mem_recall.notification.handle",o=0,s=4,x=true},{n="mem_info_tag",k="mem_recall.notification.mem_info_tag",o=4,s=4,x=true}},data={}}},
  [0x56100001] = {name="VM_EXITED",payload={fields={{n="vmid",k="vm_exited.notification.vmid",o=0,s=2},{n="exit_type",k="vm_exited.notification.exit_type",o=2,s=2,e="ExitType"},{n="reason_size",k="vm_exited.notification.reason_size",o=4,s=4},{n="exit_flags",k="vm_exited.notification.exit_flags",o=8,s=2,x=true},{n="exit_code",k="vm_exited.notification.exit_code",o=10,s=2,e="ExitCode"},{n="reset_type",k="vm_exited.notification.reset_type",o=12,s=4,x=true},{n="cookie",k="vm_exited.notification.cookie",o=16,s=8,x=true}},data={}}},
  [0x56100002] = {name="VM_SHUTDOWN",payload={fields={{n="stop_reason",k="vm_shutdown.notification.stop_reason",o=0,s=4}},data={}}},
  [0x56100008] = {name="VM_STATUS",payload={fields={{n="vmid",k="vm_status.notification.vmid",o=0,s=2},{n="reserved",k="vm_status.notification.reserved",o=2,s=2},{n="vm_state",k="vm_status.notification.vm_state",o=4,s=1,e="VmState"},{n="os_state",k="vm_status.notification.os_state",o=5,s=1,e="OsState"},{n="app_status",k="vm_status.notification.app_status",o=6,s=2}},data={}}},
  [0x56100011] = {name="VM_IRQ_LENT",payload={fields={{n="owner",k="vm_irq_lent.notification.owner",o=0,s=2},{n="reserved",k="vm_irq_lent.notification.reserved",o=2,s=2},{n="handle",k="vm_irq_lent.notification.handle",o=4,s=4,x=true},{n="label",k="vm_irq_lent.notification.label",o=8,s=4,x=true}},data={}}},
  [0x56100012] = {name="VM_IRQ_RELEASED",payload={fields={{n="handle",k="vm_irq_released.notification.handle",o=0,s=4,x=true}},data={}}},
  [0x56100013] = {name="VM_IRQ_ACCEPTED",payload={fields={{n="handle",k="vm_irq_accepted.notification.handle",o=0,s=4,x=true}},data={}}},
  [0x56100080] = {name="VM_CONSOLE_CHARS",payload={fields={{n="from",k="vm_console_chars.notification.from",o=0,s=2},{n="length",k="vm_console_chars.notification.length",o=2,s=2,len="chars"}},data={{kind="bytes",n="chars",k="vm_console_chars.notification.chars",text=true}}}},
}

local proto = Proto("gunyah_rm", "Gunyah Resource Manager RPC")
local TYPES = {[0] = "CONTINUED", [1] = "REQUEST", [2] = "REPLY", [3] = "NOTIFICATION"}
local names = {}
for id, m in pairs(MESSAGES) do names[id] = m.name end
local F = {
  direction = ProtoField.uint8("gunyah_rm.direction", "Direction", base.DEC, {[0] = "to RM", [1] = "from RM", [2] = "between VMs"}),
  vmid = ProtoField.uint16("gunyah_rm.vmid", "VM", base.DEC),
  queue = ProtoField.uint32("gunyah_rm.queue", "Queue", base.DEC),
  time = ProtoField.uint64("gunyah_rm.time", "Virtual time (ns)", base.DEC),
  version = ProtoField.uint8("gunyah_rm.version", "Version", base.DEC, nil, 0x0f),
  words = ProtoField.uint8("gunyah_rm.header_words", "Header words", base.DEC, nil, 0xf0),
  type = ProtoField.uint8("gunyah_rm.type", "Type", base.DEC, TYPES, 0x03),
  fragments = ProtoField.uint8("gunyah_rm.fragments", "Additional fragments", base.DEC, nil, 0xfc),
  seq = ProtoField.uint16("gunyah_rm.seq", "Sequence", base.DEC),
  id = ProtoField.uint32("gunyah_rm.id", "Message", base.HEX, names),
  error = ProtoField.uint32("gunyah_rm.error", "Error", base.DEC, ERRORS),
  content = ProtoField.bytes("gunyah_rm.content", "Content"),
  message = ProtoField.bytes("gunyah_rm.message", "Reassembled message"),
  message_length = ProtoField.uint32("gunyah_rm.message.length", "Reassembled length", base.DEC),
  fragment = ProtoField.uint8("gunyah_rm.fragment", "Fragment", base.DEC),
  fragment_count = ProtoField.uint8("gunyah_rm.fragment.count", "Fragments of the message", base.DEC),
  first_frame = ProtoField.framenum("gunyah_rm.fragment.first", "Message begins in frame", base.NONE, frametype.NONE),
  reassembled_in = ProtoField.framenum("gunyah_rm.reassembled_in", "Reassembled in frame", base.NONE, frametype.NONE),
}
local MAKE = {[1] = ProtoField.uint8, [2] = ProtoField.uint16, [4] = ProtoField.uint32, [8] = ProtoField.uint64}
local function declare(k, f)
  if F[k] then return end
  if not f.s or f.s == 16 then F[k] = (f.text and ProtoField.string or ProtoField.bytes)("gunyah_rm." .. k, f.n)
  else F[k] = MAKE[f.s]("gunyah_rm." .. k, f.n, f.x and base.HEX or base.DEC, f.e and ENUMS[f.e] or nil) end
end
for _, l in pairs(LISTS) do for _, f in ipairs(l.fields) do declare(f.k, f) end end
for _, m in pairs(MESSAGES) do
  for _, p in ipairs({m.payload or false, m.reply or false}) do
    if p then
      for _, f in ipairs(p.fields) do declare(f.k, f) end
      for _, d in ipairs(p.data) do declare(d.k, {n = d.n, text = d.text}) end
    end
  end
end
local all = {}
for _, f in pairs(F) do all[#all + 1] = f end
proto.fields = all
local E = {}
local function complaint(k, text, group, severity)
  E[#E + 1] = ProtoExpert.new("gunyah_rm." .. k, text, group, severity)
  return E[#E]
end
local MALFORMED, SEQUENCE = expert.group.MALFORMED, expert.group.SEQUENCE
local short = complaint("short", "Bytes are missing", MALFORMED, expert.severity.WARN)
local bad_header = complaint("bad_header", "Not a header that RM looks at", MALFORMED, expert.severity.ERROR)
local orphan = complaint("fragment.orphan", "A continuation without a beginning", SEQUENCE, expert.severity.ERROR)
local misfit = complaint("fragment.misfit", "A continuation of another message", SEQUENCE, expert.severity.ERROR)
local interrupted =
  complaint("fragment.interrupted", "The message before this one is not complete", SEQUENCE, expert.severity.WARN)
local unfinished = complaint("fragment.unfinished", "The rest of this message never came", SEQUENCE, expert.severity.WARN)
local not_full = complaint("fragment.not_full", "A fragment that is not full, before the last", expert.group.PROTOCOL, expert.severity.NOTE)
proto.experts = E

local function add_field(tree, buf, at, f, base_at)
  local from = base_at + f.o
  if from + f.s > buf:len() then return nil end
  tree:add_le(F[f.k], buf(from, f.s))
  if f.s == 16 then return 0 end
  return f.s == 8 and buf(from, 4):le_uint() or buf(from, f.s):le_uint()
end

local function add_entries(tree, buf, at, list, name, count)
  for i = 1, count do
    if at + list.size > buf:len() then return at, i - 1 end
    local sub = tree:add(buf(at, list.size), name .. " " .. (i - 1))
    for _, f in ipairs(list.fields) do add_field(sub, buf, at, f, at) end
    at = at + list.size
  end
  return at, count
end

local function add_ids(tree, buf, at, d, count)
  for _ = 1, count do
    if at + 4 > buf:len() then return at end
    local size = buf(at + 2, 2):le_uint()
    local last = math.min(at + 4 + size, buf:len())
    local sub = tree:add(buf(at, last - at), d.n)
    for _, f in ipairs(LISTS.ID.fields) do add_field(sub, buf, at, f, at) end
    if last > at + 4 then sub:add(F[d.k], buf(at + 4, last - at - 4)) end
    at = at + 4 + math.floor((size + 3) / 4) * 4
  end
  return at
end

-- Messages of several packets. RM and its clients send the fragments of a message one after the other, so each direction of a link
-- has at most one that is not complete. Frames are noted on the first pass, which goes through them in order.
local open, frames = {}, {}
function proto.init() open, frames = {}, {} end

-- What is known about a fragment: its number, of how many, the first and the last frame of the message, what is wrong with it.
local function note_fragment(number, stream, h, content)
  local before = open[stream]
  local note = {wrong = {}}
  frames[number] = note
  if h.kind ~= 0 then
    if before then note.wrong[#note.wrong + 1] = {interrupted, before.first} end
    open[stream] = nil
    if h.fragments == 0 then return end
    local message = {first = number, number = 1, count = h.fragments + 1, h = h, data = ByteArray.new()}
    message.data:append(content)
    note.message, note.index = message, 0
    open[stream] = message
  elseif before == nil then
    note.wrong[#note.wrong + 1] = {orphan}
    return
  elseif before.h.seq ~= h.seq or before.h.id ~= h.id or before.h.fragments ~= h.fragments then
    note.wrong[#note.wrong + 1] = {misfit, before.first}
    return
  else
    before.data:append(content)
    note.message, note.index = before, before.number
    before.number = before.number + 1
  end
  local message = note.message
  if message.number == message.count then
    message.last = number
    open[stream] = nil
  elseif content:len() < MAX_CONTENT then note.wrong[#note.wrong + 1] = {not_full} end
end

local function dissect_payload(p, buf, tree, start)
  local at, counts, first = start, {}, nil
  for _, f in ipairs(p.fields) do
    local value = add_field(tree, buf, at, f, 0)
    if value == nil then return end
    if first == nil then first = value end
    at = f.o + f.s
    if f.count then counts[f.count] = value end
    if f.len then counts[f.len] = value end
  end
  for _, d in ipairs(p.data) do
    local list = d.list and LISTS[d.list]
    local want, got = 0, 0
    if d.kind == "list" then
      if at + 4 > buf:len() then return end
      want = buf(at, 2):le_uint()
      at, got = add_entries(tree, buf, at + 4, list, d.n, want)
    elseif d.kind == "entries" then
      want = counts[d.n] or 0
      at, got = add_entries(tree, buf, at, list, d.n, want)
    elseif d.kind == "bytes" then
      want = counts[d.n] or 0
      got = math.min(want, math.max(buf:len() - at, 0))
      if got > 0 then tree:add(F[d.k], buf(at, got)) end
      at = at + math.floor((got + 3) / 4) * 4
    elseif d.special == "ids" then at = add_ids(tree, buf, at, d, counts[d.n] or 0)
    else
      want = (counts[d.n] or 0) % 0x10000
      at, got = add_entries(tree, buf, at, first == 1 and LISTS.IPA_ALLOC or LISTS.IPA_FIXED, d.n, want)
    end
    if got < want then tree:add_proto_expert_info(short) end
  end
end

-- A whole message. Returns what the info column says about it.
local function dissect_message(kind, m, body, tree)
  if kind == 2 then
    if body:len() < 4 then
      tree:add_proto_expert_info(short)
      return ""
    end
    tree:add_le(F.error, body(0, 4))
    local code = body(0, 4):le_uint()
    if code == 0 and m and m.reply then dissect_payload(m.reply, body, tree, 4) end
    return " " .. (ERRORS[code] or code)
  end
  if m and m.payload then dissect_payload(m.payload, body, tree, 0) end
  return ""
end

local function dissect_fragment(note, number, m, tree)
  for _, w in ipairs(note.wrong) do
    tree:add_proto_expert_info(w[1])
    if w[2] then tree:add(F.first_frame, w[2]):set_generated() end
  end
  local message = note.message
  if message == nil then return "" end
  tree:add(F.fragment, note.index):set_generated()
  tree:add(F.fragment_count, message.count):set_generated()
  if note.index > 0 then tree:add(F.first_frame, message.first):set_generated() end
  local info = string.format(" [%d of %d]", note.index + 1, message.count)
  if message.last == nil then
    -- Known once every frame has been seen.
    if message.whole_file_seen then tree:add_proto_expert_info(unfinished) end
    return info
  end
  if number ~= message.last then
    tree:add(F.reassembled_in, message.last):set_generated()
    return info
  end
  local size = message.data:len()
  tree:add(F.message_length, size):set_generated()
  if size == 0 then return info end
  local body = message.data:tvb("Reassembled RM message")
  local sub = tree:add(F.message, body())
  return info .. dissect_message(message.h.kind, m, body, sub)
end

local function dissect_packet(buf, pinfo, tree, stream)
  if buf:len() < 24 then
    tree:add_proto_expert_info(short)
    return "too short"
  end
  tree:add(F.version, buf(16, 1))
  tree:add(F.words, buf(16, 1))
  tree:add(F.type, buf(17, 1))
  tree:add(F.fragments, buf(17, 1))
  tree:add_le(F.seq, buf(18, 2))
  tree:add_le(F.id, buf(20, 4))
  local h = {
    kind = buf(17, 1):uint() % 4,
    fragments = math.floor(buf(17, 1):uint() / 4),
    seq = buf(18, 2):le_uint(),
    id = buf(20, 4):le_uint(),
  }
  local m = MESSAGES[h.id]
  local info = string.format("%s %s seq %d", TYPES[h.kind], m and m.name or string.format("0x%x", h.id), h.seq)
  local has_content = buf:len() > 24
  if buf(16, 1):uint() ~= BYTE0 or h.fragments > MAX_FRAGMENTS then
    tree:add_proto_expert_info(bad_header)
    if has_content then tree:add(F.content, buf(24)) end
    return info .. " (ignored)"
  end
  if not pinfo.visited then note_fragment(pinfo.number, stream, h, has_content and buf(24):bytes() or ByteArray.new()) end
  local note = frames[pinfo.number]
  if note and pinfo.visited and note.message then note.message.whole_file_seen = true end
  local sub = has_content and tree:add(F.content, buf(24)) or tree
  if note then info = info .. dissect_fragment(note, pinfo.number, m, tree) end
  if h.kind ~= 0 and h.fragments == 0 then
    if has_content then info = info .. dissect_message(h.kind, m, buf(24):tvb(), sub)
    elseif h.kind == 2 or (m and m.payload and #m.payload.fields > 0) then tree:add_proto_expert_info(short) end
  end
  return info
end

function proto.dissector(buf, pinfo, root)
  if buf:len() < 16 then return 0 end
  pinfo.cols.protocol = "Gunyah RM"
  local tree = root:add(proto, buf())
  local direction = buf(1, 1):uint()
  tree:add_le(F.direction, buf(1, 1))
  tree:add_le(F.vmid, buf(2, 2))
  tree:add_le(F.queue, buf(4, 4))
  tree:add_le(F.time, buf(8, 8))
  local vm = "VM " .. buf(2, 2):le_uint()
  if direction == 2 then
    local queue = "queue " .. buf(4, 4):le_uint()
    pinfo.cols.src, pinfo.cols.dst = vm, queue
    pinfo.cols.info = string.format("%d bytes", buf:len() - 16)
    if buf:len() > 16 then tree:add(F.content, buf(16)) end
    return buf:len()
  end
  pinfo.cols.src = direction == 1 and "RM" or vm
  pinfo.cols.dst = direction == 1 and vm or "RM"
  local stream = string.format("%d %d %d", direction, buf(2, 2):le_uint(), buf(4, 4):le_uint())
  pinfo.cols.info = dissect_packet(buf, pinfo, tree, stream)
  return buf:len()
end

DissectorTable.get("wtap_encap"):add(wtap.USER0, proto)
