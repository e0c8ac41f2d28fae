/** Timers, waiting and the rough measurements. Fact base: additions to the transcript format. */
import { HYPERCALL_BASE } from '../hyp/index.js';
import { Call, Platform, Smccc } from '../protocol/index.js';
import type { CounterEvent, SlicesEvent, SuspendEvent, TimerEvent, WfiEvent, YieldsEvent } from './events.js';
import { compareText, compareWords, hexWord, type Verdict } from './outcome.js';
import type { Session } from './session.js';

interface Timer {
  readonly count: string;
  readonly tval: string;
  readonly ctl: string;
  readonly cval: string;
}
const TIMERS: Readonly<Record<'CNTV' | 'CNTP', Timer>> = {
  CNTV: { count: 'S3_3_C14_C0_2', tval: 'S3_3_C14_C3_0', ctl: 'S3_3_C14_C3_1', cval: 'S3_3_C14_C3_2' },
  CNTP: { count: 'S3_3_C14_C0_1', tval: 'S3_3_C14_C2_0', ctl: 'S3_3_C14_C2_1', cval: 'S3_3_C14_C2_2' },
};
const CNTFRQ = 'S3_3_C14_C0_0';
const WFI_MS = 5;
const NS_PER_MS = 1e6;
/** A second's worth of counts: what "small" means. */
const SMALL = BigInt(Platform.TIMER_FREQ_HZ);
const TVAL_BITS = 32;
const PSCI_SUSPEND_32 = BigInt(Smccc.PSCI_CPU_SUSPEND);
const PSCI_SUSPEND_64 = BigInt(Smccc.PSCI_CPU_SUSPEND_64);

const read = (s: Session, enc: string): bigint => s.driver.readSysreg(0, enc).value ?? 0n;

function arm(s: Session, timer: Timer, ms: number): void {
  s.driver.writeSysreg(0, timer.tval, BigInt(Math.round((ms * Number(read(s, CNTFRQ))) / 1000)));
  s.driver.writeSysreg(0, timer.ctl, 1n);
}

/** Carries out `wait` under an armed timer; in words whether it came back at once or by the timer. */
function waited(s: Session, timer: Timer, ms: number, wait: () => void): string {
  arm(s, timer, ms);
  const start = s.driver.now();
  wait();
  return s.driver.now() - start >= (ms * NS_PER_MS) / 2 ? 'by the timer' : 'at once';
}

export function replayWfi(s: Session, e: WfiEvent): Verdict {
  const timer = TIMERS.CNTV;
  const returned = waited(s, timer, WFI_MS, () => s.driver.wfi(0));
  const ctl = read(s, timer.ctl);
  // The recorded driver took longer to its next operation than the timer, which stayed armed.
  if (returned === 'at once') s.driver.delay(WFI_MS);
  return [...compareText('returned', e.returned, returned), ...compareText('cntvCtl', e.cntvCtl, hexWord(ctl))];
}

export function replaySuspend(s: Session, e: SuspendEvent): Verdict {
  const timer = TIMERS[e.timer];
  let r: readonly bigint[] = [];
  const returned = waited(s, timer, e.armedMs, () => {
    if (e.what === 'wfi') s.driver.wfi(0);
    else r = s.driver.smccc(0, 'hvc', 0, [e.what.includes('32') ? PSCI_SUSPEND_32 : PSCI_SUSPEND_64]).x;
  });
  return [...compareText('returned', e.returned, returned), ...compareWords('r', e.r ?? [], r)];
}

/** CVAL = count + signed TVAL. */
export function replayTimer(s: Session, e: TimerEvent): Verdict {
  const timer = TIMERS[e.timer];
  const before = read(s, timer.count);
  s.driver.writeSysreg(0, timer.tval, BigInt(e.tval));
  const distance = BigInt.asUintN(64, read(s, timer.cval) - before - BigInt.asIntN(TVAL_BITS, BigInt(e.tval)));
  return compareText('ok', String(e.ok), String(distance < SMALL));
}

export function replayCounter(s: Session, e: CounterEvent): Verdict {
  const first = read(s, TIMERS.CNTP.count);
  const distance = BigInt.asUintN(64, read(s, TIMERS.CNTV.count) - first);
  return compareText('smallNonNegative', String(e.smallNonNegative), String(distance < SMALL));
}

/** The figures are rough by their nature; only the time passes. */
export function replaySlices(s: Session, e: SlicesEvent): Verdict {
  if (e.spunMs !== undefined) s.driver.delay(e.spunMs);
  return [];
}

/** The result of each call counts, not how long it took. */
export function replayYields(s: Session, e: YieldsEvent): Verdict {
  const x = e.x.map(BigInt);
  for (let i = 0; i < e.count; i++) {
    const end = s.driver.hvc(0, HYPERCALL_BASE + Call.SCHEDULER_YIELD, x);
    const differences = compareText('err', e.err, end.kind === 'done' ? hexWord(end.x[0]) : end.kind);
    if (differences.length > 0) return differences;
  }
  return [];
}
