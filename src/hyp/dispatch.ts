/**
 * The native hypercall path: HVC #imm to handler and back to x0..x17.
 * Source: fact base hypercall-abi 1.1 to 1.4. SMCCC calls (HVC #0, SMC #0) are in smccc.ts.
 */
import { hi32, lo32 } from '../base/index.js';
import { HYPERCALLS, HypError, Platform } from '../protocol/index.js';
import { BLOCKED, type Hypervisor } from './hypervisor.js';
import { NO_OBJECT, type Thread } from './types.js';

export const HYPERCALL_BASE = Platform.HYPERCALL_BASE;
/** Size of Gunyah's table: immediates from 0x6069 up are not native calls. */
export const HYPERCALL_COUNT = Platform.HYPERCALL_NUM;

const ALL_ONES = 0xffff_ffff_ffff_ffffn;

/** Register index and required value of the reserved argument, per call number. In halves: comparing bigints leaves the compiled code. */
const reservedAt = new Array<number>(HYPERCALL_COUNT).fill(-1);
const reservedLow = new Array<number>(HYPERCALL_COUNT).fill(0);
const reservedHigh = new Array<number>(HYPERCALL_COUNT).fill(0);
/** `hypervisor_identify` is the one call without an error output. */
const hasError = new Array<boolean>(HYPERCALL_COUNT).fill(true);
for (const call of Object.values(HYPERCALLS)) {
  if (call.reserved !== undefined) {
    reservedAt[call.number] = call.reserved.index;
    reservedLow[call.number] = lo32(call.reserved.value);
    reservedHigh[call.number] = hi32(call.reserved.value);
  }
  if (!call.errorOutput) hasError[call.number] = false;
}

const out = new BigUint64Array(8);

/** Zeroes eight words. Spelled out, here and below: a loop over constants costs three times as much, the built-in fill ten times. */
function clear8(words: BigUint64Array, from: number): void {
  words[from] = 0n;
  words[from + 1] = 0n;
  words[from + 2] = 0n;
  words[from + 3] = 0n;
  words[from + 4] = 0n;
  words[from + 5] = 0n;
  words[from + 6] = 0n;
  words[from + 7] = 0n;
}

/**
 * Runs `HVC #imm` with the caller's x0..x7 and writes its registers. Returns false when the caller gave up the CPU
 * (the call completes later, or never).
 */
export function nativeCall(hyp: Hypervisor, caller: Thread, imm: number): boolean {
  const x = caller.x;
  const num = imm - HYPERCALL_BASE;
  if (num < 0 || num >= HYPERCALL_COUNT) {
    x[0] = ALL_ONES;
    return true;
  }
  const handler = hyp.calls[num];
  clear8(out, 0);
  let error: number = HypError.OK;
  if (handler === undefined) {
    clear8(x, 0);
    x[0] = ALL_ONES;
  } else {
    const reserved = reservedAt[num];
    if (reserved >= 0 && (lo32(x[reserved]) !== reservedLow[num] || hi32(x[reserved]) !== reservedHigh[num])) {
      error = HypError.ARGUMENT_INVALID;
    } else {
      // The registers themselves are the arguments: handlers write results to `out` only.
      hyp.caller = caller.id;
      error = handler(hyp, caller, x, out);
      hyp.caller = NO_OBJECT;
      if (error === BLOCKED) return false;
    }
    if (hasError[num]) {
      finishNative(caller, error, out);
      return true;
    }
    for (let i = 0; i < 8; i++) x[i] = out[i];
  }
  leave(caller);
  return true;
}

/** x8 is kept; x9 holds the return address; x10..x17 are scratch that the return path clears. */
function leave(caller: Thread): void {
  const x = caller.x;
  x[9] = caller.pc;
  clear8(x, 10);
}

/** x0 = error as 32 bits, outputs after it, the rest of x0..x7 zero, scratch cleared. Also when a blocked call completes. */
export function finishNative(caller: Thread, error: number, outputs: BigUint64Array): void {
  const x = caller.x;
  x[0] = BigInt(error >>> 0);
  x[1] = outputs[0];
  x[2] = outputs[1];
  x[3] = outputs[2];
  x[4] = outputs[3];
  x[5] = outputs[4];
  x[6] = outputs[5];
  x[7] = outputs[6];
  leave(caller);
}
