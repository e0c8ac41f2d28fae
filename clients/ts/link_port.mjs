/** What a client calls on real hardware, over the link: hypercalls, memory, interrupts, time (`ClientPort` of src/conform). */
import { At, FrameType, LINK } from '../../dist/src/link/spec.js';
import { Call, Platform } from '../../dist/src/protocol/index.js';
import { SyncLink } from './sync_link.mjs';

const NONE = 0xff;
const sysreg = (op0, op1, crn, crm, op2) => (op0 << 14) | (op1 << 11) | (crn << 7) | (crm << 3) | op2;
/** Registers of the CPU interface and what they are set to: ICC_SRE_EL1, ICC_PMR_EL1, ICC_IGRPEN1_EL1. */
const CPU_INTERFACE = [
  [sysreg(3, 0, 12, 12, 5), 7],
  [sysreg(3, 0, 4, 6, 0), 0xff],
  [sysreg(3, 0, 12, 12, 7), 1],
];
/** GICD_CTLR: affinity routing, group 1. */
const GICD_ENABLE = 0x12;
const [GICD_IGROUPR, GICD_ISENABLER, GICD_ICFGR] = [0x80, 0x100, 0xc00];
export const NEVER = Number.POSITIVE_INFINITY;
const isInterrupt = (intid) => intid < 1020 || intid >= 4096;

export class LinkPort {
  /** Something may be pending in the interrupt controller. */
  pending = true;
  alarmAt = NEVER;

  constructor(address) {
    this.link = new SyncLink(address);
    this.ask(FrameType.HELLO, At.HELLO.SIZE, (v) => {
      v.setUint32(At.HELLO.MAGIC, LINK.MAGIC, true);
      v.setUint16(At.HELLO.VERSION_MIN, LINK.VERSION_MIN, true);
      v.setUint16(At.HELLO.VERSION_MAX, LINK.VERSION_MAX, true);
      v.setUint16(At.HELLO.VMID, Platform.VMID_HLOS, true);
    });
  }

  /** Request of `size` bytes and `data` behind them; view of the reply. */
  ask(type, size, fill, data = new Uint8Array(0)) {
    const b = new Uint8Array(size + data.length);
    b.set(data, size);
    fill?.(new DataView(b.buffer));
    return new DataView(this.link.request(type, b).buffer);
  }

  call(num, args, reg = NONE, dir = 0, length = 0, data = undefined) {
    const F = At.HVC;
    const r = this.ask(
      FrameType.HVC,
      F.SIZE,
      (v) => {
        v.setUint16(F.IMM, Platform.HYPERCALL_BASE + num, true);
        v.setUint8(F.INLINE_REG, reg);
        v.setUint8(F.INLINE_DIR, dir);
        v.setUint32(F.INLINE_LENGTH, length, true);
        for (const [i, a] of args.entries()) v.setBigUint64(F.X + i * 8, BigInt(a), true);
      },
      data,
    );
    const x = Array.from({ length: 8 }, (_, i) => r.getBigUint64(At.HVC_REPLY.X + i * 8, true));
    return { x, error: Number(x[0] & 0xffff_ffffn), data: new Uint8Array(r.buffer, At.HVC_REPLY.SIZE) };
  }

  hvc(num, ...args) {
    return this.call(num, args).x;
  }

  send(cap, packet, push) {
    const r = this.call(Call.MSGQUEUE_SEND, [cap, packet.length, 0, push ? 1 : 0], 2, 0, packet.length, packet);
    return { error: r.error, notFull: r.x[1] !== 0n };
  }

  receive(cap) {
    const size = Platform.RM_QUEUE_MSG_SIZE;
    const r = this.call(Call.MSGQUEUE_RECEIVE, [cap, 0, size], 1, 2, size);
    return { error: r.error, packet: r.error === 0 ? r.data : new Uint8Array(0), notEmpty: r.x[2] !== 0n };
  }

  smccc(conduit, x) {
    const r = this.ask(FrameType.SMC, At.SMC.SIZE, (v) => {
      v.setUint16(At.SMC.CONDUIT, conduit === 'smc' ? 1 : 0, true);
      for (const [i, a] of x.entries()) v.setBigUint64(At.SMC.X + i * 8, a, true);
    });
    return Array.from({ length: 18 }, (_, i) => r.getBigUint64(At.SMC_REPLY.X + i * 8, true));
  }

  deviceTree() {
    return new Uint8Array(this.ask(FrameType.DEVICE_TREE, 0).buffer, At.DEVICE_TREE_REPLY.SIZE);
  }

  /** One load of a device register; 0 where there is none. */
  load(ipa) {
    const r = this.ask(FrameType.MEM_READ, At.MEM_READ.SIZE, (v) => {
      v.setBigUint64(At.MEM_READ.IPA, BigInt(ipa), true);
      v.setUint32(At.MEM_READ.LENGTH, 4, true);
      v.setUint32(At.MEM_READ.WIDTH, 4, true);
    });
    return r.getUint16(0, true) === 0 ? r.getUint32(At.MEM_READ_REPLY.SIZE, true) : 0;
  }

  store(ipa, value) {
    const data = new Uint8Array(4);
    new DataView(data.buffer).setUint32(0, value >>> 0, true);
    const place = (v) => {
      v.setBigUint64(At.MEM_WRITE.IPA, BigInt(ipa), true);
      v.setUint32(At.MEM_WRITE.WIDTH, 4, true);
    };
    this.ask(FrameType.MEM_WRITE, At.MEM_WRITE.SIZE, place, data);
  }

  /**
   * What a driver does once: CPU interface and distributor on; each shared interrupt an edge, in group 1, enabled. As levels, which
   * is what they reset to, they would be pending again after every end for as long as their source is asserted.
   */
  enableInterrupts(irqs) {
    for (const [register, value] of CPU_INTERFACE)
      this.ask(FrameType.REG_WRITE, At.REG_WRITE.SIZE, (v) => {
        v.setUint32(At.REG_WRITE.REGISTER, register, true);
        v.setBigUint64(At.REG_WRITE.VALUE, BigInt(value), true);
      });
    const { GICD_BASE } = Platform;
    this.store(GICD_BASE, GICD_ENABLE);
    for (const irq of irqs) {
      const kind = GICD_BASE + GICD_ICFGR + (irq >> 4) * 4;
      this.store(kind, this.load(kind) | (2 << ((irq & 15) * 2)));
      const word = GICD_BASE + (irq >> 5) * 4;
      const bit = 1 << (irq & 31);
      this.store(word + GICD_IGROUPR, this.load(word + GICD_IGROUPR) | bit);
      this.store(word + GICD_ISENABLER, bit);
    }
  }

  acknowledge() {
    if (!this.pending) return undefined;
    const intid = this.ask(FrameType.IRQ_ACK, 0).getUint32(At.IRQ_ACK_REPLY.INTID, true);
    this.pending = isInterrupt(intid);
    return this.pending ? intid : undefined;
  }

  end(intid) {
    this.ask(FrameType.IRQ_END, At.IRQ_END.SIZE, (v) => v.setUint32(0, intid, true));
  }

  read(ipa, to) {
    for (let at = 0; at < to.length; at += LINK.MAX_MEMORY_ACCESS) {
      const part = to.subarray(at, at + LINK.MAX_MEMORY_ACCESS);
      const r = this.ask(FrameType.MEM_READ, At.MEM_READ.SIZE, (v) => {
        v.setBigUint64(At.MEM_READ.IPA, BigInt(ipa + at), true);
        v.setUint32(At.MEM_READ.LENGTH, part.length, true);
      });
      if (r.getUint16(0, true) !== 0) return false;
      part.set(new Uint8Array(r.buffer, At.MEM_READ_REPLY.SIZE));
    }
    return true;
  }

  write(ipa, from) {
    for (let at = 0; at < from.length; at += LINK.MAX_MEMORY_ACCESS) {
      const part = from.subarray(at, at + LINK.MAX_MEMORY_ACCESS);
      const place = (v) => v.setBigUint64(At.MEM_WRITE.IPA, BigInt(ipa + at), true);
      if (this.ask(FrameType.MEM_WRITE, At.MEM_WRITE.SIZE, place, part).getUint16(0, true) !== 0) return false;
    }
    return true;
  }

  now() {
    return Number(this.ask(FrameType.TIME, At.TIME.SIZE).getBigUint64(At.TIME_REPLY.NOW_NS, true));
  }

  alarm(at) {
    this.alarmAt = Math.min(this.alarmAt, at);
  }
}
