/** What the bench of a case answers to calls, loads and stores that a client makes over its link. */
import { le16, le32, le64, lo32 } from '../../../base/index.js';
import type { Bench } from '../../../conform/index.js';
import { At, FrameType, LINK, REPLY, Status } from '../../../link/spec.js';
import type { FrameWriter } from '../../../link/writer.js';
import { Call, Platform } from '../../../protocol/index.js';

const SEND = Platform.HYPERCALL_BASE + Call.MSGQUEUE_SEND;
const RECEIVE = Platform.HYPERCALL_BASE + Call.MSGQUEUE_RECEIVE;

export class BenchAnswers {
  constructor(
    private readonly bench: Bench,
    private readonly out: FrameWriter,
  ) {}

  /** Begins a reply of `size` bytes, zero behind its status. Offset of its payload in the writer's bytes. */
  reply(type: number, tag: number, size: number, status: Status = Status.OK): number {
    const at = this.out.frame(type | REPLY, tag, size);
    this.out.u16(at, this.bench.sim.hyp.dead === undefined ? status : Status.DEAD);
    return at;
  }

  hvc(tag: number, b: Uint8Array): void {
    const F = At.HVC;
    const imm = le16(b, F.IMM);
    const register = b[F.INLINE_REG];
    const direction = b[F.INLINE_DIR];
    const length = register === LINK.NO_INLINE ? 0 : Math.min(le32(b, F.INLINE_LENGTH), LINK.MAX_INLINE);
    const x = Array.from({ length: 8 }, (_, i) => le64(b, F.X + i * 8));
    const inline = register !== LINK.NO_INLINE;
    let data = inline && direction === 0 ? b.subarray(F.SIZE, F.SIZE + length) : new Uint8Array(0);
    let result: readonly bigint[];
    if (imm === SEND && x[0] === this.bench.place.txCap) {
      if (!inline) {
        data = new Uint8Array(Math.min(Number(x[1]), LINK.MAX_INLINE));
        this.bench.read(Number(x[2]), data);
      }
      const r = this.bench.send(data.slice(0, Number(x[1])), (x[3] & 1n) !== 0n);
      result = [BigInt(r.error), r.notFull ? 1n : 0n];
    } else if (imm === RECEIVE && x[0] === this.bench.place.rxCap) {
      const r = this.bench.receive();
      const size = r.packet.length;
      result = [BigInt(r.error), BigInt(size), r.notEmpty ? 1n : 0n];
      if (inline) {
        this.hvcReply(
          tag,
          result,
          r.packet.subarray(0, Math.min(size, length)),
          direction === 2 ? Math.min(size, length) : length,
        );
        return;
      }
      this.bench.write(Number(x[1]), r.packet);
    } else {
      if (inline) x[register] = BigInt(this.bench.client.scratch);
      if (data.length > 0) this.bench.host.writeMemory(this.bench.client.scratch, data);
      result = this.bench.hvc(imm - Platform.HYPERCALL_BASE, ...x);
      if (inline && direction > 0) {
        const back = new Uint8Array(
          direction === 2 && lo32(result[0]) === 0 ? Math.min(Number(result[1]), length) : length,
        );
        this.bench.host.readMemory(this.bench.client.scratch, back);
        this.hvcReply(tag, result, back, back.length);
        return;
      }
    }
    this.hvcReply(tag, result, new Uint8Array(0), 0);
  }

  private hvcReply(tag: number, x: readonly bigint[], data: Uint8Array, room: number): void {
    const R = At.HVC_REPLY;
    const at = this.reply(FrameType.HVC, tag, R.SIZE + room);
    this.out.u16(at + R.INLINE_LENGTH, room);
    x.forEach((v, i) => {
      if (i < 8) this.out.u64(at + R.X + i * 8, BigInt.asUintN(64, v));
    });
    this.out.bytes.set(data, at + R.SIZE);
  }

  smc(tag: number, b: Uint8Array): void {
    const x = Array.from({ length: 18 }, (_, i) => le64(b, At.SMC.X + i * 8));
    const r = this.bench.smccc(le16(b, At.SMC.CONDUIT) === 1 ? 'smc' : 'hvc', x, le16(b, At.SMC.IMM));
    const at = this.reply(FrameType.SMC, tag, At.SMC_REPLY.SIZE);
    for (let i = 0; i < 18; i++) this.out.u64(at + At.SMC_REPLY.X + i * 8, BigInt.asUintN(64, r[i]));
  }

  read(tag: number, b: Uint8Array): void {
    const ipa = le64(b, At.MEM_READ.IPA);
    const width = le32(b, At.MEM_READ.WIDTH);
    const to = new Uint8Array(Math.min(le32(b, At.MEM_READ.LENGTH), LINK.MAX_MEMORY_ACCESS));
    let ok = true;
    if (width === 0) ok = this.bench.read(Number(ipa), to);
    else {
      let { value = 0n } = this.bench.host.access(ipa, width, false);
      for (let i = 0; i < width; i++, value >>= 8n) to[i] = Number(value & 0xffn);
    }
    const at = this.reply(
      FrameType.MEM_READ,
      tag,
      At.MEM_READ_REPLY.SIZE + (ok ? to.length : 0),
      ok ? Status.OK : Status.EXCEPTION,
    );
    if (ok) this.out.bytes.set(to, at + At.MEM_READ_REPLY.SIZE);
  }

  store(tag: number, b: Uint8Array): void {
    const ipa = le64(b, At.MEM_WRITE.IPA);
    const width = le32(b, At.MEM_WRITE.WIDTH);
    const from = b.slice(At.MEM_WRITE.SIZE);
    let ok = true;
    if (width === 0) ok = this.bench.write(Number(ipa), from);
    else
      this.bench.host.access(
        ipa,
        width,
        true,
        from.reduceRight((v, byte) => (v << 8n) | BigInt(byte), 0n),
      );
    this.reply(FrameType.MEM_WRITE, tag, At.MEM_WRITE_REPLY.SIZE, ok ? Status.OK : Status.EXCEPTION);
  }

  tree(tag: number): void {
    const blob = this.bench.deviceTree();
    const R = At.DEVICE_TREE_REPLY;
    const at = this.reply(FrameType.DEVICE_TREE, tag, R.SIZE + blob.length);
    this.out.u64(at + R.IPA, BigInt(this.bench.client.tree));
    this.out.bytes.set(blob, at + R.SIZE);
  }
}
