/** The link's server side for one client under test: frames of spec/link.toml answered by the bench of a case instead of a bare machine. */
import { le16, le32, le64 } from '../../../base/index.js';
import type { Bench } from '../../../conform/index.js';
import { Sysreg } from '../../../gic/index.js';
import { FrameInput } from '../../../link/input.js';
import { At, EventType, FRAME_HEAD, FrameType, LINK, Status } from '../../../link/spec.js';
import { FrameWriter } from '../../../link/writer.js';
import { HypError, Platform } from '../../../protocol/index.js';
import { PRIMARY_RX_IRQ } from '../../../sim/index.js';
import { BenchAnswers } from './bench-answers.js';

const NO_IRQ = 1023;
const NEVER = Number.POSITIVE_INFINITY;

export class ChildLink {
  /** The client attached as RPC end only: its queue is driven here, interrupts do not reach it. */
  rpcOnly = false;
  attached = false;
  private readonly input = new FrameInput();
  private readonly out = new FrameWriter();
  private readonly answers: BenchAnswers;
  private irqSent = false;
  private wfi: { tag: number; deadline: number } | undefined;

  constructor(
    private readonly bench: Bench,
    private readonly write: (bytes: Uint8Array) => void,
  ) {
    this.answers = new BenchAnswers(bench, this.out);
  }

  receive(chunk: Uint8Array): void {
    this.input.push(chunk);
    for (let n = this.input.frameLength; n !== undefined && this.input.length >= n + 4; n = this.input.frameLength) {
      const { buffer: b, offset: at } = this.input;
      this.frame(b[at + 4], le16(b, at + 6), b.slice(at + FRAME_HEAD, at + 4 + n));
      this.input.drop(n + 4);
    }
    this.tick();
  }

  /** Frames so far that gave the client something to do: events, ends of WFI. */
  told = 0;
  /** The client has executed WFI: when it has nothing to do it says so. */
  waits = false;

  /** Since its last packet a client without interrupts knows that the queue is full: nothing tells it when to go on. */
  foundFull = false;
  /** Its last packet did not fit: it will come again. */
  private refused = false;

  /** It has more to send for certain. */
  get owes(): boolean {
    return this.refused || this.bench.audit.missing > 0;
  }

  /** It tries although nothing has been taken out. */
  get triesInVain(): boolean {
    return this.foundFull && this.bench.sendQueueFull;
  }

  /** It has not yet said so again. */
  isBusy(): boolean {
    return this.waits && this.wfi === undefined;
  }

  /** Interrupts, answers that were waited for. */
  tick(): void {
    const { bench } = this;
    bench.collectInterrupts();
    if (this.rpcOnly) this.takeAll();
    if (this.wfi !== undefined && (bench.irqs.deliverable || bench.now() >= this.wfi.deadline)) {
      this.wfiReply(this.wfi.tag);
      this.wfi = undefined;
    }
    // The bench remembers the earliest alarm only.
    if (this.wfi !== undefined && this.wfi.deadline !== NEVER) bench.alarm(this.wfi.deadline);
    if (this.attached && !this.rpcOnly && !this.irqSent && bench.irqs.deliverable) {
      this.irqSent = true;
      this.told++;
      this.out.frame(EventType.IRQ, 0, At.IRQ.SIZE);
    }
    this.flush();
  }

  private flush(): void {
    if (this.out.length === 0) return;
    this.write(this.out.take());
  }

  /** A client without interrupts gets the packets that they announce. */
  private takeAll(): void {
    const { bench } = this;
    for (let i = bench.acknowledge(); i !== undefined; i = bench.acknowledge()) {
      bench.irqs.end(i);
      if (i === PRIMARY_RX_IRQ) this.forwardPackets();
    }
  }

  private forwardPackets(): void {
    for (let r = this.bench.receive(); r.error === HypError.OK; r = this.bench.receive()) {
      this.told++;
      const at = this.out.frame(EventType.RPC_PACKET, 0, r.packet.length);
      this.out.bytes.set(r.packet, at);
    }
  }

  private frame(type: number, tag: number, b: Uint8Array): void {
    switch (type) {
      case FrameType.HELLO:
        this.hello(tag, b);
        return;
      case FrameType.HVC:
        this.answers.hvc(tag, b);
        return;
      case FrameType.SMC:
        this.answers.smc(tag, b);
        return;
      case FrameType.MEM_READ:
        this.answers.read(tag, b);
        return;
      case FrameType.MEM_WRITE:
        this.answers.store(tag, b);
        return;
      case FrameType.DEVICE_TREE:
        this.answers.tree(tag);
        return;
      case FrameType.REG_READ: {
        const enc = le32(b, 0);
        const value =
          enc === Sysreg.ICC_IAR1_EL1 ? BigInt(this.acknowledge()) : this.bench.host.readRegister(enc).value;
        const at = this.answers.reply(type, tag, At.REG_READ_REPLY.SIZE);
        if (value !== undefined) this.out.u64(at + At.REG_READ_REPLY.VALUE, value);
        return;
      }
      case FrameType.REG_WRITE:
        if (le32(b, 0) === Sysreg.ICC_EOIR1_EL1) this.bench.irqs.end(Number(le64(b, At.REG_WRITE.VALUE)));
        else this.bench.host.writeRegister(le32(b, 0), le64(b, At.REG_WRITE.VALUE));
        this.answers.reply(type, tag, At.REG_WRITE_REPLY.SIZE);
        return;
      case FrameType.IRQ_ACK: {
        const intid = this.acknowledge();
        this.out.u32(this.answers.reply(type, tag, At.IRQ_ACK_REPLY.SIZE) + At.IRQ_ACK_REPLY.INTID, intid);
        return;
      }
      case FrameType.WFI: {
        const ns = Number(le64(b, At.WFI.TIMEOUT_NS));
        this.waits = true;
        this.wfi = { tag, deadline: ns === 0 ? NEVER : this.bench.now() + ns };
        if (ns !== 0) this.bench.alarm(this.wfi.deadline);
        return;
      }
      case FrameType.TIME: {
        const until = this.bench.now() + Number(le64(b, At.TIME.ADVANCE_NS));
        if (until > this.bench.now()) this.bench.alarm(until);
        while (this.bench.now() < until && this.bench.advance(until)) this.tick();
        this.out.u64(
          this.answers.reply(type, tag, At.TIME_REPLY.SIZE) + At.TIME_REPLY.NOW_NS,
          BigInt(Math.round(this.bench.now())),
        );
        return;
      }
      case FrameType.RPC_SEND: {
        const r = this.bench.send(b, true);
        this.refused = r.error === HypError.MSGQUEUE_FULL;
        this.foundFull = this.refused || !r.notFull;
        const at = this.answers.reply(type, tag, At.RPC_SEND_REPLY.SIZE);
        this.out.bytes[at + At.RPC_SEND_REPLY.QUEUED] = r.error === HypError.OK ? 1 : 0;
        this.out.bytes[at + At.RPC_SEND_REPLY.NOT_FULL] = r.notFull ? 1 : 0;
        return;
      }
      case FrameType.IRQ_END:
        this.bench.irqs.end(le32(b, At.IRQ_END.INTID));
        this.answers.reply(type, tag, At.IRQ_END_REPLY.SIZE);
        return;
      case FrameType.BYE:
        this.answers.reply(type, tag, 4);
        return;
      default:
        this.answers.reply(type, tag, 4, Status.BAD_REQUEST);
    }
  }

  private acknowledge(): number {
    this.tick();
    const intid = this.bench.irqs.acknowledge() ?? NO_IRQ;
    if (intid === NO_IRQ) this.irqSent = false;
    return intid;
  }

  private hello(tag: number, b: Uint8Array): void {
    this.rpcOnly = b[At.HELLO.MODE] === 1;
    this.attached = true;
    const R = At.HELLO_REPLY;
    const at = this.answers.reply(FrameType.HELLO, tag, R.SIZE);
    this.out.u16(at + R.VERSION, LINK.VERSION_MAX);
    this.out.u32(at + R.MAX_FRAME, LINK.MAX_FRAME);
    this.out.u64(at + R.NOW_NS, BigInt(Math.round(this.bench.now())));
    this.out.u64(at + R.X0, BigInt(this.bench.client.tree));
    this.out.u64(at + R.PC, BigInt(Platform.HLOS_ENTRY));
    this.out.u16(at + R.ON, 1);
  }

  private wfiReply(tag: number): void {
    this.told++;
    const R = At.WFI_REPLY;
    const at = this.answers.reply(FrameType.WFI, tag, R.SIZE);
    this.out.u16(at + R.PENDING, this.bench.irqs.deliverable ? 1 : 0);
    this.out.u64(at + R.NOW_NS, BigInt(Math.round(this.bench.now())));
  }
}
