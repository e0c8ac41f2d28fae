/**
 * RPC-only mode of a VM that another VM started: bare packets to and from RM. The server plays the VM's driver on its first vCPU:
 * it sends and receives while the vCPU has a CPU, and waits for interrupts when there is nothing to do, so that a manager inside
 * `vcpu_run` gets its CPU back. Leaves out: the VM's other devices.
 */
import { Gicd, openCpuInterface } from '../sim/gic-setup.js';
import { HostPackets, HostVcpu, type Simulator } from '../sim/index.js';
import type { Vcpu } from '../vcpu/index.js';
import type { RmLink } from './find-link.js';
import { isOn } from './find-vcpu.js';
import { type Complain, passPacket, rpcReply, wrongPacket } from './replies.js';
import type { Handled, Session } from './session.js';
import { LINK, Status } from './spec.js';
import type { FrameWriter } from './writer.js';

/** GICD_CTLR: affinity routing, group 1. */
const GICD_ENABLE = 0x12n;
const WIDTH = 4;
/** Interrupts taken before the vCPU waits again: a stuck one must not hold the server. */
const MAX_TAKEN = 16;
const WAIT_NS = 100_000;

export class GuestRpcSession implements Session {
  readonly deadline = Number.POSITIVE_INFINITY;
  readonly step = false;
  private readonly host: HostVcpu;
  private readonly packets: HostPackets;
  /** Start of the vCPU for which the interrupt controller is set up; -1: none. */
  private preparedFor = -1;
  /** A frame waits for the vCPU to have a CPU. */
  private wanted = false;

  constructor(
    private readonly sim: Simulator,
    private readonly v: Vcpu,
    private readonly out: FrameWriter,
    private readonly link: RmLink,
    private readonly complain: Complain,
  ) {
    this.host = new HostVcpu(sim, v.id);
    this.packets = new HostPackets(this.host, link.place);
  }

  get on(): boolean {
    return isOn(this.sim, this.v);
  }

  /** The vCPU can carry out an operation now. */
  private get back(): boolean {
    return this.sim.isBack(this.v);
  }

  get waiting(): boolean {
    return this.on && !this.back;
  }

  get computing(): boolean {
    return this.wanted && this.back;
  }

  close(): void {}

  /** What a driver does once after its vCPU started: CPU interface on, both interrupts of the link edges, in group 1 and enabled. */
  private prepare(): void {
    const { host, link, v } = this;
    if (this.preparedFor === v.entries) return;
    this.preparedFor = v.entries;
    openCpuInterface(host);
    const store = (offset: number, value: bigint) =>
      host.access(BigInt(link.gicdBase + offset), WIDTH, true, value, WAIT_NS);
    store(Gicd.CTLR, GICD_ENABLE);
    const add = (offset: number, bits: bigint) => {
      const was = host.access(BigInt(link.gicdBase + offset), WIDTH, false, 0n, WAIT_NS);
      store(offset, (was.value ?? 0n) | bits);
    };
    for (const irq of [link.txIrq, link.rxIrq]) {
      const word = (irq >> 5) * WIDTH;
      const bit = 1n << BigInt(irq & 31);
      // An edge: as a level it would end every WFI for as long as the queue has room or a message.
      add(Gicd.ICFGR + (irq >> 4) * WIDTH, 2n << BigInt((irq & 15) * 2));
      add(Gicd.IGROUPR + word, bit);
      store(Gicd.ISENABLER + word, bit);
    }
  }

  /** Waits for an interrupt, unless one is there that says nothing new. */
  private rest(): void {
    for (let i = 0; i < MAX_TAKEN && this.host.wfi(0).kind === 'done'; i++) {
      if (this.host.takeInterrupt() === undefined) return;
    }
  }

  tick(): boolean {
    if (!this.on || !this.back) return false;
    this.prepare();
    this.host.takeInterrupt();
    let sent = false;
    while (this.out.length < LINK.OUTPUT_HIGH && passPacket(this.packets, this.out)) sent = true;
    if (!sent && !this.wanted) this.rest();
    return sent;
  }

  handle(type: number, tag: number, b: Uint8Array, at: number, size: number): Handled {
    const wrong = wrongPacket(type, size);
    if (wrong !== undefined) {
      this.complain(type, wrong);
      return rpcReply(this.out, type, tag, Status.BAD_REQUEST);
    }
    if (this.sim.hyp.dead !== undefined) return rpcReply(this.out, type, tag, Status.DEAD);
    if (!this.on) return rpcReply(this.out, type, tag, Status.NO_RETURN);
    if (!this.back) {
      // A driver with something to send is not waiting any more.
      if (!this.wanted) this.host.wake();
      this.wanted = !this.back;
      if (this.wanted) return 'later';
    }
    this.wanted = false;
    this.prepare();
    const { toRm } = this.link;
    if (toRm.count >= toRm.depth) {
      this.tick();
      return 'later';
    }
    const queued = this.packets.send(b.subarray(at, at + size));
    return rpcReply(this.out, type, tag, Status.OK, queued, toRm.count < toRm.depth);
  }
}
