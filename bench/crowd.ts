/**
 * One client's delay among 64, in units of work instead of time, so that the figures are the same on every machine: how much work
 * the server does for others between a client's request and its reply. The polite client has the primary VM's RM link. The others
 * drive the primary VM's seven other vCPUs and those of six more VMs; eight never greet. Flooders keep their input full, some with
 * reads of 32 KiB; sleepers never take their answers; liars announce absurd lengths, are thrown out and come back.
 */
import { le32, put16, put32, put64 } from '../src/base/index.js';
import { RmClient } from '../src/guest/rm-client.js';
import { At, type Connection, EventType, FrameType, Hub, LINK, QUANTUM, type Transport } from '../src/link/index.js';
import {
  encodeMemShareRequest,
  encodeVmConfigImageRequest,
  encodeVmInitRequest,
  Msg,
  Platform,
  RpcType,
  rpcPackets,
} from '../src/protocol/index.js';
import { treeBlob } from '../src/scenario/tree.js';
import { HostPackets, HostVcpu, Simulator } from '../src/sim/index.js';
import { memoryTransport } from './memory-transport.js';

export const VCPUS = 8;
/** As many as RM has memory for. */
const VMS = 6;
export const CLIENTS = 64;
/** What a unit of work is said to take: only the length of a turn follows from it. */
const UNIT_MS = 0.003;
const IMAGE = 0x5000_0000;
const IMAGE_SIZE = 0x20_0000;
const TREE_AT = 0x10_0000;
const VM_MEMORY = 0x8000_0000n;
/** More than the server does for one client in a turn. */
const FRAMES_AT_ONCE = 900;

export const frame = (type: number, payload: Uint8Array, length = payload.length + 4): Uint8Array => {
  const b = new Uint8Array(8 + payload.length);
  put32(b, 0, length);
  b[4] = type;
  put16(b, 6, 1);
  b.set(payload, 8);
  return b;
};

export function greeting(vmid: number, vcpu: number, rpc: boolean, step = false): Uint8Array {
  const p = new Uint8Array(At.HELLO.SIZE);
  put32(p, At.HELLO.MAGIC, LINK.MAGIC);
  put16(p, At.HELLO.VERSION_MIN, LINK.VERSION_MIN);
  put16(p, At.HELLO.VERSION_MAX, LINK.VERSION_MAX);
  put16(p, At.HELLO.VMID, vmid);
  put16(p, At.HELLO.VCPU, vcpu);
  p[At.HELLO.MODE] = rpc ? 1 : 0;
  p[At.HELLO.TIME] = step ? 1 : 0;
  return frame(FrameType.HELLO, p);
}

const repeated = (one: Uint8Array): Uint8Array => {
  const all = new Uint8Array(one.length * FRAMES_AT_ONCE);
  for (let i = 0; i < FRAMES_AT_ONCE; i++) all.set(one, i * one.length);
  return all;
};

function memRead(ipa: bigint): Uint8Array {
  const p = new Uint8Array(At.MEM_READ.SIZE);
  put64(p, At.MEM_READ.IPA, ipa);
  put32(p, At.MEM_READ.LENGTH, LINK.MAX_MEMORY_ACCESS);
  return frame(FrameType.MEM_READ, p);
}

/** A VM with {@link VCPUS} vCPUs, initialised and not started; `n` from 0. Returns its VMID. */
function createVm(host: HostVcpu, rm: RmClient, n: number): number {
  const ask = (id: number, payload: Uint8Array): Uint8Array => {
    const reply = rm.request(id, payload);
    if (reply?.error !== 0) throw new Error(`RM refused ${id.toString(16)} of VM ${n}: ${reply?.error}`);
    return reply.payload;
  };
  const base = IMAGE + n * IMAGE_SIZE;
  const vmid = le32(ask(Msg.VM_ALLOCATE, new Uint8Array(4)), 4);
  const cpu = { device_type: 'cpu', compatible: 'arm,armv8', 'enable-method': 'psci' };
  const cpus = Array.from({ length: VCPUS }, (_, i) => [`cpu@${i}`, { ...cpu, reg: i }] as const);
  const tree = {
    '#address-cells': 2,
    '#size-cells': 2,
    'interrupt-parent': 1,
    chosen: {},
    cpus: { '#address-cells': 1, '#size-cells': 0, ...Object.fromEntries(cpus) },
    'intc@3fff0000': {
      compatible: 'arm,gic-v3',
      '#interrupt-cells': 3,
      '#address-cells': 2,
      '#size-cells': 2,
      'interrupt-controller': true,
      reg: [0, '0x3fff0000', 0, '0x10000', 0, '0x3fe00000', 0, '0x100000'],
      phandle: 1,
    },
    'gunyah-vm-config': {
      'image-name': 'crowd',
      'os-type': 'linux',
      memory: {
        '#address-cells': 2,
        '#size-cells': 2,
        'base-address': [0, '0x80000000'],
        'size-max': [0, '0x10000000'],
      },
      interrupts: { config: '/intc@3fff0000' },
      vcpus: { config: '/cpus', affinity: 'proxy' },
    },
  };
  host.writeMemory(base + TREE_AT, treeBlob(tree, { vars: new Map(), dry: false }, '$'));
  const acl = [Platform.VMID_HLOS, vmid].map((id) => ({ vmid: id, rights: 7 }));
  const sgl = [{ ipa: BigInt(base), size: BigInt(IMAGE_SIZE) }];
  const share = encodeMemShareRequest({ memType: 0, flags: 0, label: 0, acl, sgl, attr: [] });
  const imageHandle = le32(ask(Msg.MEM_SHARE, share), 4);
  const parts = { imageOffset: 0n, imageSize: BigInt(TREE_AT), dtOffset: BigInt(TREE_AT), dtSize: 0x1_0000n };
  ask(Msg.VM_CONFIG_IMAGE, encodeVmConfigImageRequest({ vmid, authType: 0, imageHandle, ...parts }));
  ask(Msg.VM_INIT, encodeVmInitRequest({ vmid }));
  return vmid;
}

/** How a client behaves. */
export type Kind = 'small' | 'large' | 'sleeper' | 'liar' | 'silent';

interface Member {
  connection: Connection;
  transport: ReturnType<typeof transportOf>;
  /** What it sends whenever the server reads. */
  chunk: Uint8Array;
  kind: Kind;
  vmid: number;
  vcpu: number;
}

/** Tells `onEvent` the type of every frame that the server writes. */
const transportOf = (reads: boolean, onEvent: (type: number) => void) =>
  memoryTransport(reads, (bytes) => {
    for (let at = 0; at < bytes.length; at += le32(bytes, at) + 4) onEvent(bytes[at + 4]);
  });

/** A server with a polite client, and the others when they are let in. */
export class Crowd {
  readonly hub: Hub;
  readonly members: Member[] = [];
  readonly polite: Connection;
  private next: (() => void) | undefined;
  private workOfGone = 0;
  private answered = 0;
  private readonly vms: number[] = [];

  constructor() {
    const sim = new Simulator();
    sim.bootPrimary();
    const host = new HostVcpu(sim, sim.primaryVcpu()?.id ?? -1);
    const rm = new RmClient(new HostPackets(host));
    for (let n = 0; n < VMS; n++) this.vms.push(createVm(host, rm, n));
    this.hub = new Hub({
      sim,
      clock: () => this.work * UNIT_MS,
      defer: (turn) => {
        this.next = turn;
      },
      log: () => {},
    });
    const t = transportOf(true, (type) => {
      if (type === EventType.RPC_PACKET) this.answered++;
    });
    this.polite = this.open(t, greeting(Platform.VMID_HLOS, 0, true));
    this.turn();
  }

  /** Units of work done for everybody. */
  get work(): number {
    let sum = this.workOfGone;
    for (const c of this.hub?.connections ?? []) sum += c.served;
    return sum;
  }

  private open(transport: Transport, hello: Uint8Array): Connection {
    const c = this.hub.connect(transport, 'crowd');
    if (typeof c === 'string') throw new Error(c);
    this.hub.receive(c, hello);
    return c;
  }

  private join(kind: Kind, vmid: number, vcpu: number): Member {
    const transport = transportOf(kind !== 'sleeper', () => {});
    const hello = kind === 'silent' ? new Uint8Array(0) : greeting(vmid, vcpu, false);
    const connection = this.open(transport, hello);
    const read = repeated(memRead(vmid === Platform.VMID_HLOS ? BigInt(IMAGE) : VM_MEMORY));
    const call = new Uint8Array(At.HVC.SIZE);
    call[At.HVC.INLINE_REG] = 0xff;
    const chunk: Record<Kind, Uint8Array> = {
      small: repeated(frame(FrameType.HVC, call)),
      large: read,
      sleeper: read,
      liar: frame(FrameType.HVC, call, 0x7fff_ffff),
      silent: new Uint8Array(1),
    };
    return { connection, transport, chunk: chunk[kind], kind, vmid, vcpu };
  }

  /** The 63 others connect, of these kinds in turn. */
  letIn(kinds: readonly Kind[]): void {
    const { members } = this;
    for (let place = 1; place < (VMS + 1) * VCPUS; place++) {
      const vmid = place < VCPUS ? Platform.VMID_HLOS : this.vms[Math.floor(place / VCPUS) - 1];
      members.push(this.join(kinds[place % kinds.length], vmid, place % VCPUS));
    }
    while (members.length < CLIENTS - 1) members.push(this.join('silent', 0, 0));
    if (this.hub.connections.size !== CLIENTS) throw new Error(`${this.hub.connections.size} clients were let in`);
  }

  /** Sockets are read, then the server has a turn. */
  turn(): void {
    for (const m of this.members) {
      if (m.connection.closed) {
        this.workOfGone += m.connection.served;
        Object.assign(m, this.join(m.kind, m.vmid, m.vcpu));
      }
      if (!m.transport.paused) this.hub.receive(m.connection, m.chunk);
    }
    const turn = this.next;
    this.next = undefined;
    if (turn === undefined) this.hub.check();
    else turn();
  }

  /** Work done for others while one RPC of the polite client is answered. */
  delay(): number {
    const [packet] = rpcPackets(RpcType.REQUEST, Msg.VM_GET_HYP_RESOURCES, 1, new Uint8Array(4)) ?? [];
    // The others are in the middle of their work.
    this.turn();
    const before = this.work - this.polite.served;
    const { answered } = this;
    this.hub.receive(this.polite, frame(FrameType.RPC_SEND, packet));
    for (let turns = 0; this.answered === answered; turns++) {
      if (turns > 1000) throw new Error('the polite client is not answered');
      this.turn();
    }
    return this.work - this.polite.served - before;
  }
}

export interface Delays {
  p50: number;
  p99: number;
}

/** Delays of `count` RPCs, in units of work. */
export function delays(crowd: Crowd, count: number): Delays {
  const all = Array.from({ length: count }, () => crowd.delay()).sort((a, b) => a - b);
  return { p50: all[count >> 1], p99: all[Math.floor(count * 0.99)] };
}

/** What everybody else may do in one round of the server. */
export const ROUND = (CLIENTS - 1) * QUANTUM;
