/** What later events of a recording tell about a READY result of vcpu_run: how far the guest came in it is timing. */
import { HYPERCALL_BASE } from '../hyp/index.js';
import { Call } from '../protocol/index.js';
import { PRIMARY_RX_IRQ } from '../sim/index.js';
import type { VcpuRunEvent } from './events.js';
import { tellsExit, tellsHalt } from './exit-packets.js';
import { isExited, isFault, isReady } from './run-results.js';
import { bytesOf, type Session } from './session.js';

/** `hvc` of msgqueue_send. */
const SEND = 0xd400_0002n | (BigInt(HYPERCALL_BASE + Call.MSGQUEUE_SEND) << 5n);
/** Whether a later event of the same stretch lists a result other than READY. */
export function laterResult(s: Session, cap: string): boolean {
  for (let i = s.at + 1; i < s.events.length; i++) {
    const e = s.events[i];
    if (e.ev === 'note' || e.ev === 'irqs') continue;
    if (e.ev !== 'vcpu_run' || e.cap !== cap) return false;
    if (!isReady(e.r)) return true;
  }
  return false;
}

/**
 * Whether this READY is followed at once by "powered off, exited", or by RM's word that the VM has exited: the guest ended its
 * VM, and RM had the CPU before HLOS saw it (its slice was over at that moment). Otherwise HLOS sees the reason first, and the
 * exit later. The word may come with the answer to the next request, before the reply.
 */
export function rmWentFirst(s: Session, cap: string): boolean {
  let asked = false;
  for (let i = s.at + 1; i < s.events.length; i++) {
    const e = s.events[i];
    if (e.ev === 'rx' && (asked ? tellsHalt : tellsExit)(bytesOf(e.bytes))) return true;
    if (e.ev === 'rx' && asked && !tellsExit(bytesOf(e.bytes))) return false;
    if (e.ev === 'note' || e.ev === 'irqs' || e.ev === 'rx') continue;
    if (e.ev === 'tx' && !asked) {
      asked = true;
      continue;
    }
    if (e.ev !== 'vcpu_run' || e.cap !== cap || asked) return false;
    if (!isReady(e.r)) return isExited(e.r);
  }
  return false;
}

/**
 * Whether the fault that this run comes to was never told to RM: RM had the CPU afterwards, and the vCPU still shows the fault
 * with no word of an exit in between.
 */
export function faultUnheard(s: Session, cap: string): boolean {
  if (!s.faultAgain.has(cap)) return false;
  let faulted = false;
  let rmRan = false;
  for (let i = s.at; i < s.events.length; i++) {
    const e = s.events[i];
    if (e.ev === 'vcpu_run' && e.cap === cap) {
      const fault = isFault(e.r);
      if (fault && faulted && rmRan) return true;
      if (!fault && (faulted || !isReady(e.r))) return false;
      faulted ||= fault;
    } else if (e.ev === 'rx' || e.ev === 'quiet') {
      if (!faulted || (e.ev === 'rx' && tellsExit(bytesOf(e.bytes)))) return false;
      rmRan = true;
    }
  }
  return false;
}

/**
 * The guest did not come to the end of code that sends a message, and then had no memory to run in: RM read the message first.
 * Asked for the first run after the code was posted.
 */
export function rmInterrupts(s: Session, cap: string): boolean {
  let i = s.at - 1;
  while (i >= 0 && s.events[i].ev === 'note') i--;
  const posted = s.events[i];
  if (posted?.ev !== 'guest' || !posted.code.some((word) => BigInt(word) === SEND)) return false;
  let ended = false;
  for (i = s.at; i < s.events.length; i++) {
    const e = s.events[i];
    if (e.ev === 'note' || e.ev === 'irqs') continue;
    if (e.ev !== 'vcpu_run' || e.cap !== cap) return ended && e.ev === 'guestResult' && !e.done;
    if (ended || !(isReady(e.r) || isFault(e.r) || isExited(e.r))) return false;
    ended = !isReady(e.r);
  }
  return false;
}

/**
 * A single READY that nobody follows up: HLOS's slice was over (or an interrupt waited) and the guest did not get anywhere.
 * Running it here could take it to a state that the recording never saw.
 */
export function mayNotHaveRun(s: Session, run: VcpuRunEvent): boolean {
  if ((run.irqsAfter ?? []).length > 0) return false;
  const next = s.events.slice(s.at + 1).find((e) => e.ev !== 'note' && e.ev !== 'irqs');
  return next === undefined || (next.ev !== 'guestResult' && (next.ev !== 'vcpu_run' || next.cap !== run.cap));
}

/**
 * The recorded driver gave up on code that the guest had not come to: the next code takes its place, so it must not run here.
 * An interrupt of a queue, a doorbell or a vCPU that was not there before says that the guest did come to it, but no further.
 */
export function neverStarted(s: Session, run: VcpuRunEvent): boolean {
  if (!s.guestPosted) return false;
  const before = new Set(run.irqsBefore);
  const isNew = (intid: number): boolean => intid > PRIMARY_RX_IRQ && !before.has(intid);
  if (run.irqsAfter?.some(isNew)) return false;
  for (let i = s.at + 1; i < s.events.length; i++) {
    const e = s.events[i];
    if (e.ev === 'note') continue;
    if (e.ev === 'irqs') {
      if (e.intids.some(isNew)) return false;
    } else if (e.ev === 'vcpu_run' && e.cap === run.cap && isReady(e.r)) {
      if (e.irqsBefore?.some(isNew) || e.irqsAfter?.some(isNew)) return false;
    } else {
      return e.ev === 'guestResult' && !e.done;
    }
  }
  return false;
}
