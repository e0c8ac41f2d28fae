import type { Header, Transcript, TranscriptEvent } from './events.js';

/** Reads transcripts (NDJSON, header first); several may follow each other in one file, each beginning with its header.
 * A user's file can be anything: the answer is the transcripts or one line of text that says what is wrong.
 */
export function readTranscripts(
  text: string,
): { readonly transcripts: readonly Transcript[] } | { readonly error: string } {
  const transcripts: { header: Header; events: TranscriptEvent[] }[] = [];
  let line = 0;
  for (const raw of text.split('\n')) {
    line++;
    if (raw.trim() === '') continue;
    const value = parse(raw);
    if (value === undefined) return { error: `line ${line} is not a JSON object` };
    if ('format' in value || transcripts.length === 0) {
      if (value.format !== FORMAT) return { error: `line ${line} is no header of format ${FORMAT}` };
      const wrong = badHeader(value);
      if (wrong !== undefined) return { error: `line ${line}: '${wrong}' of the header has the wrong form` };
      transcripts.push({ header: value as unknown as Header, events: [] });
    } else if (typeof value.ev !== 'string') {
      return { error: `line ${line} has no event kind 'ev'` };
    } else {
      const wrong = badKey(value);
      if (wrong !== undefined) return { error: `line ${line}: '${wrong}' of event '${value.ev}' has the wrong form` };
      transcripts[transcripts.length - 1].events.push(value as unknown as TranscriptEvent);
    }
  }
  return transcripts.length === 0 ? { error: 'empty file' } : { transcripts };
}

const FORMAT = 'gunyah-transcript/1';

function badHeader(header: Record<string, unknown>): string | undefined {
  return ['txBuffer', 'rxBuffer'].find((key) => header[key] !== undefined && !isHexWord(header[key]));
}

function parse(raw: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(raw);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

const isHexWord = (v: unknown): boolean => typeof v === 'string' && /^0x[0-9a-f]{1,16}$/i.test(v);
const isBytes = (v: unknown): boolean => typeof v === 'string' && v.length % 2 === 0 && /^[0-9a-f]*$/i.test(v);
const isNumber = (v: unknown): boolean => typeof v === 'number' && Number.isFinite(v);
const isWords = (v: unknown): boolean => Array.isArray(v) && v.every(isHexWord);
const isList = (v: unknown): boolean => Array.isArray(v);

type Check = (v: unknown) => boolean;

/** Keys that must be there, with their form; other keys are optional or ignored. */
const REQUIRED: Readonly<Record<string, Readonly<Record<string, Check>>>> = {
  hvc: { imm: isHexWord, x: isWords },
  smccc: { x: isWords },
  burst: { imm: isHexWord, x: isWords, count: isNumber, r: isList },
  tx: { bytes: isBytes },
  rx: { bytes: isBytes },
  quiet: { ms: isNumber },
  mem: { ipa: isHexWord, bytes: isBytes },
  peek: { ipa: isHexWord },
  vcpu_run: { cap: isHexWord, resume: isWords },
  guest: { vcpu: isNumber, code: isWords, x: isWords },
  guestResult: { vcpu: isNumber, x: isWords, esr: isHexWord, elr: isHexWord, far: isHexWord },
  irqs: { intids: isList },
  sysreg: { op: (v) => v === 'read' || v === 'write', enc: (v) => typeof v === 'string' },
  code: { code: isWords, x: isWords },
  yields: { x: isWords, count: isNumber, err: isHexWord },
  cpuBoot: { cpu: isNumber, count: isNumber },
  delay: { ms: isNumber },
  suspend: { armedMs: isNumber, returned: (v) => typeof v === 'string' },
  timer: { tval: isHexWord },
};

const OPTIONAL: Readonly<Record<string, Check>> = {
  bytes: isBytes,
  value: isHexWord,
  cpu: isNumber,
  width: isNumber,
  r: isList,
  irqsBefore: isList,
  irqsAfter: isList,
};

function badKey(event: Record<string, unknown>): string | undefined {
  const required = REQUIRED[event.ev as string] ?? {};
  for (const [key, check] of Object.entries(required)) if (!check(event[key])) return key;
  for (const [key, check] of Object.entries(OPTIONAL)) {
    if (event[key] !== undefined && !check(event[key])) return key;
  }
  return undefined;
}
