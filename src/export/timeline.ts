/** Which vCPU had which CPU when, drawn with letters: one line for each CPU, one column for each slice of virtual time. */
import type { RunEvent } from '../scenario/index.js';

export interface Span {
  cpu: number;
  thread: number;
  who: string;
  from: number;
  to: number;
}

/** Collects who executes where. */
export class SpanCollector {
  private readonly spans: Span[] = [];
  private readonly open = new Map<number, Span>();

  add(event: RunEvent): void {
    if (event.kind !== 'execute') return;
    this.close(event.cpu, event.at);
    if (event.thread >= 0) {
      this.open.set(event.cpu, { cpu: event.cpu, thread: event.thread, who: event.who, from: event.at, to: event.at });
    }
  }

  private close(cpu: number, at: number): void {
    const span = this.open.get(cpu);
    if (span === undefined) return;
    this.open.delete(cpu);
    span.to = at;
    if (span.to > span.from) this.spans.push(span);
  }

  /** All so far, by their begin; what runs at that time ends there. */
  until(at: number): Span[] {
    const running = [...this.open.values()].flatMap((s) => (at > s.from ? [{ ...s, to: at }] : []));
    return [...this.spans, ...running].sort((a, b) => a.from - b.from || a.cpu - b.cpu);
  }
}

const LETTERS = 'HRabcdefghijklmnopqstuvwxyz';

/** Letters by vCPU: H for the primary VM, R for RM, small letters for the others in order of appearance. */
function legend(spans: readonly Span[]): Map<string, string> {
  const letters = new Map<string, string>();
  let next = 2;
  for (const { who } of spans) {
    if (letters.has(who)) continue;
    const fixed = who === 'HLOS.0' ? 'H' : who === 'RM' ? 'R' : undefined;
    letters.set(who, fixed ?? LETTERS[next++] ?? '?');
  }
  return letters;
}

const ms = (ns: number): string => (ns / 1_000_000).toFixed(3);

/**
 * Lines of the picture, `width` columns wide. A column shows who had most of it; a dot is an idle CPU. Below it each vCPU's share of every
 * CPU that it had.
 */
export function timelineLines(spans: readonly Span[], from: number, to: number, width = 100): string[] {
  const total = to - from;
  if (spans.length === 0 || total <= 0) return ['nothing executed'];
  const letters = legend(spans);
  const cpus = Math.max(...spans.map((s) => s.cpu)) + 1;
  const share = Array.from({ length: cpus }, () => Array.from({ length: width }, () => new Map<string, number>()));
  for (const s of spans) {
    const first = Math.max(0, Math.floor(((s.from - from) / total) * width));
    const last = Math.min(width - 1, Math.floor(((s.to - from) / total) * width));
    for (let c = first; c <= last; c++) {
      const begin = from + (total * c) / width;
      const overlap = Math.min(s.to, begin + total / width) - Math.max(s.from, begin);
      if (overlap > 0) share[s.cpu][c].set(s.who, (share[s.cpu][c].get(s.who) ?? 0) + overlap);
    }
  }
  const column = (map: ReadonlyMap<string, number>): string => {
    const best = [...map].sort((a, b) => b[1] - a[1])[0];
    return best === undefined ? '.' : (letters.get(best[0]) ?? '?');
  };
  const left = `${ms(from)} ms`;
  const right = `${ms(to)} ms`;
  const lines = [`       ${left}${right.padStart(Math.max(1, width - left.length))}`];
  for (let cpu = 0; cpu < cpus; cpu++) {
    if (spans.some((s) => s.cpu === cpu)) lines.push(`CPU ${String(cpu).padEnd(2)} ${share[cpu].map(column).join('')}`);
  }
  for (const [who, letter] of letters) {
    const times = Array.from({ length: cpus }, () => 0);
    for (const s of spans) if (s.who === who) times[s.cpu] += Math.min(s.to, to) - Math.max(s.from, from);
    const sum = times.reduce((a, b) => a + b, 0);
    const shares = times.flatMap((time, cpu) =>
      time > 0 ? [`${((time / total) * 100).toFixed(1).padStart(5)} % of CPU ${cpu}`] : [],
    );
    lines.push(`  ${letter}  ${who.padEnd(10)} ${ms(sum).padStart(10)} ms  ${shares.join(',')}`);
  }
  return lines;
}
