/**
 * All connections and the machine: who is served next, and when virtual time goes on.
 *
 * Connections are served in rounds, each with the same amount of work. The machine runs when somebody waits for it and every other
 * vCPU waits too, is off, or has been silent for {@link HubOptions.graceMs}: a silent client is a guest that spins, and time is its
 * time too. While a client computes, the programs of other CPUs go on beside it: one step for each of its frames, and RM until it
 * has nothing to do; time does not jump. A connection in step mode holds everything for as long as it does not wait itself, up to
 * `stepLimitMs` while others wait for it.
 */
import { Platform } from '../protocol/index.js';
import { HostVcpu, type Simulator } from '../sim/index.js';
import { Block, type Vcpu } from '../vcpu/index.js';
import { Connection, type Greeting, type Hello, type Transport } from './connection.js';
import { findLink } from './find-link.js';
import { findVcpu, isScratch, treeAddress } from './find-vcpu.js';
import { GuestRpcSession } from './guest-rpc-session.js';
import { jump, programRuns, rmRuns, stepMachine } from './programs.js';
import { Reports } from './reports.js';
import { RpcSession } from './rpc-session.js';
import { LINK } from './spec.js';
import { type Entry, entryOf, VcpuSession } from './vcpu-session.js';

export interface HubOptions {
  sim: Simulator;
  /** Milliseconds of real time, from any start. */
  clock(): number;
  /** Calls `turn` soon, after pending input and output. */
  defer(turn: () => void): void;
  /** One line for people: who did what. */
  log(line: string): void;
  /** The last connection is gone. */
  onEmpty?(): void;
  graceMs?: number;
  stepLimitMs?: number;
  helloMs?: number;
  stuckMs?: number;
}

/** An option that is there but undefined counts as left out. */
const withDefaults = ({
  graceMs = 50,
  stepLimitMs = 30_000,
  helloMs = 10_000,
  stuckMs = 5_000,
  onEmpty = () => {},
  ...others
}: HubOptions): Required<HubOptions> => ({ ...others, graceMs, stepLimitMs, helloMs, stuckMs, onEmpty });
/** Units of work of one connection before the next one is served. */
export const QUANTUM = 8;
/** Real time of one turn, after which sockets are read; steps of the machine in one round. */
const TURN_MS = 1;
const STEPS = 16;
/** A client that computes holds time for so many graces, even if it is never silent for one. */
const HOLD_GRACES = 10;
/** Scratch pages of the primary VM's vCPUs. */
const SCRATCH_BASE = 0x4104_0000;
const MODE_RPC = 1;

/**
 * All connections of a server, and whose turn it is. Knows no sockets: bytes come from, and go to, a {@link
 * Transport}.
 */
export class Hub {
  readonly connections = new Set<Connection>();
  private readonly options: Required<HubOptions>;
  private readonly sim: Simulator;
  private readonly entries = new Map<number, Entry>();
  /** Which connection has which vCPU, by thread id. */
  private readonly owners = new Map<number, { connection: Connection; v: Vcpu }>();
  private scheduled = false;
  private turning = false;
  /** Somebody waits for the machine, and nobody in step mode holds it. */
  private waitedFor = false;
  private count = 0;
  private readonly reports: Reports;
  /** The one that plays the primary VM's driver. */
  private rpc: RpcSession | undefined;
  private readonly beside = () => this.workBeside(1);

  constructor(options: HubOptions) {
    this.options = withDefaults(options);
    this.sim = options.sim;
    this.reports = new Reports(options.log);
    this.restarted();
  }

  /** A new connection, or why there can be none. */
  connect(transport: Transport, from: string): Connection | string {
    if (this.connections.size >= LINK.MAX_CONNECTIONS) {
      // Those who only keep a place must not keep out others.
      const silent = [...this.connections].find((c) => c.session === undefined);
      if (silent === undefined) return `${LINK.MAX_CONNECTIONS} connections are open`;
      silent.fail('no greeting while others want to connect');
    }
    this.count++;
    const connection = new Connection(
      transport,
      `${from} ${this.count}`,
      this.options.clock(),
      (c, hello) => this.greet(c, hello),
      (c, reason) => this.closed(c, reason),
      (c, complaint) => this.reports.complained(c.name, complaint, this.options.clock()),
    );
    this.connections.add(connection);
    return connection;
  }

  receive(connection: Connection, chunk: Uint8Array): void {
    connection.receive(chunk, this.options.clock());
    this.wake();
  }

  /** Something changed: a turn now, unless one is coming. */
  wake(): void {
    if (!this.turning && !this.scheduled) this.turn();
  }

  private closed(connection: Connection, reason: string | undefined): void {
    this.connections.delete(connection);
    if (connection.session === this.rpc) this.rpc = undefined;
    this.forgetGone();
    for (const [id, owner] of this.owners) if (owner.connection === connection) this.owners.delete(id);
    if (reason !== undefined) this.options.log(`${connection.name}: closed: ${reason}`);
    if (this.connections.size === 0) this.options.onEmpty();
  }

  /** vCPUs whose VM is gone belong to nobody: another vCPU may have their number next. */
  private forgetGone(): void {
    for (const [id, owner] of this.owners) {
      if (this.sim.hyp.objects[id] === owner.v) continue;
      this.owners.delete(id);
      this.entries.delete(id);
      this.sim.setProgram({ id }, undefined);
    }
  }

  /** The machine is at its first instruction again: entry points of other vCPUs are forgotten. Only without connections. */
  restarted(): void {
    this.entries.clear();
    this.reports.restarted();
    const boot = this.sim.primaryVcpu();
    if (boot !== undefined) this.entries.set(boot.id, entryOf(boot));
  }

  private greet(connection: Connection, hello: Hello): Greeting | string {
    this.forgetGone();
    const { sim } = this;
    const rpc = hello.mode === MODE_RPC;
    if (hello.mode > MODE_RPC) return `mode ${hello.mode} does not exist`;
    const what = `vCPU ${hello.vcpu} of VM ${hello.vmid}`;
    const v = findVcpu(sim, hello.vmid, rpc ? 0 : hello.vcpu);
    if (v === undefined) return `there is no ${what}`;
    const owner = this.owners.get(v.id);
    if (owner !== undefined) return `${what} is taken by ${owner.connection.name}`;
    const primary = hello.vmid === Platform.VMID_HLOS;
    if (hello.scratch !== 0 && !isScratch(sim, hello.vmid, v, hello.scratch))
      return `scratch page 0x${hello.scratch.toString(16)} is not memory of VM ${hello.vmid}`;
    const link = rpc && !primary ? findLink(sim, hello.vmid, v, hello.scratch) : undefined;
    if (typeof link === 'string') return link;
    if (sim.programOf(v) !== 'host') sim.setProgram(v, 'host');
    this.owners.set(v.id, { connection, v });
    const entry = this.entryFor(v);
    // Whoever had it before may have left it waiting: it goes on, as it may at any time.
    if (sim.hyp.dead === undefined && (v.idling || (v.block & (Block.SUSPEND | Block.WFI)) !== 0))
      new HostVcpu(sim, v.id).wake();
    const nowNs = sim.hyp.now;
    const complain = (type: number, reason: string) => connection.complain(type, reason);
    if (link !== undefined) {
      const session = new GuestRpcSession(sim, v, connection.out, link, complain);
      return { session, ...entry, on: session.on, nowNs };
    }
    if (rpc) {
      this.rpc = new RpcSession(sim, new HostVcpu(sim, v.id), connection.out, complain);
      return { session: this.rpc, ...entry, on: sim.hyp.dead === undefined, nowNs };
    }
    const scratch = hello.scratch !== 0 || !primary ? hello.scratch : SCRATCH_BASE + hello.vcpu * Platform.PAGE_SIZE;
    const tree = treeAddress(sim, hello.vmid);
    const session = new VcpuSession(sim, v, connection.out, scratch, tree, hello.step, entry, complain, (e) =>
      this.entries.set(v.id, e),
    );
    return { session, ...entry, on: session.on, nowNs };
  }

  /** Where the vCPU began: as some client was told, or, if it has begun anew since then, as it stands. */
  private entryFor(v: Vcpu): Entry {
    const known = this.entries.get(v.id);
    const now = entryOf(v);
    if (known?.count === now.count && v.pending?.kind !== 'start') return known;
    if ((v.block & Block.OFF) === 0) this.entries.set(v.id, now);
    return now;
  }

  /** Serves everybody once, runs the machine if it may, and comes back if there is more to do. */
  turn(): void {
    if (this.turning) return;
    this.turning = true;
    this.scheduled = false;
    this.forgetGone();
    const start = this.options.clock();
    let more: boolean;
    let ran = false;
    do {
      more = false;
      for (const c of this.connections) more = c.process(QUANTUM, this.beside) > 0 || c.owing || more;
      for (const c of this.connections) more = c.tick() || more;
      if (!more) more = ran = this.run(start);
      else if (this.rpc?.run(false) === true) for (const c of this.connections) c.tick();
    } while (more && this.options.clock() - start < TURN_MS);
    // Those who always have one more frame must not keep the machine from the others.
    if (more && !ran) this.run(start);
    this.reports.deaths(this.sim);
    for (const c of this.connections) c.flush();
    this.turning = false;
    if (more) this.schedule();
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    this.options.defer(() => this.turn());
  }

  /** Runs the machine for those who wait. True: something happened. */
  private run(now: number): boolean {
    let waiting = false;
    let deadline = Number.POSITIVE_INFINITY;
    for (const c of this.connections) {
      const s = c.session;
      if (s?.waiting !== true || c.blocked) continue;
      waiting = true;
      deadline = Math.min(deadline, s.deadline);
    }
    const held = this.held(waiting, now);
    this.waitedFor = waiting && held !== 'step';
    if (this.rpc?.run(held === undefined) === true) return true;
    if (!waiting || held === 'step') return false;
    if (held !== undefined) return this.workBeside(0);
    const { sim } = this;
    let progress = false;
    for (let i = 0; i < STEPS; i++) {
      // Time jumps only as long as everybody is as they were when it was found that they wait.
      if (!stepMachine(sim) && (i > 0 || !jump(sim, deadline))) break;
      progress = true;
    }
    return progress;
  }

  /** Whether a client computes, so that time may not jump: in step mode or not. */
  private held(waiting: boolean, now: number): 'step' | 'computing' | undefined {
    const { graceMs } = this.options;
    let held: 'computing' | undefined;
    for (const c of this.connections) {
      const s = c.session;
      if (!waiting || s?.computing !== true || c.blocked) {
        c.heldSince = -1;
        if (s?.computing !== true || c.blocked) continue;
      } else if (c.heldSince < 0) c.heldSince = now;
      if (s.step) return 'step';
      if (now - c.activeAt >= graceMs) continue;
      if (c.heldSince < 0 || now - c.heldSince < graceMs * HOLD_GRACES) held = 'computing';
    }
    return held;
  }

  /** Programs of other CPUs go on: `steps` of any, then RM until it waits. True: they did. */
  private workBeside(steps: number): boolean {
    if (!this.waitedFor) return false;
    const { sim } = this;
    const before = sim.steps;
    for (let i = 0; i < STEPS && sim.hyp.dead === undefined; i++) {
      if (i < steps ? !programRuns(sim) : !rmRuns(sim)) break;
      sim.spin(1);
    }
    return sim.steps !== before;
  }

  /** To be called every so often: late greetings, readers that do not read, held time. */
  check(): void {
    const now = this.options.clock();
    for (const c of [...this.connections]) {
      if (c.transport.unsent < LINK.OUTPUT_HIGH) c.stuckAt = -1;
      else if (c.stuckAt < 0) c.stuckAt = now;
      const silent = now - c.activeAt;
      if (c.session === undefined && silent > this.options.helloMs) c.fail('no greeting');
      else if (c.stuckAt >= 0 && now - c.stuckAt > this.options.stuckMs) c.fail('it does not read what it asked for');
      else if (c.session?.step && c.heldSince >= 0 && now - c.heldSince > this.options.stepLimitMs)
        c.fail('it holds virtual time while others wait');
    }
    this.wake();
  }

  closeAll(reason: string): void {
    for (const c of [...this.connections]) c.fail(reason);
  }
}
