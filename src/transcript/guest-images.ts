/** Which guest image a vCPU's capability stands for, from the recorded requests and replies alone: what a driver without a look
 * inside knows. MEM_LEND, MEM_SHARE, MEM_DONATE give the memory of a parcel, VM_CONFIG_IMAGE a VM its parcel, VM_GET_HYP_RESOURCES
 * a vCPU its capability.
 */
import { le16, le32 } from '../base/index.js';
import { decodeMemLendReply, decodeMemLendRequest } from '../protocol/codec/memparcel.js';
import { decodeVmGetHypResourcesReply } from '../protocol/codec/resources.js';
import {
  collectPacket,
  Msg,
  ResourceType,
  RmError,
  type RpcAssembly,
  type RpcMessage,
  RpcType,
  rpcAssembly,
  rpcMessage,
} from '../protocol/index.js';

export interface GuestImages {
  /** Messages whose fragments still come, one for each direction. */
  readonly sending: RpcAssembly;
  readonly receiving: RpcAssembly;
  /** Requests without a reply yet, by sequence number. */
  readonly requests: Map<number, RpcMessage>;
  /** Start of the first range, by parcel handle. */
  readonly parcels: Map<number, number>;
  /** By VMID. */
  readonly images: Map<number, number>;
  /** VMID by capability of a vCPU. */
  readonly vcpus: Map<bigint, number>;
}

export const guestImages = (): GuestImages => ({
  sending: rpcAssembly(),
  receiving: rpcAssembly(),
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

/** A packet went to RM. */
export function noteSent(g: GuestImages, packet: Uint8Array): void {
  const packets = collectPacket(g.sending, packet);
  if (typeof packets === 'string') return;
  const request = rpcMessage(packets);
  if (request.type === RpcType.REQUEST) g.requests.set(request.seq, request);
}

/** A packet came from RM. */
export function noteReceived(g: GuestImages, packet: Uint8Array): void {
  const packets = collectPacket(g.receiving, packet);
  if (typeof packets === 'string') return;
  const reply = rpcMessage(packets);
  if (reply.type !== RpcType.REPLY || reply.payload.length < 4) return;
  const request = g.requests.get(reply.seq);
  g.requests.delete(reply.seq);
  if (request?.id === reply.id && le32(reply.payload, 0) === RmError.OK) learn(g, request.payload, reply);
}

const VM_CONFIG_IMAGE_SIZE = 40;

function learn(g: GuestImages, request: Uint8Array, reply: RpcMessage): void {
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
