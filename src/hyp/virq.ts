/**
 * vIRQ sources: how an object raises an interrupt of a VIC (fact base: ipc 1).
 *
 * A source is plain data inside its object. It is unbound, or bound to one SPI of one VIC; the VIC's side lives in src/gic
 * behind `VicPort`. Operations on an unbound source do nothing, as in Gunyah, whose callers ignore that error.
 */
import { HypError } from '../protocol/index.js';
import type { Hypervisor } from './hypervisor.js';
import { NO_OBJECT } from './types.js';

/** What kind of condition a source stands for: selects the `check_pending` callback. */
export const SourceKind = {
  DOORBELL: 0,
  MSGQUEUE_SEND: 1,
  MSGQUEUE_RECEIVE: 2,
  VCPU_HALT: 3,
  VCPU_RUN_WAKEUP: 4,
  VPM_GROUP: 5,
  VIRTIO_BACKEND: 6,
  VIRTIO_FRONTEND: 7,
  TIMER_VIRTUAL: 8,
  TIMER_PHYSICAL: 9,
  PMU: 10,
  HWIRQ: 11,
} as const;

export interface VirqSource {
  kind: number;
  /** The object that owns the source. */
  owner: number;
  /** VIC object id, or -1 while unbound. */
  vic: number;
  /** Bound INTID; meaningless while unbound. */
  virq: number;
}

/** Asked by the GIC at the moments of ipc 1.1: does the level condition still hold? */
export type CheckPending = (hyp: Hypervisor, source: VirqSource, reasserted: boolean) => boolean;

export const virqSource = (kind: number, owner: number): VirqSource => ({ kind, owner, vic: NO_OBJECT, virq: 0 });

/** `edgeOnly`: latch the edge without raising the level (ipc 1). */
export function assertSource(hyp: Hypervisor, source: VirqSource, edgeOnly: boolean): void {
  if (source.vic !== NO_OBJECT) hyp.vic.assertSource(source, edgeOnly);
}

/** Withdraws the level. An unbound source: nothing. */
export function clearSource(hyp: Hypervisor, source: VirqSource): void {
  if (source.vic !== NO_OBJECT) hyp.vic.clearSource(source);
}

/** Errors, in order: VIRQ_BOUND, ARGUMENT_INVALID (not an SPI of this VIC), BUSY (number taken). Does not evaluate the condition. */
export function bindSource(hyp: Hypervisor, source: VirqSource, vicId: number, virq: number): number {
  if (source.vic !== NO_OBJECT) return HypError.VIRQ_BOUND;
  return hyp.vic.bindSource(source, vicId, virq);
}

/** Gives the SPI back. */
export function unbindSource(hyp: Hypervisor, source: VirqSource): void {
  if (source.vic !== NO_OBJECT) hyp.vic.unbindSource(source);
}
