/**
 * PSCI 1.1 for vCPUs of a power group, by HVC #0 or SMC #0.
 * Source: fact base vcpu-and-scheduler 10.2 to 10.5. Left out: optional functions that this build does not have.
 */
import { lo32 } from '../base/index.js';
import { BLOCKED, type Hypervisor, isSmc64, NO_OBJECT, type Thread, withoutHint } from '../hyp/index.js';
import { HypError, PsciResult, Smccc } from '../protocol/index.js';
import { powerOff, powerOn, stopGroup, suspend } from './power.js';
import { DEEPEST, POWERDOWN } from './suspend.js';
import { Block, isCritical, NO_THREAD, SLOT_LOST, type Vcpu, type VpmGroup, vcpuOf } from './types.js';

const VERSION_1_1 = 0x1_0001;
/** Platform-coordinated suspend, extended StateID format advertised. */
const SUSPEND_FEATURES = 2;
/** Type of a plain reset, and the bit for the 64-bit form of SYSTEM_RESET2. */
const RESET_PLAIN = 1n << 63n;
const RESET2_64 = 1n << 62n;

const FUNCTIONS = new Set<number>(
  Object.entries(Smccc).flatMap(([name, id]) => (name.startsWith('PSCI_') ? [id] : [])),
);

/** PSCI_FEATURES: the one function that answers without a power group too. */
function features(v: Vcpu, asked: number): number {
  const id = withoutHint(asked);
  if (id === Smccc.SMCCC_VERSION) return PsciResult.SUCCESS;
  if (v.group === NO_OBJECT || !FUNCTIONS.has(id)) return PsciResult.NOT_SUPPORTED;
  const suspends = id === Smccc.PSCI_CPU_SUSPEND || id === Smccc.PSCI_CPU_SUSPEND_64;
  return suspends ? SUSPEND_FEATURES : PsciResult.SUCCESS;
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
    return index < 0 || index > hyp.config.cores ? PsciResult.INVALID_PARAMETERS : PsciResult.INTERNAL_FAILURE;
  }
  if ((target.block & Block.OFF) === 0) return PsciResult.ALREADY_ON;
  return powerOn(hyp, target, entry, context) === HypError.OK ? PsciResult.SUCCESS : PsciResult.INTERNAL_FAILURE;
}

function affinityInfo(hyp: Hypervisor, v: Vcpu, mpidr: bigint, level: bigint): number {
  const target = byMpidr(hyp, v, mpidr);
  if (target === undefined || (level & 0xffff_ffffn) !== 0n) return PsciResult.INVALID_PARAMETERS;
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
  return slept ? BLOCKED : PsciResult.SUCCESS;
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
function dispatch(hyp: Hypervisor, v: Vcpu, id: number, r: BigUint64Array): number | undefined {
  if (id === Smccc.PSCI_FEATURES) return features(v, lo32(r[1]));
  if (v.group === NO_OBJECT) return undefined;
  switch (id) {
    case Smccc.PSCI_VERSION:
      return VERSION_1_1;
    case Smccc.PSCI_CPU_SUSPEND:
    case Smccc.PSCI_CPU_SUSPEND_64:
      return cpuSuspend(hyp, v, isSmc64(id), lo32(r[1]), r[2], r[3]);
    case Smccc.PSCI_CPU_DEFAULT_SUSPEND:
    case Smccc.PSCI_CPU_DEFAULT_SUSPEND_64:
      return cpuSuspend(hyp, v, isSmc64(id), DEEPEST, r[1], r[2]);
    case Smccc.PSCI_CPU_OFF:
      return powerOff(hyp, v, false) === HypError.OK ? BLOCKED : PsciResult.DENIED;
    case Smccc.PSCI_CPU_ON:
    case Smccc.PSCI_CPU_ON_64:
      return cpuOn(hyp, v, r[1], r[2], r[3]);
    case Smccc.PSCI_AFFINITY_INFO:
    case Smccc.PSCI_AFFINITY_INFO_64:
      return affinityInfo(hyp, v, r[1], r[2]);
    case Smccc.PSCI_SYSTEM_OFF:
      return systemOff(hyp, v);
    case Smccc.PSCI_SYSTEM_RESET:
      return systemReset(hyp, v);
    case Smccc.PSCI_SYSTEM_RESET2:
    case Smccc.PSCI_SYSTEM_RESET2_64:
      return systemReset2(hyp, v, isSmc64(id), r[1], r[2]);
    case Smccc.PSCI_SET_SUSPEND_MODE:
      return lo32(r[1]) === 0 ? PsciResult.SUCCESS : PsciResult.INVALID_PARAMETERS;
    default:
      return undefined;
  }
}

function psciCall(hyp: Hypervisor, caller: Thread, id: number, r: BigUint64Array): boolean | number {
  const result = dispatch(hyp, caller as Vcpu, id, r);
  if (result === undefined) return false;
  if (result === BLOCKED) return BLOCKED;
  r[0] = isSmc64(id) ? BigInt.asUintN(64, BigInt(result)) : BigInt(result >>> 0);
  return true;
}

/** PSCI, behind SMCCC. */
export function registerPsci(hyp: Hypervisor): void {
  hyp.smccc.handlers.push(psciCall);
}
