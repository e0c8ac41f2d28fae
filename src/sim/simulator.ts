/**
 * The machine that runs: event order, virtual time, and the programs of the vCPUs.
 *
 * Models the qemu board with RM and the primary VM (fact base: transcript format 3 and 4). A vCPU of the primary VM has no
 * program of its own: whoever drives the simulator performs its operations one at a time; between two of them it spins.
 * RM's vCPU runs RM; vCPUs of other VMs run the machine code in their memory, unless they are made host-driven too.
 *
 * Time: every operation costs some virtual nanoseconds; operations of different CPUs come one after the other, the CPU that
 * acted least recently first. The order of everything follows from (time, CPU number), so equal inputs give equal runs.
 */
import { SimBug } from '../base/index.js';
import { HYPERCALL_BASE, HYPERCALL_COUNT, type HypConfig, type Hypervisor, nativeCall } from '../hyp/index.js';
import { smcccCall } from '../hyp/smccc.js';
import { type Rm, rmStep } from '../rm/index.js';
import {
  charge,
  cpuOf,
  dueCpu,
  executing,
  isHlos,
  nextDeadlineOfAll,
  schedState,
  step as schedStep,
  stepDue,
  type Vcpu,
  waitForInterrupt,
} from '../vcpu/index.js';
import { A64Runner } from './a64-runner.js';
import type { Input } from './inputs.js';
import { bootSystem } from './system.js';
import { type Cost, defaultCost } from './time.js';
import type { Trace } from './trace.js';

export interface SimOptions {
  hyp?: Partial<HypConfig>;
  cost?: Partial<Cost>;
  /** Seed of everything random: lending handles, kaslr-seed. */
  seed?: number;
  /** Extensions of RM by name, such as `boot-context`: behaviour that the modelled revision does not have. */
  extensions?: readonly string[];
}

/** Who decides what a vCPU does next: the driver, RM, or the machine code in its memory. */
export type ProgramKind = 'host' | 'rm' | 'a64';

/** Words handed over by the driver of a vCPU that have not come to their end. */
interface CodeRun {
  words: number[];
  /** Interrupts taken as exceptions so far. */
  taken: string[];
  savedPc: bigint;
  /** Entries of the vCPU when they began: one more ends them. */
  entries: number;
}

/** Plain data of the event loop. */
export interface LoopState {
  /** Per physical CPU: when the operation that it did last ended. */
  lastAt: number[];
  /** RM sleeps until then or until an interrupt; Infinity: it does not. */
  rmWakeAt: number;
  /** Programs that differ from the default, by thread id. */
  programs: Record<string, ProgramKind>;
  /** By thread id. */
  code: Record<string, CodeRun>;
}

/** A dead RM only looks at the clock: one step of it takes this long. */
const DEAD_RM_NS = 250_000;

/** Instructions of a guest that run in one go before the event loop looks around again. */
const A64_BATCH = 64;
/** Virtual time within which boot must reach the primary VM. */
const BOOT_LIMIT_NS = 10_000_000_000;

/**
 * The whole machine: hypervisor, RM and virtual time (ns). A new one has the hypervisor up, and RM about to start; `bootPrimary`
 * runs it until the primary VM starts.
 */
export class Simulator {
  readonly hyp: Hypervisor;
  readonly rm: Rm;
  readonly rootThread: number;
  readonly cost: Cost;
  loop: LoopState;
  trace: Trace | undefined;
  /** Sees every input before it takes effect: recordings. */
  onInput: ((input: Input) => void) | undefined;
  /** Operations of RM and of guests so far. */
  steps = 0;
  readonly a64: A64Runner;
  private readonly lastExecuting: number[];

  constructor(readonly options: SimOptions = {}) {
    this.cost = { ...defaultCost(), ...options.cost };
    const system = bootSystem(this, options);
    this.hyp = system.hyp;
    this.rm = system.rm;
    this.rootThread = system.rootThread;
    const { cores } = this.hyp.config;
    this.loop = { lastAt: new Array(cores).fill(0), rmWakeAt: Number.POSITIVE_INFINITY, programs: {}, code: {} };
    this.lastExecuting = new Array(cores).fill(-1);
    this.a64 = new A64Runner(
      this.hyp,
      (v, conduit, imm) => this.trap(v, conduit, imm),
      (v) => this.waitForInterrupt(v),
    );
  }

  // ---- programs -------------------------------------------------------------------------------------------------

  programOf(v: Vcpu): ProgramKind {
    const set = this.loop.programs[v.id];
    if (set !== undefined) return set;
    if (v.id === this.rootThread) return 'rm';
    return isHlos(v) ? 'host' : 'a64';
  }

  /** `kind` undefined: the default again, also for a vCPU that is gone, whose number another one may get. */
  setProgram(v: { readonly id: number }, kind: ProgramKind | undefined): void {
    this.onInput?.({ op: 'program', vcpu: v.id, kind });
    if (kind === undefined) delete this.loop.programs[v.id];
    else this.loop.programs[v.id] = kind;
  }

  /** Boots until the primary VM's first vCPU is at its entry. False: RM or the hypervisor stopped before. */
  bootPrimary(): boolean {
    this.onInput?.({ op: 'boot' });
    return this.runUntil(() => this.primaryVcpu() !== undefined, this.hyp.now + BOOT_LIMIT_NS);
  }

  /** The primary VM's vCPU in control on the boot CPU. */
  primaryVcpu(): Vcpu | undefined {
    const v = executing(this.hyp, 0);
    return v !== undefined && isHlos(v) ? v : undefined;
  }

  // ---- traps ----------------------------------------------------------------------------------------------------

  /**
   * HVC or SMC of the vCPU in control, with its registers as they are. False: it gave up the CPU, or the machine stopped.
   * `trace` sees native calls.
   */
  trap(v: Vcpu, conduit: 'hvc' | 'smc', imm: number): boolean {
    const { hyp } = this;
    hyp.now += this.cost.hypercallNs;
    const native = conduit === 'hvc' && imm >= HYPERCALL_BASE && imm < HYPERCALL_BASE + HYPERCALL_COUNT;
    if (!native) return smcccCall(hyp, v, imm) && hyp.dead === undefined;
    const start = this.trace?.hypercallStart(v, imm);
    const done = nativeCall(hyp, v, imm);
    this.trace?.hypercallEnd(v, imm, start);
    return done && hyp.dead === undefined;
  }

  /** WFI of the vCPU in control. True: it goes on at once. */
  waitForInterrupt(v: Vcpu): boolean {
    return waitForInterrupt(this.hyp, v);
  }

  // ---- event loop -----------------------------------------------------------------------------------------------

  /** The vCPU executes and is not inside a call. */
  inControl(v: Vcpu): boolean {
    if (v.running < 0 || v.idling) return false;
    const s = cpuOf(this.hyp, v.running);
    return s.executing === v.id && !s.lost;
  }

  /** It is {@link inControl} with no call under way. */
  isBack(v: Vcpu): boolean {
    return v.pending === null && this.inControl(v);
  }

  /** Brings every CPU's scheduler and every timer up to date at the present time. */
  settle(): void {
    const { hyp } = this;
    if (hyp.vic.nextTimerEvent() <= hyp.now) hyp.vic.timersDue();
    if (this.loop.rmWakeAt <= hyp.now) {
      this.loop.rmWakeAt = Number.POSITIVE_INFINITY;
      hyp.sched.wakeup(hyp.get<Vcpu>(this.rootThread));
    }
    for (let again = true; again && hyp.dead === undefined; ) {
      again = false;
      for (let cpu = dueCpu(hyp, 0); cpu >= 0; cpu = dueCpu(hyp, cpu + 1)) {
        schedStep(hyp, cpu);
        again ||= stepDue(hyp, cpu);
      }
    }
    if (this.trace !== undefined) this.traceExecution();
  }

  private traceExecution(): void {
    const { started } = schedState(this.hyp);
    for (let cpu = 0; cpu < started; cpu++) {
      const id = executing(this.hyp, cpu)?.id ?? -1;
      if (id === this.lastExecuting[cpu]) continue;
      this.lastExecuting[cpu] = id;
      this.trace?.execute(cpu, id);
    }
  }

  /** CPU whose program has something to do and which acted least recently, or -1. Host vCPUs only spin. */
  private nextCpu(): number {
    const { cpus, started } = schedState(this.hyp);
    let best = -1;
    for (let cpu = 0; cpu < started; cpu++) {
      if (cpus[cpu].executing < 0) continue;
      const v = executing(this.hyp, cpu);
      if (v === undefined || this.programOf(v) === 'host') continue;
      if (best < 0 || this.loop.lastAt[cpu] < this.loop.lastAt[best]) best = cpu;
    }
    return best;
  }

  /** Earliest time at which something happens by itself: a timer, the end of a slice, a sleep. */
  nextEventAt(): number {
    const timer = this.hyp.vic.nextTimerEvent();
    return Math.min(this.loop.rmWakeAt, timer, nextDeadlineOfAll(this.hyp));
  }

  /**
   * Does the next thing that happens up to time `until`: one operation of a program, or a timed event. False: nothing does;
   * time is then `until` (if finite). Everything due now is settled before and after.
   */
  advanceOnce(until: number): boolean {
    const { hyp } = this;
    if (hyp.dead !== undefined) return false;
    const cpu = this.nextCpu();
    // Nothing is overdue, because everything was settled: a program that can run comes first.
    if (cpu >= 0 && hyp.now <= until) {
      this.runProgram(cpu);
    } else {
      const at = this.nextEventAt();
      if (at > until || at === Number.POSITIVE_INFINITY) {
        if (until !== Number.POSITIVE_INFINITY) hyp.now = Math.max(hyp.now, until);
        this.settle();
        return false;
      }
      hyp.now = Math.max(hyp.now, at);
    }
    // Settled here, so that whoever waits sees a wake-up, a timer or the end of a slice before time goes on.
    this.settle();
    return true;
  }

  private runProgram(cpu: number): void {
    const { hyp } = this;
    const v = executing(hyp, cpu);
    if (v === undefined) throw new SimBug(`CPU ${cpu} executes nothing`);
    const before = hyp.now;
    this.steps++;
    if (this.programOf(v) === 'rm') this.runRm(v);
    else this.runA64(v, cpu);
    const spent = hyp.now - before;
    charge(hyp, cpu, spent);
    this.loop.lastAt[cpu] = hyp.now;
  }

  private runRm(v: Vcpu): void {
    this.hyp.now += this.cost.rmStepNs;
    const result = rmStep(this.rm);
    if (this.hyp.dead !== undefined) return;
    if (result === 'dead') this.hyp.now += DEAD_RM_NS;
    if (result === 'idle' || result === 'dead') {
      this.waitForInterrupt(v);
    } else if (typeof result === 'object') {
      this.loop.rmWakeAt = this.hyp.now + result.sleepNs;
      this.waitForInterrupt(v);
    }
  }

  private runA64(v: Vcpu, cpu: number): void {
    const { hyp } = this;
    for (let i = 0; i < A64_BATCH; i++) {
      hyp.now += this.cost.operationNs;
      if (!this.a64.step(v) || executing(hyp, cpu) !== v || stepDue(hyp, cpu)) return;
    }
  }

  /** Runs until `done` holds, or nothing happens any more up to `until`. Returns whether `done` holds. */
  runUntil(done: () => boolean, until = Number.POSITIVE_INFINITY): boolean {
    this.settle();
    while (!done()) {
      if (!this.advanceOnce(until)) return done();
    }
    return true;
  }

  /** {@link runUntil} the vCPU is back. */
  runUntilBack(v: Vcpu, until: number): boolean {
    this.settle();
    while (!this.isBack(v)) {
      if (!this.advanceOnce(until)) return this.isBack(v);
    }
    return true;
  }

  /** Lets `ns` of virtual time pass while host vCPUs spin. */
  spin(ns: number): void {
    this.onInput?.({ op: 'spin', ns });
    const until = this.hyp.now + ns;
    this.settle();
    while (this.hyp.now < until && this.advanceOnce(until)) {
      // each turn is one operation or event
    }
  }
}
