import { HYPERCALL_BASE } from '../src/hyp/index.js';
import { Call, Msg, RpcType, rpcPacket } from '../src/protocol/index.js';
import { HostPackets, type Simulator, traceTo } from '../src/sim/index.js';
import type { Vcpu } from '../src/vcpu/index.js';
import { roundTrip } from './limits.js';
import { type Figures, heapUsed, rateOf, ratesOf } from './measure.js';
import { boot, type Platform, REPLY_BYTES, rpcs, VM_GET_ID, withVms } from './platform.js';

/** An RPC is made of much code, which is optimised bit by bit. */
const WARM_UP_RPCS = 300_000;

export function rpc(): Figures {
  const p = boot();
  rpcs(p)(WARM_UP_RPCS);
  let _events = 0;
  const trace = traceTo(
    () => {
      _events++;
    },
    () => p.sim.hyp.now,
  );
  const traced = (on: boolean) => (n: number) => {
    p.sim.trace = on ? trace : undefined;
    rpcs(p)(n);
  };
  const limit = roundTrip(VM_GET_ID.length, REPLY_BYTES);
  const [off, on, best] = ratesOf([traced(false), traced(true), limit]);
  return {
    'RPC round trip, trace off': { rate: off, unit: '/s', ratioToLimit: off / best },
    'RPC round trip, trace on': { rate: on, unit: '/s', ratioToLimit: on / best },
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

/** One RPC against how full the machine is: the cost has to stay flat. */
export function fullness(): Figures {
  const figures: Figures = {};
  const add = (name: string, p: Platform): void => {
    figures[name] = { rate: rateOf(rpcs(p)), unit: '/s', ratioToLimit: 0 };
  };
  for (const count of [0, 2, 8, 32, 58]) {
    const p = boot();
    for (let i = 0; i < count; i++) {
      p.packets.send(rpcPacket(RpcType.REQUEST, Msg.VM_ALLOCATE, 1, 0, Uint8Array.of(0, 0, 0, 0)));
      while (p.packets.receive() === undefined) p.packets.wait();
    }
    add(`RPC, ${count + 2} VMs allocated`, p);
  }
  for (const count of [0, 1, 4, 8]) {
    const run = withVms(count);
    const p = { sim: run.sim, host: run.machine.host, packets: new HostPackets(run.machine.host) };
    while (p.packets.receive() !== undefined || p.packets.wait());
    add(`RPC, ${count + 2} VMs running`, p);
  }
  for (const count of [10, 100, 1000, 10_000, 100_000]) {
    const p = boot();
    fillSpaces(p.sim, count);
    add(`RPC, ${count} further capabilities`, p);
  }
  return figures;
}

const HEAP_RPCS = 1_000_000;

export function heap(): Figures {
  const before = heapUsed();
  const p = boot();
  const idle = heapUsed() - before;
  rpcs(p)(1000);
  const start = heapUsed();
  rpcs(p)(HEAP_RPCS);
  const megabytes = (bytes: number) => ({ rate: bytes / 1e6, unit: 'MB', ratioToLimit: 0 });
  return {
    'heap of an idle platform': megabytes(idle),
    [`heap growth over ${HEAP_RPCS} RPCs`]: megabytes(heapUsed() - start),
  };
}
