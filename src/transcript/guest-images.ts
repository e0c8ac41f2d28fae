/** Which guest image a vCPU's capability stands for, from the recorded requests and replies alone: what a driver without a look
 * inside knows. MEM_LEND, MEM_SHARE, MEM_DONATE give the memory of a parcel, VM_CONFIG_IMAGE a VM its parcel, VM_GET_HYP_RESOURCES
 * a vCPU its capability.
 */
import { concatBytes, le16, le32 } from '../base/index.js';
import { decodeMemLendReply, decodeMemLendRequest } from '../protocol/codec/memparcel.js';
import { decodeVmGetHypResourcesReply } from '../protocol/codec/resources.js';
import { Msg, Platform, parseRpcHeader, ResourceType, RmError, RpcType } from '../protocol/index.js';

interface Pending {
  readonly type: number;
  readonly id: number;
  readonly seq: number;
  payload: Uint8Array;
  left: number;
}

export interface GuestImages {
  /** Messages whose fragments still come, one for each direction. */
  sending: Pending | undefined;
  receiving: Pending | undefined;
  /** Requests without a reply yet, by sequence number. */
  readonly requests: Map<number, Pending>;
  /** Start of the first range, by parcel handle. */
  readonly parcels: Map<number, number>;
  /** By VMID. */
  readonly images: Map<number, number>;
  /** VMID by capability of a vCPU. */
  readonly vcpus: Map<bigint, number>;
}

export const guestImages = (): GuestImages => ({
  sending: undefined,
  receiving: undefined,
  requests: new Map(),
  parcels: new Map(),
  images: new Map(),
  vcpus: new Map(),
});

/** Where HLOS sees the image of the VM whose vCPU this is. */
export function imageOfVcpu(g: GuestImages, cap: bigint): number | undefined {
  const vmid = g.vcpus.get(cap);
  return vmid === undefined ? undefined : g.images.get(vmid);
}

/** The message, extended by this packet. */
function extended(message: Pending | undefined, packet: Uint8Array): Pending | undefined {
  const h = parseRpcHeader(packet);
  if (h === undefined) return message;
  const content = packet.subarray(Platform.RPC_HEADER_SIZE);
  if (h.type !== RpcType.CONTINUED) return { type: h.type, id: h.id, seq: h.seq, payload: content, left: h.fragments };
  if (message === undefined || message.left === 0) return message;
  return { ...message, payload: concatBytes(message.payload, content), left: message.left - 1 };
}

/** A packet went to RM. */
export function noteSent(g: GuestImages, packet: Uint8Array): void {
  g.sending = extended(g.sending, packet);
  if (g.sending?.left === 0 && g.sending.type === RpcType.REQUEST) g.requests.set(g.sending.seq, g.sending);
}

/** A packet came from RM. */
export function noteReceived(g: GuestImages, packet: Uint8Array): void {
  g.receiving = extended(g.receiving, packet);
  const reply = g.receiving;
  if (reply?.left !== 0 || reply.type !== RpcType.REPLY || reply.payload.length < 4) return;
  const request = g.requests.get(reply.seq);
  g.requests.delete(reply.seq);
  if (request?.id === reply.id && le32(reply.payload, 0) === RmError.OK) learn(g, request.payload, reply);
}

const VM_CONFIG_IMAGE_SIZE = 40;

function learn(g: GuestImages, request: Uint8Array, reply: Pending): void {
  switch (reply.id) {
    case Msg.MEM_LEND:
    case Msg.MEM_SHARE:
    case Msg.MEM_DONATE: {
      const first = decodeMemLendRequest(request)?.sgl[0];
      const handle = decodeMemLendReply(reply.payload)?.handle;
      if (first !== undefined && handle !== undefined) g.parcels.set(handle, Number(first.ipa));
      return;
    }
    case Msg.VM_CONFIG_IMAGE: {
      const image = request.length === VM_CONFIG_IMAGE_SIZE ? g.parcels.get(le32(request, 4)) : undefined;
      if (image !== undefined) g.images.set(le16(request, 0), image);
      return;
    }
    case Msg.VM_GET_HYP_RESOURCES:
      for (const r of decodeVmGetHypResourcesReply(reply.payload)?.resources ?? []) {
        if (r.type === ResourceType.VIRTUAL_CPU) g.vcpus.set(r.capId, le16(request, 0));
      }
      return;
    default:
  }
}
