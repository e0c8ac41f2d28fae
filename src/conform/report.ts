/** Results as text, TAP and tables. */
import { decodePacket, describePacket } from '../protocol/index.js';
import type { LogEntry } from './bench.js';
import { type Case, isCase, type NotImplemented, type Verdict } from './types.js';

const SEVERITY = { C: 'critical', H: 'high', Md: 'medium', L: 'low' } as const;
const STIMULUS = { R: 'normal', L: 'legal', H: 'hostile' } as const;
const SHOWN_PACKETS = 12;

/** `rmclient/frag/6`. */
export const pathOf = (id: string): string => `rmclient/${id.toLowerCase().replace('-', '/')}`;

/** One line of a listing. */
export function caseText(c: Case | NotImplemented): string {
  const head = `${c.id.padEnd(9)} ${c.level} ${c.req === 'M' ? 'must  ' : 'should'} ${SEVERITY[c.sev].padEnd(8)} ${STIMULUS[c.stim].padEnd(7)} ${c.title}`;
  return isCase(c) ? head : `${head} (not implemented: ${c.why})`;
}

/** The last packets before the end, decoded. */
export function logText(log: readonly LogEntry[]): string {
  return log
    .slice(-SHOWN_PACKETS)
    .map((l) => {
      const text = describePacket(decodePacket(l.bytes)).replaceAll('\n', '\n      ');
      return `  ${l.dir} ${text}${l.note === undefined ? '' : ` (${l.note})`}`;
    })
    .join('\n');
}

export function summary(passed: number, failed: number, skipped: number): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

export interface TapLine {
  check: Case | NotImplemented;
  verdict?: Verdict;
  ok: boolean;
}

export function tap(lines: readonly TapLine[]): string {
  const out = ['TAP version 13', `1..${lines.length}`];
  lines.forEach(({ check, verdict, ok }, i) => {
    const head = `${ok ? 'ok' : 'not ok'} ${i + 1} - ${check.id} ${check.title}`;
    if (verdict === undefined) out.push(`${head} # SKIP ${isCase(check) ? 'not selected' : check.why}`);
    else {
      out.push(head);
      if (!ok)
        out.push(
          '  ---',
          `  verdict: ${verdict.verdict}`,
          ...verdict.reasons.map((r) => `  reason: ${JSON.stringify(r)}`),
          '  ...',
        );
    }
  });
  return out.join('\n');
}

/** The table of docs/conformance.md. */
export function catalogMarkdown(catalog: readonly (Case | NotImplemented)[]): string {
  const rows = catalog.map(
    (c) =>
      `| ${c.id} | ${c.level} | ${c.req} | ${c.sev} | ${c.stim} | ${c.must} | ${isCase(c) ? 'yes' : `no: ${c.why}`} |`,
  );
  return [
    '| Check | Level | Req | Sev | Stim | Requirement | Implemented |',
    '|---|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}
