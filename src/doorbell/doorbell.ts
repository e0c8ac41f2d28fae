/**
 * Doorbells: 64 flags, two masks, one vIRQ source. Source: fact base ipc 2.
 * Every operation is atomic; the simulator executes one guest operation at a time, so there is no lock to model.
 */

import {
  assertSource,
  clearSource,
  type Hypervisor,
  type HypObject,
  SourceKind,
  unbindSource,
  type VirqSource,
  virqSource,
} from '../hyp/index.js';
import { HypError, ObjectType } from '../protocol/index.js';

const ALL_FLAGS = 0xffff_ffff_ffff_ffffn;

export interface Doorbell extends HypObject {
  flags: bigint;
  /** Which flags raise the level. */
  enableMask: bigint;
  /** Which flags clear themselves when the level is asserted. */
  ackMask: bigint;
  source: VirqSource;
}

export function registerDoorbellKind(hyp: Hypervisor): void {
  hyp.kind<Doorbell>(ObjectType.DOORBELL, {
    create: (_hyp, object) => ({
      id: object.id,
      type: object.type,
      state: object.state,
      refs: object.refs,
      partition: object.partition,
      caps: object.caps,
      flags: 0n,
      enableMask: ALL_FLAGS,
      ackMask: 0n,
      source: virqSource(SourceKind.DOORBELL, object.id),
    }),
    activate: () => HypError.OK,
    release: (h, doorbell) => unbindSource(h, doorbell.source),
  });
  hyp.checkPending[SourceKind.DOORBELL] = (h, source, reasserted) => {
    if (reasserted) return true;
    const doorbell = h.get<Doorbell>(source.owner);
    return (doorbell.flags & doorbell.enableMask) !== 0n;
  };
}

/** Sets flags and always asserts, even with nothing new; edge only when no enabled flag is set. Returns the old flags. */
export function send(hyp: Hypervisor, doorbell: Doorbell, newFlags: bigint): bigint {
  const old = doorbell.flags;
  doorbell.flags = old | newFlags;
  const edgeOnly = (doorbell.flags & doorbell.enableMask) === 0n;
  assertSource(hyp, doorbell.source, edgeOnly);
  if (!edgeOnly) doorbell.flags &= ~doorbell.ackMask;
  return old;
}

/** Clears flags; no vIRQ operation (the line drops at EOI). Returns the old flags. */
export function receive(doorbell: Doorbell, clearFlags: bigint): bigint {
  const old = doorbell.flags;
  doorbell.flags = old & ~clearFlags;
  return old;
}

export function mask(hyp: Hypervisor, doorbell: Doorbell, enableMask: bigint, ackMask: bigint): void {
  const was = (doorbell.flags & doorbell.enableMask) !== 0n;
  const now = (doorbell.flags & enableMask) !== 0n;
  doorbell.enableMask = enableMask;
  doorbell.ackMask = ackMask;
  if (was && !now) clearSource(hyp, doorbell.source);
  if (!was && now) assertSource(hyp, doorbell.source, false);
  if (now) doorbell.flags &= ~ackMask;
}

export function reset(hyp: Hypervisor, doorbell: Doorbell): void {
  clearSource(hyp, doorbell.source);
  doorbell.flags = 0n;
  doorbell.ackMask = 0n;
  doorbell.enableMask = ALL_FLAGS;
}
