/**
 * RM as a program of its vCPU: boot through hypercalls, then one event at a time (fact base: rm-boot-and-dt 1.3,
 * rm-rpc-transport 6.1).
 */
import type { GuestPort, StepResult } from '../hyp/abi.js';
import { HypError, Platform } from '../protocol/index.js';
import { RmDeath } from './death.js';
import type { RmEnvironment } from './environment.js';
import { takeInterrupts } from './events.js';
import { enableGic } from './gic.js';
import { createHlos, exposeLog, patchHlos, startHlos } from './hlos.js';
import { Hv } from './hv.js';
import { createIrqState, vmIrqInit } from './irq/index.js';
import { RM_IRQ_MAX } from './irq/table.js';
import { processEvent } from './life.js';
import { receiveOne } from './link/receive.js';
import { onPending, onTransmitReady } from './link/send.js';
import { createParcelTable } from './memparcel/table.js';
import { allocatePage } from './pages.js';
import { type Rm, type RmEvent, VMID_HLOS, VMID_RM, type VmRecord, vmLookup } from './types.js';
import { killPass, onHalt } from './vm/kill.js';
import { addressAlloc, addressSpaceInit, memoryInit, memorySetup } from './vm/memory.js';
import { onReset } from './vm/reset.js';
import { newSetup } from './vm/setup.js';
import { addVcpu } from './vm/vcpus.js';
import { DEFAULT_PRIORITY, newVm } from './vm/vm.js';

/** RM at its first instruction. */
export function createRm(port: GuestPort, env: RmEnvironment): Rm {
  const home = { partition: env.partitionCap, cspace: env.cspaceCap, addrspace: env.addrspaceCap };
  return {
    hv: new Hv(port, home),
    env,
    state: 'booting',
    dead: null,
    vms: new Array<VmRecord | null>(VMID_RM + 1).fill(null),
    links: new Array(VMID_RM + 1).fill(null),
    parcels: createParcelTable(),
    irqs: createIrqState([], 0n),
    firmware: { milestone: false, image: null },
    nextPage: env.heapBase,
    freePages: [],
    notifySeq: 0,
    vdeviceHandle: 0,
    vdeviceId: 0,
    events: [],
    irqEvents: new Array<RmEvent | null>(RM_IRQ_MAX + 1).fill(null),
    draining: 0,
    killing: null,
    rasHandler: 0,
    txBuffer: 0,
    rxBuffer: 0,
    txBufferArg: 0n,
    rxBufferArg: 0n,
  };
}

const exit = (trigger: string): never => {
  throw new RmDeath('ABORT', trigger);
};
const check = (error: number, trigger: string): void => {
  if (error !== HypError.OK) exit(trigger);
};

/** RM's own record: one vCPU, its extents, an allocator without its image and the devices. */
function createSelf(rm: Rm): number {
  const { env } = rm;
  const self = vmLookup(rm, VMID_RM) as VmRecord;
  const setup = newSetup(env.cspaceCap);
  setup.addrspace = env.addrspaceCap;
  setup.vic = env.vicCap;
  self.config = setup;
  self.priority = DEFAULT_PRIORITY;
  let error = addVcpu(rm, self, env.vcpuCap, env.bootCore, true);
  error ||= memorySetup(rm, self);
  error ||= addressSpaceInit(rm, self);
  if (env.meIpaBase !== 0 && env.deviceMeBase !== 0) {
    error ||= addressAlloc(rm, self, 'normal', 0, 0, Platform.PAGE_SIZE, Platform.PAGE_SIZE).error;
  }
  return error || addressAlloc(rm, self, 'normal', env.meIpaBase, env.meIpaBase, env.meSize, 0).error;
}

function boot(rm: Rm): void {
  enableGic(rm);
  newVm(rm, VMID_RM, VMID_RM, 'RM');
  newVm(rm, VMID_HLOS, VMID_RM, 'HLOS');
  rm.irqs = createIrqState(rm.env.vicHwirq, rm.hv.random64());
  vmIrqInit(vmLookup(rm, VMID_RM) as VmRecord, rm.env.vicCap);
  check(memoryInit(rm), 'boot-memory');
  const buffers = allocatePage(rm);
  if (buffers === undefined) throw new RmDeath('ABORT', 'boot-memory');
  rm.txBuffer = buffers;
  rm.rxBuffer = buffers + 0x800;
  rm.txBufferArg = BigInt(rm.txBuffer);
  rm.rxBufferArg = BigInt(rm.rxBuffer);
  check(createSelf(rm), 'boot-self');
  check(createHlos(rm), 'boot-hlos');
  check(exposeLog(rm), 'boot-log');
  if (!patchHlos(rm)) exit('boot-hlos-tree');
  check(startHlos(rm), 'boot-hlos-start');
  rm.state = processEvent(rm.state, 'BOOTED');
}

function run(rm: Rm, event: RmEvent): void {
  const { vmid } = event;
  if (event.kind === 'tx' || event.kind === 'pending') {
    const link = rm.links[vmid] ?? null;
    if (link === null) return;
    if (event.kind === 'tx') onTransmitReady(rm, link);
    else onPending(rm, link);
    return;
  }
  const vm = vmLookup(rm, vmid);
  if (vm === null) return;
  if (event.kind === 'halt') onHalt(rm, vm, event.vcpu);
  else onReset(rm, vm);
}

/** One packet of the receive loop that is going on. False: it has ended. */
function drain(rm: Rm): boolean {
  const link = rm.links[rm.draining] ?? null;
  if (link !== null && receiveOne(rm, link)) return true;
  rm.draining = 0;
  return false;
}

/** One unit of work. */
function work(rm: Rm): StepResult {
  if (rm.state === 'booting') {
    boot(rm);
    return 'ran';
  }
  takeInterrupts(rm);
  if (rm.killing !== null) {
    const sleepNs = killPass(rm);
    return sleepNs > 0 ? { sleepNs } : 'ran';
  }
  if (rm.draining !== 0 && drain(rm)) return 'ran';
  const event = rm.events.shift();
  if (event === undefined) return 'idle';
  if (event.kind === 'rx') {
    // The receive loop of one link: one packet per step, until its queue is empty.
    rm.draining = event.vmid;
    drain(rm);
  } else {
    run(rm, event);
  }
  return 'ran';
}

/**
 * Runs RM until one unit of work is done: the boot, one packet, one event, or one pass of a kill loop.
 * `idle`: nothing to do until an interrupt; `sleepNs`: pause of a kill loop; `dead`: RM died, now or before.
 */
export function rmStep(rm: Rm): StepResult {
  if (rm.state === 'dead') return 'dead';
  try {
    return work(rm);
  } catch (error) {
    if (!(error instanceof RmDeath)) throw error;
    rm.state = processEvent(rm.state, 'DIE');
    rm.dead = { kind: error.kind, trigger: error.trigger };
    return 'dead';
  }
}
