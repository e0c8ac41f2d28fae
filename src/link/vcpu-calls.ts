/** Hypercalls and SMCCC calls of a connection's vCPU, with the buffer that may go with them. */
import { le16, le32, le64, lo32 } from '../base/index.js';
import { HypError } from '../protocol/index.js';
import type { HostVcpu, Outcome } from '../sim/index.js';
import { type Replies, statusOf, WAIT_NS } from './replies.js';
import type { Handled } from './session.js';
import { At, FrameType, LINK } from './spec.js';
import type { FrameWriter } from './writer.js';

const INLINE_FROM = 1;
const INLINE_FROM_X1 = 2;

/** Registers of a call, reused: callees copy them. */
const REGISTERS: readonly bigint[][] = [new Array<bigint>(8).fill(0n), new Array<bigint>(18).fill(0n)];

/** Finishes an operation now, or when the vCPU is back. */
type Settle = (outcome: Outcome, entries: number, finish: (outcome: Outcome) => void) => Handled;

export class VcpuCalls {
  constructor(
    private readonly host: HostVcpu,
    private readonly replies: Replies,
    private readonly out: FrameWriter,
    private readonly scratch: number,
    private readonly settle: Settle,
  ) {}

  hvc(tag: number, b: Uint8Array, at: number, size: number): Handled {
    const F = At.HVC;
    if (size < F.SIZE) return this.replies.badSize(FrameType.HVC, tag, size, `at least ${F.SIZE}`);
    const imm = le16(b, at + F.IMM);
    const register = b[at + F.INLINE_REG];
    const direction = b[at + F.INLINE_DIR];
    const length = register === LINK.NO_INLINE ? 0 : le32(b, at + F.INLINE_LENGTH);
    const x = REGISTERS[0];
    for (let i = 0; i < 8; i++) x[i] = le64(b, at + F.X + i * 8);
    const carried = register !== LINK.NO_INLINE && direction === 0 ? length : 0;
    const wrong = this.wrongInline(register, direction, length, size - F.SIZE, carried);
    if (wrong !== undefined) return this.replies.bad(FrameType.HVC, tag, wrong);
    if (register !== LINK.NO_INLINE) {
      x[register] = BigInt(this.scratch);
      if (carried > 0 && !this.host.writeMemory(this.scratch, b.subarray(at + F.SIZE, at + F.SIZE + carried)))
        return this.replies.bad(
          FrameType.HVC,
          tag,
          `scratch page 0x${this.scratch.toString(16)} is not the VM's memory any more`,
        );
    }
    const { entries } = this.host.vcpu;
    const back = register !== LINK.NO_INLINE && direction >= INLINE_FROM ? length : 0;
    return this.settle(this.host.call('hvc', imm, x, WAIT_NS), entries, (o) =>
      this.callReply(FrameType.HVC, tag, o, direction === INLINE_FROM_X1, back),
    );
  }

  /** What is wrong with the inline buffer of a call, of which `data` bytes came. */
  private wrongInline(
    reg: number,
    direction: number,
    length: number,
    data: number,
    carried: number,
  ): string | undefined {
    if (length > LINK.MAX_INLINE) return `inline_length ${length}; at most ${LINK.MAX_INLINE}`;
    if (reg !== LINK.NO_INLINE) {
      if (reg > 7) return `inline_reg ${reg}; 0 to 7, or 0xff for none`;
      if (direction > INLINE_FROM_X1) return `inline_dir ${direction}; 0 to ${INLINE_FROM_X1}`;
      if (this.scratch === 0) return 'an inline buffer, but HELLO named no scratch page';
    }
    return data === carried
      ? undefined
      : `${data} bytes of data; inline_reg, inline_dir and inline_length say ${carried}`;
  }

  private callReply(type: number, tag: number, o: Outcome, sized: boolean, inline: number): void {
    const { x } = this.host;
    let length = o.kind === 'done' ? inline : 0;
    if (length > 0 && sized) length = lo32(x[0]) === HypError.OK && x[1] < BigInt(length) ? Number(x[1]) : length;
    if (sized && lo32(x[0]) !== HypError.OK) length = 0;
    const isHvc = type === FrameType.HVC;
    const F = isHvc ? At.HVC_REPLY : At.SMC_REPLY;
    const at = this.replies.reply(type, tag, F.SIZE + length, statusOf(o));
    const { out } = this;
    if (o.kind === 'exception') out.u32(at + F.ESR, o.exception.esr >>> 0);
    for (let i = 0; i < (isHvc ? 8 : 18); i++) out.u64(at + F.X + i * 8, x[i]);
    if (length === 0) return;
    const read = this.host.readMemory(this.scratch, out.bytes.subarray(at + F.SIZE, at + F.SIZE + length));
    if (read) out.u16(at + At.HVC_REPLY.INLINE_LENGTH, length);
  }

  smc(tag: number, b: Uint8Array, at: number, size: number): Handled {
    const F = At.SMC;
    if (size !== F.SIZE) return this.replies.badSize(FrameType.SMC, tag, size, F.SIZE);
    const conduit = le16(b, at + F.CONDUIT);
    if (conduit > 1) return this.replies.bad(FrameType.SMC, tag, `conduit ${conduit}; 0 HVC, 1 SMC`);
    const x = REGISTERS[1];
    for (let i = 0; i < 18; i++) x[i] = le64(b, at + F.X + i * 8);
    const { entries } = this.host.vcpu;
    return this.settle(this.host.call(conduit === 1 ? 'smc' : 'hvc', le16(b, at + F.IMM), x, WAIT_NS), entries, (o) =>
      this.callReply(FrameType.SMC, tag, o, false, 0),
    );
  }
}
