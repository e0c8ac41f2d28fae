/**
 * One vCPU driven by a connection: its frames as operations of the vCPU, its waiting as the vCPU's. Calls are in
 * {@link ./vcpu-calls.js}, loads, stores and memory in {@link ./vcpu-memory.js}.
 */
import { le32, le64 } from '../base/index.js';
import { Sysreg } from '../gic/index.js';
import { HostVcpu, type Outcome, type Simulator } from '../sim/index.js';
import type { Vcpu } from '../vcpu/index.js';
import { isOn } from './find-vcpu.js';
import { type Complain, Replies, statusOf } from './replies.js';
import type { Handled, Session } from './session.js';
import { At, EventType, FrameType, Status } from './spec.js';
import { VcpuCalls } from './vcpu-calls.js';
import { VcpuMemory } from './vcpu-memory.js';
import type { FrameWriter } from './writer.js';

const MAX_ADVANCE_NS = 10_000_000_000n;
const SPURIOUS = 1023;
const MAX_SYSREG = 0xffff;

interface Waiting {
  /** Entries of the vCPU before the operation: more of them means that it never returned. */
  entries: number;
  deadline: number;
  /** Still executing: waits for time only. */
  spinning: boolean;
  finish(outcome: Outcome): void;
}

export interface Entry {
  x0: bigint;
  pc: bigint;
  /** Which entry of the vCPU this is: {@link Vcpu.entries} after it. */
  count: number;
}

/** Where the vCPU's program begins or, if it has not begun yet, will begin. Its registers must be those of the entry still. */
export function entryOf(v: Vcpu): Entry {
  return { x0: v.x[0], pc: v.pc, count: v.entries + (v.pending?.kind === 'start' ? 1 : 0) };
}

export class VcpuSession implements Session {
  readonly host: HostVcpu;
  private readonly replies: Replies;
  private readonly memory: VcpuMemory;
  private readonly calls: VcpuCalls;
  /** The last entry that the client was told about ({@link Entry.count}). */
  private told: number;
  private irqSent = false;
  private wait: Waiting | undefined;
  private starved = false;

  constructor(
    private readonly sim: Simulator,
    private readonly v: Vcpu,
    private readonly out: FrameWriter,
    scratch: number,
    treeIpa: number | undefined,
    readonly step: boolean,
    /** What the greeting says. */
    entry: Entry,
    complain: Complain,
    /** Told about every new start of the vCPU. */
    private readonly onStart: (entry: Entry) => void,
  ) {
    this.host = new HostVcpu(sim, v.id);
    this.replies = new Replies(out, complain);
    const settle = (outcome: Outcome, entries: number, finish: (outcome: Outcome) => void): Handled =>
      this.settle(outcome, entries, finish);
    this.memory = new VcpuMemory(sim, v, this.host, this.replies, treeIpa, {
      notReady: (type, tag) => this.notReady(type, tag),
      settle,
    });
    this.calls = new VcpuCalls(this.host, this.replies, out, scratch, settle);
    this.told = this.on ? entry.count : v.entries;
  }

  get on(): boolean {
    return isOn(this.sim, this.v);
  }

  private get back(): boolean {
    return this.sim.isBack(this.v);
  }

  get waiting(): boolean {
    return this.wait !== undefined || this.starved;
  }
  get deadline(): number {
    return this.wait?.deadline ?? Number.POSITIVE_INFINITY;
  }
  get computing(): boolean {
    return !this.waiting && this.on;
  }
  close(): void {
    this.wait = undefined;
  }

  /** Finishes an operation now, or when the vCPU is back. */
  private settle(outcome: Outcome, entries: number, finish: (outcome: Outcome) => void): Handled {
    if (outcome.kind !== 'noReturn') {
      finish(outcome);
      return 'done';
    }
    this.wait = { entries, deadline: Number.POSITIVE_INFINITY, spinning: false, finish };
    return 'wait';
  }

  tick(): boolean {
    const { v, sim } = this;
    let sent = false;
    const alive = sim.hyp.objects[v.id] === v;
    const { wait } = this;
    if (wait !== undefined) {
      let outcome: Outcome | undefined;
      if (sim.hyp.dead !== undefined) outcome = { kind: 'dead' };
      else if (!alive || !this.on || v.entries !== wait.entries) outcome = { kind: 'noReturn' };
      else if (wait.spinning) {
        if (sim.hyp.now >= wait.deadline) outcome = { kind: 'done' };
      } else if (this.back) outcome = { kind: 'done' };
      else if (sim.hyp.now >= wait.deadline) {
        wait.deadline = Number.POSITIVE_INFINITY;
        this.host.wake();
        if (this.back) outcome = { kind: 'done' };
      }
      if (outcome !== undefined) {
        this.wait = undefined;
        wait.finish(outcome);
        sent = true;
      }
    }
    if (this.starved && (this.back || !this.on || sim.hyp.dead !== undefined)) {
      this.starved = false;
      sent = true;
    }
    if (!alive) return sent;
    if (this.announceStart()) sent = true;
    if (!this.irqSent && this.on && this.host.hasPendingInterrupt()) {
      this.irqSent = true;
      this.out.frame(EventType.IRQ, 0, At.IRQ.SIZE);
      sent = true;
    }
    return sent;
  }

  /** START, while the registers are those of the entry: before any operation behind it. True: it was sent. */
  private announceStart(): boolean {
    const { v } = this;
    // The entry that the greeting foretold never came.
    if (this.told > v.entries && !this.on) this.told = v.entries;
    if (v.entries <= this.told) return false;
    this.told = v.entries;
    this.onStart(entryOf(v));
    const at = this.out.frame(EventType.START, 0, At.START.SIZE);
    this.out.u64(at + At.START.X0, v.x[0]);
    this.out.u64(at + At.START.PC, v.pc);
    return true;
  }

  // ---- frames ---------------------------------------------------------------------------------------------------

  handle(type: number, tag: number, b: Uint8Array, at: number, size: number): Handled {
    if (this.sim.hyp.objects[this.v.id] === this.v) this.announceStart();
    switch (type) {
      case FrameType.MEM_READ:
      case FrameType.MEM_WRITE:
        return this.memory.access(type, tag, b, at, size);
      case FrameType.DEVICE_TREE:
        return this.memory.deviceTree(tag);
      case FrameType.HVC:
      case FrameType.SMC:
      case FrameType.REG_READ:
      case FrameType.REG_WRITE:
      case FrameType.IRQ_ACK:
      case FrameType.IRQ_END:
      case FrameType.WFI:
      case FrameType.TIME:
        break;
      case FrameType.HELLO:
        return this.replies.bad(type, tag, 'this connection has greeted already');
      case FrameType.RPC_SEND:
        return this.replies.bad(type, tag, 'it belongs to mode 1; this connection drives a vCPU');
      default:
        return this.replies.bad(type, tag, 'there is no such request');
    }
    const refused = this.notReady(type, tag);
    if (refused !== undefined) return refused;
    switch (type) {
      case FrameType.HVC:
        return this.calls.hvc(tag, b, at, size);
      case FrameType.SMC:
        return this.calls.smc(tag, b, at, size);
      case FrameType.REG_READ:
      case FrameType.REG_WRITE:
        return this.register(type, tag, b, at, size);
      case FrameType.IRQ_ACK:
        return this.acknowledge(tag);
      case FrameType.IRQ_END:
        return this.end(tag, b, at, size);
      case FrameType.WFI:
        return this.wfi(tag, b, at, size);
      default:
        return this.time(tag, b, at, size);
    }
  }

  /** A vCPU that is off answers at once; one without a CPU lets the frame wait. */
  private notReady(type: number, tag: number): Handled | undefined {
    if (this.sim.hyp.dead !== undefined) {
      this.replies.reply(type, tag, 4, Status.DEAD);
      return 'done';
    }
    if (!this.on) {
      this.replies.reply(type, tag, 4, Status.NO_RETURN);
      return 'done';
    }
    if (this.back) return undefined;
    this.starved = true;
    return 'later';
  }

  private register(type: number, tag: number, b: Uint8Array, at: number, size: number): Handled {
    const write = type === FrameType.REG_WRITE;
    const F = write ? At.REG_WRITE : At.REG_READ;
    if (size !== F.SIZE) return this.replies.badSize(type, tag, size, F.SIZE);
    const enc = le32(b, at);
    if (enc > MAX_SYSREG) return this.replies.bad(type, tag, `register 0x${enc.toString(16)}; at most 0xffff`);
    const R = write ? At.REG_WRITE_REPLY : At.REG_READ_REPLY;
    if (write) {
      const o = this.host.writeRegister(enc, le64(b, at + At.REG_WRITE.VALUE));
      const reply = this.replies.reply(type, tag, R.SIZE, statusOf(o));
      if (o.kind === 'exception') this.out.u32(reply + R.ESR, o.exception.esr >>> 0);
      return 'done';
    }
    const o = this.host.readRegister(enc);
    const reply = this.replies.reply(type, tag, R.SIZE, statusOf(o));
    if (o.kind === 'exception') this.out.u32(reply + R.ESR, o.exception.esr >>> 0);
    else this.out.u64(reply + At.REG_READ_REPLY.VALUE, o.value ?? 0n);
    return 'done';
  }

  private acknowledge(tag: number): Handled {
    const R = At.IRQ_ACK_REPLY;
    const o = this.host.readRegister(Sysreg.ICC_IAR1_EL1);
    const at = this.replies.reply(FrameType.IRQ_ACK, tag, R.SIZE, statusOf(o));
    const intid = o.kind === 'done' ? Number(o.value ?? 0n) : SPURIOUS;
    if (intid === SPURIOUS) this.irqSent = false;
    this.out.u32(at + R.INTID, intid);
    return 'done';
  }

  private end(tag: number, b: Uint8Array, at: number, size: number): Handled {
    if (size !== At.IRQ_END.SIZE) return this.replies.badSize(FrameType.IRQ_END, tag, size, At.IRQ_END.SIZE);
    const o = this.host.writeRegister(Sysreg.ICC_EOIR1_EL1, BigInt(le32(b, at + At.IRQ_END.INTID)));
    this.replies.reply(FrameType.IRQ_END, tag, At.IRQ_END_REPLY.SIZE, statusOf(o));
    return 'done';
  }

  private wfi(tag: number, b: Uint8Array, at: number, size: number): Handled {
    if (size !== At.WFI.SIZE) return this.replies.badSize(FrameType.WFI, tag, size, At.WFI.SIZE);
    const timeout = le64(b, at + At.WFI.TIMEOUT_NS);
    const { entries } = this.v;
    const from = this.sim.hyp.now;
    const R = At.WFI_REPLY;
    const handled = this.settle(this.host.wfi(0), entries, (o) => {
      const reply = this.replies.reply(FrameType.WFI, tag, R.SIZE, statusOf(o));
      this.out.u16(reply + R.PENDING, o.kind === 'done' && this.host.hasPendingInterrupt() ? 1 : 0);
      this.out.u64(reply + R.NOW_NS, BigInt(Math.floor(this.sim.hyp.now)));
      // The reply says it already.
      this.irqSent = true;
    });
    if (this.wait !== undefined && timeout !== 0n) this.wait.deadline = from + Number(timeout);
    return handled;
  }

  private time(tag: number, b: Uint8Array, at: number, size: number): Handled {
    if (size !== At.TIME.SIZE) return this.replies.badSize(FrameType.TIME, tag, size, At.TIME.SIZE);
    const advance = le64(b, at + At.TIME.ADVANCE_NS);
    if (advance > MAX_ADVANCE_NS)
      return this.replies.bad(FrameType.TIME, tag, `advance_ns ${advance}; at most ${MAX_ADVANCE_NS}`);
    const R = At.TIME_REPLY;
    this.wait = {
      entries: this.v.entries,
      deadline: this.sim.hyp.now + Number(advance),
      spinning: true,
      finish: (o) => {
        const reply = this.replies.reply(FrameType.TIME, tag, R.SIZE, statusOf(o));
        this.out.u64(reply + R.NOW_NS, BigInt(Math.floor(this.sim.hyp.now)));
      },
    };
    return 'wait';
  }
}
