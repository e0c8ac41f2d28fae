/**
 * PSCI 1.1 for vCPUs of a power group, by HVC #0 or SMC #0.
 * Source: fact base vcpu-and-scheduler 10.2 to 10.5. Left out: optional functions that this build does not have.
 */
import { BLOCKED, type Hypervisor, NO_OBJECT, type SmcccFunction, type Thread } from '../hyp/index.js';
import { HypError } from '../protocol/index.js';
import { powerOff, powerOn, stopGroup, suspend } from './power.js';
import { DEEPEST, POWERDOWN } from './suspend.js';
import { Block, isCritical, NO_THREAD, SLOT_LOST, type Vcpu, type VpmGroup, vcpuOf } from './types.js';

const Psci = {
  VERSION: 0x0,
  CPU_SUSPEND: 0x1,
  CPU_OFF: 0x2,
  CPU_ON: 0x3,
  AFFINITY_INFO: 0x4,
  SYSTEM_OFF: 0x8,
  SYSTEM_RESET: 0x9,
  FEATURES: 0xa,
  CPU_DEFAULT_SUSPEND: 0xc,
  SET_SUSPEND_MODE: 0xf,
  SYSTEM_RESET2: 0x12,
} as const;

const PsciError = {
  SUCCESS: 0,
  NOT_SUPPORTED: -1,
  INVALID_PARAMETERS: -2,
  DENIED: -3,
  ALREADY_ON: -4,
  INTERNAL_FAILURE: -6,
} as const;

const VERSION_1_1 = 0x1_0001;
const OWNER_ARCH = 0;
const OWNER_STANDARD = 4;
/** Platform-coordinated suspend, extended StateID format advertised. */
const SUSPEND_FEATURES = 2;
const RESET_PLAIN = 1n << 63n;
const RESET2_64 = 1n << 62n;

const WIDTH_32 = 1;
const WIDTH_64 = 2;
/** Implemented functions and their widths. */
const IMPLEMENTED: Readonly<Record<number, number>> = {
  [Psci.VERSION]: WIDTH_32,
  [Psci.CPU_SUSPEND]: WIDTH_32 | WIDTH_64,
  [Psci.CPU_OFF]: WIDTH_32,
  [Psci.CPU_ON]: WIDTH_32 | WIDTH_64,
  [Psci.AFFINITY_INFO]: WIDTH_32 | WIDTH_64,
  [Psci.SYSTEM_OFF]: WIDTH_32,
  [Psci.SYSTEM_RESET]: WIDTH_32,
  [Psci.FEATURES]: WIDTH_32,
  [Psci.CPU_DEFAULT_SUSPEND]: WIDTH_32 | WIDTH_64,
  [Psci.SET_SUSPEND_MODE]: WIDTH_32,
  [Psci.SYSTEM_RESET2]: WIDTH_32 | WIDTH_64,
};

const implemented = (num: number, smc64: boolean): boolean =>
  ((IMPLEMENTED[num] ?? 0) & (smc64 ? WIDTH_64 : WIDTH_32)) !== 0;

/** PSCI_FEATURES: the one function that answers without a power group too. */
function features(v: Vcpu, id: number): number {
  const fast = id >>> 31 === 1;
  const smc64 = (id & (1 << 30)) !== 0;
  const owner = (id >>> 24) & 0x3f;
  const reserved = (id >>> 17) & 0x7f;
  const num = id & 0xffff;
  if (!fast || reserved !== 0) return PsciError.NOT_SUPPORTED;
  if (owner === OWNER_STANDARD && v.group !== NO_OBJECT && implemented(num, smc64)) {
    return num === Psci.CPU_SUSPEND ? SUSPEND_FEATURES : PsciError.SUCCESS;
  }
  return owner === OWNER_ARCH && !smc64 && num === 0 ? PsciError.SUCCESS : PsciError.NOT_SUPPORTED;
}

/** Aff3..Aff0 in MPIDR layout; the other bits of an mpidr argument are ignored. */
const AFFINITY_BITS = 0xff_00ff_ffffn;

/** The vCPU of the caller's group with this MPIDR. */
function byMpidr(hyp: Hypervisor, v: Vcpu, mpidr: bigint): Vcpu | undefined {
  for (const id of hyp.get<VpmGroup>(v.group).slots) {
    if (id === NO_THREAD || id === SLOT_LOST) continue;
    const other = vcpuOf(hyp, id);
    if ((hyp.vic.mpidr(other) & AFFINITY_BITS) === (mpidr & AFFINITY_BITS)) return other;
  }
  return undefined;
}

function cpuOn(hyp: Hypervisor, v: Vcpu, mpidr: bigint, entry: bigint, context: bigint): number {
  const target = byMpidr(hyp, v, mpidr);
  if (target === undefined) {
    const index = hyp.vic.mpidrIndex(v, mpidr & AFFINITY_BITS);
    // Off by one in the original: an index equal to the number of cores counts as a vCPU that is merely missing.
    return index < 0 || index > hyp.config.cores ? PsciError.INVALID_PARAMETERS : PsciError.INTERNAL_FAILURE;
  }
  if ((target.block & Block.OFF) === 0) return PsciError.ALREADY_ON;
  return powerOn(hyp, target, entry, context) === HypError.OK ? PsciError.SUCCESS : PsciError.INTERNAL_FAILURE;
}

function affinityInfo(hyp: Hypervisor, v: Vcpu, mpidr: bigint, level: bigint): number {
  const target = byMpidr(hyp, v, mpidr);
  if (target === undefined || (level & 0xffff_ffffn) !== 0n) return PsciError.INVALID_PARAMETERS;
  return (target.block & Block.OFF) !== 0 ? 1 : 0;
}

function cpuSuspend(
  hyp: Hypervisor,
  v: Vcpu,
  smc64: boolean,
  powerState: number,
  entry: bigint,
  context: bigint,
): number {
  v.suspendState = powerState >>> 0;
  const powerdown = (powerState & POWERDOWN) !== 0;
  // A pending wake-up: SUCCESS at once, and no reset even for powerdown.
  const slept = suspend(hyp, v, { kind: 'suspend', wide: smc64, powerdown, entry, context });
  return slept ? BLOCKED : PsciError.SUCCESS;
}

/** Of an HLOS vCPU these go to the firmware; of any other they end the VM, as far as its vCPUs go. */
function systemOff(hyp: Hypervisor, v: Vcpu): number {
  if (isCritical(v)) hyp.dead = { what: 'machine powered off', rule: 'hyp-system-off-by-hlos' };
  else stopGroup(hyp, v);
  return BLOCKED;
}

function systemReset(hyp: Hypervisor, v: Vcpu): number {
  if (isCritical(v)) {
    hyp.dead = { what: 'hypervisor: Panic: system_reset event returned', rule: 'hyp-system-reset-by-hlos' };
    return BLOCKED;
  }
  v.reset = { type: RESET_PLAIN, cookie: 0n };
  stopGroup(hyp, v);
  return BLOCKED;
}

/** NOT_SUPPORTED as 32 bits even for the 64-bit id. */
const NOT_SUPPORTED_32 = 0xffff_ffff;

function systemReset2(hyp: Hypervisor, v: Vcpu, smc64: boolean, type: bigint, cookie: bigint): number {
  if (isCritical(v)) return NOT_SUPPORTED_32;
  v.reset = { type: (type & 0xffff_ffffn) | (smc64 ? RESET2_64 : 0n), cookie };
  stopGroup(hyp, v);
  return BLOCKED;
}

/** Result, or `undefined`: not a function of PSCI here. */
function dispatch(hyp: Hypervisor, v: Vcpu, num: number, smc64: boolean, r: BigUint64Array): number | undefined {
  if (!implemented(num, smc64)) return undefined;
  if (num === Psci.FEATURES) return features(v, Number(r[1] & 0xffff_ffffn));
  if (v.group === NO_OBJECT) return undefined;
  switch (num) {
    case Psci.VERSION:
      return VERSION_1_1;
    case Psci.CPU_SUSPEND:
      return cpuSuspend(hyp, v, smc64, Number(r[1] & 0xffff_ffffn), r[2], r[3]);
    case Psci.CPU_DEFAULT_SUSPEND:
      return cpuSuspend(hyp, v, smc64, DEEPEST, r[1], r[2]);
    case Psci.CPU_OFF:
      return powerOff(hyp, v, false) === HypError.OK ? BLOCKED : PsciError.DENIED;
    case Psci.CPU_ON:
      return cpuOn(hyp, v, r[1], r[2], r[3]);
    case Psci.AFFINITY_INFO:
      return affinityInfo(hyp, v, r[1], r[2]);
    case Psci.SYSTEM_OFF:
      return systemOff(hyp, v);
    case Psci.SYSTEM_RESET:
      return systemReset(hyp, v);
    case Psci.SYSTEM_RESET2:
      return systemReset2(hyp, v, smc64, r[1], r[2]);
    case Psci.SET_SUSPEND_MODE:
      return (r[1] & 0xffff_ffffn) === 0n ? PsciError.SUCCESS : PsciError.INVALID_PARAMETERS;
    default:
      return undefined;
  }
}

function psciCall(hyp: Hypervisor, caller: Thread, fn: SmcccFunction, r: BigUint64Array): boolean | number {
  if (fn.owner !== OWNER_STANDARD || !fn.fast) return false;
  const result = dispatch(hyp, caller as Vcpu, fn.num, fn.smc64, r);
  if (result === undefined) return false;
  if (result === BLOCKED) return BLOCKED;
  r[0] = fn.smc64 ? BigInt.asUintN(64, BigInt(result)) : BigInt(result >>> 0);
  return true;
}

export function registerPsci(hyp: Hypervisor): void {
  hyp.smccc.handlers.push(psciCall);
}
