/**
 * The reference client's transport: requests out, replies and notifications in, driven by the two interrupts only.
 *
 * Does what a careful client does (rules R1 to R8 of docs/conformance.md). One request at a time is outstanding, because RM keeps
 * one pending reply. `bugs` switches on the defects of ../defects.ts; without them every case passes.
 */
import { concatBytes, le32 } from '../../base/index.js';
import {
  HypError,
  Platform,
  parseRpcHeader,
  type RpcHeader,
  RpcType,
  rpcHeaderValid,
  rpcPacket,
} from '../../protocol/index.js';
import type { RmNode } from './discover.js';
import type { ClientPort } from './port.js';

export type CallEnd = { kind: 'reply'; error: number; data: Uint8Array } | { kind: 'failed'; reason: string };

export interface ClientCall {
  id: number;
  payload: Uint8Array;
  seq: number;
  packets: Uint8Array[];
  sent: number;
  end?: CallEnd;
  /** Reply that came before the request was out. */
  early?: CallEnd;
  /** When it was made. */
  at: number;
}

interface Partial {
  header: RpcHeader;
  parts: Uint8Array[];
  left: number;
}

/** A defect hit memory that is not there. */
export class ClientCrash extends Error {}

/** Defect `short-patience`: calls that take longer are given up. */
const PATIENCE_NS = 8_000_000_000;
/** Receives without data in a row after which the queue is given up until the next interrupt. */
const MAX_EMPTY_RECEIVES = 16;

export class ClientTransport {
  onNotify: ((id: number, payload: Uint8Array) => void) | undefined;
  /** Requests that wait for their turn. */
  private readonly queue: ClientCall[] = [];
  private readonly outstanding: ClientCall[] = [];
  private sending: ClientCall | undefined;
  /** Numbers of cancelled requests: their replies may still come. */
  private readonly abandoned = new Map<number, number>();
  private readonly leaked = new Set<number>();
  private nextSeq = 0;
  private made = 0;
  private txReady = true;
  private blockedAt = -10;
  private pumps = 0;
  private started = false;
  private rxDead = false;
  private reply: Partial | undefined;
  private note: Partial | undefined;
  /** Defect `stale-reply-kept`: the last reply that nobody waited for. */
  private stale: { id: number; data: Uint8Array } | undefined;
  private lastDone: ClientCall | undefined;

  /** The next allocation for a reply fails. */
  allocationFails = false;
  /** Where RM is; undefined: not attached. */
  node: RmNode | undefined;

  constructor(
    private readonly port: ClientPort,
    private readonly bugs: ReadonlySet<string>,
  ) {}

  bug(name: string): boolean {
    return this.bugs.has(name);
  }

  get busy(): number {
    return this.queue.length + this.outstanding.length;
  }

  begin(id: number, payload: Uint8Array): ClientCall {
    const call: ClientCall = { id, payload, seq: -1, packets: [], sent: 0, at: this.port.now() };
    const limit = this.bug('no-size-limit') ? Platform.RPC_MAX_PAYLOAD + 232 : Platform.RPC_MAX_PAYLOAD;
    if (payload.length > limit) call.end = { kind: 'failed', reason: 'too long' };
    else if (payload.length === 0 && this.bug('empty-request-refused')) call.end = { kind: 'failed', reason: 'empty' };
    else if (this.stale?.id === id && this.bug('stale-reply-kept'))
      call.end = { kind: 'reply', error: 0, data: this.stale.data };
    else this.queue.push(call);
    return call;
  }

  cancel(call: ClientCall): void {
    if (call.end !== undefined || this.bug('no-cancel')) return;
    call.end = { kind: 'failed', reason: 'cancelled' };
    const q = this.queue.indexOf(call);
    if (q >= 0) this.queue.splice(q, 1);
    const o = this.outstanding.indexOf(call);
    if (o >= 0 && !this.bug('late-reply-crash')) {
      this.outstanding.splice(o, 1);
      if (!this.bug('seq-reused-after-cancel')) this.abandoned.set(call.seq, call.id);
    }
    if (this.reply?.header.seq === call.seq) this.reply = undefined;
    if (this.bug('seq-reused-after-cancel')) this.nextSeq = call.seq;
  }

  // ---- work ---------------------------------------------------------------------------------------------------------

  /** Does what can be done now; false: nothing. */
  pump(): boolean {
    this.pumps++;
    if (this.bug('short-patience'))
      for (const c of [...this.outstanding]) if (this.port.now() - c.at > PATIENCE_NS) this.cancel(c);
    const { node } = this;
    if (node === undefined) return false;
    const irqs = this.port.interrupts();
    const rx = irqs.includes(node.rxIrq);
    const tx = irqs.includes(node.txIrq);
    let any = irqs.length > 0;
    if (tx && !(this.bug('tx-edge-lost') && this.pumps - this.blockedAt <= 2)) this.txReady = true;
    if (!this.started && this.bug('first-drain-discards')) while (this.port.receive(node.rxCap).error === HypError.OK);
    if (rx || !this.started) this.drain(node);
    this.started = true;
    for (const intid of irqs) if (intid !== node.rxIrq && intid !== node.txIrq) this.onInterrupt?.(intid);
    if (this.advanceTx(node)) any = true;
    return any;
  }

  onInterrupt: ((intid: number) => void) | undefined;

  private maxOutstanding(): number {
    return this.bug('pipelined') ||
      this.bug('replies-in-order') ||
      this.bug('interleaved') ||
      this.bug('fixed-seq-pipelined')
      ? 8
      : 1;
  }

  private allocateSeq(): number | undefined {
    if (this.bug('fixed-seq') || this.bug('fixed-seq-pipelined')) return 0;
    for (let i = 0; i < 65536; i++) {
      if (this.nextSeq > 65535) {
        if (this.bug('seq-no-wrap')) return undefined;
        this.nextSeq = 0;
      }
      const seq = this.nextSeq++;
      if (!this.abandoned.has(seq) && !this.leaked.has(seq) && !this.outstanding.some((c) => c.seq === seq)) return seq;
    }
    return undefined;
  }

  private cut(call: ClientCall): Uint8Array[] {
    const { payload } = call;
    const max = this.bug('fragments-too-long') ? 240 : Platform.RPC_MAX_CONTENT;
    let count = payload.length === 0 ? 0 : Math.ceil(payload.length / max) - 1;
    if (this.bug('count-off-at-full')) count = Math.floor(payload.length / max);
    const out: Uint8Array[] = [];
    for (let i = 0; i <= count; i++) {
      const seq = i > 0 && this.bug('continuation-seq-0') ? 0 : call.seq;
      const p = rpcPacket(i === 0 ? RpcType.REQUEST : 0, call.id, seq, count, payload.subarray(i * max, (i + 1) * max));
      if (this.bug('byte0-wrong-later') && this.made === 4) p[0] = 0x31;
      out.push(p);
    }
    return out;
  }

  private advanceTx(node: RmNode): boolean {
    let any = false;
    while (this.txReady) {
      let call = this.sending;
      if (call === undefined || (this.bug('interleaved') && this.queue.length > 0 && call.sent === 1)) {
        const next = this.queue[0];
        if (next !== undefined && this.outstanding.length < this.maxOutstanding()) {
          this.queue.shift();
          const seq = this.allocateSeq();
          if (seq === undefined) {
            next.end = { kind: 'failed', reason: 'no sequence number' };
            continue;
          }
          next.seq = seq;
          this.made++;
          next.packets = this.cut(next);
          this.outstanding.push(next);
          if (call !== undefined) this.interrupted.push(call);
          call = next;
          this.sending = next;
        }
      }
      if (call === undefined) return any;
      any = true;
      this.sendOne(node, call);
    }
    return any;
  }

  /** Defect `interleaved`: messages that are half sent. */
  private readonly interrupted: ClientCall[] = [];

  private sendOne(node: RmNode, call: ClientCall): void {
    const last = call.sent === call.packets.length - 1;
    const r = this.port.send(node.txCap, call.packets[call.sent], last && !this.bug('never-pushes'));
    if (r.error === HypError.MSGQUEUE_FULL) {
      if (this.bug('full-counts-as-sent')) call.sent++;
      if (this.bug('full-restarts-message')) call.sent = 0;
      if (this.bug('full-spins')) return;
      this.block();
      if (call.sent >= call.packets.length) this.sentAll(call);
      return;
    }
    if (r.error !== HypError.OK) {
      this.sending = undefined;
      if (this.bug('send-error-hangs')) return;
      this.remove(call);
      if (!this.bug('send-error-ok')) call.end ??= { kind: 'failed', reason: `send: ${r.error}` };
      else call.end ??= { kind: 'reply', error: 0, data: new Uint8Array(0) };
      return;
    }
    call.sent++;
    if (!r.notFull) {
      this.block();
      if (this.bug('resends-when-full')) call.sent--;
    }
    if (call.sent >= call.packets.length) this.sentAll(call);
  }

  private block(): void {
    this.txReady = false;
    this.blockedAt = this.pumps;
  }

  private sentAll(call: ClientCall): void {
    this.sending = this.interrupted.shift();
    if (call.early !== undefined) this.finish(call, call.early);
  }

  private remove(call: ClientCall): void {
    const at = this.outstanding.indexOf(call);
    if (at >= 0) this.outstanding.splice(at, 1);
  }

  private finish(call: ClientCall, end: CallEnd): void {
    if (call.sent < call.packets.length) {
      if (this.bug('early-reply-aborts-send')) this.sending = undefined;
      else {
        call.early = end;
        return;
      }
    }
    this.remove(call);
    this.lastDone = call;
    if (end.kind === 'reply' && end.error !== 0 && this.bug('seq-leaks-on-error')) this.leaked.add(call.seq);
    call.end ??= end;
  }

  // ---- receiving ----------------------------------------------------------------------------------------------------

  private drain(node: RmNode): void {
    if (this.rxDead) return;
    let empty = 0;
    for (let n = 0; ; n++) {
      if (n > 0 && this.bug('one-message-per-edge')) return;
      const r = this.port.receive(node.rxCap);
      if (r.error === HypError.MSGQUEUE_EMPTY) {
        if (this.bug('empty-is-fatal') && n > 0) this.rxDead = true;
        if (this.bug('empty-edge-is-fatal') && n === 0 && this.made > 0) this.rxDead = true;
        break;
      }
      if (r.error !== HypError.OK) {
        if (this.bug('receive-error-is-fatal')) this.rxDead = true;
        return;
      }
      if (r.packet.length === 0) {
        if (++empty >= MAX_EMPTY_RECEIVES && !this.bug('zero-length-for-ever')) return;
      } else if (!this.packet(r.packet)) return;
      if (!r.notEmpty) break;
    }
    if (this.bug('partial-dropped-when-empty')) this.reply = undefined;
  }

  /** False: leave the loop. */
  private packet(b: Uint8Array): boolean {
    const h = parseRpcHeader(b);
    if (h === undefined) {
      if (this.bug('runt-reads-on')) throw new ClientCrash('read behind a runt');
      return true;
    }
    const valid = rpcHeaderValid(h) || (this.bug('accepts-63') && h.fragments === 63);
    if (!valid && h.version !== 1 && this.bug('api-byte-ignored')) h.version = 1;
    else if (!valid) return !this.bug('junk-ends-loop');
    if (h.type === RpcType.REQUEST) return !this.bug('junk-ends-loop');
    const content = b.subarray(Platform.RPC_HEADER_SIZE);
    if (h.type === RpcType.CONTINUED) this.continued(h, content);
    else if (h.type === RpcType.REPLY) this.replyStart(h, content);
    else this.noteStart(h, content);
    return true;
  }

  private findCall(h: RpcHeader): ClientCall | undefined {
    if (this.bug('replies-in-order')) return this.outstanding[0];
    return this.outstanding.find(
      (c) => (c.seq === h.seq || this.bug('match-id-only')) && (c.id === h.id || this.bug('match-seq-only')),
    );
  }

  private replyStart(h: RpcHeader, content: Uint8Array): void {
    const call = this.findCall(h);
    if (call === undefined) {
      if (this.abandoned.get(h.seq) === h.id) this.abandoned.delete(h.seq);
      this.stale = { id: h.id, data: content.slice(4) };
      if (this.bug('unknown-reply-is-notification')) this.onNotify?.(h.id, content);
      if (this.bug('duplicate-reply-crash') && this.lastDone?.seq === h.seq && this.lastDone.id === h.id)
        throw new ClientCrash('reply object used after its call returned');
      return;
    }
    if (call.end !== undefined && this.bug('late-reply-crash')) throw new ClientCrash('reply to a cancelled call');
    if ((this.reply ?? this.note) !== undefined && this.bug('partial-blocks')) return;
    if (this.reply !== undefined && this.reply.header.seq === h.seq && this.bug('first-twice-crash'))
      throw new ClientCrash('assembly of a reply that was given up');
    if (this.reply !== undefined && this.reply.header.seq === h.seq && this.bug('first-twice-appends')) {
      this.reply.parts.push(content);
      return;
    }
    if (h.fragments > 8 && this.bug('at-most-8-fragments')) {
      this.finish(call, { kind: 'failed', reason: 'too many fragments' });
      return;
    }
    if (h.fragments > 0 && content.length <= 4 && this.bug('first-needs-data')) throw new ClientCrash('no buffer');
    const p: Partial = { header: h, parts: [content.slice()], left: h.fragments };
    if (p.left === 0) this.replyEnd(p);
    else if (this.allocationFails) this.noMemory(call);
    else this.reply = p;
  }

  /** The reply cannot be assembled: its call fails, what follows of it is nobody's. */
  private noMemory(call: ClientCall): void {
    this.allocationFails = false;
    if (this.bug('nomem-crash')) throw new ClientCrash('allocation not checked');
    if (this.bug('nomem-ends-receiving')) this.rxDead = true;
    this.finish(call, { kind: 'failed', reason: 'out of memory' });
  }

  private replyEnd(p: Partial): void {
    if (this.reply === p) this.reply = undefined;
    const call = this.findCall(p.header);
    if (call === undefined) return;
    let payload = concatBytes(...p.parts);
    if (p.parts.length > 1 && this.bug('fragments-of-228'))
      payload = concatBytes(...p.parts.map((x) => x.subarray(0, 228)));
    if (p.parts.length > 1 && this.bug('fragments-at-fixed-places')) {
      payload = new Uint8Array(p.parts.length * 232);
      p.parts.forEach((x, i) => {
        payload.set(x.subarray(0, 232), i * 232);
      });
    }
    if (payload.length < 4) {
      if (this.bug('short-reply-hangs')) return;
      if (this.bug('short-reply-is-ok')) this.finish(call, { kind: 'reply', error: 0, data: new Uint8Array(0) });
      else this.finish(call, { kind: 'failed', reason: 'malformed reply' });
      return;
    }
    this.finish(call, { kind: 'reply', error: this.errorOf(le32(payload, 0), payload), data: payload.slice(4) });
  }

  private errorOf(code: number, payload: Uint8Array): number {
    if (code !== 0 && payload.length > 4 && this.bug('error-with-data-crash'))
      throw new ClientCrash('error reply with data');
    if (code >= 0x12 && code <= 0x14 && this.bug('late-codes-are-ok')) return 0;
    if (code > 0x14 && code !== 0xffffffff && this.bug('unknown-codes-are-ok')) return 0;
    if (code > 0x14 && code !== 0xffffffff && this.bug('error-table-overrun'))
      throw new ClientCrash('error table overrun');
    if (code !== 0 && code <= 0x11 && this.bug('errors-are-one-code')) return 1;
    return code;
  }

  private noteStart(h: RpcHeader, content: Uint8Array): void {
    if (this.bug('notification-matched-to-call')) {
      const call = this.outstanding.find((c) => c.seq === h.seq);
      if (call !== undefined && content.length >= 4) {
        this.finish(call, { kind: 'reply', error: 0, data: content.slice(4) });
        return;
      }
    }
    if (this.reply !== undefined && this.bug('notification-kills-reply')) this.reply = undefined;
    const p: Partial = { header: h, parts: [content.slice()], left: h.fragments };
    if (p.left === 0) this.noteEnd(p);
    else if (this.bug('notifications-one-fragment')) return;
    else this.note = p;
  }

  private noteEnd(p: Partial): void {
    if (this.note === p) this.note = undefined;
    const payload = concatBytes(...p.parts);
    if (payload.length === 0 && this.bug('empty-notification-crash')) throw new ClientCrash('null payload');
    this.onNotify?.(p.header.id, payload);
  }

  private fits(p: Partial | undefined, h: RpcHeader): p is Partial {
    if (p === undefined) return false;
    const a = p.header;
    return (
      (a.id === h.id || this.bug('continuation-id-ignored')) &&
      (a.seq === h.seq || this.bug('continuation-seq-ignored')) &&
      (a.fragments === h.fragments || this.bug('continuation-count-ignored'))
    );
  }

  private continued(h: RpcHeader, content: Uint8Array): void {
    const p = this.fits(this.reply, h) ? this.reply : this.fits(this.note, h) ? this.note : undefined;
    if (p === undefined) {
      if (this.bug('stray-continuation-crash') && this.reply === undefined) throw new ClientCrash('stale connection');
      if (this.bug('mismatch-fails-silently')) this.reply = undefined;
      return;
    }
    if (content.length === 0 && this.bug('empty-continuation-dropped')) return;
    p.parts.push(content.slice());
    if (--p.left > 0) return;
    if (p === this.reply) this.replyEnd(p);
    else this.noteEnd(p);
  }

  /** Requests and numbers that the client holds: none when it is idle. */
  get inUse(): number {
    return this.outstanding.length + this.leaked.size;
  }

  /** Defect: nothing more is received while a handler runs. */
  stopReceiving(on: boolean): void {
    this.rxDead = on;
  }
}
