/** What one replay carries from event to event, on top of the machine that it is done on. */
import { bytesOfDigits } from '../base/index.js';
import { type CapNumbers, capNumbers } from './cap-numbers.js';
import type { ReplayDriver } from './driver.js';
import type { Header, TranscriptEvent } from './events.js';
import { type GuestImages, guestImages } from './guest-images.js';
import { type IrqHandles, irqHandles } from './irq-handles.js';
import { type Buffers, buffersOf } from './recorded-driver.js';
import { faultingAgain } from './run-results.js';

export interface Session {
  readonly driver: ReplayDriver;
  readonly header: Header;
  readonly events: readonly TranscriptEvent[];
  /** Position of the event in hand. */
  at: number;
  readonly buffers: Buffers;
  readonly handles: IrqHandles;
  readonly caps: CapNumbers;
  readonly images: GuestImages;
  /** Packets received ahead of the event that lists them. */
  held: Uint8Array[];
  /** Where HLOS sees the image of the second VM. */
  image: number;
  /** A result of vcpu_run other than READY that came before the event that lists it, by capability. */
  ahead: Record<string, readonly bigint[]>;
  /** What a run that was left out here would have given to a vCPU waiting for a device, by capability: the next run gives it. */
  resume: Record<string, readonly bigint[]>;
  /** A reason of vcpu_run was seen before RM had the CPU, unlike in the recording: the interrupt that announced it is no surprise. */
  reasonFirst: boolean;
  /** Guest code was posted and its result not looked at yet. */
  guestPosted: boolean;
  /** Guest code was posted at least once: without any, running a guest shows only when it leaves the loop it boots into. */
  guestUsed: boolean;
  /** Code posted before the present one was replaced without a look at its result. */
  guestReplaced: boolean;
  /** Capabilities of vCPUs whose runs come to a fault more than once in the recording. */
  readonly faultAgain: ReadonlySet<string>;
  lastRun: { cap: string; ready: boolean } | undefined;
  /** Interrupts of the present stretch of vcpu_run and irqs events. */
  expectedIrqs: Set<number>;
  actualIrqs: Set<number>;
  /** Interrupts that the recording lists for the stretch before. */
  listedBefore: ReadonlySet<number>;
  /** The present stretch lists "powered off, exited". */
  exitListed: boolean;
  /** Interrupts that one side has seen and the other not yet, by INTID: here minus recorded. */
  owedIrqs: Record<number, number>;
}

export const session = (driver: ReplayDriver, header: Header, events: readonly TranscriptEvent[]): Session => ({
  driver,
  header,
  events,
  at: 0,
  buffers: buffersOf(header),
  handles: irqHandles(),
  caps: capNumbers(),
  images: guestImages(),
  held: [],
  image: 0,
  ahead: {},
  resume: {},
  reasonFirst: false,
  guestPosted: false,
  guestUsed: false,
  guestReplaced: false,
  faultAgain: faultingAgain(events),
  lastRun: undefined,
  expectedIrqs: new Set(),
  actualIrqs: new Set(),
  listedBefore: new Set(),
  exitListed: false,
  owedIrqs: {},
});

/** Lets RM finish. A dead RM never does. */
export function settle(s: Session): void {
  if (s.driver.dead() === undefined) s.driver.yieldUntilIdle();
}

/** Bytes of an event's hex string: the reader has checked it. */
export const bytesOf = bytesOfDigits;
