/** Plays a transcript against a driver and compares every answer. After a difference the recorded driver's side goes on as recorded. */
import { learnQueues, translateCap } from './cap-numbers.js';
import type { ReplayDriver } from './driver.js';
import type { DeadEvent, Header, NoteEvent, Transcript, TranscriptEvent } from './events.js';
import { excuseFor } from './excuses.js';
import { type EventOutcome, MATCHED, type Outcome, type Verdict } from './outcome.js';
import {
  replayBurst,
  replayCode,
  replayCodeResult,
  replayCpuBoot,
  replayHvc,
  replayMem,
  replayPeek,
  replaySmccc,
  replaySysreg,
} from './replay-cpu.js';
import { replayQuiet, replayRx, replayTx } from './replay-queue.js';
import { replayCounter, replaySlices, replaySuspend, replayTimer, replayWfi, replayYields } from './replay-time.js';
import {
  closeStretch,
  replayGuest,
  replayGuestBoot,
  replayGuestResult,
  replayIrqs,
  replayVcpuRun,
} from './replay-vcpu.js';
import { type Session, session, settle } from './session.js';

const ENABLE_GIC = /^HLOS enables its GIC CPU interface/;
const ICC_SRE = 'S3_0_C12_C12_5';
const ICC_PMR = 'S3_0_C4_C6_0';
const ICC_IGRPEN1 = 'S3_0_C12_C12_7';

function replayEvent(s: Session, e: TranscriptEvent): Verdict {
  switch (e.ev) {
    case 'hvc':
      return replayHvc(s, e);
    case 'smccc':
      return replaySmccc(s, e);
    case 'burst':
      return replayBurst(s, e);
    case 'tx':
      return replayTx(s, e);
    case 'rx':
      return replayRx(s, e);
    case 'quiet':
      return replayQuiet(s, e);
    case 'mem':
      return replayMem(s, e);
    case 'peek':
      return replayPeek(s, e);
    case 'vcpu_run':
      return replayVcpuRun(s, e);
    case 'guest':
      return replayGuest(s, e);
    case 'guestResult':
      return replayGuestResult(s, e);
    case 'irqs':
      return replayIrqs(s, e);
    case 'sysreg':
      return replaySysreg(s, e);
    case 'code':
      return replayCode(s, e);
    case 'codeResult':
      return replayCodeResult(s, e);
    case 'cpuBoot':
      return replayCpuBoot(s, e);
    case 'delay':
      s.driver.delay(e.ms);
      return MATCHED;
    case 'wfi':
      return replayWfi(s, e);
    case 'suspend':
      return replaySuspend(s, e);
    case 'timer':
      return replayTimer(s, e);
    case 'counter':
      return replayCounter(s, e);
    case 'slices':
      return replaySlices(s, e);
    case 'yields':
      return replayYields(s, e);
    case 'guestBoot':
      return replayGuestBoot(s, e);
    case 'dead':
      return replayDead(s, e);
    case 'note':
      return MATCHED;
    default:
      return { unsupported: 'unknown event kind' };
  }
}

function replayNote(s: Session, e: NoteEvent): void {
  learnQueues(s.caps, s.header, e.text);
  if (!ENABLE_GIC.test(e.text)) return;
  s.driver.writeSysreg(0, ICC_SRE, 7n);
  s.driver.writeSysreg(0, ICC_PMR, 0xffn);
  s.driver.writeSysreg(0, ICC_IGRPEN1, 1n);
}

/** The call that never came back, in the recorder's words: it has no event of its own. */
const NO_RETURN = /no return from (HVC|SMC) #(0x[\da-f]+) \(([^)]*)\)/;

function doFatalCall(s: Session, what: string): void {
  const [, conduit, imm, args] = NO_RETURN.exec(what) ?? [];
  if (conduit === undefined || s.driver.dead() !== undefined) return;
  const x = args.split(', ').map((word) => translateCap(s.caps, BigInt(word)));
  if (conduit === 'HVC') s.driver.hvc(0, Number(imm), x);
  else s.driver.smccc(0, 'smc', Number(imm), x);
}

/** The event may stand before the `tx` that is to blame: then it is judged once that one has been handled. */
function replayDead(s: Session, e: DeadEvent, at = s.events.indexOf(e)): Verdict {
  const what = /hypervisor|no answer/.test(e.what) ? 'hypervisor' : 'rm';
  settle(s);
  doFatalCall(s, e.what);
  if (s.driver.dead() === undefined) s.driver.delay(DEATH_WAIT_MS);
  const dead = s.driver.dead() ?? s.driver.probeDead?.();
  // Some recordings begin with the text of the recorder's legend as such an event; RM answers afterwards.
  if (dead === undefined && s.events.slice(at + 1).some((later) => later.ev === 'rx')) return MATCHED;
  if (dead === what || (dead === 'hypervisor' && what === 'rm')) return MATCHED;
  return [{ field: 'dead', expected: e.what, actual: dead === undefined ? 'alive' : `${dead} dead` }];
}
const DEATH_WAIT_MS = 20;

/** Whether the packet to blame for a `dead` event may still come. */
const killerFollows = (s: Session): boolean => s.events.slice(s.at + 1).some((e) => e.ev === 'tx');

function judge(event: TranscriptEvent, verdict: Verdict, header: Header): Outcome {
  if ('unsupported' in verdict) return { kind: 'unsupported', why: verdict.unsupported };
  if (verdict.length === 0) return { kind: 'matched' };
  const rule = excuseFor(event, verdict, header);
  if (rule !== undefined) return { kind: 'excused', rule: rule.id, differences: verdict };
  return { kind: 'mismatched', differences: verdict };
}

const inStretch = (e: TranscriptEvent | undefined): boolean => e?.ev === 'vcpu_run' || e?.ev === 'irqs';

/** Next event that is not a note. */
function following(events: readonly TranscriptEvent[], at: number): TranscriptEvent | undefined {
  for (let i = at + 1; i < events.length; i++) if (events[i].ev !== 'note') return events[i];
  return undefined;
}

/** Outcome of every event but notes, in file order (a `dead` that stands before its cause comes last). */
export function* replayTranscript(transcript: Transcript, driver: ReplayDriver): Generator<EventOutcome> {
  const { events } = transcript;
  const s = session(driver, transcript.header, events);
  const postponed: number[] = [];
  for (s.at = 0; s.at < events.length; s.at++) {
    const event = events[s.at];
    if (event.ev === 'note') {
      replayNote(s, event);
      continue;
    }
    if (event.ev === 'dead' && driver.dead() === undefined && killerFollows(s)) {
      postponed.push(s.at);
      continue;
    }
    let verdict = replayEvent(s, event);
    if (inStretch(event) && !inStretch(following(events, s.at)) && !('unsupported' in verdict)) {
      verdict = [...verdict, ...closeStretch(s)];
    }
    yield { index: s.at, event, outcome: judge(event, verdict, s.header) };
  }
  for (const index of postponed) {
    const event = events[index];
    s.at = events.length;
    yield { index, event, outcome: judge(event, replayEvent(s, event), s.header) };
  }
}
