/**
 * The system under test for the fuzzer: a booted simulator that can go back to its start, the primary VM's client and
 * guests whose vCPUs the fuzzer plays. A guest gets the CPU by `vcpu_run` of the primary VM, like any other.
 */
import { allocateSlot, type CSpace, installCap } from '../hyp/cspace.js';
import { HYPERCALL_BASE } from '../hyp/index.js';
import {
  Call,
  collectPacket,
  HypError,
  Platform,
  type RpcMessage,
  RpcType,
  rpcAssembly,
  rpcMessage,
  rpcPackets,
  Smccc,
} from '../protocol/index.js';
import { HostPackets, HostVcpu, restoreSnapshot, Simulator, type Snapshot, takeSnapshot } from '../sim/index.js';
import { type Check, invariantChecker } from '../sim/invariants/index.js';
import { rmObject } from '../sim/who.js';
import type { Vcpu } from '../vcpu/index.js';

const SYSTEM_OFF = BigInt(Smccc.PSCI_SYSTEM_OFF);
const SYSTEM_RESET = BigInt(Smccc.PSCI_SYSTEM_RESET);
/** Rounds after which RM counts as never coming to rest. */
const MAX_ROUNDS = 2000;
/** A guest's packet buffers, in its image. */
const GUEST_TX = 0x8000_8000;
const GUEST_RX = 0x8000_9000;
/** Just long enough to start waiting. */
const NO_WAIT = 1;

/** A guest's capabilities to its queues to and from RM. */
export function rmLinkOf(sim: Simulator, vmid: number): { tx: bigint; rx: bigint } | undefined {
  const device = sim.rm.vms[vmid]?.config?.devices.find((d) => d.type === 'rm-rpc');
  return device?.type === 'rm-rpc' ? { tx: device.txVmCap, rx: device.rxVmCap } : undefined;
}

export interface SavedMachine {
  sim: Snapshot;
  /** Sequence number of the primary VM's next request. */
  seq: number;
}

export class Machine {
  readonly sim: Simulator;
  readonly host: HostVcpu;
  readonly check: Check;
  private readonly packets: HostPackets;
  private readonly booted: Snapshot;
  private assembly = rpcAssembly();
  private received: RpcMessage[] = [];
  private seq = 0;
  private guestHosts = new Map<number, HostVcpu>();
  /** Sees every packet to the primary VM; undefined: it is lost. Canary faults put themselves in here. */
  tap: (packet: Uint8Array) => Uint8Array | undefined = (packet) => packet;

  /** Called when the machine is put into another state: canary faults forget what they saw. */
  onReset: (() => void) | undefined;

  constructor() {
    // The seed that scenarios have: a sequence can be one.
    this.sim = new Simulator({ seed: 1, hyp: { quirks: { lendKeepsBlockMappings: false } } });
    if (!this.sim.bootPrimary()) throw new Error('the primary VM did not start');
    this.host = new HostVcpu(this.sim, (this.sim.primaryVcpu() as Vcpu).id);
    this.packets = new HostPackets(this.host);
    this.check = invariantChecker(this.sim);
    this.booted = takeSnapshot(this.sim);
  }

  /** Back to the moment after boot. */
  reset(): void {
    this.restore({ sim: this.booted, seq: 0 });
  }

  /** Everything there is between two commands, when RM rests and nothing is half received. */
  save(): SavedMachine {
    return { sim: takeSnapshot(this.sim), seq: this.seq };
  }

  restore({ sim, seq }: SavedMachine): void {
    restoreSnapshot(this.sim, sim);
    this.assembly = rpcAssembly();
    this.received = [];
    this.seq = seq;
    this.guestHosts = new Map();
    this.onReset?.();
  }

  /** For canary faults: one more capability to an object, in the primary VM's space. */
  leak(object: number): void {
    const { hyp } = this.sim;
    const space = hyp.get<CSpace>(this.host.vcpu.cspace);
    const slot = allocateSlot(space);
    if (slot >= 0) installCap(hyp, space, slot, hyp.get(object), 1, false);
  }

  snapshot(): Snapshot {
    return takeSnapshot(this.sim);
  }

  /** Sends a request of the primary VM; its sequence number. Undefined: the queue is full. */
  sendRequest(id: number, payload: Uint8Array): number | undefined {
    const { seq } = this;
    this.seq = (seq + 1) & 0xffff;
    for (const packet of rpcPackets(RpcType.REQUEST, id, seq, payload) ?? []) {
      if (this.packets.send(packet)) continue;
      // What comes meanwhile is kept for whoever settles next.
      this.received = this.settle();
      if (!this.packets.send(packet)) return undefined;
    }
    return seq;
  }

  sendRaw(packet: Uint8Array): boolean {
    return this.packets.send(packet);
  }

  /** Lets RM work until it rests; what the primary VM got meanwhile. */
  settle(): RpcMessage[] {
    const { sim, host } = this;
    for (let round = 0; round < MAX_ROUNDS && sim.hyp.dead === undefined; round++) {
      const before = sim.steps;
      const { x } = host;
      x[0] = 0n;
      x[1] = 0n;
      x[2] = 0n;
      if (host.hvc(HYPERCALL_BASE + Call.SCHEDULER_YIELD).kind !== 'done') break;
      const got = this.drain();
      if (sim.steps !== before || got) continue;
      if (sim.loop.rmWakeAt === Number.POSITIVE_INFINITY) break;
      sim.spin(Math.max(sim.loop.rmWakeAt - sim.hyp.now, 1));
    }
    const { received } = this;
    this.received = [];
    return received;
  }

  private drain(): boolean {
    let any = false;
    for (let p = this.packets.receive(); p !== undefined; p = this.packets.receive()) {
      any = true;
      const seen = this.tap(p);
      const packets = seen === undefined ? 'stray' : collectPacket(this.assembly, seen);
      if (typeof packets !== 'string') this.received.push(rpcMessage(packets));
    }
    return any;
  }

  writeMemory(ipa: number, bytes: Uint8Array): boolean {
    return this.host.writeMemory(ipa, bytes);
  }

  /** The fuzzer plays the vCPUs of this VM from now on. */
  adopt(vmid: number): void {
    for (const record of this.sim.rm.vms[vmid]?.config?.vcpus ?? []) {
      const vcpu = rmObject(this.sim, record.masterCap) as Vcpu | undefined;
      if (vcpu !== undefined) this.sim.setProgram(vcpu, 'host');
    }
  }

  /** Gives a guest's first vCPU the CPU. */
  private enter(vmid: number): HostVcpu | undefined {
    const { sim, host } = this;
    const record = sim.rm.vms[vmid]?.config?.vcpus[0];
    const vcpu = record === undefined ? undefined : (rmObject(sim, record.masterCap) as Vcpu | undefined);
    if (record === undefined || vcpu === undefined) return undefined;
    host.call('hvc', HYPERCALL_BASE + Call.VCPU_RUN, [record.ownerCap], NO_WAIT);
    if (!sim.inControl(vcpu)) return undefined;
    let guest = this.guestHosts.get(vcpu.id);
    if (guest === undefined) {
      guest = new HostVcpu(sim, vcpu.id);
      this.guestHosts.set(vcpu.id, guest);
    }
    return guest;
  }

  private leave(guest: HostVcpu): void {
    guest.call('hvc', HYPERCALL_BASE + Call.SCHEDULER_YIELD, [], NO_WAIT);
  }

  /** A request of a guest. False: it cannot send (no CPU, no memory, no link). */
  guestSend(vmid: number, id: number, seq: number, payload: Uint8Array): boolean {
    const link = rmLinkOf(this.sim, vmid);
    let guest = link === undefined ? undefined : this.enter(vmid);
    if (link === undefined || guest === undefined) return false;
    const send = (from: HostVcpu, packet: Uint8Array): boolean => {
      if (!from.writeMemory(GUEST_TX, packet)) return false;
      from.call('hvc', HYPERCALL_BASE + Call.MSGQUEUE_SEND, [link.tx, BigInt(packet.length), BigInt(GUEST_TX), 1n]);
      return from.x[0] === BigInt(HypError.OK);
    };
    for (const packet of rpcPackets(RpcType.REQUEST, id, seq, payload) ?? []) {
      if (send(guest, packet)) continue;
      // The queue is full: RM makes room. What comes meanwhile is kept for whoever settles next.
      this.leave(guest);
      this.received = this.settle();
      guest = this.enter(vmid);
      if (guest === undefined || !send(guest, packet)) return false;
    }
    this.leave(guest);
    return true;
  }

  /** What waits for a guest, with RM working in between; undefined: it cannot receive. */
  guestReceive(vmid: number): RpcMessage[] | undefined {
    const link = rmLinkOf(this.sim, vmid);
    if (link === undefined) return undefined;
    const got: RpcMessage[] = [];
    const assembly = rpcAssembly();
    const buffer = new Uint8Array(Platform.RPC_HEADER_SIZE + Platform.RPC_MAX_CONTENT);
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const guest = this.enter(vmid);
      if (guest === undefined) return undefined;
      let any = false;
      for (;;) {
        guest.call('hvc', HYPERCALL_BASE + Call.MSGQUEUE_RECEIVE, [link.rx, BigInt(GUEST_RX), BigInt(buffer.length)]);
        const size = Number(guest.x[1]);
        if (guest.x[0] !== BigInt(HypError.OK) || size === 0) break;
        any = true;
        if (!guest.readMemory(GUEST_RX, buffer)) return undefined;
        const packets = collectPacket(assembly, buffer.slice(0, size));
        if (typeof packets !== 'string') got.push(rpcMessage(packets));
      }
      this.leave(guest);
      const before = this.received.length;
      const more = this.settle();
      this.received.unshift(...more);
      if (!any && this.received.length === before) return got;
    }
    return got;
  }

  /** WFI of a guest; a `vcpu_run` meanwhile finds it waiting, then it wakes without an interrupt. */
  guestWaits(vmid: number): boolean {
    const guest = this.enter(vmid);
    if (guest === undefined) return false;
    guest.wfi(NO_WAIT);
    if (this.enter(vmid) !== undefined) return true;
    guest.wake();
    return true;
  }

  /** PSCI SYSTEM_OFF or SYSTEM_RESET of a guest. */
  guestStops(vmid: number, reset: boolean): boolean {
    const guest = this.enter(vmid);
    if (guest === undefined) return false;
    guest.call('smc', 0, [reset ? SYSTEM_RESET : SYSTEM_OFF], NO_WAIT);
    return true;
  }
}
