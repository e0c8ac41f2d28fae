/** Plays one recording against a server and says how it did: the comparison is that of `verify`. */
import type { ReplayDriver } from '../transcript/driver.js';
import type { EventOutcome } from '../transcript/outcome.js';
import { replayTranscript } from '../transcript/replay.js';
import { addOutcome, describeOutcome, noTotals } from '../transcript/report.js';
import { rulesBehind } from './rules.js';
import { LinkFault, type RmCase, type RmResult, type RmVerdict } from './types.js';

/** Differences that are shown; a recording is given up behind the last. */
const MAX_DIFFERENCES = 5;

/** A driver that knows why it stopped answering. */
export interface JudgedDriver extends ReplayDriver {
  readonly stuck: string | undefined;
}

/** What a fault says about the server. `greeted`: it was there before. */
export function faultVerdict(fault: LinkFault, greeted: boolean): { verdict: RmVerdict; reason: string } {
  switch (fault.kind) {
    case 'silent':
      return { verdict: 'HANG', reason: fault.message };
    case 'lost':
      return { verdict: 'CRASH', reason: greeted ? `the server is gone: ${fault.message}` : fault.message };
    case 'garbage':
      return { verdict: 'FAIL', reason: `this is not the link's protocol: ${fault.message}` };
  }
}

/** What is not as recorded: the event, both values in words, the rules that decide about the answer. */
const differenceText = (o: EventOutcome): string => [describeOutcome(o), ...rulesBehind(o)].join('\n');

/**
 * Plays the recording of `c`; `connect` gives a driver of a machine that was never used. Faults of the link are part
 * of the result.
 */
export function judge(c: RmCase, connect: () => JudgedDriver): RmResult {
  const totals = noTotals();
  const reasons: string[] = [];
  let verdict: RmVerdict = 'PASS';
  let unsupported: string | undefined;
  try {
    const driver = connect();
    for (const o of replayTranscript(c.transcript, driver)) {
      addOutcome(totals, o);
      if (o.outcome.kind === 'unsupported') unsupported ??= o.outcome.why;
      if (o.outcome.kind !== 'mismatched') continue;
      if (driver.stuck !== undefined) {
        verdict = 'HANG';
        reasons.push(`${driver.stuck}\n${differenceText(o)}`);
        break;
      }
      verdict = 'FAIL';
      reasons.push(differenceText(o));
      if (reasons.length >= MAX_DIFFERENCES) break;
    }
  } catch (error) {
    if (!(error instanceof LinkFault)) throw error;
    const fault = faultVerdict(error, true);
    verdict = fault.verdict;
    reasons.push(fault.reason);
  }
  if (verdict === 'PASS' && unsupported !== undefined) {
    verdict = 'SKIP';
    reasons.push(unsupported);
  }
  return { verdict, reasons, compared: totals.matched + totals.mismatched + totals.excused, excused: totals.excused };
}
