/** Receiving: packets to messages, requests to their handlers (fact base: rm-rpc-transport 2 to 4). */
import { le16, le32 } from '../../base/index.js';
import { UNHANDLED } from '../../machine/index.js';
import { HypError, Platform, RPC_BYTE0, RpcType } from '../../protocol/index.js';
import { dispatch } from '../dispatch.js';
import { NO_REPLY } from '../handler.js';
import { linkRx, RX_IDLE } from '../life.js';
import type { Rm } from '../types.js';
import { NO_BYTES } from './link.js';
import type { RxEvent } from './link.machine.js';
import { sendReply } from './send.js';
import type { Link, LinkRx } from './types.js';

const PACKET_SIZE = Platform.RM_QUEUE_MSG_SIZE;
const PACKET_SIZE_ARG = BigInt(PACKET_SIZE);
const HEADER_SIZE = Platform.RPC_HEADER_SIZE;

/** Scratch, valid within one packet only. */
const packet = new Uint8Array(PACKET_SIZE);

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

/** False: the packet is dropped and changes nothing. */
function rxEvent(rx: LinkRx, type: RxEvent['type'], matches: boolean, last: boolean): boolean {
  const step = linkRx.next(rx.state, { matches, last }, { type });
  if (step === UNHANDLED) return false;
  rx.state = step.state;
  return true;
}

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
  if (packet[0] !== RPC_BYTE0 || fragments > Platform.RPC_MAX_FRAGMENTS) return true;
  const type = packet[1] & 3;
  const seq = le16(packet, 2);
  const id = le32(packet, 4);
  const rx = link.rx;
  if (type !== RpcType.CONTINUED) {
    if (fragments === 0) {
      if (rx.state !== RX_IDLE) {
        rxEvent(rx, 'WHOLE', true, true);
        rx.buffer = NO_BYTES;
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
    rx.buffer = new Uint8Array((fragments + 1) * Platform.RPC_MAX_CONTENT);
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
    rx.buffer = NO_BYTES;
    deliver(rm, link, rx.type, id, seq, message);
  }
  return true;
}

/** Requests are answered; replies and notifications from clients are dropped. */
function deliver(rm: Rm, link: Link, type: number, id: number, seq: number, payload: Uint8Array): void {
  if (type !== RpcType.REQUEST) return;
  const from = link.vmid;
  const result = dispatch(rm, from, id, seq, payload);
  if (result !== NO_REPLY) sendReply(rm, from, id, seq, result);
}
