/** Codecs of the console messages. Reply codecs are of successful replies, code included at offset 0.
 *
 * Generated from spec/ by tools/generate.ts; edit the specification, not this file.
 */

import { concatBytes, le16, put16 } from '../../base/index.js';

export const VM_CONSOLE_OPEN_REQUEST_SIZE = 4;

/** VM_CONSOLE_OPEN request: Opens the caller's side of a console. */
export interface VmConsoleOpenRequest {
  /** 0: the caller's own console; otherwise that VM's, as its owner */
  target: number;
}

export function encodeVmConsoleOpenRequest(m: VmConsoleOpenRequest): Uint8Array {
  const b = new Uint8Array(4);
  put16(b, 0, m.target);
  return b;
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmConsoleOpenRequest(b: Uint8Array): VmConsoleOpenRequest | undefined {
  if (b.length !== 4) return undefined;
  return { target: le16(b, 0) };
}

export const VM_CONSOLE_CLOSE_REQUEST_SIZE = 4;

/** VM_CONSOLE_CLOSE request: Closes the caller's side of a console. */
export interface VmConsoleCloseRequest {
  /** 0: the caller's own console; otherwise that VM's, as its owner */
  target: number;
}

export function encodeVmConsoleCloseRequest(m: VmConsoleCloseRequest): Uint8Array {
  const b = new Uint8Array(4);
  put16(b, 0, m.target);
  return b;
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmConsoleCloseRequest(b: Uint8Array): VmConsoleCloseRequest | undefined {
  if (b.length !== 4) return undefined;
  return { target: le16(b, 0) };
}

/** VM_CONSOLE_WRITE request: Sends characters to the other side of a console. */
export interface VmConsoleWriteRequest {
  /** 0: the caller's own console; otherwise that VM's, as its owner */
  target: number;
  chars: Uint8Array;
}

export function encodeVmConsoleWriteRequest(m: VmConsoleWriteRequest): Uint8Array {
  const b = new Uint8Array(4);
  put16(b, 0, m.target);
  put16(b, 2, m.chars.length);
  return concatBytes(b, m.chars);
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmConsoleWriteRequest(b: Uint8Array): VmConsoleWriteRequest | undefined {
  if (b.length < 4) return undefined;
  const charsEnd = 4 + le16(b, 2);
  if (b.length !== charsEnd) return undefined;
  return { target: le16(b, 0), chars: b.slice(4, charsEnd) };
}

export const VM_CONSOLE_FLUSH_REQUEST_SIZE = 4;

/** VM_CONSOLE_FLUSH request: Does nothing; characters are never buffered. */
export interface VmConsoleFlushRequest {
  /** 0: the caller's own console; otherwise that VM's, as its owner */
  target: number;
}

export function encodeVmConsoleFlushRequest(m: VmConsoleFlushRequest): Uint8Array {
  const b = new Uint8Array(4);
  put16(b, 0, m.target);
  return b;
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmConsoleFlushRequest(b: Uint8Array): VmConsoleFlushRequest | undefined {
  if (b.length !== 4) return undefined;
  return { target: le16(b, 0) };
}

/** VM_CONSOLE_CHARS notification: Characters from a console; `from` is 0 when the owner wrote. */
export interface VmConsoleCharsNotification {
  from: number;
  chars: Uint8Array;
}

export function encodeVmConsoleCharsNotification(m: VmConsoleCharsNotification): Uint8Array {
  const b = new Uint8Array(4);
  put16(b, 0, m.from);
  put16(b, 2, m.chars.length);
  return concatBytes(b, m.chars);
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmConsoleCharsNotification(b: Uint8Array): VmConsoleCharsNotification | undefined {
  if (b.length < 4) return undefined;
  const charsEnd = 4 + le16(b, 2);
  if (b.length !== charsEnd) return undefined;
  return { from: le16(b, 0), chars: b.slice(4, charsEnd) };
}
