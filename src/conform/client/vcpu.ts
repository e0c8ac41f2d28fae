/** The reference client's loop around vcpu_run (fact base: vcpu-and-scheduler, clients 11). */
import { lo32 } from '../../base/index.js';
import { Call, HypError, VcpuRunState } from '../../protocol/index.js';
import { ClientCrash } from './call.js';
import { providePage } from './paging.js';
import type { VmManager } from './vm.js';
import type { ManagedVm } from './vm-types.js';

export interface RunningVcpu {
  label: number;
  cap: bigint;
  virq: number;
  /** `sleeping`: until its wake-up interrupt; `mmio`: the test owes a value. */
  state: 'ready' | 'sleeping' | 'off' | 'mmio' | 'ended';
  /** The wake-up interrupt came since the last vcpu_run began. */
  woken: boolean;
  resume: [bigint, bigint, bigint];
  exitAsked: boolean;
  runs: number;
}

/** States of vcpu_run. */
const READY = VcpuRunState.READY;
/** Not of the open hypervisor: a page that is provided on demand is missing. */
const PAGE_FAULT = 7;

const BLOCKED_PAUSE_NS = 100_000;
/** Calls in a row without a pause, so that other work gets its turn. */
const PAUSE_NS = 10_000;

/** One vcpu_run if the vCPU can run. True: something happened. */
export function stepVcpu(m: VmManager, vm: ManagedVm, c: RunningVcpu): boolean {
  const bug = (name: string): boolean => m.transport.bug(name);
  const end = (why: string): boolean => {
    c.state = 'ended';
    m.emit(`ran ${vm.name} ${c.label} ${why}`);
    return true;
  };
  if (c.state === 'ended') return false;
  if (c.exitAsked && !bug('exit-request-ignored')) {
    c.exitAsked = false;
    return end('interrupted');
  }
  if (c.state === 'mmio') return false;
  if (c.state === 'sleeping' || c.state === 'off') {
    if (vm.exitSeen) return end('exited');
    if (!c.woken && !bug('polls-sleeping-vcpu')) return false;
    c.state = 'ready';
  }
  c.woken = false;
  c.runs++;
  const [r0, r1, r2] = bug('resume-word-2') ? [c.resume[0], c.resume[1], 1n] : c.resume;
  const x = m.port.hvc(Call.VCPU_RUN, c.cap, r0, r1, r2, 0n);
  const error = lo32(x[0]) | 0;
  if (error === HypError.RETRY) {
    if (bug('retry-drops-resume')) c.resume = [0n, 0n, 0n];
    m.port.alarm(m.port.now() + PAUSE_NS);
    return true;
  }
  if (error !== HypError.OK) {
    if (!bug('run-error-loops')) return end(`error ${error}`);
    m.port.alarm(m.port.now() + PAUSE_NS);
    return true;
  }
  c.resume = [0n, 0n, 0n];
  if (bug('wakeup-lost')) c.woken = false;
  const state = Number(x[1]);
  switch (state) {
    case READY:
      m.port.alarm(m.port.now() + PAUSE_NS);
      return true;
    case VcpuRunState.BLOCKED:
      if (bug('blocked-is-the-end')) return end('blocked');
      m.port.alarm(m.port.now() + BLOCKED_PAUSE_NS);
      return true;
    case VcpuRunState.EXPECTS_WAKEUP:
    case VcpuRunState.PSCI_SYSTEM_RESET:
      c.state = 'sleeping';
      if (bug('wakeup-lost')) m.transport.takeInterrupts();
      return true;
    case VcpuRunState.POWERED_OFF:
      c.state = 'off';
      return bug('off-is-the-end') ? end('off') : true;
    case VcpuRunState.ADDRSPACE_VMMIO_READ:
    case VcpuRunState.ADDRSPACE_VMMIO_WRITE:
      return mmio(m, vm, c, state, x);
    case PAGE_FAULT:
      if (!providePage(m, vm, Number(x[2]), x[3] !== 0n)) return end('fault');
      m.port.alarm(m.port.now() + PAUSE_NS);
      return true;
    default:
      if (!bug('unknown-state-loops')) return end(`state ${state}`);
      m.port.alarm(m.port.now() + PAUSE_NS);
      return true;
  }
}

function mmio(m: VmManager, vm: ManagedVm, c: RunningVcpu, state: number, x: readonly bigint[]): boolean {
  let size = Number(x[3]);
  if (size > 8 && m.transport.bug('mmio-size-unchecked')) throw new ClientCrash('value copied behind its buffer');
  if (size > 8) size = 8;
  const mask = (1n << BigInt(size * 8)) - 1n;
  if (state === VcpuRunState.ADDRSPACE_VMMIO_READ) {
    c.state = 'mmio';
    m.emit(`mmio ${vm.name} ${c.label} read ${x[2].toString(16)} ${size}`);
  } else {
    m.emit(`mmio ${vm.name} ${c.label} write ${x[2].toString(16)} ${size} ${(x[4] & mask).toString(16)}`);
    if (m.transport.bug('write-sets-resume')) c.resume = [x[4], 1n, 0n];
    m.port.alarm(m.port.now() + PAUSE_NS);
  }
  return true;
}

/** The test's value for the read that is waiting. */
export function finishRead(m: VmManager, c: RunningVcpu, value: bigint, size: number): void {
  const mask = m.transport.bug('mmio-not-masked') ? ~0n : (1n << BigInt(size * 8)) - 1n;
  c.resume = [BigInt.asUintN(64, value & mask), 0n, 0n];
  if (m.transport.bug('mmio-value-in-word-0-lost')) c.resume = [0n, c.resume[0], 0n];
  c.state = 'ready';
}
