/**
 * Marks of waiting interrupts: per vCPU a set of priorities and, per priority, of ranges of 16 INTIDs in which something may wait.
 * Source: fact base vgic-and-timer 4.1; a range stays flagged while its interrupt is held back by a disabled group.
 */
import { type Gic, sendIpi, vcpuAt, wake } from './context.js';
import { GROUP1, priorityOf, routeOf } from './dstate.js';
import { type GicVcpu, Ipi, RANGE_SIZE, SPECIAL_BASE, type Vic } from './types.js';

/** Sets a bit of a two-word-per-row bitmap; false when it was set already. */
function setBit(words: Uint32Array, word: number, bit: number): boolean {
  const mask = (1 << bit) >>> 0;
  if ((words[word] & mask) !== 0) return false;
  words[word] = (words[word] | mask) >>> 0;
  return true;
}

function flagRange(v: GicVcpu, virq: number, priority: number): boolean {
  const range = Math.floor(virq / RANGE_SIZE);
  return setBit(v.searchRanges, (priority >>> 3) * 2 + (range >>> 5), range & 31);
}

function flagPriority(v: GicVcpu, priority: number): boolean {
  const mask = (1 << (priority >>> 3)) >>> 0;
  if ((v.searchPrios & mask) !== 0) return false;
  v.searchPrios = (v.searchPrios | mask) >>> 0;
  return true;
}

/** Flags an interrupt whose vCPU's registers are all in use, or which executes on CPU `remote`. */
export function flagLocked(g: Gic, v: GicVcpu, virq: number, priority: number, group1: boolean, remote: number): void {
  flagRange(v, virq, priority);
  flagPriority(v, priority);
  if (group1 ? !v.group1 : !v.group0) return;
  if (v.thread !== g.self && remote >= 0) sendIpi(g, v, Ipi.DELIVER);
  else v.npie = true;
}

/** Flags an interrupt without regard to the target's registers, and makes the target look at it. */
function flagUnlocked(g: Gic, v: GicVcpu, virq: number, priority: number): void {
  if (!flagRange(v, virq, priority) || !flagPriority(v, priority)) return;
  if (v.thread === g.self) {
    sendIpi(g, v, Ipi.DELIVER);
    wake(g, v);
  } else if (v.owner >= 0) {
    sendIpi(g, v, Ipi.DELIVER);
  } else {
    wake(g, v);
  }
}

export function flagUnrouted(vic: Vic, virq: number): void {
  const range = Math.floor(virq / RANGE_SIZE);
  setBit(vic.unrouted, range >>> 5, range & 31);
}

/** Runs `visit` on the INTIDs of a range until it returns true. */
export function inRange(range: number, visit: (virq: number) => boolean): boolean {
  const first = range * RANGE_SIZE;
  const end = Math.min(first + RANGE_SIZE, SPECIAL_BASE);
  for (let virq = first; virq < end; virq++) if (visit(virq)) return true;
  return false;
}

/** Group enabled on the vCPU, and the vCPU is the interrupt's route. */
export const routeAllowed = (v: GicVcpu, d: number): boolean =>
  ((d & GROUP1) !== 0 ? v.group1 : v.group0) && v.index === routeOf(d);

const targetOf = (g: Gic, vic: Vic, d: number): GicVcpu | undefined => vcpuAt(g, vic, routeOf(d));

/** Queues an unlisted pending interrupt on its route. */
export function routeAndFlag(g: Gic, vic: Vic, virq: number, d: number): boolean {
  const target = targetOf(g, vic, d);
  if (target === undefined) {
    flagUnrouted(vic, virq);
    return false;
  }
  flagUnlocked(g, target, virq, priorityOf(d));
  return true;
}
