/** What is measured: each part makes its own machine and returns figures by name. */

import { le32 } from '../src/base/index.js';
import { HYPERCALL_BASE } from '../src/hyp/index.js';
import { reference, registeredMachines } from '../src/machine/index.js';
import {
  Call,
  encodeMemReclaimRequest,
  encodeMemShareRequest,
  encodeVmConfigImageRequest,
  encodeVmStopRequest,
  Msg,
  RpcType,
  rpcPacket,
} from '../src/protocol/index.js';
import { Machine, parseScenario, Run } from '../src/scenario/index.js';
import {
  decodeSnapshot,
  encodeSnapshot,
  HostPackets,
  HostVcpu,
  restoreSnapshot,
  Simulator,
  takeSnapshot,
  traceTo,
} from '../src/sim/index.js';
import type { Vcpu } from '../src/vcpu/index.js';
import { copies, deadlines, registers, roundTrip, transfer } from './limits.js';
import { type Figure, figure, heapUsed, rateOf } from './measure.js';

export type Figures = Record<string, Figure>;

export interface Platform {
  sim: Simulator;
  host: HostVcpu;
  packets: HostPackets;
}

export function boot(): Platform {
  const sim = new Simulator();
  sim.bootPrimary();
  const v = sim.primaryVcpu();
  if (v === undefined) throw new Error('no boot');
  const host = new HostVcpu(sim, v.id);
  return { sim, host, packets: new HostPackets(host) };
}

const VM_GET_ID = rpcPacket(RpcType.REQUEST, Msg.VM_GET_ID, 1, 0, Uint8Array.of(3, 0, 0, 0));
const REPLY_BYTES = 52;
const WARM_UP_RPCS = 100_000;

/** One VM_GET_ID and its reply. */
export function rpcOnce(p: Platform): void {
  p.packets.send(VM_GET_ID);
  for (;;) {
    const rests = !p.packets.wait();
    if (p.packets.receive() !== undefined) return;
    if (rests) throw new Error('no answer');
  }
}

const rpcs =
  (p: Platform) =>
  (n: number): void => {
    for (let i = 0; i < n; i++) rpcOnce(p);
  };

export function rpc(): Figures {
  const p = boot();
  // The first part to be measured: all of the simulator has yet to be compiled.
  rpcs(p)(WARM_UP_RPCS);
  const off = figure('/s', rpcs(p), roundTrip(VM_GET_ID.length, REPLY_BYTES));
  let _events = 0;
  p.sim.trace = traceTo(
    () => {
      _events++;
    },
    () => p.sim.hyp.now,
  );
  const on = figure('/s', rpcs(p), roundTrip(VM_GET_ID.length, REPLY_BYTES));
  return { 'RPC round trip, trace off': off, 'RPC round trip, trace on': on };
}

/** The call `num` with these registers, as a trapped HVC. */
function calls(p: Platform, num: number, x: readonly bigint[]): (n: number) => void {
  const v = p.host.vcpu;
  return (n) => {
    for (let i = 0; i < n; i++) {
      for (let r = 0; r < x.length; r++) v.x[r] = x[r];
      p.sim.trap(v, 'hvc', HYPERCALL_BASE + num);
    }
  };
}

export function hypercalls(): Figures {
  const p = boot();
  const buffer = 0x4103_4000n;
  return {
    'hypercall identify': figure('/s', calls(p, Call.HYPERVISOR_IDENTIFY, []), registers),
    'hypercall receive, empty': figure('/s', calls(p, Call.MSGQUEUE_RECEIVE, [1n, buffer, 240n, 0n]), registers),
    'hypercall invalid cap': figure('/s', calls(p, Call.MSGQUEUE_SEND, [77n, 8n, buffer, 1n, 0n]), registers),
  };
}

/** A second VM with a doorbell and a message queue pair, from the two-vms example. */
function neighbours(example: string): Run {
  const run = new Run(parseScenario(example));
  while (!run.scope.vars.has('rx')) run.step();
  return run;
}

export function ipc(example: string): Figures {
  const run = neighbours(example);
  const { sim } = run;
  const { host } = run.machine;
  const cap = (name: string): bigint => run.scope.vars.get(name) ?? 0n;
  const hlos = host.vcpu;
  const record = sim.rm.vms[128];
  const spaces = sim.hyp.objects.filter((o) => o?.type === 1);
  void record;
  // The other end: the same objects through the second VM's own capabilities, on its vCPU.
  const guestThread = sim.hyp.objects.find(
    (o) => o?.type === 7 && (o as typeof hlos).cspace === spaces[spaces.length - 1]?.id,
  );
  const guest = guestThread as typeof hlos;
  const data = 0x4102_c000n;
  host.writeMemory(Number(data), new Uint8Array(64));
  const call = (v: typeof hlos, num: number, ...x: bigint[]): void => {
    for (let r = 0; r < 5; r++) v.x[r] = x[r] ?? 0n;
    sim.trap(v, 'hvc', HYPERCALL_BASE + num);
  };
  const ring = cap('ring');
  const tx = cap('tx');
  return {
    'doorbell pair (send, receive)': figure(
      '/s',
      (n) => {
        for (let i = 0; i < n; i++) {
          call(hlos, Call.DOORBELL_SEND, ring, 1n);
          call(guest, Call.DOORBELL_RECEIVE, 2n, 0xffn);
        }
      },
      (n) => registers(n * 2),
    ),
    'message queue pair (send, receive)': figure(
      '/s',
      (n) => {
        for (let i = 0; i < n; i++) {
          call(hlos, Call.MSGQUEUE_SEND, tx, 64n, data, 1n);
          call(guest, Call.MSGQUEUE_RECEIVE, 5n, 0x8003_9000n, 128n);
        }
      },
      transfer(64),
    ),
  };
}

export function scheduling(): Figures {
  const p = boot();
  const { sim, host } = p;
  // RM is blocked: a yield to nobody; then one wake-up of RM and back, which is two context switches.
  const yields = figure(
    '/s',
    (n) => {
      for (let i = 0; i < n; i++) {
        host.x.fill(0n, 0, 4);
        host.hvc(HYPERCALL_BASE + Call.SCHEDULER_YIELD);
      }
    },
    registers,
  );
  const root = sim.hyp.get(sim.rootThread);
  const switches = figure(
    '/s',
    (n) => {
      for (let i = 0; i < n; i += 2) {
        sim.hyp.sched.wakeup(root as never);
        host.x.fill(0n, 0, 4);
        host.hvc(HYPERCALL_BASE + Call.SCHEDULER_YIELD);
      }
    },
    registers,
  );
  // A tree of timers is not needed: the virtual timer of the primary VM fires, is taken, and is armed again.
  const timed = new Machine(sim, undefined);
  timed.enableInterrupts();
  const events = figure(
    '/s',
    (n) => {
      for (let i = 0; i < n; i++) {
        timed.timer(1000);
        timed.host.wfi();
        timed.timer(undefined);
        timed.takeInterrupts();
      }
    },
    deadlines,
  );
  return { 'yield, nobody else': yields, 'context switch': switches, 'timer event (arm, sleep, wake, take)': events };
}

export function machines(): Figures {
  const entry = registeredMachines().find((m) => m.name === 'vcpu-proxy');
  if (entry === undefined) throw new Error('no machine vcpu-proxy');
  const steps =
    (executor: typeof entry.compiled | ReturnType<typeof reference>) =>
    (n: number): void => {
      const ex = executor as typeof entry.compiled;
      let state = ex.start(undefined).state;
      for (let i = 0; i < n; i++) {
        const next = ex.next(state, {}, { type: i === 0 ? 'ENABLE' : i & 1 ? 'RUN' : 'READY' });
        if (next !== 'unhandled') state = next.state;
      }
    };
  return {
    'machine step, compiled': figure('/s', steps(entry.compiled)),
    'machine step, XState': figure('/s', steps(reference(entry.machine))),
  };
}

/** A platform with `count` VMs reserved and, for the first ones, created. */
export function withVms(count: number, text: string): Run {
  // The example's creation steps, once for each VM, each in memory of its own.
  const json = JSON.parse(text) as { steps: Record<string, unknown>[]; vars: Record<string, unknown> };
  const creation = json.steps.slice(
    0,
    json.steps.findIndex((s) => s.label === 'running'),
  );
  const steps = Array.from({ length: count }, (_, i) =>
    creation.map((s) => {
      const copy = JSON.parse(
        JSON.stringify(s).replaceAll('$image', `0x${(0x5000_0000 + i * 0x20_0000).toString(16)}`),
      ) as Record<string, unknown>;
      delete copy.label;
      return copy;
    }),
  ).flat();
  const run = new Run(parseScenario(JSON.stringify({ ...json, steps })));
  run.finish();
  if (run.failures.length > 0) throw new Error(run.failures[0]?.text);
  return run;
}

export function snapshots(text: string): Figures {
  const { sim } = withVms(7, text);
  const snapshot = takeSnapshot(sim);
  const bytes = encodeSnapshot(snapshot);
  const size = bytes.length;
  const us = (f: Figure): Figure => ({ rate: 1e6 / f.rate, unit: 'us', ratioToLimit: f.ratioToLimit });
  return {
    'snapshot, 8 VMs': us(
      figure('us', (n) => {
        for (let i = 0; i < n; i++) takeSnapshot(sim);
      }),
    ),
    'restore, 8 VMs': us(
      figure('us', (n) => {
        for (let i = 0; i < n; i++) restoreSnapshot(sim, snapshot);
      }),
    ),
    'snapshot to bytes, 8 VMs': us(
      figure(
        'us',
        (n) => {
          for (let i = 0; i < n; i++) encodeSnapshot(snapshot);
        },
        copies(size),
      ),
    ),
    'snapshot from bytes, 8 VMs': us(
      figure(
        'us',
        (n) => {
          for (let i = 0; i < n; i++) decodeSnapshot(bytes);
        },
        copies(size),
      ),
    ),
    'snapshot size, 8 VMs': { rate: size, unit: 'bytes', ratioToLimit: 0 },
  };
}

/** Where the example writes the device tree. */
const TREE = 0x5010_0000;

/** The whole life of the VM of an example: everything from VM_ALLOCATE to VM_DEALLOCATE, reset included. */
export function vmLife(text: string): Figures {
  const scenario = parseScenario(text);
  const run = new Run(scenario);
  const setUp = scenario.steps.findIndex((s) => s.label === 'running');
  // RM completes the tree in place, so every life begins with a new copy of it.
  const tree = new Uint8Array(0x1000);
  while (run.next < setUp) {
    if (scenario.steps[run.next].kind === 'rpc' && !tree.some((b) => b !== 0)) run.machine.host.readMemory(TREE, tree);
    run.step();
  }
  const { client, host } = run.machine;
  const vm = 128;
  const ok = (id: number, payload: Uint8Array): Uint8Array => {
    const reply = client.request(id, payload);
    if (reply === undefined || reply.error !== 0) throw new Error(`request 0x${id.toString(16)}: ${reply?.error}`);
    return reply.data;
  };
  const ofVm = Uint8Array.of(vm, 0, 0, 0);
  const end = (): void => {
    ok(Msg.VM_STOP, encodeVmStopRequest({ vmid: vm, flags: 1, stopReason: 0 }));
    ok(Msg.VM_RESET, ofVm);
    client.poll();
    client.takeNotifications();
  };
  const parcel = Number(run.scope.vars.get('parcel') ?? 0n);
  end();
  ok(Msg.MEM_RECLAIM, encodeMemReclaimRequest({ handle: parcel, flags: 0 }));
  ok(Msg.VM_DEALLOCATE, ofVm);
  const share = encodeMemShareRequest({
    memType: 0,
    flags: 0,
    label: 0,
    acl: [
      { vmid: 3, rights: 7 },
      { vmid: vm, rights: 7 },
    ],
    sgl: [{ ipa: 0x5000_0000n, size: 0x20_0000n }],
    attr: [],
  });
  const life = (): void => {
    host.writeMemory(TREE, tree);
    ok(Msg.VM_ALLOCATE, Uint8Array.of(0, 0, 0, 0));
    const imageHandle = le32(ok(Msg.MEM_SHARE, share), 0);
    ok(
      Msg.VM_CONFIG_IMAGE,
      encodeVmConfigImageRequest({
        vmid: vm,
        authType: 0,
        imageHandle,
        imageOffset: 0n,
        imageSize: 0x10_0000n,
        dtOffset: 0x10_0000n,
        dtSize: 0x1_0000n,
      }),
    );
    ok(Msg.VM_INIT, ofVm);
    ok(Msg.VM_START, ofVm);
    end();
    ok(Msg.MEM_RECLAIM, encodeMemReclaimRequest({ handle: imageHandle, flags: 0 }));
    ok(Msg.VM_DEALLOCATE, ofVm);
  };
  return {
    'VM life (allocate .. deallocate)': figure('/s', (n) => {
      for (let i = 0; i < n; i++) life();
    }),
  };
}

const SPACE_MAX = 14_384n;
/** Master capabilities of RM at boot: its own space, the root partition. */
const OWN_SPACE = 0n;
const PARTITION = 1n;

/** RM makes as many spaces as `count` copies of one capability need, and fills them. */
function fillSpaces(sim: Simulator, count: number): void {
  const root = sim.hyp.get<Vcpu>(sim.rootThread);
  const call = (num: number, ...args: bigint[]): bigint => {
    root.x.fill(0n, 0, 8);
    args.forEach((a, i) => {
      root.x[i] = a;
    });
    sim.trap(root, 'hvc', HYPERCALL_BASE + num);
    if (root.x[0] !== 0n) throw new Error(`hypercall ${num} failed with ${root.x[0]}`);
    return root.x[1];
  };
  for (let left = count; left > 0; left -= Number(SPACE_MAX)) {
    const space = call(Call.PARTITION_CREATE_CSPACE, PARTITION, OWN_SPACE);
    call(Call.CSPACE_CONFIGURE, space, SPACE_MAX);
    call(Call.OBJECT_ACTIVATE, space);
    for (let i = Math.min(left, Number(SPACE_MAX)); i > 0; i--) {
      call(Call.CSPACE_COPY_CAP_FROM, OWN_SPACE, PARTITION, space, 1n);
    }
  }
}

/** Seconds of virtual-machine time are not measured here: a curve of one RPC against how full the machine is. */
export function curves(text: string): { name: string; points: { at: number; rate: number }[] }[] {
  const vms = [1, 2, 8, 32, 60].map((count) => {
    const p = boot();
    for (let i = 0; i < count; i++) {
      p.packets.send(rpcPacket(RpcType.REQUEST, Msg.VM_ALLOCATE, 1, 0, Uint8Array.of(0, 0, 0, 0)));
      while (p.packets.receive() === undefined) p.packets.wait();
    }
    return { at: count + 2, rate: rateOf(rpcs(p)) };
  });
  const created = [1, 4, 8].map((count) => {
    const run = withVms(count, text);
    const p = { sim: run.sim, host: run.machine.host, packets: new HostPackets(run.machine.host) };
    while (p.packets.receive() !== undefined || p.packets.wait());
    return { at: count + 2, rate: rateOf(rpcs(p)) };
  });
  const caps = [10, 100, 1000, 10_000, 100_000].map((count) => {
    const p = boot();
    fillSpaces(p.sim, count);
    return { at: count, rate: rateOf(rpcs(p)) };
  });
  return [
    { name: 'RPC/s against VMs allocated', points: vms },
    { name: 'RPC/s against VMs running', points: created },
    { name: 'RPC/s against further capabilities', points: caps },
  ];
}

export function heap(rounds: number): { idle: number; growth: number } {
  const before = heapUsed();
  const p = boot();
  const idle = heapUsed() - before;
  rpcs(p)(1000);
  const start = heapUsed();
  rpcs(p)(rounds);
  return { idle, growth: heapUsed() - start };
}
