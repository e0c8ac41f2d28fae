/** Transcripts as text (NDJSON), read whole and checked, so that a replay meets well-formed events only. Fact base: transcript format. */
import type { Header, Transcript, TranscriptEvent } from './events.js';

/**
 * Several transcripts may follow each other in one file, each beginning with its header. A user's file can be anything: the answer
 * is the transcripts or one line of text that says what is wrong.
 */
export function readTranscripts(
  text: string,
): { readonly transcripts: readonly Transcript[] } | { readonly error: string } {
  const transcripts: { header: Header; events: TranscriptEvent[] }[] = [];
  let line = 0;
  const lines = text.split('\n');
  for (const raw of lines) {
    line++;
    if (raw.trim() === '') continue;
    const value = parse(raw);
    // The last line of a whole file ends too.
    const isCut = line > 1 && line === lines.length;
    if (value === undefined)
      return { error: `line ${line} is not a JSON object: ${isCut ? 'the file is cut off' : EXPECTED}` };
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

const EXPECTED = 'a transcript has one on every line (.jsonl)';
const FORMAT = 'gunyah-transcript/1';

function badHeader(header: Record<string, unknown>): string | undefined {
  return Object.keys(HEADER_KEYS).find((key) => header[key] !== undefined && !HEADER_KEYS[key](header[key]));
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
const isCount = (v: unknown): boolean => typeof v === 'number' && Number.isInteger(v) && v >= 0 && v <= COUNT_MAX;
const isCpu = (v: unknown): boolean => isCount(v) && (v as number) < CPUS;
const isWidth = (v: unknown): boolean => v === 1 || v === 2 || v === 4 || v === 8;
const isText = (v: unknown): boolean => typeof v === 'string';
const isEncoding = (v: unknown): boolean => typeof v === 'string' && /^S[0-3]_[0-7]_C\d{1,2}_C\d{1,2}_[0-7]$/.test(v);
const isList = (v: unknown, check: Check): boolean => Array.isArray(v) && v.every(check);
const isWords = (v: unknown): boolean => isList(v, isHexWord);
const isIntids = (v: unknown): boolean => isList(v, isCount);
const isResults = (v: unknown): boolean => isList(v, (x) => isHexWord(x) || isCount(x));
const isRows = (v: unknown): boolean => isList(v, isResults);
const isTaken = (v: unknown): boolean => isList(v, (x) => isCount(x) || isText(x));
const isException = (v: unknown): boolean => {
  const exc = v as Record<string, unknown> | null;
  return typeof exc === 'object' && exc !== null && isCount(exc.vector) && isHexWord(exc.esr) && isHexWord(exc.far);
};

type Check = (v: unknown) => boolean;

/** Milliseconds, repetitions and interrupt numbers beyond this are no recording. */
const COUNT_MAX = 1_000_000;
const CPUS = 8;

const BOOT_WORDS = ['x0', 'x1', 'currentel', 'mpidr', 'sctlr', 'daif'] as const;

/** Keys that must be there, with their form; other keys are optional or ignored. */
const REQUIRED: Readonly<Record<string, Readonly<Record<string, Check>>>> = {
  hvc: { imm: isHexWord, x: isWords },
  smccc: { x: isWords, conduit: (v) => v === 'hvc' || v === 'smc' },
  burst: { imm: isHexWord, x: isWords, count: isCount, r: isRows },
  tx: { bytes: isBytes },
  rx: { bytes: isBytes },
  quiet: { ms: isCount },
  mem: { ipa: isHexWord, bytes: isBytes },
  peek: { ipa: isHexWord },
  vcpu_run: { cap: isHexWord, resume: isWords },
  guest: { vcpu: isCpu, code: isWords, x: isWords },
  guestResult: { vcpu: isCpu, x: isWords, esr: isHexWord, elr: isHexWord, far: isHexWord },
  irqs: { intids: isIntids },
  sysreg: { op: (v) => v === 'read' || v === 'write', enc: isEncoding, name: isText },
  code: { code: isWords, x: isWords },
  yields: { x: isWords, count: isCount, err: isHexWord },
  cpuBoot: { cpu: isCpu, count: isCount, ...Object.fromEntries(BOOT_WORDS.map((key) => [key, isHexWord])) },
  delay: { ms: isCount },
  wfi: { returned: isText, cntvCtl: isHexWord },
  suspend: { armedMs: isCount, returned: isText, timer: (v) => v === 'CNTV' || v === 'CNTP', what: isText },
  timer: { tval: isHexWord, timer: (v) => v === 'CNTV' || v === 'CNTP' },
  guestBoot: { marker: isHexWord, mpidr: isHexWord },
  note: { text: isText },
  dead: { what: isText },
};

const OPTIONAL: ReadonlyMap<string, Check> = new Map(
  Object.entries<Check>({
    bytes: isBytes,
    value: isHexWord,
    cpu: isCpu,
    width: isWidth,
    exc: isException,
    ms: isCount,
    spunMs: isCount,
    irqsBefore: isIntids,
    irqsAfter: isIntids,
    imm: isHexWord,
    push: (v) => typeof v === 'boolean' || v === 0 || v === 1,
    taken: isTaken,
  }),
);

const HEADER_KEYS: Readonly<Record<string, Check>> = {
  name: isText,
  title: isText,
  hyp: isText,
  txBuffer: isHexWord,
  rxBuffer: isHexWord,
};

function badKey(event: Record<string, unknown>): string | undefined {
  const required = REQUIRED[event.ev as string] ?? {};
  for (const [key, check] of Object.entries(required)) if (!check(event[key])) return key;
  for (const key of Object.keys(event)) if (OPTIONAL.get(key)?.(event[key]) === false) return key;
  if (event.ev === 'burst') return (event.r as unknown[]).length === event.count ? undefined : 'r';
  if (event.r !== undefined && !isResults(event.r)) return 'r';
  return undefined;
}
