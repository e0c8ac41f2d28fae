/** What becomes of a message: changes that compose from left to right. */
import { concatBytes, put32 } from '../../base/index.js';
import { type RpcMessage, RpcType, rpcPackets } from '../../protocol/index.js';
import type { Change, Emission } from './rules.js';

const packet = (bytes: Uint8Array): Emission => ({ bytes, delayNs: 0, edge: false });

/** The message cut into packets as RM does it. */
export function emit(m: RpcMessage): Emission[] {
  return (rpcPackets(m.type as RpcType, m.id, m.seq, m.payload) ?? []).map(packet);
}

/** An error code, or a success, as reply payload. */
export function replyPayload(code: number, data: Uint8Array = new Uint8Array(0)): Uint8Array {
  const head = new Uint8Array(4);
  put32(head, 0, code);
  return concatBytes(head, data);
}

export const drop: Change = () => [];
export const duplicate: Change = (p) => [...p, ...p];
export const reverse: Change = (p) => [...p].reverse();
export const delay =
  (ns: number): Change =>
  (p) =>
    p.map((e) => ({ ...e, delayNs: e.delayNs + ns, edge: true }));
/** Each packet `ns` after the previous one, with an interrupt of its own. */
export const spread =
  (ns: number): Change =>
  (p) =>
    p.map((e, i) => ({ ...e, delayNs: e.delayNs + i * ns, edge: true }));
/** Only the first `n` packets. */
export const truncate =
  (n: number): Change =>
  (p) =>
    p.slice(0, n);
/** Only the first `n` bytes of the last packet. */
export const shorten =
  (n: number): Change =>
  (p) =>
    p.map((e, i) => (i === p.length - 1 ? { ...e, bytes: e.bytes.slice(0, n) } : e));
/** Inverts bits: packet index (negative: from the end), byte offset, mask. */
export const corrupt =
  (at: number, offset: number, mask: number): Change =>
  (p) => {
    const index = at < 0 ? p.length + at : at;
    return p.map((e, i) => {
      if (i !== index || offset >= e.bytes.length) return e;
      const bytes = e.bytes.slice();
      bytes[offset] ^= mask;
      return { ...e, bytes };
    });
  };
/** Other payload, same header, cut anew. */
export const payload =
  (bytes: Uint8Array | ((m: RpcMessage) => Uint8Array)): Change =>
  (_, m) =>
    emit({ ...m, payload: typeof bytes === 'function' ? bytes(m) : bytes });
/** An error reply, optionally with bytes behind the code. */
export const errorCode = (code: number, extra?: Uint8Array): Change => payload(replyPayload(code, extra));
/** A reply of success. Usable on requests: the type becomes REPLY. */
export const answer =
  (code: number, data?: Uint8Array): Change =>
  (_, m) =>
    emit({ ...m, type: RpcType.REPLY, payload: replyPayload(code, data) });
/** The given packets, with the message's own bytes at hand. */
export const packets =
  (make: (own: Uint8Array[], m: RpcMessage) => Uint8Array[]): Change =>
  (p, m) =>
    make(
      p.map((e) => e.bytes),
      m,
    ).map(packet);
/** Packets in front of, or behind, what is there. */
export const before =
  (make: (m: RpcMessage) => Uint8Array[]): Change =>
  (p, m) => [...make(m).map(packet), ...p];
export const behind =
  (make: (m: RpcMessage) => Uint8Array[]): Change =>
  (p, m) => [...p, ...make(m).map(packet)];
