/**
 * The replay driver of a server behind the link: the recorded driver's operations as frames of vCPU 0 of the primary VM.
 * Leaves out what no frame carries: machine code of the client itself, further vCPUs, a look inside. See {@link ./cases.js}.
 */
import { Sysreg } from '../gic/sysregs/names.js';
import { At, FrameType, LINK, Status } from '../link/spec.js';
import { Call, Platform } from '../protocol/index.js';
import type { CallEnd, CodeEnd, CpuBootInfo, OpEnd, ReplayDriver, ValueEnd } from '../transcript/driver.js';
import { type Buffers, RECORDER_CPACR, registerOf } from '../transcript/recorded-driver.js';
import {
  acknowledgeRequest,
  checked,
  endRequest,
  hvcRequest,
  readRegisterRequest,
  readRequest,
  smcRequest,
  timedRequest,
  word32,
  word64,
  writeRegisterRequest,
  writeRequest,
} from './frames.js';
import { rmAnswers } from './probe.js';
import { type Exchange, LinkFault, type Reply, type Request } from './types.js';

/** Synchronous exception from EL1h: the only vector that an operation can end at. */
const SYNC_EL1H = 4;
const SPURIOUS = 1020;
/** A wait without an interrupt ends here, as in every replay. */
const WFI_NS = 200_000_000n;
const NS_PER_MS = 1_000_000;
/** One round of yielding; rounds after which the machine counts as never idle. */
const YIELDS = 2;
const MAX_ROUNDS = 100;
/** Virtual time of one TIME frame: what a server manages within a fraction of the silence that counts as a hang. */
const MAX_TIME_NS = 10_000_000_000;
const FIRST_TIME_NS = 50_000_000;
const MIN_TIME_NS = 2_000_000;
const SHORT_MS = 100;
const LONG_MS = 1_000;
const YIELD = hvcRequest(Platform.HYPERCALL_BASE + Call.SCHEDULER_YIELD, []);
const NO_TIME = timedRequest(FrameType.TIME, 0n);

const NO_RETURN: OpEnd = { kind: 'noReturn' };
const NO_REGISTERS: readonly bigint[] = new Array<bigint>(18).fill(0n);

/**
 * Answers NO_RETURN of the server as an operation that does not come back; throws {@link LinkFault} when the link
 * itself fails.
 */
export class LinkDriver implements ReplayDriver {
  /** What had no answer: from then on the vCPU counts as blocked for ever. */
  stuck: string | undefined;
  private died: 'rm' | 'hypervisor' | undefined;
  private nowNs = 0n;
  /** The longest wait to be asked for in one frame, by how long the last ones took. */
  private timeNs = FIRST_TIME_NS;
  /** Shortest time that a round of yields ever took: nobody else ran in it. */
  private idleNs = -1n;

  constructor(
    private readonly exchange: Exchange,
    /** Buffers of the probe that tells a dead RM from a silent one: those of the recorded driver. */
    private readonly buffers: Buffers,
  ) {
    this.one(writeRegisterRequest(Sysreg.CPACR_EL1, RECORDER_CPACR), At.REG_WRITE_REPLY.SIZE);
  }

  // ---- frames -------------------------------------------------------------------------------------------------------

  /** Undefined: no answer came; the vCPU does not come back. */
  private ask(requests: readonly Request[]): Reply[] | undefined {
    if (this.stuck !== undefined) return undefined;
    try {
      const replies = this.exchange.request(requests);
      if (replies.some((r) => r.status === Status.DEAD)) this.died = 'hypervisor';
      return replies;
    } catch (error) {
      if (!(error instanceof LinkFault) || error.kind !== 'silent') throw error;
      this.stuck = error.message;
      return undefined;
    }
  }

  private one(request: Request, size: number): Reply | undefined {
    const reply = this.ask([request])?.[0];
    return reply === undefined ? undefined : checked(request.type, reply, size);
  }

  /** `far` undefined: the frame does not carry it. */
  private end(reply: Reply | undefined, esr: number, far?: number): OpEnd {
    if (reply === undefined) return NO_RETURN;
    switch (reply.status) {
      case Status.OK:
        return { kind: 'done' };
      case Status.EXCEPTION:
        return {
          kind: 'exception',
          vector: SYNC_EL1H,
          esr: BigInt(word32(reply, esr)),
          far: far === undefined ? undefined : word64(reply, far),
        };
      case Status.DEAD:
        return { kind: 'dead' };
      case Status.NO_RETURN:
        return NO_RETURN;
      default:
        throw new LinkFault('garbage', 'the server calls a request of the protocol a BAD_REQUEST');
    }
  }

  // ---- calls --------------------------------------------------------------------------------------------------------

  hvc(cpu: number, imm: number, x: readonly bigint[]): CallEnd {
    if (imm === 0) return this.smccc(cpu, 'hvc', 0, x);
    const R = At.HVC_REPLY;
    const reply = this.one(hvcRequest(imm, x), R.SIZE);
    return { ...this.end(reply, R.ESR), x: callRegisters(reply, R.X, 8) };
  }

  smccc(_cpu: number, conduit: 'hvc' | 'smc', imm: number, x: readonly bigint[]): CallEnd {
    const R = At.SMC_REPLY;
    const reply = this.one(smcRequest(conduit, imm, x), R.SIZE);
    return { ...this.end(reply, R.ESR), x: callRegisters(reply, R.X, 18) };
  }

  // ---- memory -------------------------------------------------------------------------------------------------------

  readMem(_cpu: number, ipa: number, length: number): Uint8Array | undefined {
    const requests: Request[] = [];
    for (let at = 0; at < length || at === 0; at += LINK.MAX_MEMORY_ACCESS) {
      requests.push(readRequest(BigInt(ipa + at), Math.min(length - at, LINK.MAX_MEMORY_ACCESS), 0));
    }
    const replies = this.ask(requests);
    const out = new Uint8Array(length);
    for (const [i, reply] of (replies ?? []).entries()) {
      if (reply.status !== Status.OK) return undefined;
      const size = Math.min(length - i * LINK.MAX_MEMORY_ACCESS, LINK.MAX_MEMORY_ACCESS);
      const data = checked(FrameType.MEM_READ, reply, At.MEM_READ_REPLY.SIZE + size).payload;
      out.set(data.subarray(At.MEM_READ_REPLY.DATA, At.MEM_READ_REPLY.DATA + size), i * LINK.MAX_MEMORY_ACCESS);
    }
    return replies === undefined ? undefined : out;
  }

  writeMem(_cpu: number, ipa: number, bytes: Uint8Array): boolean {
    const requests: Request[] = [];
    for (let at = 0; at < bytes.length || at === 0; at += LINK.MAX_MEMORY_ACCESS) {
      requests.push(writeRequest(BigInt(ipa + at), bytes.subarray(at, at + LINK.MAX_MEMORY_ACCESS), 0));
    }
    return this.ask(requests)?.every((r) => r.status === Status.OK) ?? false;
  }

  load(_cpu: number, ipa: bigint, width: number): ValueEnd {
    const R = At.MEM_READ_REPLY;
    const reply = this.one(readRequest(ipa, width, width), R.SIZE);
    const end = this.end(reply, R.ESR, R.FAR);
    if (reply === undefined || end.kind !== 'done') return end;
    const { payload } = checked(FrameType.MEM_READ, reply, R.SIZE + width);
    let value = 0n;
    for (let i = width - 1; i >= 0; i--) value = (value << 8n) | BigInt(payload[R.DATA + i]);
    return { ...end, value };
  }

  store(_cpu: number, ipa: bigint, width: number, value: bigint): OpEnd {
    const data = new Uint8Array(width);
    for (let i = 0, rest = value; i < width; i++, rest >>= 8n) data[i] = Number(rest & 0xffn);
    const R = At.MEM_WRITE_REPLY;
    return this.end(this.one(writeRequest(ipa, data, width), R.SIZE), R.ESR, R.FAR);
  }

  // ---- registers, interrupts ----------------------------------------------------------------------------------------

  readSysreg(_cpu: number, enc: string): ValueEnd {
    const R = At.REG_READ_REPLY;
    const reply = this.one(readRegisterRequest(registerOf(enc)), R.SIZE);
    const end = this.end(reply, R.ESR);
    return reply === undefined || end.kind !== 'done' ? end : { ...end, value: word64(reply, R.VALUE) };
  }

  writeSysreg(_cpu: number, enc: string, value: bigint): OpEnd {
    const R = At.REG_WRITE_REPLY;
    return this.end(this.one(writeRegisterRequest(registerOf(enc), value), R.SIZE), R.ESR);
  }

  drainIrqs(max: number): number[] {
    const taken: number[] = [];
    while (taken.length < max) {
      const reply = this.one(acknowledgeRequest, At.IRQ_ACK_REPLY.SIZE);
      const intid = reply?.status === Status.OK ? word32(reply, At.IRQ_ACK_REPLY.INTID) : SPURIOUS;
      if (intid >= SPURIOUS) break;
      this.one(endRequest(intid), At.IRQ_END_REPLY.SIZE);
      taken.push(intid);
    }
    return taken;
  }

  // ---- time ---------------------------------------------------------------------------------------------------------

  private timed(type: typeof FrameType.WFI | typeof FrameType.TIME, ns: bigint): OpEnd {
    const R = At.TIME_REPLY;
    const reply = this.one(timedRequest(type, ns), R.SIZE);
    if (reply?.status === Status.OK) this.nowNs = word64(reply, R.NOW_NS);
    return this.end(reply, 0);
  }

  wfi(_cpu: number): OpEnd {
    return this.timed(FrameType.WFI, WFI_NS);
  }

  delay(ms: number): void {
    for (let left = ms * NS_PER_MS; left > 0 && this.stuck === undefined; ) {
      const part = Math.min(left, this.timeNs);
      const start = performance.now();
      this.timed(FrameType.TIME, BigInt(part));
      const took = performance.now() - start;
      if (took < SHORT_MS) this.timeNs = Math.min(this.timeNs * 2, MAX_TIME_NS);
      else if (took > LONG_MS) this.timeNs = Math.max(Math.floor(this.timeNs / 4), MIN_TIME_NS);
      left -= part;
    }
  }

  now(): number {
    this.timed(FrameType.TIME, 0n);
    return Number(this.nowNs);
  }

  /** Idle shows in virtual time: yields to nobody cost the same every time (give or take a quarter, on real clocks), and never less. */
  yieldUntilIdle(): void {
    if (this.died === 'hypervisor') return;
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const replies = this.ask([NO_TIME, ...new Array<Request>(YIELDS).fill(YIELD), NO_TIME]);
      if (replies === undefined || replies.some((r) => r.status !== Status.OK)) return;
      const [first, last] = [replies[0], replies[replies.length - 1]];
      for (const r of [first, last]) checked(FrameType.TIME, r, At.TIME_REPLY.SIZE);
      this.nowNs = word64(last, At.TIME_REPLY.NOW_NS);
      const took = this.nowNs - word64(first, At.TIME_REPLY.NOW_NS);
      if (this.idleNs < 0n || took < this.idleNs) this.idleNs = took;
      else if (took * 4n <= this.idleNs * 5n) return;
    }
  }

  // ---- death --------------------------------------------------------------------------------------------------------

  dead(): 'rm' | 'hypervisor' | undefined {
    return this.died;
  }

  probeDead(): 'rm' | 'hypervisor' | undefined {
    if (this.died === undefined && this.stuck === undefined && !rmAnswers(this, this.buffers)) this.died ??= 'rm';
    return this.died;
  }

  // ---- what the link does not carry: cases with it are skipped --------------------------------------------------------

  runCode(): CodeEnd {
    return { end: NO_RETURN, x: NO_REGISTERS, taken: [], running: true };
  }

  codeResult(): CodeEnd {
    return this.runCode();
  }

  cpuBoot(): CpuBootInfo {
    return { count: 0, x0: 0n, x1: 0n, currentel: 0n, mpidr: 0n, sctlr: 0n, daif: 0n };
  }
}

function callRegisters(reply: Reply | undefined, at: number, count: number): bigint[] {
  return Array.from({ length: 18 }, (_, i) => (reply === undefined || i >= count ? 0n : word64(reply, at + i * 8)));
}
