/**
 * Watches what a client sends, whatever the case is about: framing, contiguity, sequence numbers, exact payloads.
 * Fact base: rm-rpc-transport 2, 3.1; clients 4.1, 4.2. Leaves out: whether a request made sense in the state of its VM; RM tells.
 * Fragments are not put together by src/protocol/assembly.ts: here each has to be told what is wrong with it.
 */
import { concatBytes, put16, put32 } from '../base/index.js';
import {
  decodeMessage,
  LAYOUTS,
  messageName,
  Platform,
  parseRpcHeader,
  type RpcMessage,
  RpcType,
} from '../protocol/index.js';
import { layoutText, packetDifference, packetHead, packetLines } from './show.js';

interface PartialRequest {
  message: RpcMessage;
  fragments: number;
  left: number;
  parts: Uint8Array[];
  packets: Uint8Array[];
}

export interface Sent extends RpcMessage {
  packets: Uint8Array[];
}

export class SendAudit {
  /** Broken rules, in words. */
  get problems(): string[] {
    return [...this.found].map(([text, n]) => (n === 1 ? text : text.replace(/$/m, ` (${n} times)`)));
  }
  /** Each kind once, and how often. */
  private readonly found = new Map<string, number>();
  /** Requests completed so far. */
  readonly requests: Sent[] = [];
  /** Judge payloads of known messages. Off where the test dictates payloads. */
  payloads = true;
  /** At most this many requests are kept. */
  keep = 4000;
  private partial: PartialRequest | undefined;
  /** Number and first packet of requests that are not answered. */
  private readonly outstanding = new Map<number, Uint8Array>();

  get outstandingCount(): number {
    return this.outstanding.size;
  }

  /** Fragments that the request under way lacks. */
  get missing(): number {
    return this.partial?.left ?? 0;
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
    if (b[0] !== 0x21) this.problem('byte 0 is wrong', b, withByte(b, 0, 0x21));
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
        const right = withByte(b, 1, p.fragments << 2);
        put16(right, 2, p.message.seq);
        put32(right, 4, p.message.id);
        this.problem(
          'a continuation has another id, sequence number or count than its request',
          b,
          right,
          p.parts.length + 1,
        );
        return undefined;
      }
      p.parts.push(content);
      p.packets.push(b);
      p.left--;
    }
    const p = this.partial;
    if (p === undefined) return undefined;
    if (p.left > 0) {
      const nth = p.parts.length;
      if (content.length !== Platform.RPC_MAX_CONTENT)
        this.problem(
          `fragment ${nth} of ${p.fragments + 1} is not the last and has ${b.length} bytes, 240 are due: was the one before it lost?`,
          b,
          undefined,
          nth,
        );
      return undefined;
    }
    if (p.fragments > 0 && content.length === 0) this.problem('the last fragment is empty', b);
    this.partial = undefined;
    return this.complete({ ...p.message, payload: concatBytes(...p.parts), packets: p.packets });
  }

  private complete(m: Sent): Sent {
    const first = this.outstanding.get(m.seq);
    if (first !== undefined)
      this.problem(
        packetLines(first).join() === packetLines(m.packets[0]).join()
          ? `sequence number ${m.seq} is used again while an equal request is unanswered`
          : `sequence number ${m.seq} is used again while this request is unanswered: ${packetHead(first)}`,
        m.packets[0],
      );
    this.outstanding.set(m.seq, m.packets[0]);
    if (this.payloads && LAYOUTS[m.id] !== undefined) {
      const decoded = decodeMessage(RpcType.REQUEST, m.id, m.payload);
      for (const p of decoded.problems)
        this.problem(`${messageName(m.id)}: ${p}; a request of it has ${layoutText(m.id)}`, m.packets[0]);
      for (const f of decoded.fields)
        if (f.text.endsWith('(ignored)')) this.problem(`${messageName(m.id)}: ${f.name} must be 0`, m.packets[0]);
    }
    if (this.requests.length < this.keep) this.requests.push(m);
    return m;
  }

  private problem(text: string, b: Uint8Array, right?: Uint8Array, nth = 1): void {
    const lines = right === undefined ? packetLines(b, nth) : packetDifference(b, right, nth);
    const all = [`the client sent something wrong: ${text}`, ...lines.map((l) => `  ${l}`)].join('\n');
    const times = this.found.get(all) ?? 0;
    if (times > 0 || this.found.size < MOST_PROBLEMS) this.found.set(all, times + 1);
  }
}

const MOST_PROBLEMS = 5;

function withByte(b: Uint8Array, at: number, value: number): Uint8Array {
  const copy = b.slice();
  copy[at] = value;
  return copy;
}
