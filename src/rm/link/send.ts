/**
 * Sending: fragments, sequence numbers, the reply slot and the queue of notifications (fact base: rm-rpc-transport 2, 5, 6).
 */
import { put16, put32 } from '../../base/index.js';
import { UNHANDLED } from '../../machine/index.js';
import { HypError, Platform, RPC_BYTE0, RpcType } from '../../protocol/index.js';
import { RmDeath } from '../death.js';
import { queueEvent } from '../events.js';
import { linkTx, TX_IDLE } from '../life.js';
import type { Rm } from '../types.js';
import { linkOf, NO_BYTES } from './link.js';
import type { TxEvent } from './link.machine.js';
import type { Link, LinkTx } from './types.js';

const PACKET_SIZE = Platform.RM_QUEUE_MSG_SIZE;
const HEADER_SIZE = Platform.RPC_HEADER_SIZE;
const MAX_CONTENT = Platform.RPC_MAX_CONTENT;

/** `sizeArg[n]`: packet lengths as arguments, so that a send allocates nothing. */
const sizeArg: readonly bigint[] = Array.from({ length: PACKET_SIZE + 1 }, (_, n) => BigInt(n));

/** Scratch, valid within one packet only. */
const outgoing = new Uint8Array(PACKET_SIZE);

/** The first bytes of `outgoing`: what lies behind belongs to other packets, maybe of another machine. */
const packets: (Uint8Array | undefined)[] = new Array(PACKET_SIZE + 1).fill(undefined);

function outgoingOf(length: number): Uint8Array {
  let view = packets[length];
  if (view === undefined) {
    view = outgoing.subarray(0, length);
    packets[length] = view;
  }
  return view;
}

function txEvent(tx: LinkTx, type: TxEvent['type']): void {
  const step = linkTx.next(tx.state, {}, { type });
  if (step !== UNHANDLED) tx.state = step.state;
}

/** Sends fragments until the message is complete or the queue is full. */
function transmit(rm: Rm, link: Link): void {
  const tx = link.tx;
  const hv = rm.hv;
  while (tx.remaining > 0) {
    const type = tx.remaining === tx.fragments + 1 ? tx.type : RpcType.CONTINUED;
    outgoing[0] = RPC_BYTE0;
    outgoing[1] = (tx.fragments << 2) | type;
    put16(outgoing, 2, tx.seq);
    put32(outgoing, 4, tx.id);
    const left = tx.payload.length - tx.position;
    const size = Math.min(left, MAX_CONTENT);
    // The usual message is one packet: copied without a view of the payload.
    if (size === tx.payload.length) outgoing.set(tx.payload, HEADER_SIZE);
    else outgoing.set(tx.payload.subarray(tx.position, tx.position + size), HEADER_SIZE);
    hv.port.write(rm.txBuffer, outgoingOf(HEADER_SIZE + size));
    const error = hv.msgqueueSend(link.txCap, sizeArg[HEADER_SIZE + size], rm.txBufferArg);
    if (error === HypError.MSGQUEUE_FULL) {
      txEvent(tx, 'BLOCKED');
      return;
    }
    if (error !== HypError.OK) throw new RmDeath('ABORT', 'link-send-failed');
    tx.remaining--;
    tx.position += size;
  }
  tx.payload = NO_BYTES;
  if (tx.state !== TX_IDLE) txEvent(tx, 'COMPLETE');
  if (link.reply !== null || link.notifications.length > 0) queueEvent(rm, { kind: 'pending', vmid: link.vmid });
}

/** Starts a message; false while another one is under way. */
function start(rm: Rm, link: Link, type: number, id: number, seq: number, payload: Uint8Array): boolean {
  const tx = link.tx;
  if (tx.state !== TX_IDLE) return false;
  const length = payload.length;
  tx.fragments = length > 0 ? Math.ceil(length / MAX_CONTENT) - 1 : 0;
  tx.remaining = tx.fragments + 1;
  tx.type = type;
  tx.id = id;
  tx.seq = seq;
  tx.payload = payload;
  tx.position = 0;
  transmit(rm, link);
  return true;
}

/** The queue to the VM is no longer full. */
export function onTransmitReady(rm: Rm, link: Link): void {
  if (link.tx.state !== TX_IDLE) transmit(rm, link);
}

function startReply(rm: Rm, link: Link): boolean {
  const reply = link.reply;
  if (reply === null) return true;
  // The slot is emptied only after the attempt: completion looks at it and may queue one useless event, as RM does.
  if (!start(rm, link, RpcType.REPLY, reply.id, reply.seq, reply.payload)) return false;
  link.reply = null;
  return true;
}

/** Every attempt takes a sequence number, also a refused one. */
function startNotification(rm: Rm, link: Link, id: number, payload: Uint8Array): boolean {
  const seq = rm.notifySeq;
  rm.notifySeq = (seq + 1) & 0xffff;
  return start(rm, link, RpcType.NOTIFICATION, id, seq, payload);
}

function startNotifications(rm: Rm, link: Link): void {
  while (link.notifications.length > 0) {
    const first = link.notifications[0];
    if (!startNotification(rm, link, first.id, first.payload)) return;
    link.notifications.shift();
  }
}

/** The internal event after a completed transmission: reply first, then notifications. */
export function onPending(rm: Rm, link: Link): void {
  if (startReply(rm, link)) startNotifications(rm, link);
}

/** Reply payload of a bare error code. */
function errorPayload(error: number): Uint8Array {
  const payload = new Uint8Array(4);
  put32(payload, 0, error);
  return payload;
}

/**
 * Answers a request. `result`: error code or whole payload, which the link keeps until it is sent.
 * One reply may wait; an older one that still cannot be sent is lost.
 */
export function sendReply(rm: Rm, vmid: number, id: number, seq: number, result: number | Uint8Array): void {
  const link = linkOf(rm, vmid);
  if (link === null) throw new RmDeath('ABORT', 'notification-without-link');
  const payload = typeof result === 'number' ? errorPayload(result) : result;
  if (link.reply !== null && !startReply(rm, link)) link.reply = null;
  if (payload.length > Platform.RPC_MAX_PAYLOAD) throw new RmDeath('ABORT', 'reply-too-long');
  if (!start(rm, link, RpcType.REPLY, id, seq, payload)) link.reply = { id, seq, payload };
}

/**
 * Notifies a VM; the payload is kept until it is sent. A VM without a link kills RM (`trigger`: which rule of spec/deaths).
 * At most `Platform.RPC_MAX_PENDING_NOTIFICATIONS` wait; then the oldest is lost.
 */
export function sendNotification(
  rm: Rm,
  vmid: number,
  id: number,
  payload: Uint8Array,
  trigger = 'notification-without-link',
): void {
  const link = linkOf(rm, vmid);
  if (link === null) throw new RmDeath('ABORT', trigger);
  startNotifications(rm, link);
  if (startNotification(rm, link, id, payload)) return;
  if (link.notifications.length === Platform.RPC_MAX_PENDING_NOTIFICATIONS) link.notifications.shift();
  link.notifications.push({ id, seq: 0, payload });
}
