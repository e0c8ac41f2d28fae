/**
 * Killing a VM: all vCPUs are told to exit, then RM helps them to run until they have (fact base: rm-state-machines 4.1).
 * RM serves nothing else meanwhile; what the killer wanted to do next is kept in `rm.killing`.
 */

import { ExitCode, ExitType, HypError, RmError, VcpuRunState, VmState } from '../../protocol/index.js';
import { RmDeath } from '../death.js';
import { VIRQ_NONE } from '../irq/types.js';
import { sendReply } from '../link/send.js';
import type { AfterKill, Rm, VcpuRecord, VmRecord, VmSetup } from '../types.js';
import { resetVm } from './reset.js';
import { changeState, DEFAULT_PRIORITY, sendExited } from './vm.js';

/** Pause between two passes. */
const PAUSE_NS = 2_000_000;

/** Kills every vCPU, in creation order, and starts waiting for them. */
export function startKill(rm: Rm, vm: VmRecord, then: AfterKill): void {
  for (const vcpu of (vm.config as VmSetup).vcpus) {
    if (rm.hv.vcpuKill(vcpu.masterCap) !== HypError.OK) throw new RmDeath('ABORT', 'vcpu-kill-failed');
  }
  rm.killing = { vmid: vm.vmid, then };
  // RM looks at once: vCPUs that run on other CPUs have not had the time to come to their end.
  for (const vcpu of (vm.config as VmSetup).vcpus) {
    if (vcpu.proxyVirq === VIRQ_NONE) tryRun(rm, vm, vcpu);
  }
}

/** Lets one vCPU run towards its end. Returns whether it was scheduled by RM. */
function tryRun(rm: Rm, vm: VmRecord, vcpu: VcpuRecord): boolean {
  if (vcpu.exited) return false;
  const proxy = vcpu.proxyVirq !== VIRQ_NONE;
  const result = proxy ? rm.hv.vcpuRun(vcpu.masterCap) : rm.hv.vcpuRunCheck(vcpu.masterCap);
  const scheduled = proxy && result.error === HypError.OK;
  if (result.state === VcpuRunState.POWERED_OFF) {
    vcpu.exited = true;
    return scheduled;
  }
  // Meant as a boost, but the priority of a vCPU that has been activated is fixed: the call fails, and RM insists on success.
  if (!proxy && vm.priority < DEFAULT_PRIORITY) {
    const error = rm.hv.vcpuSetPriority(vcpu.masterCap, DEFAULT_PRIORITY);
    if (error !== HypError.OK) throw new RmDeath('ABORT', 'kill-low-priority-vcpu');
  }
  return scheduled;
}

/** One pass over the vCPUs. Returns how long to sleep before the next pass; 0: go on at once. */
export function killPass(rm: Rm): number {
  const killing = rm.killing;
  if (killing === null) return 0;
  const vm = rm.vms[killing.vmid] as VmRecord;
  let allExited = true;
  for (const vcpu of (vm.config as VmSetup).vcpus) {
    const scheduled = tryRun(rm, vm, vcpu);
    if (!vcpu.exited) allExited = false;
    if (scheduled && rm.events.length > 0) {
      allExited = false;
      break;
    }
  }
  if (!allExited) return rm.events.length > 0 ? 0 : PAUSE_NS;
  rm.killing = null;
  afterKill(rm, vm, killing.then);
  return 0;
}

function afterKill(rm: Rm, vm: VmRecord, then: AfterKill): void {
  switch (then.kind) {
    case 'stop':
      changeState(rm, vm, 'EXIT', 'vm-exit-bad-state');
      sendExited(rm, vm, ExitType.VM_STOP_FORCED, 0, ExitCode.NORMAL);
      break;
    case 'exit':
      changeState(rm, vm, 'EXIT', 'vm-exit-bad-state');
      sendExited(rm, vm, ExitType.VM_EXIT, then.flags, then.code);
      break;
    case 'halt':
      changeState(rm, vm, 'EXIT', 'no-shutdown-halt');
      sendExited(rm, vm, then.exitType, then.flags, then.code, then.extra);
      return;
    case 'reset':
      resetVm(rm, vm);
      break;
  }
  sendReply(rm, then.from, then.id, then.seq, RmError.OK);
}

/** The halt interrupt of a vCPU: find out why, then kill the rest of the VM (rm-state-machines 2). */
export function onHalt(rm: Rm, vm: VmRecord, index: number): void {
  if (vm.crashFatal) throw new RmDeath('ABORT', 'crash-fatal-exit');
  if (vm.state >= VmState.EXITED) return;
  const vcpu = (vm.config as VmSetup).vcpus[index];
  const result = rm.hv.vcpuRunCheck(vcpu.masterCap);
  if (result.error !== HypError.OK) throw new RmDeath('ABORT', 'halt-state-query-failed');
  let exitType: number = ExitType.SOFTWARE_ERROR;
  let flags = 0;
  let code: number = vm.crashMsg !== null ? ExitCode.SOFTWARE_ERROR : ExitCode.NORMAL;
  const extra: number[] = [];
  if (result.state === VcpuRunState.POWERED_OFF) {
    exitType = ExitType.PLATFORM_OFF;
  } else if (result.state === VcpuRunState.PSCI_SYSTEM_RESET) {
    if (result.data0 >> 63n === 1n) {
      exitType = ExitType.PLATFORM_RESET;
    } else {
      exitType = ExitType.PSCI_SYSTEM_RESET2;
      const wide = ((result.data0 >> 62n) & 1n) === 1n;
      if (wide) flags = 0x8000;
      const cookie = wide ? result.data1 : result.data1 & 0xffff_ffffn;
      extra.push(Number(result.data0 & 0xffff_ffffn), Number(cookie & 0xffff_ffffn), Number(cookie >> 32n));
    }
  } else if (result.state !== VcpuRunState.FAULT) {
    code = ExitCode.UNKNOWN_ERROR;
  }
  startKill(rm, vm, { kind: 'halt', exitType, flags, code, extra });
}
