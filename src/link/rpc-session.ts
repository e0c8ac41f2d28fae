/** RPC-only mode: bare packets to and from RM. The server plays the primary VM's driver on its first vCPU. */
import type { MsgQueue } from '../msgq/index.js';
import { Call, Platform } from '../protocol/index.js';
import { HostPackets, type HostVcpu, PRIMARY_LINK, type Simulator } from '../sim/index.js';
import { isRunnable, type Vcpu } from '../vcpu/index.js';
import { queueOf } from './find-link.js';
import { programRuns } from './programs.js';
import { type Complain, passPacket, rpcReply, wrongPacket } from './replies.js';
import type { Handled, Session } from './session.js';
import { LINK, REPLY, Status } from './spec.js';
import type { FrameWriter } from './writer.js';

const YIELD = Platform.HYPERCALL_BASE + Call.SCHEDULER_YIELD;
/** Turns that RM gets to make room in its queue before a packet counts as refused. */
const MAX_TURNS = 64;
const NO_ARGUMENTS: readonly bigint[] = [];

export class RpcSession implements Session {
  readonly waiting = false;
  readonly deadline = Number.POSITIVE_INFINITY;
  readonly computing = false;
  readonly step = false;
  private readonly packets: HostPackets;
  private readonly toRm: MsgQueue;
  private readonly fromRm: MsgQueue;
  /** RM may have something to do. */
  private active = true;
  private mayJump = true;

  constructor(
    private readonly sim: Simulator,
    private readonly host: HostVcpu,
    private readonly out: FrameWriter,
    private readonly complain: Complain,
  ) {
    this.packets = new HostPackets(host, PRIMARY_LINK);
    const { vcpu } = host;
    const toRm = queueOf(sim, vcpu, PRIMARY_LINK.txCap);
    const fromRm = queueOf(sim, vcpu, PRIMARY_LINK.rxCap);
    if (toRm === undefined || fromRm === undefined) throw new RangeError('the primary VM has no link to RM');
    this.toRm = toRm;
    this.fromRm = fromRm;
  }

  close(): void {
    this.active = false;
  }

  /** Lets the machine work once: RM until it waits, or time to the next event if it may jump there. */
  run(mayJump: boolean): boolean {
    this.mayJump = mayJump;
    const { sim } = this;
    // Nobody answers any more, and a dead RM, whose interrupt stays pending, would never come to rest.
    if (sim.rm.dead !== null) this.active = false;
    if (!this.active || sim.hyp.dead !== undefined) return false;
    if (!mayJump && !this.ready()) return false;
    const before = sim.steps;
    this.host.call('hvc', YIELD, NO_ARGUMENTS);
    if (sim.steps !== before) {
      this.active = this.ready() || sim.nextEventAt() !== Number.POSITIVE_INFINITY;
      return true;
    }
    if (!mayJump) return false;
    const next = sim.nextEventAt();
    this.active = next !== Number.POSITIVE_INFINITY;
    if (this.active) sim.spin(Math.max(next - sim.hyp.now, 1));
    return this.active;
  }

  /** A program has something to do now. */
  private ready(): boolean {
    const { sim } = this;
    return isRunnable(sim.hyp.get<Vcpu>(sim.rootThread)) || programRuns(sim);
  }

  tick(): boolean {
    let sent = false;
    while (this.fromRm.count > 0 && this.out.length < LINK.OUTPUT_HIGH) {
      // Room in a full queue is an event for RM.
      this.active ||= this.fromRm.count >= this.fromRm.depth;
      if (!passPacket(this.packets, this.out)) break;
      sent = true;
    }
    return sent;
  }

  handle(type: number, tag: number, b: Uint8Array, at: number, size: number): Handled {
    const wrong = wrongPacket(type, size);
    if (wrong !== undefined) {
      this.complain(type, wrong);
      this.out.u16(this.out.frame(type | REPLY, tag, 4), Status.BAD_REQUEST);
      return 'done';
    }
    for (let turns = 0; this.toRm.count >= this.toRm.depth && turns < MAX_TURNS; turns++) {
      this.active = true;
      this.tick();
      if (!this.run(this.mayJump)) break;
    }
    const dead = this.sim.hyp.dead !== undefined;
    const queued = !dead && this.packets.send(b.subarray(at, at + size));
    this.active = true;
    return rpcReply(this.out, type, tag, dead ? Status.DEAD : Status.OK, queued, this.toRm.count < this.toRm.depth);
  }
}
