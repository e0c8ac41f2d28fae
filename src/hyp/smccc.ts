/**
 * SMCCC calls: HVC #0 and SMC #0 of a guest, and the calls that every vCPU has: identity, architecture, hypercalls by
 * function id, entropy. Source: fact base hypercall-abi 4.1 and 6. PSCI registers itself from src/vcpu.
 */
import { lo32, nextU32, nextU64, type Prng, prng } from '../base/index.js';
import { Call, HYPERCALLS, HypError, Platform } from '../protocol/index.js';
import { BLOCKED, type Hypervisor, type SmcccFunction } from './hypervisor.js';
import { NO_OBJECT, type Thread } from './types.js';

const ALL_ONES = 0xffff_ffff_ffff_ffffn;
const M32 = 0xffff_ffffn;

const Owner = { ARCH: 0, STANDARD: 4, STANDARD_HYP: 5, VENDOR_HYP: 6 } as const;
/** Bits 15:14 of a vendor-hypervisor function. */
const VendorClass = { PLATFORM: 0, RESERVED: 1, HYPERCALL: 2, SERVICE: 3 } as const;
const Service = { CALL_UID: 0x3f01, REVISION: 0x3f03 } as const;

/** UUID c1d58fcd-a453-5fdb-9265-ce36673d5f14 as four words. */
const UID = [0xcd8fd5c1n, 0xdb5f53a4n, 0x36ce6592n, 0x145f3d67n] as const;
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
  const id = lo32(x[0]);
  if (((id >>> 17) & 0x7f) !== 0) return unknown(x);
  const fn: SmcccFunction = {
    fast: id >>> 31 === 1,
    smc64: ((id >>> 30) & 1) === 1,
    owner: (id >>> 24) & 0x3f,
    num: id & 0xffff,
  };
  if (fn.owner === Owner.VENDOR_HYP) return vendorCall(hyp, caller, fn);
  for (let i = 0; i < 4; i++) results[i] = fn.smc64 ? x[i] : x[i] & M32;
  for (const handler of hyp.smccc.handlers) {
    const handled = handler(hyp, caller, fn, results);
    if (handled === BLOCKED) return false;
    if (handled !== true) continue;
    for (let i = 0; i < 4; i++) x[i] = results[i];
    return true;
  }
  return trng(hyp, fn, x) || unknown(x);
}

// ---- vendor hypervisor: hypercalls and identity ---------------------------------------------------------------------

function vendorCall(hyp: Hypervisor, caller: Thread, fn: SmcccFunction): boolean {
  const x = caller.x;
  const number = fn.num & 0x3fff;
  switch (fn.num >>> 14) {
    case VendorClass.HYPERCALL:
      return fn.fast && fn.smc64 ? hypercall(hyp, caller, number) : unknown(x);
    case VendorClass.SERVICE:
      if (!fn.fast || fn.smc64) return unknown(x);
      if (number === Service.CALL_UID) {
        x.set(UID);
        return true;
      }
      if (number !== Service.REVISION) return unknown(x);
      // A 64-bit value although the call is a 32-bit one; x1..x3 stay.
      x[0] = Platform.API_INFO;
      return true;
    default:
      return unknown(x);
  }
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

const FEATURES = new Set([0x8000_0000, 0x8000_0001, 0x8500_ff01, 0x8500_ff03]);

function archCall(_hyp: Hypervisor, _caller: Thread, fn: SmcccFunction, r: BigUint64Array): boolean {
  if (!fn.fast || fn.smc64) return false;
  if (fn.owner === Owner.ARCH && fn.num === 0) {
    r[0] = SMCCC_VERSION_1_3;
    return true;
  }
  if (fn.owner === Owner.ARCH && fn.num === 1) {
    r[0] = FEATURES.has(lo32(r[1])) ? 0n : M32;
    return true;
  }
  if (fn.owner !== Owner.STANDARD_HYP) return false;
  if (fn.num === 0xff01) {
    r.set(UID);
    return true;
  }
  if (fn.num !== 0xff03) return false;
  r[0] = 1n;
  r[1] = 0n;
  return true;
}

// ---- TRNG -----------------------------------------------------------------------------------------------------------

const Trng = { VERSION: 0x50, FEATURES: 0x51, GET_UUID: 0x52, RND: 0x53, LAST: 0x5f } as const;
const TRNG_VERSION_1_0 = 0x1_0000n;
const TRNG_UUID = [0x45546e21n, 0x92a1433dn, 0xa2ea5fe2n, 0x16397d4en] as const;
const TRNG_FEATURES = new Set([0x8400_0050, 0x8400_0051, 0x8400_0052, 0x8400_0053, 0xc400_0053]);
const INVALID_PARAMETERS = 0xffff_ffff_ffff_fffen;

/** The simulated hardware generator starts from here; `hyp.state.entropy` is its state. */
const ENTROPY_SEED = 0x6e52;
const entropy = (hyp: Hypervisor): Prng => hyp.state.entropy as Prng;

/** Uses no more than x0..x3; unlike other 32-bit calls it leaves the rest of them as they are where it sets nothing. */
function trng(hyp: Hypervisor, fn: SmcccFunction, x: BigUint64Array): boolean {
  if (fn.owner !== Owner.STANDARD || !fn.fast || fn.num < Trng.VERSION || fn.num > Trng.LAST) return false;
  if (fn.num === Trng.RND) {
    random(hyp, fn.smc64, x);
    return true;
  }
  if (fn.smc64) return false;
  switch (fn.num) {
    case Trng.VERSION:
      x[0] = TRNG_VERSION_1_0;
      x.fill(0n, 1, 4);
      return true;
    case Trng.FEATURES:
      x[0] = TRNG_FEATURES.has(lo32(x[1])) ? 0n : ALL_ONES;
      return true;
    case Trng.GET_UUID:
      x.set(TRNG_UUID);
      return true;
    default:
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

/** Trace classes that stay as they are: ERROR and LOG_BUFFER. */
const TRACE_FIXED = (1n << 0n) | (1n << 5n);
/** ERROR, DEBUG, USER, LOG_BUFFER, INFO, MEMDB, PSCI, VGIC and VGIC_DEBUG: a debug build after boot (production lacks both DEBUGs). */
const TRACE_INITIAL = 0x7_00e7n;

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
