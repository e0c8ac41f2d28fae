/** Hypercalls on partitions, objects and capability spaces (fact base: hypercall-abi 4.2 to 4.4). */
import { lo32, U64_MAX } from '../base/index.js';
import { ALL_RIGHTS, Call, HypError, ObjectType, Rights } from '../protocol/index.js';
import {
  allocateSlot,
  CapState,
  type CSpace,
  deleteCap,
  encodeCapId,
  findCap,
  installCap,
  MAX_CAPS,
  registerCspace,
  revokeOthers,
} from './cspace.js';
import type { Hypervisor } from './hypervisor.js';
import { lookup, lookupConfigure, lookupIn, lookupInit } from './lookup.js';
import { type HypObject, ObjectState, type Thread } from './types.js';

/** Only the root partition exists: partitions cannot be created in this build. */
export interface Partition extends HypObject {
  privileged: boolean;
}

const CREATABLE: readonly (readonly [call: number, type: number])[] = [
  [Call.PARTITION_CREATE_CSPACE, ObjectType.CSPACE],
  [Call.PARTITION_CREATE_ADDRSPACE, ObjectType.ADDRSPACE],
  [Call.PARTITION_CREATE_MEMEXTENT, ObjectType.MEMEXTENT],
  [Call.PARTITION_CREATE_THREAD, ObjectType.THREAD],
  [Call.PARTITION_CREATE_DOORBELL, ObjectType.DOORBELL],
  [Call.PARTITION_CREATE_MSGQUEUE, ObjectType.MSGQUEUE],
  [Call.PARTITION_CREATE_VIC, ObjectType.VIC],
  [Call.PARTITION_CREATE_VPM_GROUP, ObjectType.VPM_GROUP],
  [Call.PARTITION_CREATE_VIRTIO_MMIO, ObjectType.VIRTIO_MMIO],
];

/** Puts a master capability with all rights into a space. Undefined: the space is full. Used by creation and by boot. */
export function grantMaster(hyp: Hypervisor, cspace: CSpace, object: HypObject): bigint | undefined {
  const slot = allocateSlot(cspace);
  if (slot < 0) return undefined;
  installCap(hyp, cspace, slot, object, ALL_RIGHTS[object.type], true);
  return encodeCapId(cspace, slot);
}

function registerCreate(hyp: Hypervisor): void {
  for (const [call, type] of CREATABLE) {
    hyp.call(call, (h, caller, a, out) => {
      const partition = lookup(h, caller, a[0], ObjectType.PARTITION, Rights.PARTITION.OBJECT_CREATE);
      if (typeof partition === 'number') return partition;
      const cspace = lookup<CSpace>(h, caller, a[1], ObjectType.CSPACE, Rights.CSPACE.CAP_CREATE);
      if (typeof cspace === 'number') return cspace;
      const object = h.create(type, partition.id);
      if (typeof object === 'number') return object;
      const id = grantMaster(h, cspace, object);
      if (id === undefined) {
        h.ref(object.id);
        h.unref(object.id);
        return HypError.CSPACE_FULL;
      }
      out[0] = id;
      return HypError.OK;
    });
  }
  hyp.call(Call.PARTITION_CREATE_PARTITION, (_h, _caller, _a, out) => {
    out[0] = U64_MAX;
    return HypError.UNIMPLEMENTED;
  });
}

function registerObject(hyp: Hypervisor): void {
  hyp.call(Call.OBJECT_ACTIVATE, (h, caller, a) => {
    const object = lookupIn(h, h.get<CSpace>(caller.cspace), a[0]);
    return typeof object === 'number' ? object : h.activate(object);
  });
  hyp.call(Call.OBJECT_ACTIVATE_FROM, (h, caller, a) => {
    const cspace = lookup<CSpace>(h, caller, a[0], ObjectType.CSPACE, Rights.CSPACE.CAP_CREATE);
    if (typeof cspace === 'number') return cspace;
    const object = lookupIn(h, cspace, a[1]);
    return typeof object === 'number' ? object : h.activate(object);
  });
  hyp.call(Call.OBJECT_RESET, () => HypError.UNIMPLEMENTED);
  hyp.call(Call.OBJECT_RESET_FROM, () => HypError.UNIMPLEMENTED);
}

function registerCaps(hyp: Hypervisor): void {
  hyp.call(Call.CSPACE_DELETE_CAP_FROM, (h, caller, a) => {
    const cspace = lookup<CSpace>(h, caller, a[0], ObjectType.CSPACE, Rights.CSPACE.CAP_DELETE);
    if (typeof cspace === 'number') return cspace;
    const cap = findCap(cspace, a[1]);
    if (typeof cap === 'number') return cap;
    deleteCap(h, cspace, cap);
    return HypError.OK;
  });
  hyp.call(Call.CSPACE_COPY_CAP_FROM, (h, caller, a, out) => {
    const from = lookup<CSpace>(h, caller, a[0], ObjectType.CSPACE, Rights.CSPACE.CAP_COPY);
    if (typeof from === 'number') return from;
    const to = lookup<CSpace>(h, caller, a[2], ObjectType.CSPACE, Rights.CSPACE.CAP_CREATE);
    if (typeof to === 'number') return to;
    // The destination slot is taken before the source is looked at (capabilities 7.2), so a full space hides a bad source.
    if (to.capCount >= to.maxCaps) return HypError.CSPACE_FULL;
    const source = findCap(from, a[1]);
    if (typeof source === 'number') return source;
    if (source.table.state[source.lower] === CapState.REVOKED) return HypError.CSPACE_CAP_REVOKED;
    const rights = (source.table.rights[source.lower] & lo32(a[3])) >>> 0;
    if (rights === 0) return HypError.CSPACE_INSUFFICIENT_RIGHTS;
    const object = h.get(source.table.object[source.lower]);
    const slot = allocateSlot(to);
    if (slot < 0) return HypError.CSPACE_FULL;
    installCap(h, to, slot, object, rights, false);
    out[0] = encodeCapId(to, slot);
    return HypError.OK;
  });
  hyp.call(Call.CSPACE_REVOKE_CAP_FROM, () => HypError.UNIMPLEMENTED);
  hyp.call(Call.CSPACE_REVOKE_CAPS_FROM, (h, caller, a) => {
    const cspace = lookup<CSpace>(h, caller, a[0], ObjectType.CSPACE, Rights.CSPACE.CAP_REVOKE);
    if (typeof cspace === 'number') return cspace;
    const cap = findCap(cspace, a[1]);
    if (typeof cap === 'number') return cap;
    if (cap.table.state[cap.lower] === CapState.REVOKED) return HypError.CSPACE_CAP_REVOKED;
    if (cap.table.master[cap.lower] === 0) return HypError.CSPACE_INSUFFICIENT_RIGHTS;
    revokeOthers(h, cspace, cap);
    return HypError.OK;
  });
  hyp.call(Call.CSPACE_CONFIGURE, (h, caller, a) => {
    const cspace = lookupInit<CSpace>(h, caller, a[0], ObjectType.CSPACE);
    if (typeof cspace === 'number') return cspace;
    const maxCaps = lo32(a[1]);
    if (maxCaps > MAX_CAPS) return HypError.ARGUMENT_INVALID;
    cspace.maxCaps = maxCaps;
    return HypError.OK;
  });
  hyp.call(Call.CSPACE_ATTACH_THREAD, (h, caller, a) => {
    const thread = lookupConfigure<Thread>(h, caller, a[1], ObjectType.THREAD);
    if (typeof thread === 'number') return thread;
    const cspace = lookup<CSpace>(h, caller, a[0], ObjectType.CSPACE, Rights.CSPACE.ATTACH);
    if (typeof cspace === 'number') return cspace;
    if (thread.state !== ObjectState.INIT) return HypError.OBJECT_STATE;
    h.ref(cspace.id);
    h.unref(thread.cspace);
    thread.cspace = cspace.id;
    return HypError.OK;
  });
}

export function registerCore(hyp: Hypervisor): void {
  hyp.kind<Partition>(ObjectType.PARTITION, {
    create: (_hyp, object) => ({ ...object, privileged: true }),
    activate: () => HypError.OK,
  });
  registerCspace(hyp);
  registerCreate(hyp);
  registerObject(hyp);
  registerCaps(hyp);
}
