/** Who executes, and how GIC code finds vCPUs, delivery states and sources. */
import type { Hypervisor } from '../hyp/hypervisor.js';
import { type HypObject, NO_OBJECT } from '../hyp/types.js';
import { SourceKind, type VirqSource } from '../hyp/virq.js';
import { ObjectType } from '../protocol/index.js';
import { type GicThread, type GicVcpu, type Ipi, PRIVATE_COUNT, SPI_BASE, type Vic } from './types.js';

export interface Gic {
  readonly hyp: Hypervisor;
  /** Thread that executes the present operation, -1 when none does (a timer of the hypervisor, the host). */
  self: number;
  /** vCPUs with pending {@link Ipi} bits. */
  readonly ipis: number[];
  /** Nesting of operations: work for other CPUs starts when the outermost one ends. */
  depth: number;
  /** Bound sources by VIC and virq; derived from the objects, see {@link sourceOf}. */
  readonly sources: (VirqSource | undefined)[][];
  /** How many of them each VIC has. */
  readonly bound: number[];
  /** `sources` has all of them: not after a snapshot was restored. */
  complete: boolean;
  /** Earliest timer interrupt, derived from the state object it was computed for; undefined: to be computed. */
  nextTimer: { of: object; at: number } | undefined;
  /** Hardware interrupts that can be forwarded as PPIs; derived, undefined: to be looked for. */
  ppis: number[] | undefined;
  /** The physical side of forwarded interrupts (hwirq.ts). */
  readonly hw: {
    deactivate(vic: Vic, virq: number): void;
    deactivatePhysical(pintid: number): void;
    /** Virtual enable bit of an SPI with a source changed. */
    setEnabled(vic: Vic, virq: number, enabled: boolean): void;
    /** Trigger mode requested for an SPI with a source; returns the mode in force. */
    setMode(vic: Vic, virq: number, edge: boolean): boolean;
    physicalIntid(vic: Vic, virq: number): number;
  };
  /** Level condition of a private source of a vCPU (timers, PMU, forwarded PPIs). */
  checkPrivate(v: GicVcpu, virq: number): boolean;
}

export const vicOf = (g: Gic, v: GicVcpu): Vic => g.hyp.get<Vic>(v.vic);

export const gicOf = (g: Gic, thread: number): GicVcpu | undefined =>
  thread < 0 ? undefined : (g.hyp.objects[thread] as GicThread | undefined)?.gic;

/** The activated vCPU with a redistributor index. */
export function vcpuAt(g: Gic, vic: Vic, index: number): GicVcpu | undefined {
  if (index >= vic.maxVcpus) return undefined;
  const thread = vic.vcpus[index];
  return thread === NO_OBJECT ? undefined : gicOf(g, thread);
}

export function stateOf(vic: Vic, v: GicVcpu | undefined, virq: number): number {
  return virq < PRIVATE_COUNT ? (v as GicVcpu).private[virq] : vic.spi[virq - SPI_BASE];
}

export function setState(vic: Vic, v: GicVcpu | undefined, virq: number, d: number): void {
  if (virq < PRIVATE_COUNT) (v as GicVcpu).private[virq] = d;
  else vic.spi[virq - SPI_BASE] = d;
}

const isSource = (value: unknown): value is VirqSource =>
  typeof value === 'object' &&
  value !== null &&
  'kind' in value &&
  'owner' in value &&
  'vic' in value &&
  'virq' in value;

/** Notes what is bound to an SPI now. */
export function noteSource(g: Gic, vic: number, virq: number, source: VirqSource | undefined): void {
  while (g.sources.length <= vic) {
    g.sources.push([]);
    g.bound.push(0);
  }
  const known = g.sources[vic];
  if (known[virq] !== undefined) g.bound[vic]--;
  if (source !== undefined) g.bound[vic]++;
  known[virq] = source;
}

/** The index of bound sources is to be built again when it is next asked for. */
export function forgetSources(g: Gic): void {
  g.sources.length = 0;
  g.bound.length = 0;
  g.complete = false;
}

/** Rebuilds the index of bound sources from the objects, for example after a snapshot was restored. */
export function rebuildSources(g: Gic): void {
  forgetSources(g);
  g.complete = true;
  const add = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(add);
    else if (isSource(value) && value.vic !== NO_OBJECT) noteSource(g, value.vic, value.virq, value);
  };
  for (const object of g.hyp.objects) {
    if (object === undefined) continue;
    // The hundreds of hardware interrupts have one source each; other kinds are searched.
    if (object.type === ObjectType.HWIRQ) add((object as HypObject & { source: VirqSource }).source);
    else for (const key in object) add((object as unknown as Record<string, unknown>)[key]);
  }
}

/** The source bound to an SPI. */
export function sourceOf(g: Gic, vic: Vic, virq: number): VirqSource | undefined {
  if (virq < SPI_BASE || virq >= SPI_BASE + vic.maxVirqs || vic.bound[virq - SPI_BASE] === 0) return undefined;
  const known = g.sources[vic.id]?.[virq];
  if (known !== undefined && known.vic === vic.id && known.virq === virq) return known;
  rebuildSources(g);
  return g.sources[vic.id]?.[virq];
}

export const isForwardedSpi = (source: VirqSource | undefined): boolean => source?.kind === SourceKind.HWIRQ;

/** Does the level condition behind an interrupt still hold? False when its source is gone. */
export function checkPending(g: Gic, vic: Vic, v: GicVcpu | undefined, virq: number, reasserted: boolean): boolean {
  if (virq < PRIVATE_COUNT) return v !== undefined && g.checkPrivate(v, virq);
  const source = sourceOf(g, vic, virq);
  if (source === undefined) return false;
  const check = g.hyp.checkPending[source.kind];
  return check === undefined ? reasserted : check(g.hyp, source, reasserted);
}

/** Other CPU on which the vCPU's list registers are loaded, or -1: they can be changed directly. */
export const remoteCpu = (g: Gic, v: GicVcpu | undefined): number =>
  v === undefined || v.thread === g.self ? -1 : v.owner;

export function wake(g: Gic, v: GicVcpu): void {
  g.hyp.sched.wakeup(g.hyp.get<GicThread>(v.thread));
}

export function sendIpi(g: Gic, v: GicVcpu, reason: (typeof Ipi)[keyof typeof Ipi]): void {
  if (v.ipi === 0) g.ipis.push(v.thread);
  v.ipi |= reason;
}
