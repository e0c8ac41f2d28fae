/**
 * The machine that a scenario runs on: a simulator, the primary VM's first vCPU, its RM client, and the tap that turns what
 * happens into events. Survives the replacement of the simulator by a restored one.
 */

import type { Rule } from '../conform/interfere/index.js';
import { Sysreg } from '../gic/index.js';
import { RmClient } from '../guest/rm-client.js';
import { HYPERCALL_BASE, NS_PER_TICK } from '../hyp/index.js';
import { Call, HYPERCALLS, HypError, Platform } from '../protocol/index.js';
import { enableInterrupts, PRIMARY_GIC } from '../sim/gic-setup.js';
import { HostPackets, HostVcpu, type Outcome, registers, type Simulator, type Trace } from '../sim/index.js';
import { type LinkQueue, linkQueues, objectOfCap, type ThreadName, threadNames, vmName } from '../sim/who.js';
import type { Vcpu } from '../vcpu/index.js';
import type { Listener } from './events.js';
import { Interference } from './interference.js';

/** The virtual timer, as a bit of the private interrupts. */
const TIMER_BIT = 1n << BigInt(Platform.PPI_VIRTUAL_TIMER);

/** Results on a queue of an RM link of which the packets tell, this one or the next. */
const TOLD_BY_PACKETS = [HypError.OK, HypError.MSGQUEUE_EMPTY].map(BigInt);

/**
 * A simulator with the primary VM as scenarios see it: one vCPU, an RM client, what was traced, rules of interference.
 */
export class Machine {
  host!: HostVcpu;
  readonly client: RmClient;
  private packets!: HostPackets;
  private names = new Map<number, ThreadName>();
  private links = new Map<number, LinkQueue>();
  /** Threads inside a `vcpu_run` that is told of when it returns: the call's number. */
  private running = new Map<number, number>();
  private interruptsReady = false;
  /** What stands between the primary VM and RM, if rules do. */
  private interference: Interference | undefined;
  private rules: readonly Rule[] = [];

  constructor(
    public sim: Simulator,
    private readonly listener: Listener | undefined,
    /** Which hypercalls become events. */
    private readonly calls: 'none' | 'guests' | 'all' = 'guests',
  ) {
    this.client = new RmClient({
      send: (packet) => (this.interference ?? this.packets).send(packet),
      receive: () => (this.interference ?? this.packets).receive(),
      wait: () => (this.interference ?? this.packets).wait(),
    });
    this.attach(sim);
  }

  /** Goes on with another simulator in the same state. */
  attach(sim: Simulator): void {
    this.sim = sim;
    const v = sim.primaryVcpu();
    const id = v?.id ?? this.host?.id;
    if (id === undefined) throw new Error('the primary VM did not start');
    this.host = new HostVcpu(sim, id);
    this.packets = new HostPackets(this.host);
    this.interference = undefined;
    this.interfere(this.rules);
    sim.trace = this.listener === undefined ? undefined : this.tap(this.listener);
  }

  /** From now on these rules hold, and no others. */
  interfere(rules: readonly Rule[]): void {
    this.interference?.end();
    this.rules = rules;
    const note = (text: string): void => this.listener?.({ kind: 'note', at: this.sim.hyp.now, text });
    this.interference = rules.length === 0 ? undefined : new Interference(this.sim, rules, note);
  }

  /** A call of the primary VM; a rule may force its result. */
  call(conduit: 'hvc' | 'smc', imm: number, x: readonly bigint[]): Outcome {
    const forced = this.interference?.forced(imm, x);
    if (forced === undefined) return this.host.call(conduit, imm, x);
    const r = this.host.x;
    for (let i = 0; i < 18; i++) r[i] = forced[i] ?? x[i] ?? 0n;
    return { kind: 'done' };
  }

  /** One packet into the queue to RM. */
  sendPacket(bytes: Uint8Array, buffer: number): Outcome {
    const { host, interference } = this;
    if (interference !== undefined) {
      const r = interference.rawSend(bytes);
      host.x[0] = BigInt(r.error);
      host.x[1] = r.notFull ? 1n : 0n;
      return { kind: 'done' };
    }
    host.writeMemory(buffer, bytes);
    return host.call('hvc', HYPERCALL_BASE + Call.MSGQUEUE_SEND, [0n, BigInt(bytes.length), BigInt(buffer), 1n]);
  }

  who(thread: number): ThreadName | undefined {
    let name = this.names.get(thread);
    if (name === undefined) {
      this.names = threadNames(this.sim);
      name = this.names.get(thread);
    }
    return name;
  }

  private link(queue: number): LinkQueue | undefined {
    const known = this.links.get(queue);
    if (known !== undefined) return known;
    this.links = linkQueues(this.sim);
    return this.links.get(queue);
  }

  private tap(listener: Listener): Trace {
    return {
      hypercallStart: (thread) => registers(thread.x),
      hypercallEnd: (thread, imm, start) => this.onCall(listener, thread, imm - HYPERCALL_BASE, start as bigint[]),
      execute: (cpu, thread) => {
        const who = thread < 0 ? '' : (this.who(thread)?.text ?? `thread ${thread}`);
        listener({ kind: 'execute', at: this.sim.hyp.now, cpu, thread, who });
        this.onBack(listener, thread, who);
      },
    };
  }

  private onCall(listener: Listener, thread: Vcpu, num: number, x: readonly bigint[]): void {
    const { hyp } = this.sim;
    const who = this.who(thread.id);
    const isQueue = num === Call.MSGQUEUE_SEND || num === Call.MSGQUEUE_RECEIVE;
    const link = isQueue ? this.link(objectOfCap(this.sim, thread.id, x[0])) : undefined;
    if (link !== undefined) {
      if (num === Call.MSGQUEUE_SEND && thread.x[0] === BigInt(HypError.OK)) {
        const bytes = new Uint8Array(Number(x[1]));
        hyp.mem.accessGuest(thread.addrspace, Number(x[2]), bytes, false);
        const vm = vmName(link.vmid);
        listener({ kind: 'packet', at: hyp.now, from: link.toRm ? vm : 'RM', to: link.toRm ? 'RM' : vm, bytes });
      }
    }
    const isTold = link !== undefined && TOLD_BY_PACKETS.includes(thread.x[0]);
    const detail = isTold || thread.id === this.sim.rootThread;
    if (this.calls === 'none' || (this.calls === 'guests' && detail)) return;
    listener({
      kind: 'call',
      at: hyp.now,
      who: who?.text ?? `thread ${thread.id}`,
      thread: thread.id,
      name: HYPERCALLS[num]?.name ?? `call 0x${num.toString(16)}`,
      num,
      x,
      r: registers(thread.x),
      blocked: thread.pending !== null,
      detail,
    });
    if (thread.pending?.kind === 'run') this.running.set(thread.id, num);
  }

  /** A thread executes again. */
  private onBack(listener: Listener, thread: number, who: string): void {
    const num = this.running.get(thread);
    if (num === undefined) return;
    this.running.delete(thread);
    const { hyp } = this.sim;
    const r = registers(hyp.get<Vcpu>(thread).x);
    listener({ kind: 'return', at: hyp.now, who, thread, name: HYPERCALLS[num].name, num, r });
  }

  /** Once, before the primary VM uses interrupts: see {@link enableInterrupts}. */
  enableInterrupts(): void {
    if (this.interruptsReady) return;
    this.interruptsReady = true;
    enableInterrupts(this.host, PRIMARY_GIC, TIMER_BIT);
  }

  /** Arms the virtual timer `ns` ahead, or disarms it. */
  timer(ns: number | undefined): void {
    if (ns === undefined) {
      this.host.writeRegister(Sysreg.CNTV_CTL_EL0, 0n);
      return;
    }
    this.host.writeRegister(Sysreg.CNTV_TVAL_EL0, BigInt(Math.max(1, Math.round(ns / NS_PER_TICK))));
    this.host.writeRegister(Sysreg.CNTV_CTL_EL0, 1n);
  }

  /** Takes every pending interrupt; at most `limit`, because a level interrupt fires again at once. */
  takeInterrupts(limit = 32): number[] {
    const taken: number[] = [];
    while (taken.length < limit) {
      const irq = this.host.takeInterrupt();
      if (irq === undefined) break;
      for (let n = this.interference?.edges(irq) ?? 1; n > 0; n--) taken.push(irq);
    }
    return taken;
  }
}
