/** Arbitraries for every RM message and every hypercall: valid values, boundary values, and ones broken on purpose.
 *
 * Generated from spec/ by tools/generate.ts; edit the specification, not this file.
 */

import fc from 'fast-check';
import * as P from '../../src/protocol/index.js';
import {
  affinityArg,
  type CallSample,
  callSample,
  capArg,
  extentAttrsArg,
  holdoffArg,
  ipaArg,
  mapAttrsArg,
  paArg,
  queueInfoArg,
  reservedArg,
  sizeArg,
  timesliceArg,
  vaArg,
  virqArg,
  wordArg,
} from '../support/call-sample.js';
import { empty, type MessageSample, sample } from '../support/message-sample.js';
import {
  address,
  enumValue,
  flagBits,
  guid,
  handle,
  idEntries,
  irq,
  shortBytes,
  u8,
  u16,
  u32,
  u64,
  vmid,
} from '../support/values-arbitrary.js';

export const aclEntry: fc.Arbitrary<P.AclEntry> = fc.record({ vmid: vmid, rights: enumValue('MemRights', 1) });

export const sglEntry: fc.Arbitrary<P.SglEntry> = fc.record({ ipa: address, size: address });

export const attrEntry: fc.Arbitrary<P.AttrEntry> = fc.record({ attr: enumValue('MemAttr', 2), vmid: vmid });

export const vmidEntry: fc.Arbitrary<P.VmidEntry> = fc.record({ vmid: vmid });

export const vmid32Entry: fc.Arbitrary<P.Vmid32Entry> = fc.record({ vmid: vmid.map(Number) });

export const sizeEntry: fc.Arbitrary<P.SizeEntry> = fc.record({ size: address });

export const authParamEntry: fc.Arbitrary<P.AuthParamEntry> = fc.record({ type: u32, value: u32 });

export const ipaFixedEntry: fc.Arbitrary<P.IpaFixedEntry> = fc.record({ base: address, size: address });

export const ipaAllocEntry: fc.Arbitrary<P.IpaAllocEntry> = fc.record({
  regionBase: address,
  regionSize: address,
  size: address,
  alignment: address,
});

export const ipaEntry: fc.Arbitrary<P.IpaEntry> = fc.record({ ipa: address });

export const resourceEntry: fc.Arbitrary<P.ResourceEntry> = fc.record({
  type: enumValue('ResourceType', 1),
  partnerVmid: vmid,
  resourceHandle: u32,
  label: u32,
  capId: u64,
  virqHandle: u32,
  virq: irq,
  base: address,
  size: address,
});

export const vmAllocateRequest: fc.Arbitrary<P.VmAllocateRequest> = fc.record({ vmid: vmid });

export const vmAllocateReply: fc.Arbitrary<P.VmAllocateReply> = fc.oneof(
  fc.record({ vmid: vmid.map(Number) }),
  fc.constant({}),
);

export const vmDeallocateRequest: fc.Arbitrary<P.VmDeallocateRequest> = fc.record({ vmid: vmid });

export const vmStartRequest: fc.Arbitrary<P.VmStartRequest> = fc.record({ vmid: vmid });

export const vmStopRequest: fc.Arbitrary<P.VmStopRequest> = fc.record({
  vmid: vmid,
  flags: flagBits('VmStopFlag', 1),
  stopReason: u32,
});

export const vmResetRequest: fc.Arbitrary<P.VmResetRequest> = fc.record({ vmid: vmid });

export const vmGetIdRequest: fc.Arbitrary<P.VmGetIdRequest> = fc.record({ vmid: vmid });

export const vmGetIdReply: fc.Arbitrary<P.VmGetIdReply> = fc.record({ ids: idEntries });

export const vmLookupUriRequest: fc.Arbitrary<P.VmLookupUriRequest> = fc.record({ uri: shortBytes });

export const vmLookupUriReply: fc.Arbitrary<P.VmLookupUriReply> = fc.record({
  vms: fc.array(vmidEntry, { maxLength: 6 }),
});

export const vmLookupGuidRequest: fc.Arbitrary<P.VmLookupGuidRequest> = fc.record({ guid: guid });

export const vmLookupGuidReply: fc.Arbitrary<P.VmLookupGuidReply> = fc.record({
  vms: fc.array(vmidEntry, { maxLength: 6 }),
});

export const vmLookupNameRequest: fc.Arbitrary<P.VmLookupNameRequest> = fc.record({ name: shortBytes });

export const vmLookupNameReply: fc.Arbitrary<P.VmLookupNameReply> = fc.record({
  vms: fc.array(vmidEntry, { maxLength: 6 }),
});

export const vmGetOwnerReply: fc.Arbitrary<P.VmGetOwnerReply> = fc.record({ vmid: vmid.map(Number) });

export const vmGetStateRequest: fc.Arbitrary<P.VmGetStateRequest> = fc.record({ vmid: vmid });

export const vmGetStateReply: fc.Arbitrary<P.VmGetStateReply> = fc.record({
  vmState: enumValue('VmState', 1),
  osState: enumValue('OsState', 1),
  appStatus: u16,
});

export const vmGetCrashMsgRequest: fc.Arbitrary<P.VmGetCrashMsgRequest> = fc.record({ vmid: vmid });

export const vmGetCrashMsgReply: fc.Arbitrary<P.VmGetCrashMsgReply> = fc.record({ message: shortBytes });

export const vmGetVmidReply: fc.Arbitrary<P.VmGetVmidReply> = fc.record({ vmid: vmid.map(Number) });

export const vmGetPeersReply: fc.Arbitrary<P.VmGetPeersReply> = fc.record({
  peers: fc.array(vmid32Entry, { maxLength: 6 }),
});

export const vmSetTimeBaseRequest: fc.Arbitrary<P.VmSetTimeBaseRequest> = fc.record({
  vmid: vmid,
  timeBase: u64,
  sysTimerRef: u64,
});

export const vmSetStatusRequest: fc.Arbitrary<P.VmSetStatusRequest> = fc.record({
  osState: enumValue('OsState', 1),
  appStatus: u16,
});

export const vmExitRequest: fc.Arbitrary<P.VmExitRequest> = fc.record({
  exitFlags: u16,
  exitCode: enumValue('ExitCode', 1),
});

export const vmSetCrashMsgRequest: fc.Arbitrary<P.VmSetCrashMsgRequest> = fc.record({ message: shortBytes });

export const vmHostGetTypeReply: fc.Arbitrary<P.VmHostGetTypeReply> = fc.record({ hostType: u32 });

export const vmConfigImageRequest: fc.Arbitrary<P.VmConfigImageRequest> = fc.record({
  vmid: vmid,
  authType: enumValue('AuthType', 2),
  imageHandle: handle,
  imageOffset: address,
  imageSize: address,
  dtOffset: address,
  dtSize: address,
});

export const vmAuthImageRequest: fc.Arbitrary<P.VmAuthImageRequest> = fc.record({
  vmid: vmid,
  params: fc.array(authParamEntry, { maxLength: 6 }),
});

export const vmInitRequest: fc.Arbitrary<P.VmInitRequest> = fc.record({ vmid: vmid });

export const memDonateRequest: fc.Arbitrary<P.MemDonateRequest> = fc.oneof(
  fc.record({
    memType: enumValue('MemType', 1),
    flags: flagBits('MemCreateFlag', 1),
    label: u32,
    acl: fc.array(aclEntry, { maxLength: 6 }),
    sgl: fc.array(sglEntry, { maxLength: 6 }),
    attr: fc.array(attrEntry, { maxLength: 6 }),
  }),
  fc.record({
    memType: enumValue('MemType', 1),
    flags: flagBits('MemCreateFlag', 1),
    label: u32,
    acl: fc.array(aclEntry, { minLength: 1, maxLength: 6 }),
    sgl: fc.array(sglEntry, { minLength: 1, maxLength: 6 }),
  }),
);

export const memDonateReply: fc.Arbitrary<P.MemDonateReply> = fc.record({ handle: handle });

export const memLendRequest: fc.Arbitrary<P.MemLendRequest> = fc.oneof(
  fc.record({
    memType: enumValue('MemType', 1),
    flags: flagBits('MemCreateFlag', 1),
    label: u32,
    acl: fc.array(aclEntry, { maxLength: 6 }),
    sgl: fc.array(sglEntry, { maxLength: 6 }),
    attr: fc.array(attrEntry, { maxLength: 6 }),
  }),
  fc.record({
    memType: enumValue('MemType', 1),
    flags: flagBits('MemCreateFlag', 1),
    label: u32,
    acl: fc.array(aclEntry, { minLength: 1, maxLength: 6 }),
    sgl: fc.array(sglEntry, { minLength: 1, maxLength: 6 }),
  }),
);

export const memLendReply: fc.Arbitrary<P.MemLendReply> = fc.record({ handle: handle });

export const memShareRequest: fc.Arbitrary<P.MemShareRequest> = fc.oneof(
  fc.record({
    memType: enumValue('MemType', 1),
    flags: flagBits('MemCreateFlag', 1),
    label: u32,
    acl: fc.array(aclEntry, { maxLength: 6 }),
    sgl: fc.array(sglEntry, { maxLength: 6 }),
    attr: fc.array(attrEntry, { maxLength: 6 }),
  }),
  fc.record({
    memType: enumValue('MemType', 1),
    flags: flagBits('MemCreateFlag', 1),
    label: u32,
    acl: fc.array(aclEntry, { minLength: 1, maxLength: 6 }),
    sgl: fc.array(sglEntry, { minLength: 1, maxLength: 6 }),
  }),
);

export const memShareReply: fc.Arbitrary<P.MemShareReply> = fc.record({ handle: handle });

export const memAppendRequest: fc.Arbitrary<P.MemAppendRequest> = fc.record({
  handle: handle,
  flags: flagBits('MemAppendFlag', 1),
  sgl: fc.array(sglEntry, { maxLength: 6 }),
});

export const memAcceptRequest: fc.Arbitrary<P.MemAcceptRequest> = fc.oneof(
  fc.record({
    handle: handle,
    memType: enumValue('MemType', 1),
    transType: enumValue('TransType', 1),
    flags: flagBits('MemAcceptFlag', 1),
    label: u32,
    acl: fc.array(aclEntry, { maxLength: 6 }),
    sgl: fc.array(sglEntry, { maxLength: 6 }),
    mapVmid: vmid,
    attr: fc.array(attrEntry, { maxLength: 6 }),
  }),
  fc.record({
    handle: handle,
    memType: enumValue('MemType', 1),
    transType: enumValue('TransType', 1),
    flags: flagBits('MemAcceptFlag', 1),
    label: u32,
    acl: fc.array(aclEntry, { minLength: 1, maxLength: 6 }),
    sgl: fc.array(sglEntry, { minLength: 1, maxLength: 6 }),
    mapVmid: vmid,
  }),
);

export const memAcceptReply: fc.Arbitrary<P.MemAcceptReply> = fc.oneof(
  fc.record({ flags: u8, sgl: fc.array(sglEntry, { maxLength: 6 }) }),
  fc.constant({}),
);

export const memReleaseRequest: fc.Arbitrary<P.MemReleaseRequest> = fc.record({
  handle: handle,
  flags: flagBits('MemReleaseFlag', 1),
});

export const memReclaimRequest: fc.Arbitrary<P.MemReclaimRequest> = fc.record({
  handle: handle,
  flags: flagBits('MemReleaseFlag', 1),
});

export const memNotifyRequest: fc.Arbitrary<P.MemNotifyRequest> = fc.oneof(
  fc.record({
    handle: handle,
    flags: enumValue('MemNotifyFlag', 1),
    memInfoTag: u32,
    vms: fc.array(vmidEntry, { maxLength: 6 }),
  }),
  fc.record({ handle: handle, flags: enumValue('MemNotifyFlag', 1), memInfoTag: u32 }),
);

export const memQcomLookupSglRequest: fc.Arbitrary<P.MemQcomLookupSglRequest> = fc.oneof(
  fc.record({
    memType: enumValue('MemType', 1),
    label: u32,
    acl: fc.array(aclEntry, { maxLength: 6 }),
    sgl: fc.array(sglEntry, { maxLength: 6 }),
    attr: fc.array(attrEntry, { maxLength: 6 }),
  }),
  fc.record({
    memType: enumValue('MemType', 1),
    label: u32,
    acl: fc.array(aclEntry, { maxLength: 6 }),
    sgl: fc.array(sglEntry, { maxLength: 6 }),
  }),
);

export const memQcomLookupSglReply: fc.Arbitrary<P.MemQcomLookupSglReply> = fc.record({ handle: handle });

export const fwSetVmFirmwareRequest: fc.Arbitrary<P.FwSetVmFirmwareRequest> = fc.record({
  authType: enumValue('AuthType', 2),
  handle: handle,
  offset: address,
  size: address,
});

export const vmSetFirmwareMemRequest: fc.Arbitrary<P.VmSetFirmwareMemRequest> = fc.record({
  vmid: vmid,
  handle: handle,
  offset: address,
  size: address,
});

export const vmGetHypResourcesRequest: fc.Arbitrary<P.VmGetHypResourcesRequest> = fc.record({ vmid: vmid });

export const vmGetHypResourcesReply: fc.Arbitrary<P.VmGetHypResourcesReply> = fc.record({
  resources: fc.array(resourceEntry, { maxLength: 6 }),
});

export const vmIrqLendRequest: fc.Arbitrary<P.VmIrqLendRequest> = fc.record({ borrower: vmid, virq: irq, label: u32 });

export const vmIrqLendReply: fc.Arbitrary<P.VmIrqLendReply> = fc.record({ handle: u32 });

export const vmIrqAcceptRequest: fc.Arbitrary<P.VmIrqAcceptRequest> = fc.record({ handle: u32, virq: irq });

export const vmIrqAcceptReply: fc.Arbitrary<P.VmIrqAcceptReply> = fc.record({ virq: irq });

export const vmIrqReleaseRequest: fc.Arbitrary<P.VmIrqReleaseRequest> = fc.record({ handle: u32 });

export const vmIrqReclaimRequest: fc.Arbitrary<P.VmIrqReclaimRequest> = fc.record({ handle: u32 });

export const vmIrqNotifyRequest: fc.Arbitrary<P.VmIrqNotifyRequest> = fc.oneof(
  fc.record({ handle: u32, flags: enumValue('IrqNotifyFlag', 4), vms: fc.array(vmidEntry, { maxLength: 6 }) }),
  fc.record({ handle: u32, flags: enumValue('IrqNotifyFlag', 4) }),
);

export const vmConsoleOpenRequest: fc.Arbitrary<P.VmConsoleOpenRequest> = fc.record({ target: vmid });

export const vmConsoleCloseRequest: fc.Arbitrary<P.VmConsoleCloseRequest> = fc.record({ target: vmid });

export const vmConsoleWriteRequest: fc.Arbitrary<P.VmConsoleWriteRequest> = fc.record({
  target: vmid,
  chars: shortBytes,
});

export const vmConsoleFlushRequest: fc.Arbitrary<P.VmConsoleFlushRequest> = fc.record({ target: vmid });

export const ipaReserveRequest: fc.Arbitrary<P.IpaReserveRequest> = fc
  .oneof(
    fc.record({ type: fc.constant(0), ranges: fc.array(ipaFixedEntry, { maxLength: 6 }) }),
    fc.record({ type: fc.constant(1), ranges: fc.array(ipaAllocEntry, { minLength: 1, maxLength: 6 }) }),
  )
  .chain((r) =>
    fc.record({
      type: fc.constant(r.type),
      genericConstraints: flagBits('IpaConstraint', 4),
      platformConstraints: u32,
      ranges: fc.constant<readonly P.IpaRange[]>(r.ranges),
    }),
  );

export const ipaReserveReply: fc.Arbitrary<P.IpaReserveReply> = fc.oneof(
  fc.record({ ipas: fc.array(ipaEntry, { maxLength: 6 }) }),
  fc.constant({}),
);

export const memSharedNotification: fc.Arbitrary<P.MemSharedNotification> = fc.record({
  handle: handle,
  memType: enumValue('MemType', 1),
  transType: enumValue('TransType', 1),
  flags: flagBits('MemCreateFlag', 1),
  owner: vmid,
  label: u32,
  memInfoTag: u32,
  acl: fc.array(aclEntry, { maxLength: 6 }),
  regions: fc.array(sizeEntry, { maxLength: 6 }),
  attr: fc.array(attrEntry, { maxLength: 6 }),
});

export const memReleasedNotification: fc.Arbitrary<P.MemReleasedNotification> = fc.record({
  handle: handle,
  vmid: vmid,
  memInfoTag: u32,
});

export const memAcceptedNotification: fc.Arbitrary<P.MemAcceptedNotification> = fc.record({
  handle: handle,
  vmid: vmid,
  memInfoTag: u32,
});

export const memRecallNotification: fc.Arbitrary<P.MemRecallNotification> = fc.record({
  handle: handle,
  memInfoTag: u32,
});

export const vmExitedNotification: fc.Arbitrary<P.VmExitedNotification> = fc.oneof(
  fc.record({
    vmid: vmid,
    exitType: enumValue('ExitType', 2),
    reasonSize: u32,
    exitFlags: u16,
    exitCode: enumValue('ExitCode', 2),
    resetType: u32,
    cookie: u64,
  }),
  fc.record({
    vmid: vmid,
    exitType: enumValue('ExitType', 2),
    reasonSize: u32,
    exitFlags: u16,
    exitCode: enumValue('ExitCode', 2),
  }),
);

export const vmShutdownNotification: fc.Arbitrary<P.VmShutdownNotification> = fc.record({ stopReason: u32 });

export const vmStatusNotification: fc.Arbitrary<P.VmStatusNotification> = fc.record({
  vmid: vmid,
  vmState: enumValue('VmState', 1),
  osState: enumValue('OsState', 1),
  appStatus: u16,
});

export const vmIrqLentNotification: fc.Arbitrary<P.VmIrqLentNotification> = fc.record({
  owner: vmid,
  handle: u32,
  label: u32,
});

export const vmIrqReleasedNotification: fc.Arbitrary<P.VmIrqReleasedNotification> = fc.record({ handle: u32 });

export const vmIrqAcceptedNotification: fc.Arbitrary<P.VmIrqAcceptedNotification> = fc.record({ handle: u32 });

export const vmConsoleCharsNotification: fc.Arbitrary<P.VmConsoleCharsNotification> = fc.record({
  from: vmid,
  chars: shortBytes,
});

/** Every message with code behind it, with its codecs. */
export const SAMPLES: readonly MessageSample[] = [
  sample(
    P.Msg.VM_ALLOCATE,
    'request',
    'VmAllocateRequest',
    vmAllocateRequest,
    P.encodeVmAllocateRequest,
    P.decodeVmAllocateRequest,
  ),
  sample(
    P.Msg.VM_ALLOCATE,
    'reply',
    'VmAllocateReply',
    vmAllocateReply,
    P.encodeVmAllocateReply,
    P.decodeVmAllocateReply,
  ),
  sample(
    P.Msg.VM_DEALLOCATE,
    'request',
    'VmDeallocateRequest',
    vmDeallocateRequest,
    P.encodeVmDeallocateRequest,
    P.decodeVmDeallocateRequest,
  ),
  sample(P.Msg.VM_START, 'request', 'VmStartRequest', vmStartRequest, P.encodeVmStartRequest, P.decodeVmStartRequest),
  sample(P.Msg.VM_STOP, 'request', 'VmStopRequest', vmStopRequest, P.encodeVmStopRequest, P.decodeVmStopRequest),
  sample(P.Msg.VM_RESET, 'request', 'VmResetRequest', vmResetRequest, P.encodeVmResetRequest, P.decodeVmResetRequest),
  sample(P.Msg.VM_GET_ID, 'request', 'VmGetIdRequest', vmGetIdRequest, P.encodeVmGetIdRequest, P.decodeVmGetIdRequest),
  sample(P.Msg.VM_GET_ID, 'reply', 'VmGetIdReply', vmGetIdReply, P.encodeVmGetIdReply, P.decodeVmGetIdReply),
  sample(
    P.Msg.VM_LOOKUP_URI,
    'request',
    'VmLookupUriRequest',
    vmLookupUriRequest,
    P.encodeVmLookupUriRequest,
    P.decodeVmLookupUriRequest,
  ),
  sample(
    P.Msg.VM_LOOKUP_URI,
    'reply',
    'VmLookupUriReply',
    vmLookupUriReply,
    P.encodeVmLookupUriReply,
    P.decodeVmLookupUriReply,
  ),
  sample(
    P.Msg.VM_LOOKUP_GUID,
    'request',
    'VmLookupGuidRequest',
    vmLookupGuidRequest,
    P.encodeVmLookupGuidRequest,
    P.decodeVmLookupGuidRequest,
  ),
  sample(
    P.Msg.VM_LOOKUP_GUID,
    'reply',
    'VmLookupGuidReply',
    vmLookupGuidReply,
    P.encodeVmLookupGuidReply,
    P.decodeVmLookupGuidReply,
  ),
  sample(
    P.Msg.VM_LOOKUP_NAME,
    'request',
    'VmLookupNameRequest',
    vmLookupNameRequest,
    P.encodeVmLookupNameRequest,
    P.decodeVmLookupNameRequest,
  ),
  sample(
    P.Msg.VM_LOOKUP_NAME,
    'reply',
    'VmLookupNameReply',
    vmLookupNameReply,
    P.encodeVmLookupNameReply,
    P.decodeVmLookupNameReply,
  ),
  empty(P.Msg.VM_GET_OWNER, 'request', 'VmGetOwnerRequest'),
  sample(
    P.Msg.VM_GET_OWNER,
    'reply',
    'VmGetOwnerReply',
    vmGetOwnerReply,
    P.encodeVmGetOwnerReply,
    P.decodeVmGetOwnerReply,
  ),
  sample(
    P.Msg.VM_GET_STATE,
    'request',
    'VmGetStateRequest',
    vmGetStateRequest,
    P.encodeVmGetStateRequest,
    P.decodeVmGetStateRequest,
  ),
  sample(
    P.Msg.VM_GET_STATE,
    'reply',
    'VmGetStateReply',
    vmGetStateReply,
    P.encodeVmGetStateReply,
    P.decodeVmGetStateReply,
  ),
  sample(
    P.Msg.VM_GET_CRASH_MSG,
    'request',
    'VmGetCrashMsgRequest',
    vmGetCrashMsgRequest,
    P.encodeVmGetCrashMsgRequest,
    P.decodeVmGetCrashMsgRequest,
  ),
  sample(
    P.Msg.VM_GET_CRASH_MSG,
    'reply',
    'VmGetCrashMsgReply',
    vmGetCrashMsgReply,
    P.encodeVmGetCrashMsgReply,
    P.decodeVmGetCrashMsgReply,
  ),
  empty(P.Msg.VM_GET_VMID, 'request', 'VmGetVmidRequest'),
  sample(P.Msg.VM_GET_VMID, 'reply', 'VmGetVmidReply', vmGetVmidReply, P.encodeVmGetVmidReply, P.decodeVmGetVmidReply),
  empty(P.Msg.VM_GET_PEERS, 'request', 'VmGetPeersRequest'),
  sample(
    P.Msg.VM_GET_PEERS,
    'reply',
    'VmGetPeersReply',
    vmGetPeersReply,
    P.encodeVmGetPeersReply,
    P.decodeVmGetPeersReply,
  ),
  sample(
    P.Msg.VM_SET_TIME_BASE,
    'request',
    'VmSetTimeBaseRequest',
    vmSetTimeBaseRequest,
    P.encodeVmSetTimeBaseRequest,
    P.decodeVmSetTimeBaseRequest,
  ),
  sample(
    P.Msg.VM_SET_STATUS,
    'request',
    'VmSetStatusRequest',
    vmSetStatusRequest,
    P.encodeVmSetStatusRequest,
    P.decodeVmSetStatusRequest,
  ),
  sample(P.Msg.VM_EXIT, 'request', 'VmExitRequest', vmExitRequest, P.encodeVmExitRequest, P.decodeVmExitRequest),
  sample(
    P.Msg.VM_SET_CRASH_MSG,
    'request',
    'VmSetCrashMsgRequest',
    vmSetCrashMsgRequest,
    P.encodeVmSetCrashMsgRequest,
    P.decodeVmSetCrashMsgRequest,
  ),
  empty(P.Msg.VM_HOST_GET_TYPE, 'request', 'VmHostGetTypeRequest'),
  sample(
    P.Msg.VM_HOST_GET_TYPE,
    'reply',
    'VmHostGetTypeReply',
    vmHostGetTypeReply,
    P.encodeVmHostGetTypeReply,
    P.decodeVmHostGetTypeReply,
  ),
  sample(
    P.Msg.VM_CONFIG_IMAGE,
    'request',
    'VmConfigImageRequest',
    vmConfigImageRequest,
    P.encodeVmConfigImageRequest,
    P.decodeVmConfigImageRequest,
  ),
  sample(
    P.Msg.VM_AUTH_IMAGE,
    'request',
    'VmAuthImageRequest',
    vmAuthImageRequest,
    P.encodeVmAuthImageRequest,
    P.decodeVmAuthImageRequest,
  ),
  sample(P.Msg.VM_INIT, 'request', 'VmInitRequest', vmInitRequest, P.encodeVmInitRequest, P.decodeVmInitRequest),
  sample(
    P.Msg.MEM_DONATE,
    'request',
    'MemDonateRequest',
    memDonateRequest,
    P.encodeMemDonateRequest,
    P.decodeMemDonateRequest,
  ),
  sample(P.Msg.MEM_DONATE, 'reply', 'MemDonateReply', memDonateReply, P.encodeMemDonateReply, P.decodeMemDonateReply),
  sample(P.Msg.MEM_LEND, 'request', 'MemLendRequest', memLendRequest, P.encodeMemLendRequest, P.decodeMemLendRequest),
  sample(P.Msg.MEM_LEND, 'reply', 'MemLendReply', memLendReply, P.encodeMemLendReply, P.decodeMemLendReply),
  sample(
    P.Msg.MEM_SHARE,
    'request',
    'MemShareRequest',
    memShareRequest,
    P.encodeMemShareRequest,
    P.decodeMemShareRequest,
  ),
  sample(P.Msg.MEM_SHARE, 'reply', 'MemShareReply', memShareReply, P.encodeMemShareReply, P.decodeMemShareReply),
  sample(
    P.Msg.MEM_APPEND,
    'request',
    'MemAppendRequest',
    memAppendRequest,
    P.encodeMemAppendRequest,
    P.decodeMemAppendRequest,
  ),
  sample(
    P.Msg.MEM_ACCEPT,
    'request',
    'MemAcceptRequest',
    memAcceptRequest,
    P.encodeMemAcceptRequest,
    P.decodeMemAcceptRequest,
  ),
  sample(P.Msg.MEM_ACCEPT, 'reply', 'MemAcceptReply', memAcceptReply, P.encodeMemAcceptReply, P.decodeMemAcceptReply),
  sample(
    P.Msg.MEM_RELEASE,
    'request',
    'MemReleaseRequest',
    memReleaseRequest,
    P.encodeMemReleaseRequest,
    P.decodeMemReleaseRequest,
  ),
  sample(
    P.Msg.MEM_RECLAIM,
    'request',
    'MemReclaimRequest',
    memReclaimRequest,
    P.encodeMemReclaimRequest,
    P.decodeMemReclaimRequest,
  ),
  sample(
    P.Msg.MEM_NOTIFY,
    'request',
    'MemNotifyRequest',
    memNotifyRequest,
    P.encodeMemNotifyRequest,
    P.decodeMemNotifyRequest,
  ),
  sample(
    P.Msg.MEM_QCOM_LOOKUP_SGL,
    'request',
    'MemQcomLookupSglRequest',
    memQcomLookupSglRequest,
    P.encodeMemQcomLookupSglRequest,
    P.decodeMemQcomLookupSglRequest,
  ),
  sample(
    P.Msg.MEM_QCOM_LOOKUP_SGL,
    'reply',
    'MemQcomLookupSglReply',
    memQcomLookupSglReply,
    P.encodeMemQcomLookupSglReply,
    P.decodeMemQcomLookupSglReply,
  ),
  empty(P.Msg.FW_MILESTONE, 'request', 'FwMilestoneRequest'),
  sample(
    P.Msg.FW_SET_VM_FIRMWARE,
    'request',
    'FwSetVmFirmwareRequest',
    fwSetVmFirmwareRequest,
    P.encodeFwSetVmFirmwareRequest,
    P.decodeFwSetVmFirmwareRequest,
  ),
  sample(
    P.Msg.VM_SET_FIRMWARE_MEM,
    'request',
    'VmSetFirmwareMemRequest',
    vmSetFirmwareMemRequest,
    P.encodeVmSetFirmwareMemRequest,
    P.decodeVmSetFirmwareMemRequest,
  ),
  sample(
    P.Msg.VM_GET_HYP_RESOURCES,
    'request',
    'VmGetHypResourcesRequest',
    vmGetHypResourcesRequest,
    P.encodeVmGetHypResourcesRequest,
    P.decodeVmGetHypResourcesRequest,
  ),
  sample(
    P.Msg.VM_GET_HYP_RESOURCES,
    'reply',
    'VmGetHypResourcesReply',
    vmGetHypResourcesReply,
    P.encodeVmGetHypResourcesReply,
    P.decodeVmGetHypResourcesReply,
  ),
  sample(
    P.Msg.VM_IRQ_LEND,
    'request',
    'VmIrqLendRequest',
    vmIrqLendRequest,
    P.encodeVmIrqLendRequest,
    P.decodeVmIrqLendRequest,
  ),
  sample(P.Msg.VM_IRQ_LEND, 'reply', 'VmIrqLendReply', vmIrqLendReply, P.encodeVmIrqLendReply, P.decodeVmIrqLendReply),
  sample(
    P.Msg.VM_IRQ_ACCEPT,
    'request',
    'VmIrqAcceptRequest',
    vmIrqAcceptRequest,
    P.encodeVmIrqAcceptRequest,
    P.decodeVmIrqAcceptRequest,
  ),
  sample(
    P.Msg.VM_IRQ_ACCEPT,
    'reply',
    'VmIrqAcceptReply',
    vmIrqAcceptReply,
    P.encodeVmIrqAcceptReply,
    P.decodeVmIrqAcceptReply,
  ),
  sample(
    P.Msg.VM_IRQ_RELEASE,
    'request',
    'VmIrqReleaseRequest',
    vmIrqReleaseRequest,
    P.encodeVmIrqReleaseRequest,
    P.decodeVmIrqReleaseRequest,
  ),
  sample(
    P.Msg.VM_IRQ_RECLAIM,
    'request',
    'VmIrqReclaimRequest',
    vmIrqReclaimRequest,
    P.encodeVmIrqReclaimRequest,
    P.decodeVmIrqReclaimRequest,
  ),
  sample(
    P.Msg.VM_IRQ_NOTIFY,
    'request',
    'VmIrqNotifyRequest',
    vmIrqNotifyRequest,
    P.encodeVmIrqNotifyRequest,
    P.decodeVmIrqNotifyRequest,
  ),
  sample(
    P.Msg.VM_CONSOLE_OPEN,
    'request',
    'VmConsoleOpenRequest',
    vmConsoleOpenRequest,
    P.encodeVmConsoleOpenRequest,
    P.decodeVmConsoleOpenRequest,
  ),
  sample(
    P.Msg.VM_CONSOLE_CLOSE,
    'request',
    'VmConsoleCloseRequest',
    vmConsoleCloseRequest,
    P.encodeVmConsoleCloseRequest,
    P.decodeVmConsoleCloseRequest,
  ),
  sample(
    P.Msg.VM_CONSOLE_WRITE,
    'request',
    'VmConsoleWriteRequest',
    vmConsoleWriteRequest,
    P.encodeVmConsoleWriteRequest,
    P.decodeVmConsoleWriteRequest,
  ),
  sample(
    P.Msg.VM_CONSOLE_FLUSH,
    'request',
    'VmConsoleFlushRequest',
    vmConsoleFlushRequest,
    P.encodeVmConsoleFlushRequest,
    P.decodeVmConsoleFlushRequest,
  ),
  sample(
    P.Msg.IPA_RESERVE,
    'request',
    'IpaReserveRequest',
    ipaReserveRequest,
    P.encodeIpaReserveRequest,
    P.decodeIpaReserveRequest,
  ),
  sample(
    P.Msg.IPA_RESERVE,
    'reply',
    'IpaReserveReply',
    ipaReserveReply,
    P.encodeIpaReserveReply,
    P.decodeIpaReserveReply,
  ),
  sample(
    P.Msg.N_MEM_SHARED,
    'notification',
    'MemSharedNotification',
    memSharedNotification,
    P.encodeMemSharedNotification,
    P.decodeMemSharedNotification,
  ),
  sample(
    P.Msg.N_MEM_RELEASED,
    'notification',
    'MemReleasedNotification',
    memReleasedNotification,
    P.encodeMemReleasedNotification,
    P.decodeMemReleasedNotification,
  ),
  sample(
    P.Msg.N_MEM_ACCEPTED,
    'notification',
    'MemAcceptedNotification',
    memAcceptedNotification,
    P.encodeMemAcceptedNotification,
    P.decodeMemAcceptedNotification,
  ),
  sample(
    P.Msg.N_MEM_RECALL,
    'notification',
    'MemRecallNotification',
    memRecallNotification,
    P.encodeMemRecallNotification,
    P.decodeMemRecallNotification,
  ),
  sample(
    P.Msg.N_VM_EXITED,
    'notification',
    'VmExitedNotification',
    vmExitedNotification,
    P.encodeVmExitedNotification,
    P.decodeVmExitedNotification,
  ),
  sample(
    P.Msg.N_VM_SHUTDOWN,
    'notification',
    'VmShutdownNotification',
    vmShutdownNotification,
    P.encodeVmShutdownNotification,
    P.decodeVmShutdownNotification,
  ),
  sample(
    P.Msg.N_VM_STATUS,
    'notification',
    'VmStatusNotification',
    vmStatusNotification,
    P.encodeVmStatusNotification,
    P.decodeVmStatusNotification,
  ),
  sample(
    P.Msg.N_VM_IRQ_LENT,
    'notification',
    'VmIrqLentNotification',
    vmIrqLentNotification,
    P.encodeVmIrqLentNotification,
    P.decodeVmIrqLentNotification,
  ),
  sample(
    P.Msg.N_VM_IRQ_RELEASED,
    'notification',
    'VmIrqReleasedNotification',
    vmIrqReleasedNotification,
    P.encodeVmIrqReleasedNotification,
    P.decodeVmIrqReleasedNotification,
  ),
  sample(
    P.Msg.N_VM_IRQ_ACCEPTED,
    'notification',
    'VmIrqAcceptedNotification',
    vmIrqAcceptedNotification,
    P.encodeVmIrqAcceptedNotification,
    P.decodeVmIrqAcceptedNotification,
  ),
  sample(
    P.Msg.N_VM_CONSOLE_CHARS,
    'notification',
    'VmConsoleCharsNotification',
    vmConsoleCharsNotification,
    P.encodeVmConsoleCharsNotification,
    P.decodeVmConsoleCharsNotification,
  ),
];

/** Every hypercall with its arguments. */
export const CALL_SAMPLES: readonly CallSample[] = [
  callSample(P.Call.HYPERVISOR_IDENTIFY),
  callSample(P.Call.PARTITION_CREATE_PARTITION, capArg('ANY'), capArg('ANY'), reservedArg(0n)),
  callSample(P.Call.PARTITION_CREATE_CSPACE, capArg('PARTITION'), capArg('CSPACE'), reservedArg(0n)),
  callSample(P.Call.PARTITION_CREATE_ADDRSPACE, capArg('PARTITION'), capArg('CSPACE'), reservedArg(0n)),
  callSample(P.Call.PARTITION_CREATE_MEMEXTENT, capArg('PARTITION'), capArg('CSPACE'), reservedArg(0n)),
  callSample(P.Call.PARTITION_CREATE_THREAD, capArg('PARTITION'), capArg('CSPACE'), reservedArg(0n)),
  callSample(P.Call.PARTITION_CREATE_DOORBELL, capArg('PARTITION'), capArg('CSPACE'), reservedArg(0n)),
  callSample(P.Call.PARTITION_CREATE_MSGQUEUE, capArg('PARTITION'), capArg('CSPACE'), reservedArg(0n)),
  callSample(P.Call.PARTITION_CREATE_VIC, capArg('PARTITION'), capArg('CSPACE'), reservedArg(0n)),
  callSample(P.Call.PARTITION_CREATE_VPM_GROUP, capArg('PARTITION'), capArg('CSPACE'), reservedArg(0n)),
  callSample(P.Call.OBJECT_ACTIVATE, capArg('ANY'), reservedArg(0n)),
  callSample(P.Call.OBJECT_ACTIVATE_FROM, capArg('CSPACE'), capArg('ANY'), reservedArg(0n)),
  callSample(P.Call.OBJECT_RESET, capArg('ANY'), reservedArg(0n)),
  callSample(P.Call.OBJECT_RESET_FROM, capArg('ANY'), capArg('ANY'), reservedArg(0n)),
  callSample(P.Call.DOORBELL_BIND_VIRQ, capArg('DOORBELL'), capArg('VIC'), virqArg, reservedArg(0n)),
  callSample(P.Call.DOORBELL_UNBIND_VIRQ, capArg('DOORBELL'), reservedArg(0n)),
  callSample(P.Call.DOORBELL_SEND, capArg('DOORBELL'), wordArg(64), reservedArg(0n)),
  callSample(P.Call.DOORBELL_RECEIVE, capArg('DOORBELL'), wordArg(64), reservedArg(0n)),
  callSample(P.Call.DOORBELL_RESET, capArg('DOORBELL'), reservedArg(0n)),
  callSample(P.Call.DOORBELL_MASK, capArg('DOORBELL'), wordArg(64), wordArg(64), reservedArg(0n)),
  callSample(P.Call.MSGQUEUE_BIND_SEND_VIRQ, capArg('MSGQUEUE'), capArg('VIC'), virqArg, reservedArg(0n)),
  callSample(P.Call.MSGQUEUE_BIND_RECEIVE_VIRQ, capArg('MSGQUEUE'), capArg('VIC'), virqArg, reservedArg(0n)),
  callSample(P.Call.MSGQUEUE_UNBIND_SEND_VIRQ, capArg('MSGQUEUE'), reservedArg(0n)),
  callSample(P.Call.MSGQUEUE_UNBIND_RECEIVE_VIRQ, capArg('MSGQUEUE'), reservedArg(0n)),
  callSample(P.Call.MSGQUEUE_SEND, capArg('MSGQUEUE'), sizeArg, vaArg, wordArg(32), reservedArg(0n)),
  callSample(P.Call.MSGQUEUE_RECEIVE, capArg('MSGQUEUE'), vaArg, sizeArg, reservedArg(0n)),
  callSample(P.Call.MSGQUEUE_FLUSH, capArg('MSGQUEUE'), reservedArg(0n)),
  callSample(
    P.Call.MSGQUEUE_CONFIGURE_SEND,
    capArg('MSGQUEUE'),
    wordArg(32),
    holdoffArg,
    reservedArg(0xffff_ffff_ffff_ffffn),
  ),
  callSample(
    P.Call.MSGQUEUE_CONFIGURE_RECEIVE,
    capArg('MSGQUEUE'),
    wordArg(32),
    holdoffArg,
    reservedArg(0xffff_ffff_ffff_ffffn),
  ),
  callSample(P.Call.MSGQUEUE_CONFIGURE, capArg('MSGQUEUE'), queueInfoArg, reservedArg(0n)),
  callSample(P.Call.CSPACE_DELETE_CAP_FROM, capArg('CSPACE'), capArg('ANY'), reservedArg(0n)),
  callSample(
    P.Call.CSPACE_COPY_CAP_FROM,
    capArg('CSPACE'),
    capArg('ANY'),
    capArg('CSPACE'),
    wordArg(32),
    reservedArg(0n),
  ),
  callSample(P.Call.CSPACE_REVOKE_CAP_FROM, capArg('ANY'), capArg('ANY'), reservedArg(0n)),
  callSample(P.Call.CSPACE_CONFIGURE, capArg('CSPACE'), wordArg(32), reservedArg(0n)),
  callSample(P.Call.HWIRQ_BIND_VIRQ, capArg('HWIRQ'), capArg('VIC'), virqArg, reservedArg(0n)),
  callSample(P.Call.HWIRQ_UNBIND_VIRQ, capArg('HWIRQ'), reservedArg(0n)),
  callSample(P.Call.VIC_CONFIGURE, capArg('VIC'), wordArg(32), wordArg(32), wordArg(64), wordArg(32)),
  callSample(P.Call.VIC_ATTACH_VCPU, capArg('VIC'), capArg('THREAD'), wordArg(32), reservedArg(0n)),
  callSample(P.Call.ADDRSPACE_ATTACH_THREAD, capArg('ADDRSPACE'), capArg('THREAD'), reservedArg(0n)),
  callSample(
    P.Call.ADDRSPACE_MAP,
    capArg('ADDRSPACE'),
    capArg('MEMEXTENT'),
    ipaArg,
    mapAttrsArg,
    wordArg(32),
    sizeArg,
    sizeArg,
  ),
  callSample(P.Call.ADDRSPACE_UNMAP, capArg('ADDRSPACE'), capArg('MEMEXTENT'), ipaArg, wordArg(32), sizeArg, sizeArg),
  callSample(
    P.Call.ADDRSPACE_UPDATE_ACCESS,
    capArg('ADDRSPACE'),
    capArg('MEMEXTENT'),
    ipaArg,
    mapAttrsArg,
    wordArg(32),
    sizeArg,
    sizeArg,
  ),
  callSample(P.Call.ADDRSPACE_CONFIGURE, capArg('ADDRSPACE'), wordArg(16), reservedArg(0n)),
  callSample(P.Call.ADDRSPACE_ATTACH_VDMA, capArg('ADDRSPACE'), capArg('ANY'), wordArg(32), reservedArg(0n)),
  callSample(P.Call.MEMEXTENT_MODIFY, capArg('MEMEXTENT'), wordArg(32), sizeArg, sizeArg),
  callSample(P.Call.MEMEXTENT_CONFIGURE, capArg('MEMEXTENT'), paArg, sizeArg, extentAttrsArg, reservedArg(0n)),
  callSample(
    P.Call.MEMEXTENT_CONFIGURE_DERIVE,
    capArg('MEMEXTENT'),
    capArg('MEMEXTENT'),
    sizeArg,
    sizeArg,
    extentAttrsArg,
    reservedArg(0n),
  ),
  callSample(P.Call.VCPU_CONFIGURE, capArg('THREAD'), wordArg(64), reservedArg(0n)),
  callSample(P.Call.VCPU_POWERON, capArg('THREAD'), wordArg(64), wordArg(64), wordArg(64)),
  callSample(P.Call.VCPU_POWEROFF, capArg('THREAD'), wordArg(64)),
  callSample(P.Call.VCPU_KILL, capArg('THREAD'), reservedArg(0n)),
  callSample(P.Call.SCHEDULER_YIELD, wordArg(32), capArg('THREAD'), reservedArg(0n)),
  callSample(P.Call.VPM_GROUP_ATTACH_VCPU, capArg('VPM_GROUP'), capArg('THREAD'), wordArg(32), reservedArg(0n)),
  callSample(P.Call.VCPU_SET_AFFINITY, capArg('THREAD'), affinityArg, reservedArg(0xffff_ffff_ffff_ffffn)),
  callSample(P.Call.CSPACE_ATTACH_THREAD, capArg('CSPACE'), capArg('THREAD'), reservedArg(0n)),
  callSample(P.Call.TRACE_UPDATE_CLASS_FLAGS, wordArg(64), wordArg(64), reservedArg(0n)),
  callSample(P.Call.VPM_GROUP_BIND_VIRQ, capArg('VPM_GROUP'), capArg('VIC'), virqArg, reservedArg(0n)),
  callSample(P.Call.VPM_GROUP_UNBIND_VIRQ, capArg('VPM_GROUP'), reservedArg(0n)),
  callSample(P.Call.VPM_GROUP_GET_STATE, capArg('VPM_GROUP'), reservedArg(0n)),
  callSample(P.Call.VCPU_SET_PRIORITY, capArg('THREAD'), wordArg(32)),
  callSample(P.Call.VCPU_SET_TIMESLICE, capArg('THREAD'), timesliceArg),
  callSample(P.Call.PARTITION_CREATE_VIRTIO_MMIO, capArg('PARTITION'), capArg('CSPACE'), reservedArg(0n)),
  callSample(
    P.Call.VIRTIO_MMIO_CONFIGURE,
    capArg('VIRTIO_MMIO'),
    capArg('MEMEXTENT'),
    wordArg(32),
    wordArg(64),
    wordArg(32),
  ),
  callSample(P.Call.VIRTIO_MMIO_BACKEND_BIND_VIRQ, capArg('VIRTIO_MMIO'), capArg('VIC'), virqArg, reservedArg(0n)),
  callSample(P.Call.VIRTIO_MMIO_BACKEND_UNBIND_VIRQ, capArg('VIRTIO_MMIO'), reservedArg(0n)),
  callSample(P.Call.VIRTIO_MMIO_FRONTEND_BIND_VIRQ, capArg('VIRTIO_MMIO'), capArg('VIC'), virqArg, reservedArg(0n)),
  callSample(P.Call.VIRTIO_MMIO_FRONTEND_UNBIND_VIRQ, capArg('VIRTIO_MMIO'), reservedArg(0n)),
  callSample(P.Call.VIRTIO_MMIO_BACKEND_ASSERT_VIRQ, capArg('VIRTIO_MMIO'), wordArg(32), reservedArg(0n)),
  callSample(
    P.Call.VIRTIO_MMIO_BACKEND_SET_DEV_FEATURES,
    capArg('VIRTIO_MMIO'),
    wordArg(32),
    wordArg(32),
    reservedArg(0n),
  ),
  callSample(
    P.Call.VIRTIO_MMIO_BACKEND_SET_QUEUE_NUM_MAX,
    capArg('VIRTIO_MMIO'),
    wordArg(32),
    wordArg(32),
    reservedArg(0n),
  ),
  callSample(P.Call.VIRTIO_MMIO_BACKEND_GET_DRV_FEATURES, capArg('VIRTIO_MMIO'), wordArg(32), reservedArg(0n)),
  callSample(P.Call.VIRTIO_MMIO_BACKEND_GET_QUEUE_INFO, capArg('VIRTIO_MMIO'), wordArg(32), reservedArg(0n)),
  callSample(P.Call.VIRTIO_MMIO_BACKEND_GET_NOTIFICATION, capArg('VIRTIO_MMIO'), reservedArg(0n)),
  callSample(P.Call.VIRTIO_MMIO_BACKEND_ACKNOWLEDGE_RESET, capArg('VIRTIO_MMIO'), reservedArg(0n)),
  callSample(P.Call.VIRTIO_MMIO_BACKEND_UPDATE_STATUS, capArg('VIRTIO_MMIO'), wordArg(32), reservedArg(0n)),
  callSample(P.Call.VIC_BIND_MSI_SOURCE, capArg('VIC'), capArg('ANY'), reservedArg(0n)),
  callSample(P.Call.PRNG_GET_ENTROPY, wordArg(32), reservedArg(0n)),
  callSample(P.Call.CSPACE_REVOKE_CAPS_FROM, capArg('CSPACE'), capArg('ANY'), reservedArg(0n)),
  callSample(P.Call.ADDRSPACE_LOOKUP, capArg('ADDRSPACE'), capArg('MEMEXTENT'), ipaArg, sizeArg, reservedArg(0n)),
  callSample(P.Call.ADDRSPACE_CONFIGURE_INFO_AREA, capArg('ADDRSPACE'), capArg('MEMEXTENT'), ipaArg, reservedArg(0n)),
  callSample(P.Call.VCPU_BIND_VIRQ, capArg('THREAD'), capArg('VIC'), virqArg, wordArg(32), reservedArg(0n)),
  callSample(P.Call.VCPU_UNBIND_VIRQ, capArg('THREAD'), wordArg(32), reservedArg(0n)),
  callSample(
    P.Call.VIRTIO_INPUT_CONFIGURE,
    capArg('VIRTIO_MMIO'),
    wordArg(64),
    wordArg(32),
    wordArg(32),
    wordArg(32),
    reservedArg(0n),
  ),
  callSample(
    P.Call.VIRTIO_INPUT_SET_DATA,
    capArg('VIRTIO_MMIO'),
    wordArg(32),
    wordArg(32),
    wordArg(32),
    vaArg,
    reservedArg(0n),
  ),
  callSample(P.Call.ADDRSPACE_CONFIGURE_VMMIO, capArg('ADDRSPACE'), ipaArg, sizeArg, wordArg(32), reservedArg(0n)),
  callSample(
    P.Call.MEMEXTENT_DONATE,
    wordArg(32),
    capArg('MEMEXTENT', 'PARTITION'),
    capArg('MEMEXTENT', 'PARTITION'),
    sizeArg,
    sizeArg,
    reservedArg(0n),
  ),
  callSample(
    P.Call.ADDRSPACE_ATTACH_VDEVICE,
    capArg('ADDRSPACE'),
    capArg('VIC'),
    wordArg(32),
    ipaArg,
    sizeArg,
    wordArg(64),
  ),
  callSample(P.Call.VCPU_REGISTER_WRITE, capArg('THREAD'), wordArg(32), wordArg(32), wordArg(64), reservedArg(0n)),
  callSample(P.Call.VCPU_RUN, capArg('THREAD'), wordArg(64), wordArg(64), wordArg(64), reservedArg(0n)),
  callSample(P.Call.VPM_GROUP_CONFIGURE, capArg('VPM_GROUP'), wordArg(64), reservedArg(0n)),
  callSample(
    P.Call.VGIC_SET_MPIDR_MAPPING,
    capArg('VIC'),
    wordArg(64),
    wordArg(32),
    wordArg(32),
    wordArg(32),
    wordArg(32),
    wordArg(1),
  ),
  callSample(P.Call.VCPU_RUN_CHECK, capArg('THREAD'), reservedArg(0n)),
];
