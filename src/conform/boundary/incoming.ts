/** From RM to the client: real packets through the rules about replies and notifications, packets of the test between them. */
import { lo32 } from '../../base/index.js';
import { findCap, HYPERCALL_BASE } from '../../hyp/index.js';
import type { MsgQueue } from '../../msgq/index.js';
import {
  Call,
  collectPacket,
  HypError,
  Platform,
  parseRpcHeader,
  RpcType,
  rpcAssembly,
  rpcMessage,
} from '../../protocol/index.js';
import type { HostVcpu, LinkPlace, Simulator } from '../../sim/index.js';
import { type Emission, type RuleSet, selectorOf } from '../interfere/index.js';

const PACKET_MAX = Platform.RM_QUEUE_MSG_SIZE;

interface Timed {
  at: number;
  order: number;
  bytes: Uint8Array;
}

export class Incoming {
  /** What the client's next receives give. */
  private readonly staged: Uint8Array[] = [];
  private timed: Timed[] = [];
  private order = 0;
  private readonly assembly = rpcAssembly();
  private readonly buffer = new Uint8Array(PACKET_MAX);

  constructor(
    private readonly sim: Simulator,
    private readonly host: HostVcpu,
    private readonly place: LinkPlace,
    private readonly rules: RuleSet,
    private readonly note: (bytes: Uint8Array, note?: string) => void,
    /** The client's receive interrupt. */
    private readonly edge: () => void,
  ) {}

  get waiting(): number {
    return this.staged.length;
  }

  /** When the next packet of the test is due. */
  get nextAt(): number {
    return this.timed[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  /** The next packet for the client; undefined: there is none. */
  take(): Uint8Array | undefined {
    while (this.staged.length === 0 && this.takeReal()) {
      // until something is for the client
    }
    return this.staged.shift();
  }

  /** More is there. RM may have put packets into the real queue while those of the test were taken. */
  get more(): boolean {
    return this.staged.length > 0 || this.queue.count > 0;
  }

  private get queue(): MsgQueue {
    const { hyp } = this.sim;
    const view = findCap(hyp.get(this.host.vcpu.cspace), this.place.rxCap);
    if (typeof view === 'number') throw new Error('the client has no receive queue');
    return hyp.get<MsgQueue>(view.table.object[view.lower]);
  }

  /** One real packet from RM through the rules. False: there is none. */
  private takeReal(): boolean {
    const { host } = this;
    const { x } = host;
    x[0] = this.place.rxCap;
    x[1] = BigInt(this.place.rxBuffer);
    x[2] = BigInt(PACKET_MAX);
    x[3] = 0n;
    const { kind } = host.hvc(HYPERCALL_BASE + Call.MSGQUEUE_RECEIVE);
    if (kind !== 'done' || lo32(x[0]) !== HypError.OK) return false;
    const size = Number(x[1]);
    host.readMemory(this.place.rxBuffer, this.buffer);
    this.fromRm(this.buffer.slice(0, size));
    return true;
  }

  private fromRm(bytes: Uint8Array): void {
    const h = parseRpcHeader(bytes);
    if (h !== undefined && h.type !== RpcType.CONTINUED && !this.rules.wants(selectorOf(h.type), h.id)) {
      this.stage(bytes);
      return;
    }
    const packets = collectPacket(this.assembly, bytes);
    if (packets === 'stray') this.stage(bytes);
    else if (packets !== 'more') this.complete(packets);
  }

  private complete(packets: readonly Uint8Array[]): void {
    const m = rpcMessage(packets);
    const changed = this.rules.message(selectorOf(m.type), m);
    if (changed === undefined) for (const bytes of packets) this.stage(bytes);
    else this.schedule(changed, 0);
  }

  schedule(emissions: readonly Emission[], afterNs: number): void {
    const { now } = this.sim.hyp;
    for (const e of emissions) {
      const at = now + afterNs + e.delayNs;
      if (at <= now && !e.edge) this.stage(e.bytes, 'by the test');
      else this.timed.push({ at, order: this.order++, bytes: e.bytes });
    }
    this.timed.sort((a, b) => a.at - b.at || a.order - b.order);
  }

  stage(bytes: Uint8Array, note?: string): void {
    this.note(bytes, note);
    this.staged.push(bytes);
  }

  /** Moves what is due into the queue. True: something was. */
  due(): boolean {
    const { now } = this.sim.hyp;
    let any = false;
    while (this.timed.length > 0 && this.timed[0].at <= now) {
      const next = this.timed.shift();
      if (next === undefined) break;
      if (this.staged.length === 0) this.edge();
      this.stage(next.bytes, 'by the test');
      any = true;
    }
    return any;
  }
}
