/**
 * The rest of a hypervisor call that gave the CPU up, carried out when the vCPU is back in control, and the writing of its
 * results. The remainder is plain data (`Pending`), so a snapshot may be taken while calls are blocked.
 */
import { finishNative, type Hypervisor } from '../hyp/index.js';
import { HypError } from '../protocol/index.js';
import { finishRun } from './run-result.js';
import { started, warmReset } from './start-stop.js';
import { powerResume } from './suspend.js';
import type { Vcpu, VmmioAccess } from './types.js';
import { endYield } from './yield.js';

const M32 = 0xffff_ffffn;
const M64 = 0xffff_ffff_ffff_ffffn;
const NO_OUTPUTS = new BigUint64Array(8);

/** Native calls write x0..x7, x9..x17; calls by SMCCC only the registers of their results (hypercall-abi 1.1, 6.2). */
function writeCall(v: Vcpu, smccc: boolean, results: BigUint64Array, count: number): void {
  if (!smccc) {
    finishNative(v, HypError.OK, results);
    return;
  }
  v.x[0] = 0n;
  for (let i = 0; i < count; i++) v.x[i + 1] = results[i];
}

/** A read value reaches its register as the trap handler does it: odd sign extension, then the register's width. */
export function deviceValue(value: bigint, access: { size: number; signed: boolean; wide: boolean }): bigint {
  let result = value;
  if (access.signed && access.size !== 8) {
    // Only correct when the bits above the access are 0: the handler does not mask first.
    const sign = 1n << BigInt(access.size * 8 - 1);
    result = (result ^ sign) - sign;
  }
  return result & (access.wide ? M64 : M32);
}

function finishVmmio(v: Vcpu): void {
  const access = v.vmmio as VmmioAccess;
  v.vmmio = null;
  if (!access.write && access.rt < 31) v.x[access.rt] = deviceValue(access.value, access);
  v.pc = (v.pc + 4n) & M64;
}

/** Runs when the vCPU gets control: does what its call still has to do. */
export function finishPending(hyp: Hypervisor, v: Vcpu): void {
  const p = v.pending;
  if (p === null) return;
  v.pending = null;
  switch (p.kind) {
    case 'start':
      started(hyp, v, false);
      break;
    case 'yield':
      if (p.owns) endYield(hyp, v);
      writeCall(v, p.smccc, NO_OUTPUTS, 0);
      break;
    case 'run':
      if (p.owns) endYield(hyp, v);
      writeCall(v, p.smccc, finishRun(hyp, p.target), 4);
      break;
    case 'suspend':
      powerResume(hyp, v);
      if (p.powerdown) {
        warmReset(hyp, v, p.entry, p.context);
      } else {
        v.x[0] = 0n;
        if (!p.wide) for (let i = 1; i < 4; i++) v.x[i] &= M32;
      }
      break;
    case 'wfiSuspend':
      powerResume(hyp, v);
      break;
    case 'vmmio':
      finishVmmio(v);
      break;
  }
}
