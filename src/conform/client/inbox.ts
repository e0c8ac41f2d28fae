/**
 * The receiving half of the reference client: the queue drained on every interrupt, replies and notifications put together, whatever
 * does not fit ignored (rules R3 to R5 and R8 of docs/conformance.md).
 * Not with src/protocol/assembly.ts: a reply and a notification at once, and defects at every step.
 */
import { concatBytes, le32 } from '../../base/index.js';
import { HypError, Platform, parseRpcHeader, type RpcHeader, RpcType, rpcHeaderValid } from '../../protocol/index.js';
import { type CallEnd, type ClientCall, ClientCrash } from './call.js';
import type { RmNode } from './discover.js';
import type { ClientPort } from './port.js';

interface Partial {
  header: RpcHeader;
  parts: Uint8Array[];
  left: number;
}

/** Receives without data in a row after which the queue is given up until the next interrupt. */
const MAX_EMPTY_RECEIVES = 16;

/** The sending half. */
interface Calls {
  readonly outstanding: readonly ClientCall[];
  /** A request has been made at all. */
  sent(): boolean;
  finish(call: ClientCall, end: CallEnd): void;
  /** A reply that no call waits for: perhaps one of a cancelled call. */
  nobodys(h: RpcHeader): void;
  notify(id: number, payload: Uint8Array): void;
}

export class Inbox {
  /** The next allocation for a reply fails. */
  allocationFails = false;
  private rxDead = false;
  private reply: Partial | undefined;
  private note: Partial | undefined;
  /** Defect `stale-reply-kept`: the last reply that nobody waited for. */
  stale: { id: number; data: Uint8Array } | undefined;
  /** Defects `duplicate-reply-...`: the call that ended last. */
  lastDone: ClientCall | undefined;

  constructor(
    private readonly port: ClientPort,
    private readonly bug: (name: string) => boolean,
    private readonly calls: Calls,
  ) {}

  /** The call with this number was given up. */
  forget(seq: number): void {
    if (this.reply?.header.seq === seq) this.reply = undefined;
  }

  /** Defect: nothing more is received while a handler runs. */
  stopReceiving(on: boolean): void {
    this.rxDead = on;
  }

  drain(node: RmNode): void {
    if (this.rxDead) return;
    let empty = 0;
    for (let n = 0; ; n++) {
      if (n > 0 && this.bug('one-message-per-edge')) return;
      const r = this.port.receive(node.rxCap);
      if (r.error === HypError.MSGQUEUE_EMPTY) {
        if (this.bug('empty-is-fatal') && n > 0) this.rxDead = true;
        if (this.bug('empty-edge-is-fatal') && n === 0 && this.calls.sent()) this.rxDead = true;
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
    if (this.bug('replies-in-order')) return this.calls.outstanding[0];
    return this.calls.outstanding.find(
      (c) => (c.seq === h.seq || this.bug('match-id-only')) && (c.id === h.id || this.bug('match-seq-only')),
    );
  }

  private replyStart(h: RpcHeader, content: Uint8Array): void {
    const call = this.findCall(h);
    if (call === undefined) {
      this.calls.nobodys(h);
      this.stale = { id: h.id, data: content.slice(4) };
      if (this.bug('unknown-reply-is-notification')) this.calls.notify(h.id, content);
      const { lastDone } = this;
      if (lastDone === undefined || lastDone.seq !== h.seq || lastDone.id !== h.id) return;
      if (this.bug('duplicate-reply-crash')) throw new ClientCrash('reply object used after its call returned');
      lastDone.again = this.bug('duplicate-reply-completes');
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
      this.calls.finish(call, { kind: 'failed', reason: 'too many fragments' });
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
    this.calls.finish(call, { kind: 'failed', reason: 'out of memory' });
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
      if (this.bug('short-reply-is-ok')) this.calls.finish(call, { kind: 'reply', error: 0, data: new Uint8Array(0) });
      else this.calls.finish(call, { kind: 'failed', reason: 'malformed reply' });
      return;
    }
    this.calls.finish(call, { kind: 'reply', error: this.errorOf(le32(payload, 0), payload), data: payload.slice(4) });
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
      const call = this.calls.outstanding.find((c) => c.seq === h.seq);
      if (call !== undefined && content.length >= 4) {
        this.calls.finish(call, { kind: 'reply', error: 0, data: content.slice(4) });
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
    this.calls.notify(p.header.id, payload);
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
}
