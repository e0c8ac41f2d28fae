/** Recordings as checks of a server, and what the link cannot carry of them. */
import { Platform } from '../protocol/index.js';
import type { TranscriptEvent } from '../transcript/events.js';
import type { LinkMode, RmCase } from './types.js';

/** The group of a packed file: `dir/c5.jsonl.gz` is `c5`. */
export const groupOf = (path: string): string => path.replace(/^.*\//, '').replace(/\.jsonl(\.gz)?$/, '');

/** What a case is called by. */
export type CaseName = Pick<RmCase, 'id' | 'group'>;

/** Ids of one file's recordings; a second recording of the same name gets a number. */
function idsOf(names: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return names.map((name) => {
    const n = (seen.get(name) ?? 0) + 1;
    seen.set(name, n);
    return n === 1 ? name : `${name}#${n}`;
  });
}

/** One recording of a file as text: reading a file whole takes longer than most runs with few cases. */
export interface Recording extends CaseName {
  readonly text: string;
}

const MARK = '"format"';

/** The recordings of a file, told apart by their headers alone. Text before the first header belongs to it. */
export function recordingsIn(path: string, text: string): Recording[] {
  const starts: number[] = [];
  const names: string[] = [];
  for (let at = text.indexOf(MARK); at >= 0; at = text.indexOf(MARK, at + 1)) {
    const start = text.lastIndexOf('\n', at) + 1;
    const end = text.indexOf('\n', at);
    const name = headerName(text.slice(start, end < 0 ? text.length : end));
    if (name === undefined) continue;
    starts.push(starts.length === 0 ? 0 : start);
    names.push(name);
  }
  const group = groupOf(path);
  return idsOf(names).map((id, i) => ({ id, group, text: text.slice(starts[i], starts[i + 1] ?? text.length) }));
}

function headerName(line: string): string | undefined {
  try {
    const { format, name } = JSON.parse(line) as { format?: unknown; name?: unknown };
    return format === undefined ? undefined : String(name);
  } catch {
    return undefined;
  }
}

const wantedName = (filter: string): string => filter.replace(/^rmserver\//, '').replace(/\/$/, '');
const namesOf = (c: CaseName): string[] => [c.id, c.group, `${c.group}/${c.id}`];

/** Cases that a filter means: those with this very name if there are any, else all that it matches. */
export function filtered(all: readonly CaseName[], filter: string): CaseName[] {
  const exact = all.filter((c) => namesOf(c).includes(wantedName(filter)));
  return exact.length > 0 ? exact : all.filter((c) => matchesFilter(c, filter));
}

/** `b2`, `c5_001`, `c5/c5_001`, `seed-*`, `rmserver/...`: a name, the beginning of one up to a separator, a group, or a pattern with `*`. */
export function matchesFilter(c: CaseName, filter: string): boolean {
  const wanted = wantedName(filter);
  const names = namesOf(c);
  if (wanted.includes('*')) {
    const pattern = wanted.split('*').map((s) => s.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
    const whole = new RegExp(`^${pattern.join('.*')}$`);
    return names.some((name) => whole.test(name));
  }
  return names.some((name) => name === wanted || new RegExp(`^${wanted.replace(/\W/g, '\\$&')}[-_/#]`).test(name));
}

/** `rmserver/c5/c5_001`. */
export const pathOf = (c: CaseName): string => `rmserver/${c.group}/${c.id}`;

type Reason = (e: TranscriptEvent) => string | undefined;

const PSCI_CPU_ON = ['0x84000003', '0xc4000003'];
const MORE_CPUS = 'further vCPUs of the primary VM (each would be a client of its own)';

const notCarried: Reason = (e) => {
  switch (e.ev) {
    case 'code':
    case 'codeResult':
      return 'machine code on a vCPU of the client (its instructions do not pass the link)';
    case 'cpuBoot':
      return 'registers of a further vCPU at its start (START carries x0 and pc only)';
    case 'smccc':
      return (e.cpu ?? 0) > 0 || PSCI_CPU_ON.includes((e.x[0] ?? '').toLowerCase()) ? MORE_CPUS : undefined;
    default:
      return 'cpu' in e && (e.cpu ?? 0) > 0 ? MORE_CPUS : undefined;
  }
};

/** Bare packets: everything else is done by the server. */
const notInRpcMode: Reason = (e) => {
  switch (e.ev) {
    case 'tx':
      if (e.bytes.length === 0 || e.bytes.length > 2 * Platform.RM_QUEUE_MSG_SIZE)
        return 'messages that are no packets';
      return (e.r ?? []).length > 1 && (Number(e.r?.[0]) !== 0 || Number(e.r?.[1]) === 0)
        ? 'a full queue (in RPC-only mode the server keeps the pace)'
        : undefined;
    case 'rx':
    case 'quiet':
    case 'delay':
    case 'note':
    case 'dead':
      return undefined;
    default:
      return `${e.ev} events (the server offers bare packets only)`;
  }
};

/** Why this case cannot be put to a server over the link; undefined: it can. */
export function skipReason(c: RmCase, mode: LinkMode): string | undefined {
  if (c.transcript.header.hyp?.includes('lend-unmap-fix')) return 'recorded from another version of the hypervisor';
  if (c.transcript.events.every((e) => e.ev === 'note')) return 'nothing is compared';
  const reason = mode === 'rpc' ? notInRpcMode : notCarried;
  const reasons = new Set(c.transcript.events.flatMap((e) => reason(e) ?? []));
  return reasons.size === 0 ? undefined : `the link does not carry: ${[...reasons].join('; ')}`;
}
