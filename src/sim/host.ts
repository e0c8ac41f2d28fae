/**
 * Operations of a vCPU that a driver controls: one guest operation at a time, with everything that it causes.
 *
 * An operation is carried out when the vCPU has a CPU; if it gives the CPU up (yield, vcpu_run, WFI, power-off) the rest of the
 * machine runs until it is back, or until nothing more happens.
 */
import { gicOf, gicOfHyp, readSysreg, Sysreg, writeSysreg } from '../gic/index.js';
import type { Access } from '../guest/a64/index.js';
import { type GuestException, HYPERCALL_BASE } from '../hyp/index.js';
import { Call } from '../protocol/index.js';
import type { Vcpu } from '../vcpu/index.js';
import { accessMemory } from './a64-access.js';
import { Vector } from './a64-runner.js';
import type { Simulator } from './simulator.js';

/** How an operation ended. */
export type Outcome =
  | { kind: 'done' }
  | { kind: 'exception'; vector: number; exception: GuestException }
  /** It did not come back in time: the vCPU is off, blocked or killed. */
  | { kind: 'noReturn' }
  /** The vCPU was started anew at an entry point instead of returning. */
  | { kind: 'restarted' }
  /** The hypervisor stopped. */
  | { kind: 'dead' };

export type ValueOutcome = Outcome & { value?: bigint };

/** Virtual time after which a driver stops waiting for a blocked operation. */
const DEFAULT_WAIT_NS = 200_000_000;

const DONE: Outcome = { kind: 'done' };
/** Synchronous exception from EL1h, as vector number. */
const SYNC_EL1H = 4;
const INTERRUPT_SPURIOUS = 1020n;
const ICC_IAR = [Sysreg.ICC_IAR0_EL1, Sysreg.ICC_IAR1_EL1] as const;
const ICC_EOIR = [Sysreg.ICC_EOIR0_EL1, Sysreg.ICC_EOIR1_EL1] as const;

/** No code of a guest is there, and none is likely to jump there. */
const CODE_BASE = 0xfffe_5eed_c0de_0000n;
/** Instructions after which code counts as still running. */
const CODE_LIMIT = 2_000_000;

export interface CodeOutcome {
  outcome: Outcome;
  /** Interrupts taken as exceptions, in order: "33" as IRQ, "F33" as FIQ. */
  taken: string[];
  running: boolean;
}

/** A vCPU that the caller is the program of: operations come back as an {@link Outcome}, never as an exception. */
export class HostVcpu {
  constructor(
    readonly sim: Simulator,
    readonly id: number,
  ) {}

  get vcpu(): Vcpu {
    return this.sim.hyp.get<Vcpu>(this.id);
  }

  /** Result registers of the last call: a live view. */
  get x(): BigUint64Array {
    return this.vcpu.x;
  }

  /** Waits until the vCPU has a CPU. */
  private acquire(waitNs: number): Outcome | undefined {
    const { sim } = this;
    if (sim.hyp.dead !== undefined) return { kind: 'dead' };
    const v = this.vcpu;
    if (sim.inControl(v)) return undefined;
    if (sim.runUntilBack(v, sim.hyp.now + waitNs)) return undefined;
    return sim.hyp.dead !== undefined ? { kind: 'dead' } : { kind: 'noReturn' };
  }

  /** Carries out one operation; `act` returns whether it completed at once. */
  private perform(act: (v: Vcpu) => boolean, waitNs = DEFAULT_WAIT_NS): Outcome {
    const refused = this.acquire(waitNs);
    if (refused !== undefined) return refused;
    const v = this.vcpu;
    const { entries } = v;
    return this.finish(v, entries, act(v), waitNs);
  }

  /** The rest of an operation: what it caused, and the way back to the vCPU if it gave up the CPU. */
  private finish(v: Vcpu, entries: number, completed: boolean, waitNs: number): Outcome {
    const { sim } = this;
    if (sim.hyp.dead !== undefined) return { kind: 'dead' };
    if (completed) {
      sim.settle();
      return DONE;
    }
    const back = sim.runUntilBack(v, sim.hyp.now + waitNs);
    if (sim.hyp.dead !== undefined) return { kind: 'dead' };
    if (!back) return { kind: 'noReturn' };
    return v.entries === entries ? DONE : { kind: 'restarted' };
  }

  /** HVC #imm or SMC #imm with x0..; missing registers are 0 up to x7 (hvc) or x17 (SMCCC). Results in {@link x}. */
  call(conduit: 'hvc' | 'smc', imm: number, x: readonly bigint[], waitNs?: number): Outcome {
    this.sim.onInput?.({ op: 'call', vcpu: this.id, conduit, imm, x: [...x], waitNs });
    return this.perform((v) => {
      const registers = imm === 0 || conduit === 'smc' || x.length > 8 ? 18 : 8;
      for (let i = 0; i < registers; i++) v.x[i] = i < x.length ? x[i] : 0n;
      return this.sim.trap(v, conduit, imm);
    }, waitNs);
  }

  /** The native call on the fast path: registers are set by the caller. */
  hvc(imm: number): Outcome {
    const { sim } = this;
    sim.onInput?.({ op: 'hvc', vcpu: this.id, imm, x: [...this.x.subarray(0, 8)] });
    let v = this.vcpu;
    if (!sim.inControl(v)) {
      // What its last call still has to give comes into the same registers.
      const x = v.x.slice(0, 8);
      const refused = this.acquire(DEFAULT_WAIT_NS);
      if (refused !== undefined) return refused;
      v = this.vcpu;
      v.x.set(x);
    } else if (sim.hyp.dead !== undefined) {
      return { kind: 'dead' };
    }
    const { entries } = v;
    return this.finish(v, entries, sim.trap(v, 'hvc', imm), DEFAULT_WAIT_NS);
  }

  /** One load (value) or store of `size` bytes, device registers included. */
  access(ipa: bigint, size: number, write: boolean, value = 0n, waitNs?: number): ValueOutcome {
    this.sim.onInput?.({ op: 'access', vcpu: this.id, ipa, size, write, value, waitNs });
    const access: Access = { size, write, isv: true, rt: 0, signed: false, wide: size === 8 };
    let result: ReturnType<typeof accessMemory> = 'gone';
    const outcome = this.perform((v) => {
      this.sim.hyp.now += this.sim.cost.operationNs;
      result = accessMemory(this.sim.hyp, v, ipa, access, value);
      return result !== 'gone';
    }, waitNs);
    return this.valueOutcome(outcome, result);
  }

  private valueOutcome(outcome: Outcome, r: ReturnType<typeof accessMemory>): ValueOutcome {
    if (outcome.kind !== 'done' || r === 'gone') return outcome;
    if ('exception' in r) return { kind: 'exception', vector: SYNC_EL1H, exception: r.exception };
    return { kind: 'done', value: r.value };
  }

  /** Plain memory, page by page; false on the first page without access. Costs no virtual time. */
  readMemory(ipa: number, to: Uint8Array): boolean {
    return this.sim.hyp.mem.accessGuest(this.vcpu.addrspace, ipa, to, false) === 0;
  }

  /** As {@link readMemory}; pages before the first one without access are written. */
  writeMemory(ipa: number, from: Uint8Array): boolean {
    this.sim.onInput?.({ op: 'write', vcpu: this.id, ipa, bytes: from.slice() });
    return this.sim.hyp.mem.accessGuest(this.vcpu.addrspace, ipa, from, true) === 0;
  }

  /** MRS of the system register `enc`: op0 << 14 | op1 << 11 | CRn << 7 | CRm << 3 | op2. `rt`, the target register, shows in a syndrome. */
  readRegister(enc: number, rt = 0): ValueOutcome {
    this.sim.onInput?.({ op: 'rdreg', vcpu: this.id, enc, rt });
    let result: ReturnType<typeof readSysreg> | undefined;
    const outcome = this.perform((v) => {
      result = readSysreg(this.sim.hyp, v, enc, rt);
      return true;
    });
    return this.valueOutcome(outcome, result ?? 'gone');
  }

  /** MSR, see {@link readRegister}. */
  writeRegister(enc: number, value: bigint): Outcome {
    this.sim.onInput?.({ op: 'wrreg', vcpu: this.id, enc, value });
    let exception: GuestException | undefined;
    const outcome = this.perform((v) => {
      exception = writeSysreg(this.sim.hyp, v, enc, value);
      return true;
    });
    if (outcome.kind !== 'done' || exception === undefined) return outcome;
    return { kind: 'exception', vector: SYNC_EL1H, exception };
  }

  /**
   * Yields once, or, when nothing else is runnable, lets time pass to the next event. False: nothing is going on any more.
   * Clobbers x0..x17 like the call it makes.
   */
  letOthersRun(): boolean {
    const { sim } = this;
    const before = sim.steps;
    const { x } = this;
    x[0] = 0n;
    x[1] = 0n;
    x[2] = 0n;
    if (this.hvc(HYPERCALL_BASE + Call.SCHEDULER_YIELD).kind !== 'done') return false;
    if (sim.steps !== before) return true;
    const next = sim.nextEventAt();
    if (next === Number.POSITIVE_INFINITY) return false;
    sim.spin(Math.max(next - sim.hyp.now, 0));
    return true;
  }

  /** Waits for an interrupt, at most `waitNs` nanoseconds of virtual time; then the outcome is noReturn. */
  wfi(waitNs?: number): Outcome {
    this.sim.onInput?.({ op: 'wfi', vcpu: this.id, waitNs });
    return this.perform((v) => this.sim.waitForInterrupt(v), waitNs);
  }

  /** Ends a WFI without an interrupt, as the architecture allows at any time. */
  wake(): void {
    this.sim.onInput?.({ op: 'wake', vcpu: this.id });
    this.sim.hyp.sched.wakeup(this.vcpu);
    this.sim.settle();
  }

  /** ICC_IARx and, unless spurious, ICC_EOIRx of `group`. Undefined when nothing is pending (or the group is off). */
  takeInterrupt(group: 0 | 1 = 1): number | undefined {
    const ack = this.readRegister(ICC_IAR[group]);
    if (ack.kind !== 'done' || ack.value === undefined || ack.value >= INTERRUPT_SPURIOUS) return undefined;
    this.writeRegister(ICC_EOIR[group], ack.value);
    return Number(ack.value);
  }

  /** Something is deliverable to this vCPU: a WFI would return. */
  hasPendingInterrupt(): boolean {
    return this.sim.hyp.vic.hasPendingWakeup(this.vcpu);
  }

  /**
   * Executes machine words, then returns to the driver at the `ret` that is appended. Interrupts that PSTATE lets through are
   * acknowledged and ended by a handler; a synchronous exception ends the run. Code that waits or loops stays `running` and
   * goes on with {@link continueCode}.
   */
  runCode(words: readonly number[], x: readonly bigint[], limit = CODE_LIMIT): CodeOutcome {
    this.sim.onInput?.({ op: 'code', vcpu: this.id, words: [...words], x: [...x], limit });
    const refused = this.acquire(DEFAULT_WAIT_NS);
    if (refused !== undefined) return { outcome: refused, taken: [], running: false };
    const v = this.vcpu;
    for (let i = 0; i < 18; i++) v.x[i] = i < x.length ? x[i] : 0n;
    this.sim.loop.code[this.id] = { words: [...words], taken: [], savedPc: v.pc, entries: v.entries };
    v.pc = CODE_BASE;
    if (v.monitor != null) v.monitor = null;
    return this.goOn(limit);
  }

  /** Goes on with code that was left running; without such code, done at once. */
  continueCode(limit = CODE_LIMIT): CodeOutcome {
    this.sim.onInput?.({ op: 'continue', vcpu: this.id, limit });
    return this.goOn(limit);
  }

  private goOn(limit: number): CodeOutcome {
    const { sim } = this;
    const code = sim.loop.code[this.id];
    if (code === undefined) return { outcome: DONE, taken: [], running: false };
    const v = this.vcpu;
    const { taken } = code;
    let caught: { vector: number; exception: GuestException } | undefined;
    const end = CODE_BASE + BigInt(code.words.length * 4);
    // The words may call code elsewhere; they are done when they come to the appended `ret`.
    const back = (): boolean => sim.isBack(v);
    // A last instruction that waits (WFI, CPU_SUSPEND) has moved the PC, but the words are not done before it is over.
    const finished = (): boolean => (v.pc === end && back()) || caught !== undefined || v.entries !== code.entries;
    sim.a64.window = { base: CODE_BASE, words: code.words };
    sim.a64.onException = (t, vector, exception) => {
      if (t !== v) return false;
      if (vector === Vector.IRQ || vector === Vector.FIQ) this.handleInterrupt(v, vector, taken);
      else if (exception !== undefined) caught = { vector: SYNC_EL1H, exception };
      return true;
    };
    let outcome: Outcome = DONE;
    for (let steps = 0; steps < limit; steps++) {
      if (!sim.runUntil(back, sim.hyp.now + DEFAULT_WAIT_NS) || sim.hyp.dead !== undefined) {
        outcome = { kind: sim.hyp.dead === undefined ? 'noReturn' : 'dead' };
        break;
      }
      if (finished()) break;
      sim.hyp.now += sim.cost.operationNs;
      sim.a64.step(v);
      sim.settle();
    }
    sim.a64.window = undefined;
    sim.a64.onException = undefined;
    if (v.entries !== code.entries) {
      delete sim.loop.code[this.id];
      return { outcome: { kind: 'restarted' }, taken, running: false };
    }
    if (outcome.kind !== 'done' || !finished()) return { outcome, taken, running: outcome.kind !== 'dead' };
    delete sim.loop.code[this.id];
    v.pc = code.savedPc;
    if (caught !== undefined)
      outcome = { kind: 'exception', ...(caught as { vector: number; exception: GuestException }) };
    return { outcome, taken, running: false };
  }

  /** The driver's vector: acknowledge and end, PSTATE as before. */
  private handleInterrupt(v: Vcpu, vector: number, taken: string[]): void {
    const group = vector === Vector.FIQ ? 0 : 1;
    const ack = readSysreg(this.sim.hyp, v, ICC_IAR[group]);
    if (!('value' in ack)) return;
    taken.push(`${group === 0 ? 'F' : ''}${ack.value}`);
    writeSysreg(this.sim.hyp, v, ICC_EOIR[group], ack.value);
  }

  /** For inspection: the GIC part of the vCPU. */
  get gic() {
    return gicOf(gicOfHyp(this.sim.hyp), this.id);
  }
}
