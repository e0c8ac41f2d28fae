/**
 * The server side of a case: the machine with its real Resource Manager, and the rules of interference at the queues of the
 * primary VM. Without rules it is the machine.
 */
import { concatBytes, lo32 } from '../base/index.js';
import { findCap, HYPERCALL_BASE } from '../hyp/index.js';
import type { MsgQueue } from '../msgq/index.js';
import { Call, HypError, Platform, parseRpcHeader, RpcType, rpcHeaderValid } from '../protocol/index.js';
import { HostVcpu, PRIMARY_LINK, restoreSnapshot, Simulator, type Snapshot, takeSnapshot } from '../sim/index.js';
import { SendAudit } from './audit.js';
import type { ClientPort, Interrupts, ReceiveResult, SendResult } from './client/port.js';
import { type Emission, emit, type ForcedResult, type Rule, RuleSet, type WireMessage } from './interfere.js';
import { enableInterrupts } from './primary.js';

/** Interrupts of the primary VM's link (fact base: rm-rpc-transport 1). */
const TX_IRQ = 960;
const RX_IRQ = 961;
/** An answer that the test gives in RM's place takes this long. */
const ANSWER_NS = 100_000;
const PACKET_MAX = Platform.RM_QUEUE_MSG_SIZE;

/** Queue operations of a client without letting the machine work in between. */
const SPIN_LIMIT = 20_000;

/** The client is in a loop of its own. */
export class ClientStuck extends Error {}

export interface LogEntry {
  at: number;
  /** `>` from the client, `<` to the client. */
  dir: '>' | '<';
  bytes: Uint8Array;
  /** What the test did to it. */
  note?: string;
}

interface Timed {
  at: number;
  order: number;
  bytes: Uint8Array;
}

interface PartialIn {
  message: WireMessage;
  left: number;
  parts: Uint8Array[];
  packets: Uint8Array[];
}

/** A booted machine that cases start from; booting costs more than restoring. */
export interface BenchImage {
  sim: Simulator;
  snapshot: Snapshot;
}

export function bootBench(): BenchImage {
  const sim = new Simulator();
  if (!sim.bootPrimary()) throw new Error('the primary VM did not start');
  const v = sim.primaryVcpu();
  if (v === undefined) throw new Error('the primary VM is not in control');
  enableInterrupts(new HostVcpu(sim, v.id));
  return { sim, snapshot: takeSnapshot(sim) };
}

export class Bench implements ClientPort {
  readonly sim: Simulator;
  readonly host: HostVcpu;
  readonly rules = new RuleSet();
  readonly audit = new SendAudit();
  readonly log: LogEntry[] = [];
  logLimit = 3000;
  /** Hypercalls of the client other than those of its link: number and arguments. */
  readonly calls: { at: number; num: number; x: bigint[]; r: readonly bigint[] }[] = [];
  /** Memory that the client itself wrote. */
  readonly writes: { ipa: number; length: number }[] = [];
  /** Receives and sends that the client tried. */
  receives = 0;
  sends = 0;
  /** Packets are kept here instead of going to RM. */
  private stalled: { packets: Uint8Array[]; depth: number } | undefined;
  private readonly staged: Uint8Array[] = [];
  private timed: Timed[] = [];
  private order = 0;
  private readonly edges = { rx: 0, tx: 0 };
  private readonly others: number[] = [];
  private partial: PartialIn | undefined;
  private held: Uint8Array[] | undefined;
  private alarmAt = Number.POSITIVE_INFINITY;
  private readonly buffer = new Uint8Array(PACKET_MAX);

  constructor(image: BenchImage) {
    this.sim = image.sim;
    restoreSnapshot(image.sim, image.snapshot);
    const v = image.sim.primaryVcpu();
    if (v === undefined) throw new Error('the primary VM is not in control');
    this.host = new HostVcpu(image.sim, v.id);
  }

  // ---- for cases ----------------------------------------------------------------------------------------------------

  interfere(...rules: Rule[]): void {
    this.rules.add(...rules);
  }

  /** From now on nothing reaches RM; the client sees a queue of `depth`. */
  stall(depth: number = Platform.RM_QUEUE_DEPTH): void {
    this.stalled = { packets: [], depth };
  }

  get stalledPackets(): readonly Uint8Array[] {
    return this.stalled?.packets ?? [];
  }

  /** Takes up to `n` packets out of the stalled queue for RM; the client gets an edge when it was full. */
  drainStalled(n = Number.POSITIVE_INFINITY, edge = true): void {
    const s = this.stalled;
    if (s === undefined) return;
    const full = s.packets.length >= s.depth;
    const out = s.packets.splice(0, n);
    for (const p of out) this.toRm(p, true);
    if (full && out.length > 0 && edge) this.edge('tx');
  }

  /** Ends the stall. */
  flow(): void {
    this.drainStalled();
    this.stalled = undefined;
  }

  /** Puts packets into the client's queue; one edge if `edge`. */
  inject(packets: readonly Uint8Array[], edge = true): void {
    for (const bytes of packets) this.stage(bytes);
    if (edge) this.edge('rx');
  }

  edge(line: 'rx' | 'tx', n = 1): void {
    for (let i = 0; i < n; i++) this.edges[line] += this.rules.edges(line);
  }

  /** Another interrupt of the client, for instance the wake-up of a vCPU. */
  raise(intid: number): void {
    this.others.push(intid);
  }

  get waiting(): number {
    return this.staged.length;
  }

  /** Hypervisor and RM both live. Otherwise: why not. */
  get death(): string | undefined {
    if (this.sim.hyp.dead !== undefined) return 'the hypervisor stopped';
    const { dead } = this.sim.rm;
    return dead === null ? undefined : `RM died (${dead.kind}): ${dead.trigger}`;
  }

  private spins = 0;

  /** A client that goes on and on without letting time pass is stopped. */
  private guard(): void {
    if (++this.spins > SPIN_LIMIT) throw new ClientStuck(`${SPIN_LIMIT} queue operations without a pause`);
  }

  /** Lets the next thing happen, not beyond `until`. False: nothing is left to happen before. */
  advance(until: number): boolean {
    const { sim, host } = this;
    this.spins = 0;
    if (sim.hyp.dead !== undefined) return false;
    if (this.due()) return true;
    const before = sim.steps;
    host.x.fill(0n, 0, 3);
    if (host.hvc(HYPERCALL_BASE + Call.SCHEDULER_YIELD).kind !== 'done') return false;
    if (sim.steps !== before || this.due()) return true;
    const next = Math.min(sim.nextEventAt(), this.timed[0]?.at ?? Number.POSITIVE_INFINITY, this.alarmAt);
    if (next > until) return false;
    sim.spin(Math.max(next - sim.hyp.now, 0));
    if (this.alarmAt <= sim.hyp.now) this.alarmAt = Number.POSITIVE_INFINITY;
    this.due();
    return true;
  }

  // ---- the client's port --------------------------------------------------------------------------------------------

  now(): number {
    return this.sim.hyp.now;
  }

  alarm(at: number): void {
    this.alarmAt = Math.min(this.alarmAt, at);
  }

  send(packet: Uint8Array, push: boolean): SendResult {
    this.sends++;
    this.guard();
    this.pushes.push(push);
    const forced = this.rules.queue('send');
    if (forced !== undefined) return this.forcedSend(packet, push, forced);
    const s = this.stalled;
    if (s !== undefined) {
      if (s.packets.length >= s.depth) return { error: HypError.MSGQUEUE_FULL, notFull: false };
      this.note('>', packet, 'kept');
      this.observe(packet);
      s.packets.push(packet.slice());
      return { error: HypError.OK, notFull: s.packets.length < s.depth };
    }
    const result = this.toRm(packet, push);
    // What the queue refused was not sent: the client will try again.
    if (result.error === HypError.OK) this.observe(packet);
    return result;
  }

  /** Push flags of all sends, in order. */
  readonly pushes: boolean[] = [];

  private forcedSend(packet: Uint8Array, push: boolean, forced: ForcedResult): SendResult {
    this.note('>', packet, `forced ${forced.error}`);
    if (forced.made) {
      this.toRm(packet, push);
      this.observe(packet);
    } else if (forced.error !== HypError.MSGQUEUE_FULL) this.audit.abandon();
    // The queue is drained a little later.
    if (!forced.more) this.timedEdge('tx');
    return { error: forced.error, notFull: forced.more };
  }

  private pendingEdges: { line: 'rx' | 'tx'; at: number }[] = [];

  private timedEdge(line: 'rx' | 'tx'): void {
    const at = this.now() + ANSWER_NS;
    this.pendingEdges.push({ line, at });
    this.alarm(at);
  }

  private observe(packet: Uint8Array): void {
    this.audit.packet(packet);
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
      this.note('>', packet, result.error === HypError.OK ? undefined : `refused with ${result.error}`);
      return result;
    }
    this.note('>', packet, 'kept from RM');
    this.held.push(packet.slice());
    if (--this.heldLeft > 0) return { error: HypError.OK, notFull: true };
    const { held } = this;
    this.held = undefined;
    const first = parseRpcHeader(held[0]);
    if (first !== undefined) {
      const payload = concatBytes(...held.map((p) => p.subarray(Platform.RPC_HEADER_SIZE)));
      const m = { type: first.type, id: first.id, seq: first.seq, payload };
      const back = this.rules.message('request', m);
      const other = back === undefined ? this.rules.rewritten(m) : undefined;
      if (other !== undefined) for (const e of emit({ ...m, payload: other })) this.insistSend(e.bytes);
      else if (back === undefined) for (const p of held) this.insistSend(p);
      else this.schedule(back, ANSWER_NS);
    }
    return { error: HypError.OK, notFull: true };
  }

  private heldLeft = 0;

  private insistSend(packet: Uint8Array): void {
    for (let i = 0; i < 1000; i++) {
      if (this.realSend(packet, true).error !== HypError.MSGQUEUE_FULL) return;
      this.host.letOthersRun();
    }
  }

  private realSend(packet: Uint8Array, push: boolean): SendResult {
    const { host } = this;
    host.writeMemory(PRIMARY_LINK.txBuffer, packet);
    const { x } = host;
    x[0] = PRIMARY_LINK.txCap;
    x[1] = BigInt(packet.length);
    x[2] = BigInt(PRIMARY_LINK.txBuffer);
    x[3] = push ? 1n : 0n;
    x[4] = 0n;
    host.hvc(HYPERCALL_BASE + Call.MSGQUEUE_SEND);
    return { error: lo32(x[0]), notFull: x[1] !== 0n };
  }

  receive(): ReceiveResult {
    this.receives++;
    this.guard();
    const forced = this.rules.queue('receive');
    if (forced !== undefined)
      return { error: forced.error, packet: forced.bytes ?? new Uint8Array(0), notEmpty: forced.more };
    this.due();
    while (this.staged.length === 0 && this.takeReal()) {
      // until something is for the client
    }
    const packet = this.staged.shift();
    if (packet === undefined) return { error: HypError.MSGQUEUE_EMPTY, packet: new Uint8Array(0), notEmpty: false };
    const h = parseRpcHeader(packet);
    if (h !== undefined && h.type === RpcType.REPLY) this.audit.answered(h.seq);
    return { error: HypError.OK, packet, notEmpty: this.staged.length > 0 || this.realMore };
  }

  /** RM has put more into the real queue: packets of the test may have been taken in front of them. */
  private get realMore(): boolean {
    return this.fromRmQueue.count > 0;
  }

  private get fromRmQueue(): MsgQueue {
    const { hyp } = this.sim;
    const view = findCap(hyp.get(this.host.vcpu.cspace), PRIMARY_LINK.rxCap);
    if (typeof view === 'number') throw new Error('the primary VM has no receive queue');
    return hyp.get<MsgQueue>(view.table.object[view.lower]);
  }

  /** One real packet from RM through the rules. False: there is none. */
  private takeReal(): boolean {
    const { host } = this;
    const { x } = host;
    x[0] = PRIMARY_LINK.rxCap;
    x[1] = BigInt(PRIMARY_LINK.rxBuffer);
    x[2] = BigInt(PACKET_MAX);
    x[3] = 0n;
    host.hvc(HYPERCALL_BASE + Call.MSGQUEUE_RECEIVE);
    if (lo32(x[0]) !== HypError.OK) return false;
    const size = Number(x[1]);
    host.readMemory(PRIMARY_LINK.rxBuffer, this.buffer);
    this.fromRm(this.buffer.slice(0, size));
    return true;
  }

  private fromRm(bytes: Uint8Array): void {
    const h = parseRpcHeader(bytes);
    if (h === undefined || !rpcHeaderValid(h)) {
      this.stage(bytes);
      return;
    }
    const content = bytes.subarray(Platform.RPC_HEADER_SIZE);
    if (h.type === RpcType.CONTINUED) {
      const p = this.partial;
      if (p === undefined) {
        this.stage(bytes);
        return;
      }
      p.parts.push(content);
      p.packets.push(bytes);
      if (--p.left === 0) this.completeIn(p);
      return;
    }
    const on = h.type === RpcType.REPLY ? 'reply' : 'notification';
    if (!this.rules.wants(on, h.id)) {
      this.stage(bytes);
      return;
    }
    const message = { type: h.type, id: h.id, seq: h.seq, payload: content };
    this.partial = { message, left: h.fragments, parts: [content], packets: [bytes] };
    if (h.fragments === 0) this.completeIn(this.partial);
  }

  private completeIn(p: PartialIn): void {
    this.partial = undefined;
    const m = { ...p.message, payload: concatBytes(...p.parts) };
    const changed = this.rules.message(m.type === RpcType.REPLY ? 'reply' : 'notification', m);
    if (changed === undefined) for (const bytes of p.packets) this.stage(bytes);
    else this.schedule(changed, 0);
  }

  private schedule(emissions: readonly Emission[], afterNs: number): void {
    for (const e of emissions) {
      const at = this.now() + afterNs + e.delayNs;
      if (at <= this.now() && !e.edge) this.stage(e.bytes, 'by the test');
      else this.timed.push({ at, order: this.order++, bytes: e.bytes });
    }
    this.timed.sort((a, b) => a.at - b.at || a.order - b.order);
  }

  private stage(bytes: Uint8Array, note?: string): void {
    this.note('<', bytes, note);
    this.staged.push(bytes);
  }

  /** Moves what is due into the queue. True: something was. */
  private due(): boolean {
    const now = this.now();
    let any = false;
    while (this.timed.length > 0 && this.timed[0].at <= now) {
      const next = this.timed.shift();
      if (next === undefined) break;
      if (this.staged.length === 0) this.edge('rx');
      this.stage(next.bytes, 'by the test');
      any = true;
    }
    for (const e of this.pendingEdges.filter((p) => p.at <= now)) {
      this.edge(e.line);
      any = true;
    }
    if (any) this.pendingEdges = this.pendingEdges.filter((p) => p.at > now);
    return any;
  }

  interrupts(): Interrupts {
    const found: Interrupts = { rx: false, tx: false, others: this.others.splice(0) };
    for (let i = 0; i < 64; i++) {
      const intid = this.host.takeInterrupt();
      if (intid === undefined) break;
      if (intid === RX_IRQ) this.edge('rx');
      else if (intid === TX_IRQ) this.edge('tx');
      else found.others.push(intid);
    }
    found.rx = this.edges.rx > 0;
    found.tx = this.edges.tx > 0;
    this.edges.rx = 0;
    this.edges.tx = 0;
    return found;
  }

  hvc(num: number, ...args: bigint[]): readonly bigint[] {
    const x = Array.from({ length: 8 }, (_, i) => args[i] ?? 0n);
    let r = this.rules.hypercall(num, x);
    if (r === undefined) {
      const outcome = this.host.call('hvc', HYPERCALL_BASE + num, x);
      r = outcome.kind === 'done' ? [...this.host.x.subarray(0, 8)] : [BigInt(HypError.FAILURE)];
    }
    if (this.calls.length < this.logLimit) this.calls.push({ at: this.now(), num, x, r });
    return r;
  }

  read(ipa: number, to: Uint8Array): boolean {
    return this.host.readMemory(ipa, to);
  }

  write(ipa: number, from: Uint8Array): boolean {
    this.writes.push({ ipa, length: from.length });
    return this.host.writeMemory(ipa, from);
  }

  private note(dir: '>' | '<', bytes: Uint8Array, note?: string): void {
    if (this.log.length < this.logLimit) this.log.push({ at: this.now(), dir, bytes: bytes.slice(), note });
  }
}
