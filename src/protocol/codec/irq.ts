/** Codecs of the interrupt lending messages. Reply codecs are of successful replies, code included at offset 0.
 *
 * Generated from spec/ by tools/generate.ts; edit the specification, not this file.
 */

import { concatBytes, le16, le32, put16, put32 } from '../../base/index.js';
import { decodeVmidList, encodeVmidList, type VmidEntry } from './lists.js';

export const VM_IRQ_LEND_REQUEST_SIZE = 12;

/** VM_IRQ_LEND request: Offers a hardware interrupt to another VM. */
export interface VmIrqLendRequest {
  /** not validated */
  borrower: number;
  /** the caller's number */
  virq: number;
  label: number;
}

export function encodeVmIrqLendRequest(m: VmIrqLendRequest): Uint8Array {
  const b = new Uint8Array(12);
  put16(b, 0, m.borrower);
  put32(b, 4, m.virq);
  put32(b, 8, m.label);
  return b;
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmIrqLendRequest(b: Uint8Array): VmIrqLendRequest | undefined {
  if (b.length !== 12) return undefined;
  return { borrower: le16(b, 0), virq: le32(b, 4), label: le32(b, 8) };
}

export const VM_IRQ_LEND_REPLY_SIZE = 8;

/** Successful reply to VM_IRQ_LEND. */
export interface VmIrqLendReply {
  /** random base chosen at boot plus hardware interrupt number */
  handle: number;
}

export function encodeVmIrqLendReply(m: VmIrqLendReply): Uint8Array {
  const b = new Uint8Array(8);
  put32(b, 4, m.handle);
  return b;
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmIrqLendReply(b: Uint8Array): VmIrqLendReply | undefined {
  if (b.length !== 8) return undefined;
  return { handle: le32(b, 4) };
}

export const VM_IRQ_ACCEPT_REQUEST_SIZE = 8;

/** VM_IRQ_ACCEPT request: Takes an offered interrupt. */
export interface VmIrqAcceptRequest {
  handle: number;
  /** 0xffffffff: the hardware number */
  virq: number;
}

export function encodeVmIrqAcceptRequest(m: VmIrqAcceptRequest): Uint8Array {
  const b = new Uint8Array(8);
  put32(b, 0, m.handle);
  put32(b, 4, m.virq);
  return b;
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmIrqAcceptRequest(b: Uint8Array): VmIrqAcceptRequest | undefined {
  if (b.length !== 8) return undefined;
  return { handle: le32(b, 0), virq: le32(b, 4) };
}

export const VM_IRQ_ACCEPT_REPLY_SIZE = 8;

/** Successful reply to VM_IRQ_ACCEPT. */
export interface VmIrqAcceptReply {
  virq: number;
}

export function encodeVmIrqAcceptReply(m: VmIrqAcceptReply): Uint8Array {
  const b = new Uint8Array(8);
  put32(b, 4, m.virq);
  return b;
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmIrqAcceptReply(b: Uint8Array): VmIrqAcceptReply | undefined {
  if (b.length !== 8) return undefined;
  return { virq: le32(b, 4) };
}

export const VM_IRQ_RELEASE_REQUEST_SIZE = 4;

/** VM_IRQ_RELEASE request: Gives an accepted interrupt back. */
export interface VmIrqReleaseRequest {
  handle: number;
}

export function encodeVmIrqReleaseRequest(m: VmIrqReleaseRequest): Uint8Array {
  const b = new Uint8Array(4);
  put32(b, 0, m.handle);
  return b;
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmIrqReleaseRequest(b: Uint8Array): VmIrqReleaseRequest | undefined {
  if (b.length !== 4) return undefined;
  return { handle: le32(b, 0) };
}

export const VM_IRQ_RECLAIM_REQUEST_SIZE = 4;

/** VM_IRQ_RECLAIM request: Ends a loan that nobody has accepted. */
export interface VmIrqReclaimRequest {
  handle: number;
}

export function encodeVmIrqReclaimRequest(m: VmIrqReclaimRequest): Uint8Array {
  const b = new Uint8Array(4);
  put32(b, 0, m.handle);
  return b;
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmIrqReclaimRequest(b: Uint8Array): VmIrqReclaimRequest | undefined {
  if (b.length !== 4) return undefined;
  return { handle: le32(b, 0) };
}

/** VM_IRQ_NOTIFY request: Has RM tell the other side about a loan. */
export interface VmIrqNotifyRequest {
  handle: number;
  flags: number;
  /** LENT only: none or the borrower */
  vms?: readonly VmidEntry[];
}

export function encodeVmIrqNotifyRequest(m: VmIrqNotifyRequest): Uint8Array {
  const b = new Uint8Array(8);
  put32(b, 0, m.handle);
  put32(b, 4, m.flags);
  return concatBytes(b, ...(m.vms === undefined ? [] : [encodeVmidList(m.vms)]));
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmIrqNotifyRequest(b: Uint8Array): VmIrqNotifyRequest | undefined {
  if (b.length < 8) return undefined;
  if (b.length === 8) return { handle: le32(b, 0), flags: le32(b, 4) };
  const vms = decodeVmidList(b, 8);
  if (vms === undefined) return undefined;
  if (vms.next !== b.length) return undefined;
  return { handle: le32(b, 0), flags: le32(b, 4), vms: vms.entries };
}

export const VM_IRQ_LENT_NOTIFICATION_SIZE = 12;

/** VM_IRQ_LENT notification: A hardware interrupt is offered. */
export interface VmIrqLentNotification {
  owner: number;
  handle: number;
  label: number;
}

export function encodeVmIrqLentNotification(m: VmIrqLentNotification): Uint8Array {
  const b = new Uint8Array(12);
  put16(b, 0, m.owner);
  put32(b, 4, m.handle);
  put32(b, 8, m.label);
  return b;
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmIrqLentNotification(b: Uint8Array): VmIrqLentNotification | undefined {
  if (b.length !== 12) return undefined;
  return { owner: le16(b, 0), handle: le32(b, 4), label: le32(b, 8) };
}

export const VM_IRQ_RELEASED_NOTIFICATION_SIZE = 4;

/** VM_IRQ_RELEASED notification: The borrower gave an interrupt back. */
export interface VmIrqReleasedNotification {
  handle: number;
}

export function encodeVmIrqReleasedNotification(m: VmIrqReleasedNotification): Uint8Array {
  const b = new Uint8Array(4);
  put32(b, 0, m.handle);
  return b;
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmIrqReleasedNotification(b: Uint8Array): VmIrqReleasedNotification | undefined {
  if (b.length !== 4) return undefined;
  return { handle: le32(b, 0) };
}

export const VM_IRQ_ACCEPTED_NOTIFICATION_SIZE = 4;

/** VM_IRQ_ACCEPTED notification: The borrower accepted an interrupt. */
export interface VmIrqAcceptedNotification {
  handle: number;
}

export function encodeVmIrqAcceptedNotification(m: VmIrqAcceptedNotification): Uint8Array {
  const b = new Uint8Array(4);
  put32(b, 0, m.handle);
  return b;
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmIrqAcceptedNotification(b: Uint8Array): VmIrqAcceptedNotification | undefined {
  if (b.length !== 4) return undefined;
  return { handle: le32(b, 0) };
}
