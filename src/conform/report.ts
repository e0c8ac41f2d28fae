/** Results as text and tables. */
import { hypErrorName, parseRpcHeader, RpcType } from '../protocol/index.js';
import { PRIMARY_RX_IRQ, PRIMARY_TX_IRQ } from '../sim/index.js';
import type { Bench, LogEntry } from './bench.js';
import { packetLines } from './show.js';
import type { Case } from './types.js';

const SEVERITY = { C: 'critical', H: 'high', Md: 'medium', L: 'low' } as const;
const STIMULUS = { R: 'normal', L: 'legal', H: 'hostile' } as const;
const SHOWN_PACKETS = 12;

/** `rmclient/frag/6`. */
export const pathOf = (id: string): string => `rmclient/${id.toLowerCase().replace('-', '/')}`;

/** One line of a listing. */
export function caseText(c: Case): string {
  return `${c.id.padEnd(9)} ${c.level} ${c.req === 'M' ? 'must  ' : 'should'} ${SEVERITY[c.sev].padEnd(8)} ${STIMULUS[c.stim].padEnd(7)} ${c.title}`;
}

/** What the test did to a packet, in words. */
function noteText(note: string): string {
  const code = /^(forced|refused with) (-?\d+)$/.exec(note);
  if (code?.[1] === 'forced') return `the test makes the hypervisor answer ${hypErrorName(Number(code[2]))}`;
  if (code !== null) return `the hypervisor answers ${hypErrorName(Number(code[2]))}`;
  return NOTES[note] ?? note;
}

const NOTES: Readonly<Record<string, string>> = {
  kept: 'waits in a queue that the test does not drain',
  'kept from RM': 'the test takes it before RM',
  'by the test': 'sent by the test',
};

const NS_PER_MS = 1_000_000;

/** The last packets before the end, decoded, with the virtual time since the first. */
export function logText(log: readonly LogEntry[]): string {
  const nth = { '>': 0, '<': 0 };
  const texts = log.map((l) => {
    const continued = parseRpcHeader(l.bytes)?.type === RpcType.CONTINUED;
    const n = continued ? nth[l.dir] + 1 : 1;
    // What was not sent comes again.
    if (l.note === undefined || !/^(forced|refused)/.test(l.note)) nth[l.dir] = n;
    return { l, n };
  });
  return texts
    .slice(-SHOWN_PACKETS)
    .map(({ l, n }) => {
      const at = ((l.at - log[0].at) / NS_PER_MS).toFixed(3).padStart(9);
      const [head, ...lines] = packetLines(l.bytes, n);
      const note = l.note === undefined ? '' : ` (${noteText(l.note)})`;
      return [`${at} ms ${l.dir} ${head}${note}`, ...lines.map((x) => `               ${x}`)].join('\n');
    })
    .join('\n');
}

const irqName = (intid: number): string =>
  intid === PRIMARY_TX_IRQ
    ? `${intid} (send queue)`
    : intid === PRIMARY_RX_IRQ
      ? `${intid} (receive queue)`
      : String(intid);

/**
 * What is under way when a check ends without success: what everybody waits for, if nothing happens any more. `withIrqs`: its
 * interrupts too.
 */
export function standstill(bench: Bench, withIrqs: boolean): string {
  const irqs = withIrqs ? bench.irqs.texts(irqName) : [];
  const facts = [
    bench.waiting > 0
      ? `${bench.waiting} packets wait in the client's receive queue`
      : "the client's receive queue is empty",
    bench.stalledPackets.length > 0 ? `${bench.stalledPackets.length} packets wait in its send queue` : '',
    bench.audit.missing > 0 ? `its last request lacks ${bench.audit.missing} fragments` : '',
    `it made ${bench.sends} sends and ${bench.receives} receives`,
  ];
  return [`at the end: ${facts.filter((f) => f !== '').join('; ')}`, ...irqs.map((t) => `interrupt ${t}`)].join('\n  ');
}

/** The table of docs/conformance.md. */
export function catalogMarkdown(catalog: readonly Case[]): string {
  const rows = catalog.map(
    (c) => `| ${c.id} | ${c.level} | ${c.req} | ${c.sev} | ${c.stim} | ${c.must} | ${c.needs ?? ''} |`,
  );
  return [
    '| Check | Level | Req | Sev | Stim | Requirement | Feature |',
    '|---|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}
