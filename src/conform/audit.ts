/**
 * Watches what a client sends, whatever the case is about: framing, contiguity, sequence numbers, exact payloads.
 * Fact base: rm-rpc-transport 2, 3.1; clients 4.1, 4.2. Leaves out: whether a request made sense in the state of its VM; RM tells.
 */
import { concatBytes, toHex } from '../base/index.js';
import { decodeMessage, LAYOUTS, messageName, Platform, parseRpcHeader, RpcType } from '../protocol/index.js';
import type { WireMessage } from './interfere/index.js';

interface PartialRequest {
  message: WireMessage;
  fragments: number;
  left: number;
  parts: Uint8Array[];
  packets: Uint8Array[];
}

export interface Sent extends WireMessage {
  packets: Uint8Array[];
}

export class SendAudit {
  /** Broken rules, in words. */
  readonly problems: string[] = [];
  /** Requests completed so far. */
  readonly requests: Sent[] = [];
  /** Judge payloads of known messages. Off where the test dictates payloads. */
  payloads = true;
  /** At most this many requests are kept. */
  keep = 4000;
  private partial: PartialRequest | undefined;
  private readonly outstanding = new Set<number>();

  get outstandingCount(): number {
    return this.outstanding.size;
  }

  get inMessage(): boolean {
    return this.partial !== undefined;
  }

  /** A send failed: the client may give the message up. */
  abandon(): void {
    this.partial = undefined;
  }

  answered(seq: number): void {
    this.outstanding.delete(seq);
  }

  /** The request that this packet completes. */
  packet(b: Uint8Array): Sent | undefined {
    const h = parseRpcHeader(b);
    if (b.length > Platform.RM_QUEUE_MSG_SIZE) this.problem(`${b.length} bytes: the queue loses what exceeds 240`, b);
    if (h === undefined) {
      this.problem('shorter than a header', b);
      return undefined;
    }
    if (b[0] !== 0x21) this.problem(`byte 0 is 0x${b[0].toString(16)}, must be 0x21`, b);
    if (h.fragments > Platform.RPC_MAX_FRAGMENTS) this.problem(`announces ${h.fragments} more fragments`, b);
    if (h.type === RpcType.REPLY || h.type === RpcType.NOTIFICATION) {
      this.problem('a client sends requests only', b);
      return undefined;
    }
    const content = b.slice(Platform.RPC_HEADER_SIZE);
    if (h.type === RpcType.REQUEST) {
      if (this.partial !== undefined)
        this.problem(`begins ${messageName(h.id)} while ${this.partial.left} fragments of the previous are missing`, b);
      const message = { type: RpcType.REQUEST, id: h.id, seq: h.seq, payload: content };
      this.partial = { message, fragments: h.fragments, left: h.fragments, parts: [content], packets: [b] };
    } else {
      const p = this.partial;
      if (p === undefined) {
        this.problem('continues nothing', b);
        return undefined;
      }
      if (p.message.id !== h.id || p.message.seq !== h.seq || p.fragments !== h.fragments) {
        this.problem('continuation with another id, sequence number or count', b);
        return undefined;
      }
      p.parts.push(content);
      p.packets.push(b);
      p.left--;
    }
    const p = this.partial;
    if (p === undefined) return undefined;
    if (p.left > 0) {
      if (content.length !== Platform.RPC_MAX_CONTENT) this.problem('a fragment that is not the last is not full', b);
      return undefined;
    }
    if (p.fragments > 0 && content.length === 0) this.problem('the last fragment is empty', b);
    this.partial = undefined;
    return this.complete({ ...p.message, payload: concatBytes(...p.parts), packets: p.packets });
  }

  private complete(m: Sent): Sent {
    if (this.outstanding.has(m.seq))
      this.problem(`sequence number ${m.seq} is still in use by an unanswered request`, m.packets[0]);
    this.outstanding.add(m.seq);
    if (this.payloads && LAYOUTS[m.id] !== undefined) {
      const decoded = decodeMessage(RpcType.REQUEST, m.id, m.payload);
      for (const p of decoded.problems) this.problem(`${messageName(m.id)}: ${p}`, m.packets[0]);
      for (const f of decoded.fields)
        if (f.text.endsWith('(ignored)')) this.problem(`${messageName(m.id)}: ${f.name} must be 0`, m.packets[0]);
    }
    if (this.requests.length < this.keep) this.requests.push(m);
    return m;
  }

  private problem(text: string, b: Uint8Array): void {
    if (this.problems.length < 20)
      this.problems.push(`${text} [${toHex(b.subarray(0, 24))}${b.length > 24 ? '...' : ''}]`);
  }
}
