/** From the client to RM: forced results of sends, a queue that is not drained, the rules about requests. */
import { lo32 } from '../../base/index.js';
import { HYPERCALL_BASE } from '../../hyp/index.js';
import { Call, HypError, parseRpcHeader, RpcType, rpcMessage } from '../../protocol/index.js';
import type { HostVcpu, LinkPlace } from '../../sim/index.js';
import type { SendResult } from '../client/port.js';
import { type Emission, emit, type ForcedResult, type RuleSet } from '../interfere/index.js';

/** Sends of the test itself that the full queue refuses are repeated so often. */
const INSIST = 1000;

/** What the rest of the boundary does for it. */
interface OutgoingPort {
  note(bytes: Uint8Array, note?: string): void;
  /** The client has sent this packet. */
  observe(packet: Uint8Array): void;
  /** The client may give up the message under way. */
  abandon(): void;
  /** Packets that answer a request in RM's place. */
  answer(emissions: readonly Emission[]): void;
  /** An interrupt of the send queue, a little later. */
  edgeLater(): void;
}

export class Outgoing {
  /** Packets are kept here instead of going to RM. */
  private stalled: { packets: Uint8Array[]; depth: number } | undefined;
  /** Packets of a request that rules will decide about. */
  private held: Uint8Array[] | undefined;
  private heldLeft = 0;

  constructor(
    private readonly host: HostVcpu,
    private readonly place: LinkPlace,
    private readonly rules: RuleSet,
    private readonly port: OutgoingPort,
  ) {}

  stall(depth: number): void {
    this.stalled = { packets: [], depth };
  }

  get stalledPackets(): readonly Uint8Array[] {
    return this.stalled?.packets ?? [];
  }

  /** Nothing more fits in. */
  get full(): boolean {
    const s = this.stalled;
    return s !== undefined && s.packets.length >= s.depth;
  }

  /** Gives up to `n` kept packets to RM. True: the queue was full and is not any more. */
  drain(n: number): boolean {
    const s = this.stalled;
    if (s === undefined) return false;
    const full = s.packets.length >= s.depth;
    const out = s.packets.splice(0, n);
    for (const p of out) this.toRm(p, true);
    return full && out.length > 0;
  }

  endStall(): void {
    this.stalled = undefined;
  }

  send(packet: Uint8Array, push: boolean): SendResult {
    const forced = this.rules.queue('send');
    if (forced !== undefined) return this.forced(packet, push, forced);
    const s = this.stalled;
    if (s !== undefined) {
      if (s.packets.length >= s.depth) return { error: HypError.MSGQUEUE_FULL, notFull: false };
      this.port.note(packet, 'kept');
      this.port.observe(packet);
      s.packets.push(packet.slice());
      return { error: HypError.OK, notFull: s.packets.length < s.depth };
    }
    const result = this.toRm(packet, push);
    // What the queue refused was not sent: the client will try again.
    if (result.error === HypError.OK) this.port.observe(packet);
    return result;
  }

  private forced(packet: Uint8Array, push: boolean, forced: ForcedResult): SendResult {
    this.port.note(packet, `forced ${forced.error}`);
    if (forced.made) {
      this.toRm(packet, push);
      this.port.observe(packet);
    } else if (forced.error !== HypError.MSGQUEUE_FULL) this.port.abandon();
    // The queue is drained a little later.
    if (!forced.more) this.port.edgeLater();
    return { error: forced.error, notFull: forced.more };
  }

  /** Past the stall: rules about requests, then RM. */
  private toRm(packet: Uint8Array, push: boolean): SendResult {
    const h = parseRpcHeader(packet);
    if (h !== undefined && h.type === RpcType.REQUEST) {
      this.held = this.rules.wants('request', h.id) ? [] : undefined;
      this.heldLeft = h.fragments + 1;
    }
    if (this.held === undefined) {
      const result = this.realSend(packet, push);
      this.port.note(packet, result.error === HypError.OK ? undefined : `refused with ${result.error}`);
      return result;
    }
    this.port.note(packet, 'kept from RM');
    this.held.push(packet.slice());
    if (--this.heldLeft > 0) return { error: HypError.OK, notFull: true };
    const { held } = this;
    this.held = undefined;
    this.decide(held);
    return { error: HypError.OK, notFull: true };
  }

  /** A whole request is there: answered by the test, changed, or given to RM as it is. */
  private decide(held: readonly Uint8Array[]): void {
    const m = rpcMessage(held);
    const back = this.rules.message('request', m);
    const other = back === undefined ? this.rules.rewritten(m) : undefined;
    if (other !== undefined) for (const e of emit({ ...m, payload: other })) this.insist(e.bytes);
    else if (back === undefined) for (const p of held) this.insist(p);
    else this.port.answer(back);
  }

  private insist(packet: Uint8Array): void {
    for (let i = 0; i < INSIST; i++) {
      if (this.realSend(packet, true).error !== HypError.MSGQUEUE_FULL) return;
      this.host.letOthersRun();
    }
  }

  private realSend(packet: Uint8Array, push: boolean): SendResult {
    const { host } = this;
    host.writeMemory(this.place.txBuffer, packet);
    const { x } = host;
    x[0] = this.place.txCap;
    x[1] = BigInt(packet.length);
    x[2] = BigInt(this.place.txBuffer);
    x[3] = push ? 1n : 0n;
    x[4] = 0n;
    // As with every other call: the registers of one that did not come back hold its arguments, and capability 0 reads as OK.
    if (host.hvc(HYPERCALL_BASE + Call.MSGQUEUE_SEND).kind !== 'done')
      return { error: HypError.FAILURE, notFull: false };
    return { error: lo32(x[0]), notFull: x[1] !== 0n };
  }
}
