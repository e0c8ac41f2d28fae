/**
 * The reference client's transport: requests out, replies and notifications in, driven by the two interrupts only.
 *
 * Does what a careful client does (rules R1 to R8 of docs/conformance.md). One request at a time is outstanding, because RM keeps
 * one pending reply. `bugs` switches on the defects of ../defects.ts; without them every case passes.
 */
import { HypError, Platform, RpcType, rpcPacket } from '../../protocol/index.js';
import type { CallEnd, ClientCall } from './call.js';
import type { RmNode } from './discover.js';
import { Inbox } from './inbox.js';
import type { ClientPort } from './port.js';

/** Defect `short-patience`: calls that take longer are given up. */
const PATIENCE_NS = 8_000_000_000;

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
  readonly inbox: Inbox;
  /** Where RM is; undefined: not attached. */
  node: RmNode | undefined;

  constructor(
    private readonly port: ClientPort,
    private readonly bugs: ReadonlySet<string>,
  ) {
    this.inbox = new Inbox(port, (name) => bugs.has(name), {
      outstanding: this.outstanding,
      sent: () => this.made > 0,
      finish: (call, end) => this.finish(call, end),
      nobodys: (h) => {
        if (this.abandoned.get(h.seq) === h.id) this.abandoned.delete(h.seq);
      },
      notify: (id, payload) => this.onNotify?.(id, payload),
    });
  }

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
    else if (this.inbox.stale?.id === id && this.bug('stale-reply-kept'))
      call.end = { kind: 'reply', error: 0, data: this.inbox.stale.data };
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
    this.inbox.forget(call.seq);
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
    const irqs = this.takeInterrupts();
    const rx = irqs.includes(node.rxIrq);
    const tx = irqs.includes(node.txIrq);
    let any = irqs.length > 0;
    if (tx && !(this.bug('tx-edge-lost') && this.pumps - this.blockedAt <= 2)) this.txReady = true;
    if (!this.started && this.bug('first-drain-discards')) while (this.port.receive(node.rxCap).error === HypError.OK);
    if (rx || !this.started) this.inbox.drain(node);
    this.started = true;
    for (const intid of irqs) if (intid !== node.rxIrq && intid !== node.txIrq) this.onInterrupt?.(intid);
    if (this.advanceTx(node)) any = true;
    return any;
  }

  onInterrupt: ((intid: number) => void) | undefined;

  /** Takes and ends everything pending: INTIDs. */
  takeInterrupts(): number[] {
    const found: number[] = [];
    for (let i = this.port.acknowledge(); i !== undefined; i = this.port.acknowledge()) {
      found.push(i);
      if (!this.bug('interrupts-not-ended')) this.port.end(i);
    }
    return found;
  }

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
    this.inbox.lastDone = call;
    if (end.kind === 'reply' && end.error !== 0 && this.bug('seq-leaks-on-error')) this.leaked.add(call.seq);
    call.end ??= end;
  }

  /** Requests and numbers that the client holds: none when it is idle. */
  get inUse(): number {
    return this.outstanding.length + this.leaked.size;
  }
}
