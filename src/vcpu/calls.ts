/**
 * Hypercalls on vCPUs: configuration, power, kill, registers, priority, slice, affinity, vIRQs, and scheduler_yield.
 * Sources: fact base hypercall-abi 4.9, vcpu-and-scheduler 3.6, 3.7, 5, 6 and 7.
 */
import { lo16, lo32, toNumber } from '../base/index.js';
import {
  BLOCKED,
  bindSource,
  type Hypervisor,
  type HypObject,
  lookup,
  lookupAny,
  lookupInit,
  NS_PER_TICK,
  type Thread,
  unbindSource,
} from '../hyp/index.js';
import {
  Call,
  HypError,
  ObjectState,
  ObjectType,
  Platform,
  Rights,
  VcpuRegisterSet,
  VcpuVirqType,
  YieldHint,
} from '../protocol/index.js';
import { proxyEvent } from './charts.js';
import { setAffinity } from './move.js';
import { kill, powerOff, powerOn } from './power.js';
import { block } from './queue.js';
import { giveUpCpu, schedule } from './sched.js';
import { exitThread } from './start-stop.js';
import { Block, knownOptions, Life, NO_CPU, type Vcpu } from './types.js';
import { voteOff } from './vote.js';
import { endSlice, startYield } from './yield.js';

const { THREAD } = ObjectType;
const R = Rights.THREAD;

function configure(hyp: Hypervisor, caller: Thread, a: BigUint64Array): number {
  if (!knownOptions(a[1])) return HypError.ARGUMENT_INVALID;
  const v = lookupInit<Vcpu>(hyp, caller, a[0], THREAD);
  if (typeof v === 'number') return v;
  v.options = a[1];
  return HypError.OK;
}

function poweron(hyp: Hypervisor, caller: Thread, a: BigUint64Array): number {
  if (a[3] > 3n) return HypError.ARGUMENT_INVALID;
  const v = lookup<Vcpu>(hyp, caller, a[0], THREAD, R.POWER);
  if (typeof v === 'number') return v;
  if ((v.block & Block.OFF) === 0) return HypError.BUSY;
  const flags = lo32(a[3]);
  return powerOn(hyp, v, (flags & 1) !== 0 ? undefined : a[1], (flags & 2) !== 0 ? undefined : a[2]);
}

function poweroff(hyp: Hypervisor, caller: Thread, a: BigUint64Array): number {
  if (a[1] > 1n) return HypError.ARGUMENT_INVALID;
  const v = lookup<Vcpu>(hyp, caller, a[0], THREAD, R.POWER);
  if (typeof v === 'number') return v;
  if (v.id !== caller.id) return HypError.ARGUMENT_INVALID;
  const error = powerOff(hyp, v, a[1] === 1n);
  return error === HypError.OK ? BLOCKED : error;
}

function killCall(hyp: Hypervisor, caller: Thread, a: BigUint64Array): number {
  const v = lookup<Vcpu>(hyp, caller, a[0], THREAD, R.LIFECYCLE);
  if (typeof v === 'number') return v;
  const error = kill(hyp, v);
  if (v.id !== caller.id || v.life !== Life.KILLED) return error;
  // A suicide ends on the way back to the guest, which is now.
  const cpu = v.running;
  exitThread(hyp, v);
  if (hyp.dead === undefined) schedule(hyp, cpu);
  return BLOCKED;
}

function registerWrite(hyp: Hypervisor, caller: Thread, a: BigUint64Array): number {
  const v = lookupAny<Vcpu>(hyp, caller, a[0], THREAD, R.WRITE_CONTEXT);
  if (typeof v === 'number') return v;
  if (v.life === Life.KILLED || v.life === Life.EXITED) return HypError.OBJECT_STATE;
  if ((v.block & Block.OFF) === 0) return HypError.BUSY;
  const index = lo32(a[2]);
  const value = a[3];
  switch (lo32(a[1])) {
    case VcpuRegisterSet.X:
      if (index > 30) return HypError.ARGUMENT_INVALID;
      v.x[index] = value;
      return HypError.OK;
    case VcpuRegisterSet.PC:
      if (index !== 0 || (value & 3n) !== 0n) return HypError.ARGUMENT_INVALID;
      v.pc = value;
      return HypError.OK;
    case VcpuRegisterSet.SP_EL:
      if (index > 1 || (value & 15n) !== 0n) return HypError.ARGUMENT_INVALID;
      if (index === 0) v.spEl0 = value;
      else v.spEl1 = value;
      return HypError.OK;
    default:
      return HypError.ARGUMENT_INVALID;
  }
}

function setPriority(hyp: Hypervisor, caller: Thread, a: BigUint64Array): number {
  const v = lookupAny<Vcpu>(hyp, caller, a[0], THREAD, R.PRIORITY);
  if (typeof v === 'number') return v;
  const priority = lo32(a[1]);
  if (priority > Platform.PRIORITY_MAX) return HypError.DENIED;
  if (v.state !== ObjectState.INIT) return HypError.OBJECT_STATE;
  v.priority = priority;
  return HypError.OK;
}

function setTimeslice(hyp: Hypervisor, caller: Thread, a: BigUint64Array): number {
  const v = lookupAny<Vcpu>(hyp, caller, a[0], THREAD, R.TIMESLICE);
  if (typeof v === 'number') return v;
  if (v.state !== ObjectState.INIT) return HypError.OBJECT_STATE;
  const ns = toNumber(a[1]);
  if (ns < Platform.TIMESLICE_MIN_NS || ns > Platform.TIMESLICE_MAX_NS) return HypError.ARGUMENT_INVALID;
  v.sliceNs = ns - (ns % NS_PER_TICK);
  v.sliceLeftNs = v.sliceNs;
  return HypError.OK;
}

function affinity(hyp: Hypervisor, caller: Thread, a: BigUint64Array): number {
  const cpu = lo16(a[1]);
  // A CPU number that does not exist is refused before the capability is looked at; debug builds stop instead.
  if (cpu !== NO_CPU && cpu >= hyp.config.cores) {
    if (hyp.config.cspaceSeed === undefined) {
      hyp.dead ??= { what: 'hypervisor: assertion "cpu < PLATFORM_MAX_CORES"', rule: 'hyp-affinity-out-of-range' };
    }
    return HypError.ARGUMENT_INVALID;
  }
  const v = lookupAny<Vcpu>(hyp, caller, a[0], THREAD, cpu === NO_CPU ? R.AFFINITY | R.DISABLE : R.AFFINITY);
  if (typeof v === 'number') return v;
  if (v.state !== ObjectState.INIT && v.state !== ObjectState.ACTIVE) return HypError.OBJECT_STATE;
  return setAffinity(hyp, v, cpu);
}

function bindVirq(hyp: Hypervisor, caller: Thread, a: BigUint64Array): number {
  const v = lookup<Vcpu>(hyp, caller, a[0], THREAD, R.BIND_VIRQ);
  if (typeof v === 'number') return v;
  const vic = lookup<HypObject>(hyp, caller, a[1], ObjectType.VIC, Rights.VIC.BIND_SOURCE);
  if (typeof vic === 'number') return vic;
  const type = lo32(a[3]);
  if (type === VcpuVirqType.HALT) return bindSource(hyp, v.haltVirq, vic.id, lo32(a[2]));
  if (type !== VcpuVirqType.VCPU_RUN_WAKEUP) return HypError.ARGUMENT_INVALID;
  if (v.running >= 0) return HypError.BUSY;
  const error = bindSource(hyp, v.wakeupVirq, vic.id, lo32(a[2]));
  if (error !== HypError.OK || v.proxied) return error;
  block(hyp, v, Block.RUN);
  v.proxied = true;
  proxyEvent(v, 'ENABLE');
  if (v.powerVoted && v.affinity !== NO_CPU) voteOff(hyp, v.affinity);
  return HypError.OK;
}

function unbindVirq(hyp: Hypervisor, caller: Thread, a: BigUint64Array): number {
  const v = lookup<Vcpu>(hyp, caller, a[0], THREAD, R.BIND_VIRQ);
  if (typeof v === 'number') return v;
  const type = lo32(a[1]);
  if (type !== VcpuVirqType.HALT && type !== VcpuVirqType.VCPU_RUN_WAKEUP) return HypError.ARGUMENT_INVALID;
  unbindSource(hyp, type === VcpuVirqType.HALT ? v.haltVirq : v.wakeupVirq);
  return HypError.OK;
}

function schedulerYield(hyp: Hypervisor, caller: Thread, a: BigUint64Array): number {
  const control = lo32(a[0]);
  if (control >>> 31 !== 0) return HypError.ARGUMENT_INVALID;
  const self = caller as Vcpu;
  const smccc = hyp.smccc.hypercall;
  switch (control & 0xffff) {
    case YieldHint.YIELD:
      endSlice(hyp, self);
      giveUpCpu(hyp, self, { kind: 'yield', smccc, owns: false });
      return BLOCKED;
    case YieldHint.YIELD_TO: {
      const target = lookup<Vcpu>(hyp, caller, a[1], THREAD, R.YIELD_TO);
      if (typeof target === 'number') return target;
      if (target.id === self.id) return HypError.OK;
      const yielded = startYield(hyp, self, target);
      if (yielded === 'skipped') return HypError.OK;
      giveUpCpu(hyp, self, { kind: 'yield', smccc, owns: yielded === 'started' });
      return BLOCKED;
    }
    default:
      return HypError.ARGUMENT_INVALID;
  }
}

export function registerVcpuCalls(hyp: Hypervisor): void {
  hyp.call(Call.VCPU_CONFIGURE, configure);
  hyp.call(Call.VCPU_POWERON, poweron);
  hyp.call(Call.VCPU_POWEROFF, poweroff);
  hyp.call(Call.VCPU_KILL, killCall);
  hyp.call(Call.VCPU_REGISTER_WRITE, registerWrite);
  hyp.call(Call.VCPU_SET_PRIORITY, setPriority);
  hyp.call(Call.VCPU_SET_TIMESLICE, setTimeslice);
  hyp.call(Call.VCPU_SET_AFFINITY, affinity);
  hyp.call(Call.VCPU_BIND_VIRQ, bindVirq);
  hyp.call(Call.VCPU_UNBIND_VIRQ, unbindVirq);
  hyp.call(Call.SCHEDULER_YIELD, schedulerYield);
}
