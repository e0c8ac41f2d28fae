/** The second VM: vcpu_run, its mailbox, and interrupts seen meanwhile. Fact base: transcript format 5 and 6. */
import { le64, put64 } from '../base/index.js';
import { HYPERCALL_BASE } from '../hyp/index.js';
import { Call, Platform, VcpuRunState } from '../protocol/index.js';
import { PRIMARY_RX_IRQ } from '../sim/index.js';
import { translateCap } from './cap-numbers.js';
import type { GuestBootEvent, GuestEvent, GuestResultEvent, IrqsEvent, VcpuRunEvent } from './events.js';
import { drawsEntropy, RANDOM_IN_GUEST, UNFINISHED_GUEST } from './excuses.js';
import { imageOfVcpu } from './guest-images.js';
import { compareText, compareWords, type Difference, hexWord, type Verdict } from './outcome.js';
import { faultUnheard, laterResult, mayNotHaveRun, neverStarted, rmInterrupts, rmWentFirst } from './ready.js';
import { EXITED, FAULT, isExited, isReady, POWERED_OFF } from './run-results.js';
import { type Session, settle } from './session.js';

const RUN_MS = 20;
/** Extra runs after which a guest that has not reached the recorded state never will. */
const EXTRA_RUNS = 40;
const RUNS_BEFORE_RM = EXTRA_RUNS / 2;
const SYSTEM_RESET = BigInt(VcpuRunState.PSCI_SYSTEM_RESET);
const VM_ENDS: ReadonlySet<bigint> = new Set([POWERED_OFF, FAULT, SYSTEM_RESET]);
const MAX_IRQS = 32;

const CNTFRQ = 'S3_3_C14_C0_0';
const CNTV_TVAL = 'S3_3_C14_C3_0';
const CNTV_CTL = 'S3_3_C14_C3_1';

const MAILBOX = 0x10000;
const MAILBOX_STRIDE = 0x2000;
const CODE_PAGE = 0x20000;
const CODE_STRIDE = 0x1000;
/** Where the mailbox program is linked. */
const GUEST_BASE = 0x8000_0000;
const OFF_GO = 0;
const OFF_CODE = 8;
const OFF_X = 0x10;
const OFF_DONE = 0x100;
const OFF_RESULT = 0x108;
const OFF_EXCEPTION = 0x200;
const OFF_MARKER = 0x228;
const OFF_MPIDR = 0x238;
const MAILBOX_SIZE = 0x248;
const REGISTERS = 18;
const RET = 0xd65f03c0;

function runOnce(s: Session, e: VcpuRunEvent, resume: readonly bigint[]): bigint[] {
  for (const intid of s.driver.drainIrqs(MAX_IRQS)) s.actualIrqs.add(intid);
  const frequency = Number(s.driver.readSysreg(0, CNTFRQ).value ?? 0n);
  s.driver.writeSysreg(0, CNTV_TVAL, BigInt(Math.round(((e.ms ?? RUN_MS) * frequency) / 1000)));
  s.driver.writeSysreg(0, CNTV_CTL, 1n);
  const data = s.resume[e.cap] ?? resume;
  delete s.resume[e.cap];
  const result = s.driver.hvc(0, HYPERCALL_BASE + Call.VCPU_RUN, [translateCap(s.caps, BigInt(e.cap)), ...data]);
  s.driver.writeSysreg(0, CNTV_CTL, 0n);
  for (const intid of s.driver.drainIrqs(MAX_IRQS)) s.actualIrqs.add(intid);
  return result.x.slice(0, 5);
}

/** How many READY results come first is timing: they are skipped on both sides. */
export function replayVcpuRun(s: Session, e: VcpuRunEvent): Verdict {
  for (const intid of [...(e.irqsBefore ?? []), ...(e.irqsAfter ?? [])]) s.expectedIrqs.add(intid);
  const recordedReady = isReady(e.r);
  s.lastRun = { cap: e.cap, ready: recordedReady };
  if (e.r !== undefined && isExited(e.r)) s.exitListed = true;
  const ahead = s.ahead[e.cap];
  const rmFirst = recordedReady && rmWentFirst(s, e.cap);
  if (recordedReady && !rmFirst && !s.guestUsed && ahead === undefined && !laterResult(s, e.cap)) return leaveOut(s, e);
  if (recordedReady && ahead === undefined && neverStarted(s, e)) return leaveOut(s, e);
  if (rmFirst) s.driver.letRmGoFirst?.();
  if (rmInterrupts(s, e.cap)) s.driver.letRmInterrupt?.();
  if (faultUnheard(s, e.cap)) s.driver.faultUnheard?.();
  // A wake-up that HLOS took before it found the vCPU gone: RM had ended the VM by then.
  if (e.r !== undefined && isExited(e.r) && e.irqsBefore?.some((intid) => intid > PRIMARY_RX_IRQ)) settle(s);
  if (recordedReady && ahead !== undefined) return laterResult(s, e.cap) ? [] : ranOn(s, e);
  if (recordedReady && !rmFirst && mayNotHaveRun(s, e)) return leaveOut(s, e);
  let r: readonly bigint[] = ahead ?? runOnce(s, e, e.resume.map(BigInt));
  delete s.ahead[e.cap];
  if (recordedReady) {
    // A driver that cannot choose the moment sees the reason first; what RM makes of it is seen by the next run.
    if (!isReady(r) && s.driver.letRmGoFirst === undefined && rmFirst) {
      s.reasonFirst = true;
      settle(s);
    } else if (!isReady(r)) s.ahead[e.cap] = r;
    return [];
  }
  for (let i = 0; i < EXTRA_RUNS && isReady(r); i++) {
    // What the guest asked of RM may be what takes it there.
    if (i === RUNS_BEFORE_RM) settle(s);
    r = runOnce(s, e, []);
  }
  // RM may have had the CPU since: then only its view is left.
  if (isExited(e.r) && r[0] === 0n && VM_ENDS.has(r[1]) && r[2] !== EXITED) {
    settle(s);
    r = runOnce(s, e, []);
  }
  return compareWords('r', e.r ?? [], r);
}

/** How far the guest came in a READY that shows nothing is timing, so it stays where it is. What the run resumed it with is not. */
function leaveOut(s: Session, e: VcpuRunEvent): Verdict {
  s.resume[e.cap] ??= e.resume.map(BigInt);
  for (const intid of s.driver.drainIrqs(MAX_IRQS)) s.actualIrqs.add(intid);
  return [];
}

/** Recorded READY while we are already in another state that nobody lists: run again, as the recorded driver did. */
function ranOn(s: Session, e: VcpuRunEvent): Verdict {
  delete s.ahead[e.cap];
  const r = runOnce(s, e, e.resume.map(BigInt));
  if (!isReady(r)) s.ahead[e.cap] = r;
  return [];
}

export function replayIrqs(s: Session, e: IrqsEvent): Verdict {
  for (const intid of e.intids) s.expectedIrqs.add(intid);
  for (const intid of s.driver.drainIrqs(MAX_IRQS)) s.actualIrqs.add(intid);
  return [];
}

/** Compares the interrupts of a stretch as sets once it is over. The timer is left out. Those of RM's queue and of vCPUs may come one
 * stretch earlier or later: they move between neighbouring events in recordings of the same run.
 */
export function closeStretch(s: Session): Difference[] {
  const { expectedIrqs, actualIrqs, exitListed, listedBefore } = s;
  const owedBefore = s.owedIrqs;
  s.owedIrqs = {};
  s.expectedIrqs = new Set();
  s.actualIrqs = new Set();
  s.listedBefore = expectedIrqs;
  s.exitListed = false;
  const missing: number[] = [];
  const extra: number[] = [];
  for (const intid of new Set([...expectedIrqs, ...actualIrqs, ...Object.keys(owedBefore).map(Number)])) {
    if (intid === Platform.PPI_VIRTUAL_TIMER) continue;
    const here = Number(actualIrqs.has(intid)) - Number(expectedIrqs.has(intid));
    const owed = owedBefore[intid] ?? 0;
    if (here + owed === 0) continue;
    // Edges merge: one interrupt in the recording where the vCPU's halt and the end of its VM are two here.
    if (exitListed && listedBefore.has(intid) && intid > PRIMARY_RX_IRQ && here + owed > 0) continue;
    if (s.reasonFirst && intid > PRIMARY_RX_IRQ && here + owed > 0) {
      s.reasonFirst = false;
      continue;
    }
    if (owed === 0 && intid >= PRIMARY_RX_IRQ) s.owedIrqs[intid] = here;
    else if (intid !== PRIMARY_RX_IRQ) (here + owed < 0 ? missing : extra).push(intid);
  }
  const list = (set: Set<number>): string => [...set].sort((a, b) => a - b).join(' ');
  if (missing.length + extra.length === 0) return [];
  const words = `missing here or before: ${missing.join(' ')}; not recorded: ${extra.join(' ')}`;
  return [{ field: 'irqs', expected: list(expectedIrqs), actual: list(actualIrqs), words }];
}

const NO_IMAGE: Verdict = { unsupported: 'no guest image was written' };

/** The VM that the next run is about is the one whose mailbox is meant. */
function noteRunImage(s: Session): void {
  for (let i = s.at + 1; i < s.events.length; i++) {
    const e = s.events[i];
    if (e.ev === 'note') continue;
    if (e.ev !== 'vcpu_run') return;
    s.image = s.driver.guestImage?.(BigInt(e.cap)) ?? imageOfVcpu(s.images, BigInt(e.cap)) ?? s.image;
    return;
  }
}

export function replayGuest(s: Session, e: GuestEvent): Verdict {
  noteRunImage(s);
  if (s.image === 0) return NO_IMAGE;
  s.guestReplaced = s.guestPosted;
  s.guestPosted = true;
  s.guestUsed = true;
  const code = new Uint8Array((e.code.length + 1) * 4);
  const view = new DataView(code.buffer);
  e.code.forEach((word, i) => {
    view.setUint32(i * 4, Number(word), true);
  });
  view.setUint32(e.code.length * 4, RET, true);
  const page = CODE_PAGE + e.vcpu * CODE_STRIDE;
  const box = s.image + MAILBOX + e.vcpu * MAILBOX_STRIDE;
  const request = new Uint8Array(OFF_X + REGISTERS * 8);
  put64(request, OFF_GO, 1n);
  put64(request, OFF_CODE, BigInt(GUEST_BASE + page));
  e.x.forEach((word, i) => {
    put64(request, OFF_X + i * 8, BigInt(word));
  });
  const ok =
    s.driver.writeMem(0, s.image + page, code) &&
    s.driver.writeMem(0, box + OFF_DONE, new Uint8Array(8)) &&
    s.driver.writeMem(0, box + OFF_EXCEPTION + 8, new Uint8Array(24)) &&
    s.driver.writeMem(0, box, request);
  return ok ? [] : [{ field: 'mailbox', expected: 'written', actual: 'no access' }];
}

function mailbox(s: Session, vcpu: number): Uint8Array | undefined {
  return s.driver.readMem(0, s.image + MAILBOX + vcpu * MAILBOX_STRIDE, MAILBOX_SIZE);
}

/** More time for the guest that was last seen READY. Returns whether it got any: not if it has come to something else already. */
export function runOn(s: Session): boolean {
  if (s.lastRun?.ready !== true || s.ahead[s.lastRun.cap] !== undefined) return false;
  const { cap } = s.lastRun;
  const r = runOnce(s, { ev: 'vcpu_run', cap, resume: [], r: [], irqsBefore: [], irqsAfter: [] }, []);
  if (!isReady(r)) s.ahead[cap] = r;
  return true;
}

export function replayGuestResult(s: Session, e: GuestResultEvent): Verdict {
  const verdict = guestResult(s, e);
  s.guestPosted = false;
  if ('unsupported' in verdict) return verdict;
  if (s.guestReplaced) return verdict.map((d) => ({ ...d, excuse: UNFINISHED_GUEST }));
  if (verdict.length === 0 || !askedForEntropy(s, e.vcpu)) return verdict;
  return verdict.map((d) => (RANDOM_WORD.test(d.field) ? { ...d, excuse: RANDOM_IN_GUEST } : d));
}

/** Registers that random words come in. */
const RANDOM_WORD = /^x\[[1-4]\]$/;

function askedForEntropy(s: Session, vcpu: number): boolean {
  for (let i = s.at - 1; i >= 0; i--) {
    const e = s.events[i];
    if (e.ev === 'guest' && e.vcpu === vcpu) return drawsEntropy(e.code, e.x[0]);
  }
  return false;
}

function guestResult(s: Session, e: GuestResultEvent): Verdict {
  if (s.image === 0) return NO_IMAGE;
  let box = mailbox(s, e.vcpu);
  const { lastRun } = s;
  // A guest that had a little more time in the recording gets it here too.
  for (let i = 0; e.done && i < EXTRA_RUNS && box !== undefined && le64(box, OFF_DONE) === 0n && runOn(s); i++) {
    box = mailbox(s, e.vcpu);
  }
  if (box === undefined) return [{ field: 'mailbox', expected: 'readable', actual: 'no access' }];
  const done = le64(box, OFF_DONE) !== 0n;
  if (done !== e.done) {
    if (done && lastRun?.ready === true) return [];
    return [{ field: 'done', expected: String(e.done), actual: String(done) }];
  }
  const read = (offset: number): bigint => le64(box, offset);
  return [
    ...compareWords(
      'x',
      e.x,
      [0, 1, 2, 3, 4, 5, 6, 7].map((i) => read(OFF_RESULT + i * 8)),
    ),
    ...compareText('esr', e.esr, hexWord(read(OFF_EXCEPTION + 8))),
    ...compareText('elr', e.elr, hexWord(read(OFF_EXCEPTION + 16))),
    ...compareText('far', e.far, hexWord(read(OFF_EXCEPTION + 24))),
  ];
}

export function replayGuestBoot(s: Session, e: GuestBootEvent): Verdict {
  const box = s.image === 0 ? undefined : mailbox(s, 0);
  if (box === undefined) return NO_IMAGE;
  return [
    ...compareText('marker', e.marker, hexWord(le64(box, OFF_MARKER))),
    ...compareText('mpidr', e.mpidr, hexWord(le64(box, OFF_MPIDR))),
  ];
}
