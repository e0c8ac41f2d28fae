/**
 * SMCCC calls: HVC #0 and SMC #0 of a guest, and the calls that every vCPU has: identity, architecture, hypercalls by
 * function id, entropy. Source: fact base hypercall-abi 4.1 and 6. PSCI registers itself from src/vcpu.
 */
import { lo32, nextU32, nextU64, type Prng, prng } from '../base/index.js';
import {
  Call,
  HYPERCALLS,
  HypError,
  Platform,
  SMCCC_HYPERCALL_BASE,
  SMCCC_UID,
  Smccc,
  TraceClass,
} from '../protocol/index.js';
import { BLOCKED, type Hypervisor } from './hypervisor.js';
import { NO_OBJECT, type Thread } from './types.js';

const ALL_ONES = 0xffff_ffff_ffff_ffffn;
const M32 = 0xffff_ffffn;

// A function identifier (hypercall-abi 6.1): 31 fast, 30 SMC64, 29:24 owner, 23:17 reserved, 16 hint, 15:0 function number.
const SMC64 = 1 << 30;
const OWNER_SHIFT = 24;
const OWNER_MASK = 0x3f;
const RESERVED_BITS = 0x7f << 17;
const SVE_HINT = 1 << 16;
const OWNER_VENDOR_HYP = 6;
/** Function numbers of hypercalls. */
const HYPERCALL_NUMBERS = 0x4000;

/** The call passes 64-bit registers. */
export const isSmc64 = (id: number): boolean => (id & SMC64) !== 0;
/** A function identifier as the tables have it: without the hint, which changes nothing. */
export const withoutHint = (id: number): number => (id & ~SVE_HINT) >>> 0;

const UID = SMCCC_UID.map(BigInt);
const SMCCC_VERSION_1_3 = 0x1_0003n;

const args = new BigUint64Array(8);
const out = new BigUint64Array(8);
const results = new BigUint64Array(4);

function unknown(x: BigUint64Array): true {
  x[0] = ALL_ONES;
  return true;
}

/**
 * `HVC #imm` or `SMC #imm` that is no native hypercall. Writes the caller's registers; false: the caller gave up the CPU.
 * The instruction's own step of the PC is the executor's business.
 */
export function smcccCall(hyp: Hypervisor, caller: Thread, imm: number): boolean {
  const x = caller.x;
  if (imm !== 0) return unknown(x);
  const given = lo32(x[0]);
  if ((given & RESERVED_BITS) !== 0) return unknown(x);
  const id = withoutHint(given);
  if (((id >>> OWNER_SHIFT) & OWNER_MASK) === OWNER_VENDOR_HYP) return vendorCall(hyp, caller, id);
  for (let i = 0; i < 4; i++) results[i] = isSmc64(id) ? x[i] : x[i] & M32;
  for (const handler of hyp.smccc.handlers) {
    const handled = handler(hyp, caller, id, results);
    if (handled === BLOCKED) return false;
    if (handled !== true) continue;
    for (let i = 0; i < 4; i++) x[i] = results[i];
    return true;
  }
  return trng(hyp, id, x) || unknown(x);
}

// ---- vendor hypervisor: hypercalls and identity ---------------------------------------------------------------------

function vendorCall(hyp: Hypervisor, caller: Thread, id: number): boolean {
  const x = caller.x;
  const num = id - SMCCC_HYPERCALL_BASE;
  if (num >= 0 && num < HYPERCALL_NUMBERS) return hypercall(hyp, caller, num);
  if (id === Smccc.VENDOR_HYP_UID) {
    x.set(UID);
    return true;
  }
  if (id !== Smccc.VENDOR_HYP_REVISION) return unknown(x);
  // A 64-bit value although the call is a 32-bit one; x1..x3 stay.
  x[0] = Platform.API_INFO;
  return true;
}

/** Arguments in x1..x8, reserved ones unchecked; only result registers are written. */
function hypercall(hyp: Hypervisor, caller: Thread, num: number): boolean {
  const x = caller.x;
  const handler = hyp.calls[num];
  const layout = HYPERCALLS[num];
  if (handler === undefined || layout === undefined) return unknown(x);
  for (let i = 0; i < 8; i++) args[i] = x[i + 1];
  out.fill(0n);
  hyp.smccc.hypercall = true;
  hyp.caller = caller.id;
  const error = handler(hyp, caller, args, out);
  hyp.caller = NO_OBJECT;
  hyp.smccc.hypercall = false;
  if (error === BLOCKED) return false;
  const first = layout.errorOutput ? 1 : 0;
  if (layout.errorOutput) x[0] = BigInt.asUintN(64, BigInt(error));
  for (let i = 0; i < layout.outputs.length; i++) x[first + i] = out[i];
  return true;
}

// ---- architecture and standard hypervisor ---------------------------------------------------------------------------

const FEATURES = new Set<number>([
  Smccc.SMCCC_VERSION,
  Smccc.SMCCC_ARCH_FEATURES,
  Smccc.STANDARD_HYP_UID,
  Smccc.STANDARD_HYP_REVISION,
]);

function archCall(_hyp: Hypervisor, _caller: Thread, id: number, r: BigUint64Array): boolean {
  switch (id) {
    case Smccc.SMCCC_VERSION:
      r[0] = SMCCC_VERSION_1_3;
      return true;
    case Smccc.SMCCC_ARCH_FEATURES:
      r[0] = FEATURES.has(withoutHint(lo32(r[1]))) ? 0n : M32;
      return true;
    case Smccc.STANDARD_HYP_UID:
      r.set(UID);
      return true;
    case Smccc.STANDARD_HYP_REVISION:
      r[0] = 1n;
      r[1] = 0n;
      return true;
    default:
      return false;
  }
}

// ---- TRNG -----------------------------------------------------------------------------------------------------------

/** Last of the range that Arm reserves for TRNG functions. */
const TRNG_LAST = Smccc.TRNG_VERSION + 0xf;
const TRNG_VERSION_1_0 = 0x1_0000n;
const TRNG_UUID = [0x45546e21n, 0x92a1433dn, 0xa2ea5fe2n, 0x16397d4en] as const;
const TRNG_FEATURES = new Set<number>([
  Smccc.TRNG_VERSION,
  Smccc.TRNG_FEATURES,
  Smccc.TRNG_GET_UUID,
  Smccc.TRNG_RND,
  Smccc.TRNG_RND_64,
]);
const INVALID_PARAMETERS = 0xffff_ffff_ffff_fffen;

/** The simulated hardware generator starts from here; `hyp.state.entropy` is its state. */
const ENTROPY_SEED = 0x6e52;
const entropy = (hyp: Hypervisor): Prng => hyp.state.entropy as Prng;

/** Uses no more than x0..x3; unlike other 32-bit calls it leaves the rest of them as they are where it sets nothing. */
function trng(hyp: Hypervisor, id: number, x: BigUint64Array): boolean {
  switch (id) {
    case Smccc.TRNG_RND:
    case Smccc.TRNG_RND_64:
      random(hyp, isSmc64(id), x);
      return true;
    case Smccc.TRNG_VERSION:
      x[0] = TRNG_VERSION_1_0;
      x.fill(0n, 1, 4);
      return true;
    case Smccc.TRNG_FEATURES:
      x[0] = TRNG_FEATURES.has(withoutHint(lo32(x[1]))) ? 0n : ALL_ONES;
      return true;
    case Smccc.TRNG_GET_UUID:
      x.set(TRNG_UUID);
      return true;
    default:
      if (id < Smccc.TRNG_VERSION || id > TRNG_LAST) return false;
      x[0] = M32;
      return true;
  }
}

/** 1 to 96 (192) bits, right-aligned over x1..x3, x3 lowest. */
function random(hyp: Hypervisor, smc64: boolean, x: BigUint64Array): void {
  const width = smc64 ? 64n : 32n;
  const bits = smc64 ? x[1] : x[1] & M32;
  x.fill(0n, 1, 4);
  if (bits === 0n || bits > 3n * width) {
    x[0] = INVALID_PARAMETERS;
    return;
  }
  x[0] = 0n;
  let left = bits;
  for (let i = 3; i >= 1 && left > 0n; i--) {
    const take = left < width ? left : width;
    x[i] = BigInt.asUintN(Number(take), nextU64(entropy(hyp)));
    left -= take;
  }
}

// ---- identity, trace, entropy hypercalls ----------------------------------------------------------------------------

/** Trace classes that stay as they are. */
const TRACE_FIXED = TraceClass.ERROR | TraceClass.LOG_BUFFER;
/** After boot of a debug build (production lacks both DEBUGs). */
const TRACE_INITIAL =
  TRACE_FIXED |
  TraceClass.DEBUG |
  TraceClass.USER |
  TraceClass.INFO |
  TraceClass.MEMDB |
  TraceClass.PSCI |
  TraceClass.VGIC |
  TraceClass.VGIC_DEBUG;

const PRNG_WINDOW_NS = 33_000_000;
const PRNG_READS = 4;

function registerIdentity(hyp: Hypervisor): void {
  hyp.call(Call.HYPERVISOR_IDENTIFY, (_h, _caller, _a, o) => {
    o[0] = Platform.API_INFO;
    o[1] = Platform.API_FLAGS_0;
    return HypError.OK;
  });
  hyp.call(Call.TRACE_UPDATE_CLASS_FLAGS, (h, _caller, a, o) => {
    const old = h.state.traceClasses as bigint;
    const flags = (old & ~(a[1] & ~TRACE_FIXED)) | (a[0] & ~TRACE_FIXED);
    h.state.traceClasses = flags;
    o[0] = flags;
    return HypError.OK;
  });
  hyp.call(Call.PRNG_GET_ENTROPY, (h, caller, a, o) => {
    const bytes = lo32(a[0]);
    if (bytes === 0 || bytes > 16) return HypError.ARGUMENT_SIZE;
    if (bytes % 4 !== 0) return HypError.ARGUMENT_ALIGNMENT;
    let reads = caller.prngReads;
    if (h.now - caller.prngWindowNs > PRNG_WINDOW_NS) {
      reads = 0;
      caller.prngWindowNs = h.now;
    } else if (reads >= PRNG_READS) {
      return HypError.BUSY;
    }
    caller.prngReads = reads + 1;
    for (let i = 0; i < bytes / 4; i++) o[i] = BigInt(nextU32(entropy(h)));
    return HypError.OK;
  });
}

/** Identity and entropy hypercalls and the SMCCC dispatcher. Further SMCCC functions: `hyp.smccc.handlers`. */
export function registerSmccc(hyp: Hypervisor): void {
  hyp.state.entropy = prng(ENTROPY_SEED);
  hyp.state.traceClasses = TRACE_INITIAL;
  registerIdentity(hyp);
  hyp.smccc.handlers.push(archCall);
}
