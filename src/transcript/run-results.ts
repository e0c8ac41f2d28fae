/** What recorded results of vcpu_run say. */
import { VcpuRunState } from '../protocol/index.js';
import type { TranscriptEvent } from './events.js';

const READY = BigInt(VcpuRunState.READY);
export const FAULT = BigInt(VcpuRunState.FAULT);
export const POWERED_OFF = BigInt(VcpuRunState.POWERED_OFF);
/** Data of POWERED_OFF: for ever. */
export const EXITED = 1n;

export const isReady = (r: readonly (bigint | string)[] | undefined): boolean =>
  r !== undefined && r.length > 1 && BigInt(r[0]) === 0n && BigInt(r[1]) === READY;

export const isFault = (r: readonly string[] | undefined): boolean =>
  r !== undefined && r.length > 1 && BigInt(r[0]) === 0n && BigInt(r[1]) === FAULT;

export const isExited = (r: readonly string[] | undefined): boolean =>
  r !== undefined && r.length > 2 && BigInt(r[1]) === POWERED_OFF && BigInt(r[2]) === EXITED;

/** Capabilities whose runs come to a fault more than once. */
export function faultingAgain(events: readonly TranscriptEvent[]): ReadonlySet<string> {
  const faults = events.flatMap((e) => (e.ev === 'vcpu_run' && isFault(e.r) ? [e.cap] : []));
  return new Set(faults.filter((cap, i) => faults.indexOf(cap) < i));
}
