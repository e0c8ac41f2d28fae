/** What RM must answer to MEM_NOTIFY and MEM_QCOM_LOOKUP_SGL (fact base: rm-rpc-messages 3). */
import { Msg, ParcelState, RmError, VmState } from '../../protocol/index.js';
import { entries, lists, lookup, released, sglOf } from './parcels.js';
import { answer, bytes, type ModelParcel, notify, num, type Rule, type World } from './world.js';

const {
  OK,
  DENIED,
  MSG_INVALID,
  VMID_INVALID,
  ARGUMENT_INVALID,
  HANDLE_INVALID,
  MEM_INUSE,
  MEM_RELEASED,
  LOOKUP_FAILED,
} = RmError;

function sharedPayload(parcel: ModelParcel): Uint8Array {
  return bytes(
    [4, parcel.handle],
    [1, parcel.memType],
    [1, parcel.transType],
    [1, parcel.sanitized ? 1 : 0],
    [1, 0],
    [2, parcel.owner],
    [2, 0],
    [4, parcel.label],
    [4, parcel.tag],
    [2, parcel.targets.length],
    [2, 0],
    ...parcel.targets.flatMap(
      (t) =>
        [
          [2, t.vmid],
          [1, t.rights],
          [1, 0],
        ] as [number, number][],
    ),
    [2, parcel.regions.length],
    [2, 0],
    ...parcel.regions.map((r) => [8, r.size] as [number, number]),
    [2, parcel.attrs.length],
    [2, 0],
    ...parcel.attrs.flatMap(
      (a) =>
        [
          [2, a.attr],
          [2, a.vmid],
        ] as [number, number][],
    ),
  );
}

/** MEM_ACCEPTED or MEM_RELEASED to the owner, if that is true. */
function tellOwner(w: World, parcel: ModelParcel, vmid: number, accepted: boolean): number {
  const target = parcel.targets.find((t) => t.vmid === vmid);
  if (target === undefined) return HANDLE_INVALID;
  if (target.shared !== accepted) return accepted ? MEM_RELEASED : MEM_INUSE;
  notify(w, parcel.owner, accepted ? Msg.N_MEM_ACCEPTED : Msg.N_MEM_RELEASED, released(parcel, vmid));
  return OK;
}

function notifyVms(w: World, parcel: ModelParcel, from: number, p: Uint8Array, shared: boolean): number {
  if (from !== parcel.owner) return DENIED;
  if (p.length < 16) return MSG_INVALID;
  const count = num(p, 12, 2);
  if (count === 0) return ARGUMENT_INVALID;
  if (p.length < 16 + 4 * count) return MSG_INVALID;
  if (count > parcel.targets.length) return ARGUMENT_INVALID;
  const vmids = Array.from({ length: count }, (_, i) => num(p, 16 + 4 * i, 2));
  for (const vmid of vmids) {
    if (!w.vms.has(vmid)) return VMID_INVALID;
    if (!parcel.targets.some((t) => t.vmid === vmid)) return ARGUMENT_INVALID;
  }
  if (shared && !parcel.tagSet) {
    parcel.tagSet = true;
    parcel.tag = num(p, 8, 4);
  }
  let code: number = OK;
  for (const vmid of vmids) {
    if (shared && w.vms.get(vmid)?.state === VmState.READY) {
      code = tellOwner(w, parcel, vmid, true);
      continue;
    }
    if (!w.links.has(vmid)) {
      w.death = 'mem-notify-without-link';
      return OK;
    }
    if (shared) notify(w, vmid, Msg.N_MEM_SHARED, sharedPayload(parcel));
    else notify(w, vmid, Msg.N_MEM_RECALL, bytes([4, parcel.handle], [4, parcel.tag]));
  }
  return code;
}

const memNotify: Rule = (w, from, p) => {
  if (p.length < 12) return answer(MSG_INVALID);
  const parcel = lookup(w, num(p, 0, 4));
  if (parcel === undefined) return answer(HANDLE_INVALID);
  if (parcel.tagSet && parcel.tag !== num(p, 8, 4)) return answer(ARGUMENT_INVALID);
  switch (p[4]) {
    case 1:
      return answer(notifyVms(w, parcel, from, p, true));
    case 8:
      return answer(notifyVms(w, parcel, from, p, false));
    case 2:
      return answer(tellOwner(w, parcel, from, false));
    case 4:
      return answer(tellOwner(w, parcel, from, true));
    default:
      return answer(ARGUMENT_INVALID);
  }
};

const lookupSgl: Rule = (w, from, p) => {
  if (p.length < 16) return answer(MSG_INVALID);
  const found = lists(p, 8, [4, 16, 4]);
  if (typeof found === 'number') return answer(found);
  const [acl, sgl, attrs] = found;
  const wanted = [
    entries(acl, (at) => `${num(p, at, 2)} ${p[at + 2]}`).join(),
    sglOf(p, sgl)
      .map((r) => `${r.ipa} ${r.size}`)
      .join(),
    entries(attrs, (at) => `${num(p, at, 2)} ${num(p, at + 2, 2)}`).join(),
  ].join(';');
  const match = w.parcels.find(
    (q) =>
      q.owner === from &&
      q.state === ParcelState.SHARING &&
      q.memType === p[0] &&
      wanted ===
        [
          q.targets.map((t) => `${t.vmid} ${t.rights}`).join(),
          q.regions.map((r) => `${r.ipa} ${r.size}`).join(),
          q.attrs.map((a) => `${a.attr} ${a.vmid}`).join(),
        ].join(';'),
  );
  return match === undefined || acl.count === 0 || sgl.count === 0
    ? answer(LOOKUP_FAILED)
    : answer(OK, bytes([4, match.handle]));
};

export const notifyRules: Readonly<Record<number, Rule>> = {
  [Msg.MEM_NOTIFY]: memNotify,
  [Msg.MEM_QCOM_LOOKUP_SGL]: lookupSgl,
};
