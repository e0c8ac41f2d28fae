/**
 * The server side of a case: the machine with its real Resource Manager, and the rules of interference at the queues of the
 * primary VM. Without rules it is the machine.
 */
import { lo32 } from '../base/index.js';
import { HYPERCALL_BASE } from '../hyp/index.js';
import { Call, HypError, Platform, parseRpcHeader, RpcType, SMCCC_HYPERCALL_BASE } from '../protocol/index.js';
import {
  HostVcpu,
  type LinkPlace,
  PRIMARY_RX_IRQ,
  PRIMARY_TX_IRQ,
  restoreSnapshot,
  type Simulator,
} from '../sim/index.js';
import { SendAudit } from './audit.js';
import { type BenchImage, type ClientPlace, primaryPlace } from './bench-image.js';
import { editTree, readTree } from './boundary/client-tree.js';
import { Incoming } from './boundary/incoming.js';
import { Outgoing } from './boundary/outgoing.js';
import type { ReceiveResult, SendResult } from './client/port.js';
import { type Rule, RuleSet } from './interfere/index.js';
import { IrqLines } from './irq-lines.js';

/** An answer that the test gives in RM's place takes this long. */
const ANSWER_NS = 100_000;

/** Queue operations of a client without letting the machine work in between. */
const SPIN_LIMIT = 20_000;
/** SMCCC function ids of hypercalls: fast, 64-bit, vendor hypervisor (fact base: hypercall-abi 4.1). */

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

/** A hypercall of the client: number, arguments, results. */
export interface CallEntry {
  at: number;
  num: number;
  x: bigint[];
  r: readonly bigint[];
}

/** The machine of one case: RM behind rules, the queues of the client, a log of their packets. */
export class Bench {
  readonly sim: Simulator;
  readonly host: HostVcpu;
  readonly client: ClientPlace;
  readonly place: LinkPlace;
  readonly rules = new RuleSet();
  readonly audit = new SendAudit();
  /** What the client's CPU interface gives. */
  readonly irqs = new IrqLines();
  readonly log: LogEntry[] = [];
  logLimit = 3000;
  /** Hypercalls of the client other than those of its link. */
  readonly calls: CallEntry[] = [];
  /** Memory that the client itself wrote. */
  readonly writes: { ipa: number; length: number }[] = [];
  /** Receives and sends that the client tried. */
  receives = 0;
  sends = 0;
  /** Push flags of all sends, in order. */
  readonly pushes: boolean[] = [];
  private readonly incoming: Incoming;
  private readonly outgoing: Outgoing;
  private readonly edges = { rx: 0, tx: 0 };
  private pendingEdges: { line: 'rx' | 'tx'; at: number }[] = [];
  private readonly others: number[] = [];
  private alarmAt = Number.POSITIVE_INFINITY;
  private spins = 0;

  constructor(image: BenchImage) {
    this.sim = image.sim;
    if (image.snapshot !== undefined) restoreSnapshot(image.sim, image.snapshot);
    this.client = image.guest ?? primaryPlace(image.sim);
    this.place = this.client.link;
    this.host = new HostVcpu(image.sim, this.client.vcpu);
    this.incoming = new Incoming(
      this.sim,
      this.host,
      this.place,
      this.rules,
      (bytes, text) => this.note('<', bytes, text),
      () => this.edge('rx'),
    );
    this.outgoing = new Outgoing(this.host, this.place, this.rules, {
      note: (bytes, text) => this.note('>', bytes, text),
      observe: (packet) => void this.audit.packet(packet),
      abandon: () => this.audit.abandon(),
      answer: (emissions) => this.incoming.schedule(emissions, ANSWER_NS),
      edgeLater: () => this.edgeLater('tx'),
    });
  }

  // ---- for cases ----------------------------------------------------------------------------------------------------

  interfere(...rules: Rule[]): void {
    for (const rule of rules) {
      if (rule.kind === 'tree') editTree(this.host, this.client.tree, rule.edit);
      else if (rule.kind === 'stall') this.stall(rule.depth);
      else this.rules.add(rule);
    }
  }

  /** From now on nothing reaches RM; the client sees a queue of `depth`. */
  stall(depth: number = Platform.RM_QUEUE_DEPTH): void {
    this.outgoing.stall(depth);
  }

  get stalledPackets(): readonly Uint8Array[] {
    return this.outgoing.stalledPackets;
  }

  /** The queue that the test does not drain has no room. */
  get sendQueueFull(): boolean {
    return this.outgoing.full;
  }

  /** Takes up to `n` packets out of the stalled queue for RM; the client gets an edge when it was full. */
  drainStalled(n = Number.POSITIVE_INFINITY, edge = true): void {
    if (this.outgoing.drain(n) && edge) this.edge('tx');
  }

  /** Ends the stall. */
  flow(): void {
    this.drainStalled();
    this.outgoing.endStall();
  }

  /** Puts packets into the client's queue; one edge if `edge`. */
  inject(packets: readonly Uint8Array[], edge = true): void {
    for (const bytes of packets) this.incoming.stage(bytes);
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
    return this.incoming.waiting;
  }

  /** Hypervisor and RM both live. Otherwise: why not. */
  get death(): string | undefined {
    if (this.sim.hyp.dead !== undefined) return 'the hypervisor stopped';
    const { dead } = this.sim.rm;
    return dead === null ? undefined : `RM died (${dead.kind}): ${dead.trigger}`;
  }

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
    const edgeAt = Math.min(...this.pendingEdges.map((e) => e.at));
    const next = Math.min(sim.nextEventAt(), this.incoming.nextAt, edgeAt, this.alarmAt);
    if (next > until || next === Number.POSITIVE_INFINITY) return false;
    sim.spin(Math.max(next - sim.hyp.now, 0));
    if (this.alarmAt <= sim.hyp.now) this.alarmAt = Number.POSITIVE_INFINITY;
    this.due();
    return true;
  }

  /** Moves what is due. True: something was. */
  private due(): boolean {
    const now = this.now();
    let any = this.incoming.due();
    for (const e of this.pendingEdges.filter((p) => p.at <= now)) {
      this.edge(e.line);
      any = true;
    }
    if (any) this.pendingEdges = this.pendingEdges.filter((p) => p.at > now);
    return any;
  }

  private edgeLater(line: 'rx' | 'tx'): void {
    const at = this.now() + ANSWER_NS;
    this.pendingEdges.push({ line, at });
    this.alarm(at);
  }

  // ---- for the client -----------------------------------------------------------------------------------------------

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
    return this.outgoing.send(packet, push);
  }

  receive(): ReceiveResult {
    this.receives++;
    this.guard();
    const forced = this.rules.queue('receive');
    if (forced !== undefined)
      return { error: forced.error, packet: forced.bytes ?? new Uint8Array(0), notEmpty: forced.more };
    this.due();
    const packet = this.incoming.take();
    if (packet === undefined) return { error: HypError.MSGQUEUE_EMPTY, packet: new Uint8Array(0), notEmpty: false };
    const h = parseRpcHeader(packet);
    if (h !== undefined && h.type === RpcType.REPLY) this.audit.answered(h.seq);
    return { error: HypError.OK, packet, notEmpty: this.incoming.more };
  }

  /** Moves everything pending in the machine, and the test's own, to {@link irqs}. */
  collectInterrupts(): void {
    for (const intid of this.others.splice(0)) this.irqs.raise(intid);
    for (let i = 0; i < 64; i++) {
      const intid = this.host.takeInterrupt();
      if (intid === undefined) break;
      if (intid === PRIMARY_RX_IRQ) this.edge('rx');
      else if (intid === PRIMARY_TX_IRQ) this.edge('tx');
      else this.irqs.raise(intid);
    }
    if (this.edges.tx > 0) this.irqs.raise(PRIMARY_TX_IRQ);
    if (this.edges.rx > 0) this.irqs.raise(PRIMARY_RX_IRQ);
    this.edges.rx = 0;
    this.edges.tx = 0;
  }

  /** INTID of the client's next interrupt, which is active now; undefined: there is none before it ends another. */
  acknowledge(): number | undefined {
    this.collectInterrupts();
    return this.irqs.acknowledge();
  }

  /** Native hypercall `num`. */
  hvc(num: number, ...args: bigint[]): readonly bigint[] {
    const x = Array.from({ length: 8 }, (_, i) => args[i] ?? 0n);
    let r = this.rules.hypercall(num, x);
    if (r === undefined) {
      const outcome = this.host.call('hvc', HYPERCALL_BASE + num, x);
      r = outcome.kind === 'done' ? [...this.host.x.subarray(0, 8)] : [BigInt(HypError.FAILURE)];
    }
    this.noteCall(num, x, r);
    return r;
  }

  /** HVC or SMC with these registers; x0..x17 afterwards. `imm`: of the instruction; only 0 is a call of the convention that rules know. */
  smccc(conduit: 'hvc' | 'smc', x: readonly bigint[], imm = 0): readonly bigint[] {
    if (imm !== 0) {
      this.host.call(conduit, imm, x);
      return [...this.host.x.subarray(0, 18)];
    }
    const id = lo32(x[0]);
    const num = id - SMCCC_HYPERCALL_BASE;
    const args = x.slice(1, 9);
    const isCall = num >= 0 && num < 0x4000;
    const forced = isCall ? this.rules.hypercall(num, args) : this.rules.smccc(id, x);
    if (forced === undefined) this.host.call(conduit, 0, x);
    const r = forced === undefined ? [...this.host.x.subarray(0, 18)] : x.map((v, i) => forced[i] ?? v);
    if (isCall) this.noteCall(num, args, r);
    return r;
  }

  private noteCall(num: number, x: bigint[], r: readonly bigint[]): void {
    if (this.calls.length < this.logLimit) this.calls.push({ at: this.now(), num, x, r });
  }

  deviceTree(): Uint8Array {
    return readTree(this.host, this.client.tree);
  }

  /** False: no access. */
  read(ipa: number, to: Uint8Array): boolean {
    return this.host.readMemory(ipa, to);
  }

  write(ipa: number, from: Uint8Array): boolean {
    this.writes.push({ ipa, length: from.length });
    return this.host.writeMemory(ipa, from);
  }

  /** Is told of every packet that the test has touched. */
  onTouch: ((entry: LogEntry) => void) | undefined;

  private note(dir: '>' | '<', bytes: Uint8Array, note?: string): void {
    if (note !== undefined) this.onTouch?.({ at: this.now(), dir, bytes, note });
    if (this.log.length < this.logLimit) this.log.push({ at: this.now(), dir, bytes: bytes.slice(), note });
  }
}
