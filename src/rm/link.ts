/**
 * RM's side of an RPC link: framing, fragments, sequence numbers, the reply slot and the queue of notifications.
 * Fact base: rm-rpc-transport 2 to 6. The interrupts that drive it are dispatched by events.ts.
 */
import { le16, le32, put16, put32 } from '../base/index.js';
import { UNHANDLED } from '../machine/index.js';
import { HypError } from '../protocol/index.js';
import { RmDeath } from './death.js';
import { dispatch, errorPayload } from './dispatch.js';
import { queueEvent } from './events.js';
import { NO_REPLY } from './handler.js';
import { linkRx, linkTx, RX_IDLE, TX_IDLE } from './life.js';
import type { RxEvent, TxEvent } from './link.machine.js';
import type { Link, LinkRx, LinkTx } from './link-types.js';
import type { Rm } from './types.js';

const PACKET_SIZE = 240;
const HEADER_SIZE = 8;
const MAX_CONTENT = PACKET_SIZE - HEADER_SIZE;
const MAX_FRAGMENTS = 62;
export const MAX_PAYLOAD = (MAX_FRAGMENTS + 1) * MAX_CONTENT;
const MAX_NOTIFICATIONS = 256;

/** Message types of byte 1. */
export const Type = { CONTINUED: 0, REQUEST: 1, REPLY: 2, NOTIFICATION: 3 } as const;

/** Byte 0: API version 1, header of two words. */
const HEADER_BYTE = 0x21;
const PACKET_SIZE_ARG = BigInt(PACKET_SIZE);
const EMPTY = new Uint8Array(0);

/** `packetSizeArg[n]`: packet lengths as arguments, so that a send allocates nothing. */
const sizeArg: readonly bigint[] = Array.from({ length: PACKET_SIZE + 1 }, (_, n) => BigInt(n));

/** Scratch, valid within one packet only. */
const packet = new Uint8Array(PACKET_SIZE);
const outgoing = new Uint8Array(PACKET_SIZE);

/** Views of `packet` without its header, by packet length, made when first needed. */
const contents: (Uint8Array | undefined)[] = new Array(PACKET_SIZE + 1).fill(undefined);

function contentOf(length: number): Uint8Array {
  let view = contents[length];
  if (view === undefined) {
    view = packet.subarray(HEADER_SIZE, length);
    contents[length] = view;
  }
  return view;
}

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

export function newLink(vmid: number, txCap: bigint, rxCap: bigint, txVirq: number, rxVirq: number): Link {
  return {
    vmid,
    txCap,
    rxCap,
    txVirq,
    rxVirq,
    tx: { state: TX_IDLE, remaining: 0, fragments: 0, type: 0, id: 0, seq: 0, payload: EMPTY, position: 0 },
    rx: { state: RX_IDLE, remaining: 0, fragments: 0, type: 0, id: 0, seq: 0, buffer: EMPTY, length: 0 },
    reply: null,
    notifications: [],
  };
}

/** The RM link of a VM, or null. */
export const linkOf = (rm: Rm, vmid: number): Link | null => rm.links[vmid] ?? null;

function txEvent(tx: LinkTx, type: TxEvent['type']): void {
  const step = linkTx.next(tx.state, {}, { type });
  if (step !== UNHANDLED) tx.state = step.state;
}

/** False: the packet is dropped and changes nothing. */
function rxEvent(rx: LinkRx, type: RxEvent['type'], matches: boolean, last: boolean): boolean {
  const step = linkRx.next(rx.state, { matches, last }, { type });
  if (step === UNHANDLED) return false;
  rx.state = step.state;
  return true;
}

// Transmit

/** Sends fragments until the message is complete or the queue is full. */
function transmit(rm: Rm, link: Link): void {
  const tx = link.tx;
  const hv = rm.hv;
  while (tx.remaining > 0) {
    const type = tx.remaining === tx.fragments + 1 ? tx.type : Type.CONTINUED;
    outgoing[0] = HEADER_BYTE;
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
  tx.payload = EMPTY;
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
  if (!start(rm, link, Type.REPLY, reply.id, reply.seq, reply.payload)) return false;
  link.reply = null;
  return true;
}

/** Every attempt takes a sequence number, also a refused one. */
function startNotification(rm: Rm, link: Link, id: number, payload: Uint8Array): boolean {
  const seq = rm.notifySeq;
  rm.notifySeq = (seq + 1) & 0xffff;
  return start(rm, link, Type.NOTIFICATION, id, seq, payload);
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

/**
 * Answers a request. `result`: error code or whole payload, which the link keeps until it is sent.
 * One reply may wait; an older one that still cannot be sent is lost.
 */
export function sendReply(rm: Rm, vmid: number, id: number, seq: number, result: number | Uint8Array): void {
  const link = linkOf(rm, vmid);
  if (link === null) throw new RmDeath('ABORT', 'notification-without-link');
  const payload = typeof result === 'number' ? errorPayload(result) : result;
  if (link.reply !== null && !startReply(rm, link)) link.reply = null;
  if (payload.length > MAX_PAYLOAD) throw new RmDeath('ABORT', 'reply-too-long');
  if (!start(rm, link, Type.REPLY, id, seq, payload)) link.reply = { id, seq, payload };
}

/**
 * Notifies a VM; the payload is kept until it is sent. A VM without a link kills RM (`trigger`: which rule of spec/deaths).
 * At most `MAX_NOTIFICATIONS` wait; then the oldest is lost.
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
  if (link.notifications.length === MAX_NOTIFICATIONS) link.notifications.shift();
  link.notifications.push({ id, seq: 0, payload });
}

// Receive

/**
 * Takes one packet from the VM's queue and acts on it. False when the queue is empty (or receiving fails): the loop of
 * this receive event ends.
 */
export function receiveOne(rm: Rm, link: Link): boolean {
  const hv = rm.hv;
  if (hv.msgqueueReceive(link.rxCap, rm.rxBufferArg, PACKET_SIZE_ARG) !== HypError.OK) return false;
  const length = hv.received;
  if (length < HEADER_SIZE) return true;
  hv.port.read(rm.rxBuffer, packet);
  const fragments = packet[1] >> 2;
  if (packet[0] !== HEADER_BYTE || fragments > MAX_FRAGMENTS) return true;
  const type = packet[1] & 3;
  const seq = le16(packet, 2);
  const id = le32(packet, 4);
  const rx = link.rx;
  if (type !== Type.CONTINUED) {
    if (fragments === 0) {
      if (rx.state !== RX_IDLE) {
        rxEvent(rx, 'WHOLE', true, true);
        rx.buffer = EMPTY;
      }
      deliver(rm, link, type, id, seq, contentOf(length));
      return true;
    }
    rxEvent(rx, 'FIRST', true, false);
    rx.remaining = fragments;
    rx.fragments = fragments;
    rx.type = type;
    rx.id = id;
    rx.seq = seq;
    rx.buffer = new Uint8Array((fragments + 1) * MAX_CONTENT);
    rx.length = 0;
  } else {
    const matches = id === rx.id && seq === rx.seq && fragments === rx.fragments;
    if (!rxEvent(rx, 'CONTINUED', matches, rx.remaining === 1)) return true;
    rx.remaining--;
  }
  rx.buffer.set(contentOf(length), rx.length);
  rx.length += length - HEADER_SIZE;
  if (rx.remaining === 0) {
    const message = rx.buffer.subarray(0, rx.length);
    rx.buffer = EMPTY;
    deliver(rm, link, rx.type, id, seq, message);
  }
  return true;
}

/** Requests are answered; replies and notifications from clients are dropped. */
function deliver(rm: Rm, link: Link, type: number, id: number, seq: number, payload: Uint8Array): void {
  if (type !== Type.REQUEST) return;
  const from = link.vmid;
  const result = dispatch(rm, from, id, seq, payload);
  if (result !== NO_REPLY) sendReply(rm, from, id, seq, result);
}
