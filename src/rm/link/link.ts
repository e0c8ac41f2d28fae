/**
 * RM's side of an RPC link: what is kept of one. Sending is in send.ts, receiving in receive.ts; the interrupts that
 * drive both are dispatched by events.ts. Fact base: rm-rpc-transport 2 to 6.
 */
import { RX_IDLE, TX_IDLE } from '../life.js';
import type { Rm } from '../types.js';
import type { Link } from './types.js';

/** Payload of a link without a message. */
export const NO_BYTES = new Uint8Array(0);

export function newLink(vmid: number, txCap: bigint, rxCap: bigint, txVirq: number, rxVirq: number): Link {
  return {
    vmid,
    txCap,
    rxCap,
    txVirq,
    rxVirq,
    tx: { state: TX_IDLE, remaining: 0, fragments: 0, type: 0, id: 0, seq: 0, payload: NO_BYTES, position: 0 },
    rx: { state: RX_IDLE, remaining: 0, fragments: 0, type: 0, id: 0, seq: 0, buffer: NO_BYTES, length: 0 },
    reply: null,
    notifications: [],
  };
}

/** The RM link of a VM, or null. */
export const linkOf = (rm: Rm, vmid: number): Link | null => rm.links[vmid] ?? null;
