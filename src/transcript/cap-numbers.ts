/**
 * Capability numbers of a recording with randomised capability spaces, and the slots that they are here. The recorder's note names
 * the two of RM's queues; others are learnt from the replies that carry them.
 */
import { le64, put64 } from '../base/index.js';
import type { Header } from './events.js';

export interface CapNumbers {
  /** Bits 63:32 that all numbers of the recording share; undefined: not randomised, or not known yet. */
  high: bigint | undefined;
  readonly known: Map<bigint, bigint>;
}

const QUEUES = /RM rpc tx cap (0x[0-9a-f]+) rx cap (0x[0-9a-f]+)/;
const HIGH = 32n;

export const capNumbers = (): CapNumbers => ({ high: undefined, known: new Map() });

export function learnQueues(c: CapNumbers, header: Header, note: string): void {
  const m = header.cspaceRandomisation === true ? QUEUES.exec(note) : null;
  if (m === null) return;
  c.high = BigInt(m[1]) >> HIGH;
  c.known.set(BigInt(m[1]), 0n);
  c.known.set(BigInt(m[2]), 1n);
}

/** The number here of a recorded capability; one that is not known stays as it is. */
export const translateCap = (c: CapNumbers, cap: bigint): bigint => c.known.get(cap) ?? cap;

/** A received packet with our capability numbers in place of recorded ones, which are learnt on the way. */
export function translateCaps(c: CapNumbers, recorded: Uint8Array, actual: Uint8Array | undefined): Uint8Array {
  if (c.high === undefined || actual === undefined || recorded.length !== actual.length) return recorded;
  const out = recorded.slice();
  for (let at = 8; at + 8 <= out.length; at += 4) {
    const cap = le64(recorded, at);
    if (cap >> HIGH !== c.high) continue;
    const slot = c.known.get(cap) ?? le64(actual, at);
    c.known.set(cap, slot);
    put64(out, at, slot);
  }
  return out;
}
