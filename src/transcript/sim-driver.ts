/** The replay driver of a simulator: the recorded bare-metal program's operations on the primary VM's vCPUs. */
import { setStored } from '../gic/index.js';
import { type CSpace, findCap, type HypConfig, NO_OBJECT } from '../hyp/index.js';
import { ObjectType } from '../protocol/index.js';
import { HostVcpu, hlosVcpu, type Outcome, Simulator } from '../sim/index.js';
import type { Vcpu } from '../vcpu/index.js';
import { expireOnBlock, expireOnFault, expireOnWake } from '../vcpu/index.js';
import type { CallEnd, CodeEnd, CpuBootInfo, OpEnd, ReplayDriver, ValueEnd } from './driver.js';
import type { Header } from './events.js';
import { RECORDER_CPACR, registerOf } from './recorded-driver.js';

/** Where the mailbox program is linked. */
const GUEST_BASE = 0x8000_0000;
const CURRENT_EL1 = 4n;
const DAIF = 0x3c0;
/** Memory of the recording program: vCPUs that start there are the driver's. */
const DRIVER_START = 0x4100_0000n;
const DRIVER_END = 0x4110_0000n;
const PSCI_CPU_ON = new Set([0x8400_0003n, 0xc400_0003n]);
/** Instructions of recorded guests are slow ones: their busy loops fill time slices, and nothing else depends on it. */
const OPERATION_NS = 160;
const BETWEEN_EVENTS_NS = 100_000;
const SMCCC_REGISTERS = 18;
const ZEROES = new Array<bigint>(SMCCC_REGISTERS).fill(0n);
/** Yields after which the machine counts as never idle. */
const MAX_YIELDS = 2_000;

function end(o: Outcome): OpEnd {
  if (o.kind !== 'exception') return o;
  return { kind: 'exception', vector: o.vector, esr: BigInt(o.exception.esr >>> 0), far: o.exception.far };
}

/** The hypervisor that a transcript was recorded from. */
function configOf(header: Header): Partial<HypConfig> {
  const fixed = header.hyp?.includes('lend-unmap-fix') ?? false;
  // Randomised capability numbers cannot be foretold: a replay translates them instead.
  return { quirks: { lendKeepsBlockMappings: !fixed }, cspaceSeed: undefined };
}

/** A fresh boot up to the first instruction of the primary VM. Throws if it does not get there: our bug. */
export function bootFor(header: Header): Simulator {
  const sim = new Simulator({ hyp: configOf(header), cost: { operationNs: OPERATION_NS } });
  if (!sim.bootPrimary()) throw new Error(`the primary VM did not start: ${sim.rm.dead?.trigger ?? 'RM waits'}`);
  return sim;
}

/** A freshly booted simulator for every recording. */
export class SimDriver implements ReplayDriver {
  private readonly hosts: HostVcpu[] = [];
  /** A vCPU of the primary VM runs code of its own. */
  private othersRun = false;
  /** Registers at the last entry of each vCPU, kept from before its next operation. */
  private readonly boots: { count: number; x0: bigint; x1: bigint }[] = [];

  /** `sim`: as {@link bootFor} gives it. */
  constructor(
    header: Header,
    readonly sim = bootFor(header),
  ) {}

  /** HLOS vCPU by redistributor index. */
  host(cpu: number): HostVcpu {
    const known = this.hosts[cpu];
    if (known !== undefined) return known;
    const v = hlosVcpu(this.sim, cpu);
    if (v === undefined) throw new RangeError(`the primary VM has no vCPU ${cpu}`);
    const host = new HostVcpu(this.sim, v.id);
    setStored(v, 'CPACR_EL1', RECORDER_CPACR);
    this.hosts[cpu] = host;
    return host;
  }

  guestImage(cap: bigint): number | undefined {
    const { hyp } = this.sim;
    const found = findCap(hyp.get<CSpace>(this.host(0).vcpu.cspace), cap);
    if (typeof found === 'number') return undefined;
    const v = hyp.objects[found.table.object[found.lower]] as Vcpu | undefined;
    if (v?.type !== ObjectType.THREAD || v.addrspace === NO_OBJECT) return undefined;
    const pa = hyp.mem.translate(v.addrspace, GUEST_BASE, false);
    return pa < 0 ? undefined : pa;
  }

  letRmGoFirst(): void {
    expireOnBlock(this.sim.hyp, 0);
  }

  letRmInterrupt(): void {
    expireOnWake(this.sim.hyp, 0);
  }

  faultUnheard(): void {
    expireOnFault(this.sim.hyp, 0);
  }

  private boot(cpu: number): { count: number; x0: bigint; x1: bigint } {
    const v = this.host(cpu).vcpu;
    const known = this.boots[cpu];
    if (known?.count === v.entries) return known;
    const boot = { count: v.entries, x0: v.x[0], x1: v.x[1] };
    this.boots[cpu] = boot;
    return boot;
  }

  /** A vCPU started outside the driver's own memory runs the code that stands there. */
  private noteCpuOn(x: readonly bigint[]): void {
    if (x.length < 3 || !PSCI_CPU_ON.has(x[0]) || (x[2] >= DRIVER_START && x[2] < DRIVER_END)) return;
    const cpu = Number(x[1]);
    if (cpu > 0 && cpu < this.sim.hyp.config.cores) this.letRun(cpu);
  }

  private letRun(cpu: number): void {
    this.sim.setProgram(this.host(cpu).vcpu, 'a64');
    this.othersRun = true;
  }

  private call(cpu: number, conduit: 'hvc' | 'smc', imm: number, x: readonly bigint[]): CallEnd {
    this.boot(cpu);
    this.noteCpuOn(x);
    const host = this.host(cpu);
    const outcome = host.call(conduit, imm, x);
    return { ...end(outcome), x: [...host.x.subarray(0, 18)] };
  }

  hvc(cpu: number, imm: number, x: readonly bigint[]): CallEnd {
    return this.call(cpu, 'hvc', imm, x);
  }

  /** All of x0..x17 are the caller's, whatever the immediate. */
  smccc(cpu: number, conduit: 'hvc' | 'smc', imm: number, x: readonly bigint[]): CallEnd {
    return this.call(cpu, conduit, imm, [...x, ...ZEROES].slice(0, SMCCC_REGISTERS));
  }

  readMem(cpu: number, ipa: number, length: number): Uint8Array | undefined {
    // The driver takes its time; what other CPUs do meanwhile shows in memory.
    if (this.othersRun) this.sim.spin(BETWEEN_EVENTS_NS);
    const bytes = new Uint8Array(length);
    return this.host(cpu).readMemory(ipa, bytes) ? bytes : undefined;
  }

  writeMem(cpu: number, ipa: number, bytes: Uint8Array): boolean {
    return this.host(cpu).writeMemory(ipa, bytes);
  }

  load(cpu: number, ipa: bigint, width: number): ValueEnd {
    const o = this.host(cpu).access(ipa, width, false);
    return { ...end(o), value: o.value };
  }

  store(cpu: number, ipa: bigint, width: number, value: bigint): OpEnd {
    return end(this.host(cpu).access(ipa, width, true, value));
  }

  readSysreg(cpu: number, enc: string): ValueEnd {
    const o = this.host(cpu).readRegister(registerOf(enc));
    return { ...end(o), value: o.value };
  }

  writeSysreg(cpu: number, enc: string, value: bigint): OpEnd {
    return end(this.host(cpu).writeRegister(registerOf(enc), value));
  }

  private code(cpu: number, o: ReturnType<HostVcpu['runCode']>): CodeEnd {
    return {
      end: end(o.outcome),
      x: [...this.host(cpu).x.subarray(0, 18)],
      taken: o.taken.map(interrupt),
      // Code that ended in a new start never returns.
      running: o.running || o.outcome.kind === 'restarted',
    };
  }

  runCode(cpu: number, words: readonly number[], x: readonly bigint[]): CodeEnd {
    this.boot(cpu);
    return this.code(cpu, this.host(cpu).runCode(words, x));
  }

  codeResult(cpu: number): CodeEnd {
    return this.code(cpu, this.host(cpu).continueCode());
  }

  cpuBoot(cpu: number): CpuBootInfo {
    const v = this.host(cpu).vcpu;
    return {
      ...this.boot(cpu),
      currentel: CURRENT_EL1,
      mpidr: this.sim.hyp.vic.mpidr(v),
      sctlr: v.sctlr,
      daif: BigInt(v.pstate & DAIF),
    };
  }

  wfi(cpu: number): OpEnd {
    return end(this.host(cpu).wfi());
  }

  delay(ms: number): void {
    this.sim.spin(ms * 1e6);
  }

  yieldUntilIdle(): void {
    const host = this.host(0);
    for (let i = 0; i < MAX_YIELDS; i++) {
      const before = this.sim.steps;
      if (host.call('hvc', 0x603b, []).kind !== 'done' || this.sim.steps === before) return;
    }
  }

  drainIrqs(max: number): number[] {
    const taken: number[] = [];
    while (taken.length < max) {
      const intid = this.host(0).takeInterrupt();
      if (intid === undefined) break;
      taken.push(intid);
    }
    return taken;
  }

  dead(): 'rm' | 'hypervisor' | undefined {
    if (this.sim.hyp.dead !== undefined) return 'hypervisor';
    return this.sim.rm.state === 'dead' ? 'rm' : undefined;
  }

  now(): number {
    return this.sim.hyp.now;
  }

  /** Words of guest code that the interpreter did not know. */
  unknownWords(): readonly number[] {
    return this.sim.a64.unknownWords;
  }
}

/** "33" is the number 33; "F33" stays. */
const interrupt = (taken: string): number | string => (taken.startsWith('F') ? taken : Number(taken));
