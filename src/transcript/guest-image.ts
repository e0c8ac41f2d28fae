import { type DecodedMessage, decodePacket, Msg, parseRpcHeader, RpcType } from '../protocol/index.js';

/** Where HLOS sees the image of which second VM: followed through the requests that HLOS made for it.
 *
 * A `guest` event does not say which VM it is for; the vCPU capability of the vcpu_run events beside it does.
 */
export interface GuestImages {
  /** First address of a parcel, by sequence number of the request and then by handle. */
  asked: Record<number, number>;
  parcels: Record<number, number>;
  /** Image by VMID. */
  vms: Record<number, number>;
  /** VMID of a resource query, by sequence number. */
  queries: Record<number, number>;
  /** Image by vCPU capability. */
  caps: Record<string, number>;
  /** Image of the VM started last, or written last. */
  latest: number;
}

export const guestImages = (): GuestImages => ({
  asked: {},
  parcels: {},
  vms: {},
  queries: {},
  caps: {},
  latest: 0,
});

const PARCEL_REQUESTS: readonly number[] = [Msg.MEM_SHARE, Msg.MEM_LEND, Msg.MEM_DONATE];
const RESOURCE_VCPU = 9;

function numberOf(m: DecodedMessage | undefined, name: string): number | undefined {
  const value = m?.fields.find((f) => f.name === name)?.value;
  return value === undefined || value instanceof Uint8Array ? undefined : Number(value);
}

/** A request sent by HLOS. */
export function followRequest(g: GuestImages, packet: Uint8Array): void {
  const h = parseRpcHeader(packet);
  if (h === undefined || h.type !== RpcType.REQUEST) return;
  const parcel = PARCEL_REQUESTS.includes(h.id);
  if (!parcel && h.id !== Msg.VM_CONFIG_IMAGE && h.id !== Msg.VM_START && h.id !== Msg.VM_GET_HYP_RESOURCES) return;
  const { message } = decodePacket(packet);
  if (parcel) {
    const ipa = message?.lists.find((l) => l.name === 'sgl')?.entries[0]?.find((f) => f.name === 'ipa')?.value;
    if (ipa !== undefined) g.asked[h.seq] = Number(ipa);
    return;
  }
  const vmid = numberOf(message, 'vmid');
  if (vmid === undefined) return;
  if (h.id === Msg.VM_GET_HYP_RESOURCES) g.queries[h.seq] = vmid;
  else if (h.id === Msg.VM_START) g.latest = g.vms[vmid] ?? g.latest;
  else g.vms[vmid] = g.parcels[numberOf(message, 'image_handle') ?? -1] ?? g.latest;
}

/** A reply of RM. */
export function followReply(g: GuestImages, packet: Uint8Array): void {
  const h = parseRpcHeader(packet);
  if (h === undefined || h.type !== RpcType.REPLY) return;
  if (PARCEL_REQUESTS.includes(h.id)) {
    const handle = numberOf(decodePacket(packet).message, 'handle');
    if (handle !== undefined && g.asked[h.seq] !== undefined) g.parcels[handle] = g.asked[h.seq];
  } else if (h.id === Msg.VM_GET_HYP_RESOURCES) {
    const image = g.vms[g.queries[h.seq] ?? -1];
    if (image === undefined) return;
    for (const list of decodePacket(packet).message?.lists ?? []) {
      for (const entry of list.entries) {
        const field = (name: string): number => Number(entry.find((f) => f.name === name)?.value ?? 0);
        if (field('type') === RESOURCE_VCPU) g.caps[`0x${field('cap').toString(16)}`] = image;
      }
    }
  }
}
