/** Bytes for people: packets with what they mean, and two byte strings against each other. */
import { toHex } from '../base/index.js';
import {
  decodePacket,
  describeMessage,
  type FieldLayout,
  LAYOUTS,
  messageName,
  Platform,
  parseRpcHeader,
  RpcType,
} from '../protocol/index.js';

const ROW = 16;
/** Rows of a message that are shown; the log says how many bytes follow. */
const SHOWN_ROWS = 2;
/** Rows around the first difference. */
const ROWS_AROUND = 1;
const HEADER = Platform.RPC_HEADER_SIZE;
const KIND = { [RpcType.REQUEST]: 'REQUEST', [RpcType.REPLY]: 'REPLY', [RpcType.NOTIFICATION]: 'NOTIFICATION' };
const HEADER_FIELDS = [
  'API version and header size',
  'type and fragment count',
  'sequence number',
  'sequence number',
  'message id',
  'message id',
  'message id',
  'message id',
];
/** Hints are for whole words at least: shorter runs are equal by chance. */
const LEAST_RUN = 8;
const MOST_SHIFT = 300;

const spaced = (b: Uint8Array): string => toHex(b).replace(/(..)(?!$)/g, '$1 ');
const nameOf = (id: number): string => {
  const hex = `0x${id.toString(16).padStart(8, '0')}`;
  const name = messageName(id);
  return name.startsWith('0x') ? `message ${hex} (of the test)` : `${name} (${hex})`;
};

/** `REQUEST VM_GET_STATE (0x56000017) seq 0, 8 + 4 bytes`. `nth`: which fragment of its message this is, from 1. */
export function packetHead(b: Uint8Array, nth = 1): string {
  const h = parseRpcHeader(b);
  if (h === undefined) return `${b.length} bytes, less than a header`;
  const part = h.fragments > 0 || h.type === RpcType.CONTINUED ? `, fragment ${nth} of ${h.fragments + 1}` : '';
  const kind = h.type === RpcType.CONTINUED ? 'CONTINUED' : (KIND[h.type as keyof typeof KIND] ?? `type ${h.type}`);
  return `${kind} ${nameOf(h.id)} seq ${h.seq}${part}, ${HEADER} + ${b.length - HEADER} bytes`;
}

/** Header, a bar, then what follows, `rows` rows at most. */
function hexRows(b: Uint8Array, rows: number): string[] {
  const out: string[] = [`${spaced(b.subarray(0, HEADER))} |`];
  const content = b.subarray(HEADER);
  for (let at = 0; at < content.length && out.length <= rows; at += ROW)
    out.push(spaced(content.subarray(at, at + ROW)));
  const left = content.length - rows * ROW;
  if (left > 0) out.push(`... ${left} bytes more`);
  return out;
}

/** What a packet says, field by field; nothing for messages that only the test knows. */
function meaning(b: Uint8Array): string[] {
  const p = decodePacket(b);
  const lines: string[] = p.problems.map((t) => `! ${t}`);
  const { message: m } = p;
  if (m === undefined || LAYOUTS[m.id] !== undefined)
    return m === undefined ? lines : [...trimmed(describeMessage(m)), ...lines];
  // Only the code means something.
  if (m.code !== undefined)
    lines.unshift(...trimmed(describeMessage({ ...m, payload: m.payload.subarray(0, 4), problems: [] })));
  return lines;
}

const trimmed = (lines: readonly string[]): string[] => lines.map((l) => l.replace(/^ {2}/, ''));

/** A packet as lines: head, bytes, fields. */
export function packetLines(b: Uint8Array, nth = 1, rows = SHOWN_ROWS): string[] {
  return [packetHead(b, nth), ...hexRows(b, rows).map((l) => `  ${l}`), ...meaning(b).map((l) => `  ${l}`)];
}

const firstDifference = (a: Uint8Array, b: Uint8Array): number => {
  let at = 0;
  while (at < a.length && at < b.length && a[at] === b[at]) at++;
  return at;
};

const runAt = (a: Uint8Array, from: number, b: Uint8Array, to: number): boolean => {
  const n = Math.min(a.length - from, b.length - to, ROW);
  if (n < LEAST_RUN) return false;
  for (let i = 0; i < n; i++) if (a[from + i] !== b[to + i]) return false;
  return true;
};

/** What kind of difference it is, when that can be told. */
function hint(actual: Uint8Array, expected: Uint8Array, at: number): string | undefined {
  if (at === actual.length) return `the last ${expected.length - at} bytes are missing`;
  if (at === expected.length) return `${actual.length - at} bytes too many at the end`;
  for (let k = 1; k <= MOST_SHIFT; k++) {
    if (runAt(actual, at, expected, at + k))
      return `${k} bytes are missing here: what follows is that of byte ${at + k}`;
    if (runAt(actual, at + k, expected, at))
      return `${k} bytes too many here: the expected ones follow at byte ${at + k}`;
  }
  return undefined;
}

function rowsAround(b: Uint8Array, at: number): string[] {
  const first = Math.max(0, Math.floor(at / ROW) - ROWS_AROUND) * ROW;
  const out: string[] = [];
  for (let from = first; from <= at + ROW * ROWS_AROUND && from < b.length; from += ROW)
    out.push(`${String(from).padStart(5)}: ${spaced(b.subarray(from, from + ROW))}`);
  return out.length > 0 ? out : ['       nothing'];
}

/** Where byte `at` of a message is, if its fragments are full. */
const inFragments = (at: number): string =>
  `byte ${at % Platform.RPC_MAX_CONTENT} of the content of fragment ${Math.floor(at / Platform.RPC_MAX_CONTENT) + 1}`;

/**
 * Two byte strings that should be equal, as lines. `base`: bytes of the message in front of them (the code of a reply); undefined:
 * they are no part of a message.
 */
export function differenceLines(actual: Uint8Array, expected: Uint8Array, base?: number): string[] {
  const at = firstDifference(actual, expected);
  const mark = `${' '.repeat('expected'.length + 1 + 7 + (at % ROW) * 3)}^^ byte ${at}`;
  const whole = Math.max(actual.length, expected.length) + (base ?? 0);
  const place = base !== undefined && whole > Platform.RPC_MAX_CONTENT ? `, ${inFragments(at + base)}` : '';
  const tell = hint(actual, expected, at);
  const rows = (b: Uint8Array, word: string): string[] => rowsAround(b, at).map((l) => `${word} ${l}`);
  const upTo = rows(actual, 'actual  ');
  // The mark stands under the row of the difference.
  const row = Math.min(Math.floor(at / ROW) - Math.max(0, Math.floor(at / ROW) - ROWS_AROUND), upTo.length - 1);
  return [
    `${expected.length} bytes expected, ${actual.length} came`,
    ...rows(expected, 'expected'),
    ...upTo.slice(0, row + 1),
    `${mark}${place}`,
    ...upTo.slice(row + 1),
    ...(tell === undefined ? [] : [tell]),
  ];
}

/** A packet that is not as it should be: both, decoded, and the first byte that differs by name. */
export function packetDifference(actual: Uint8Array | undefined, expected: Uint8Array, nth = 1): string[] {
  const show = (word: string, b: Uint8Array): string[] =>
    packetLines(b, nth).map((l, i) => `${i === 0 ? word : '        '} ${l}`);
  if (actual === undefined) return [...show('expected', expected), 'actual   nothing'];
  const at = firstDifference(actual, expected);
  const where =
    at < HEADER ? `: ${HEADER_FIELDS[at]}` : `: byte ${at - HEADER} of the payload${fieldAt(actual, at - HEADER)}`;
  const values = `${hexByte(expected, at)} expected, ${hexByte(actual, at)} came`;
  return [
    ...show('expected', expected),
    ...show('actual  ', actual),
    `first difference at byte ${at}${where}, ${values}`,
  ];
}

const hexByte = (b: Uint8Array, at: number): string =>
  at < b.length ? `0x${toHex(b.subarray(at, at + 1))}` : 'the end';

function fieldAt(b: Uint8Array, at: number): string {
  const h = parseRpcHeader(b);
  const p = h === undefined ? undefined : h.type === RpcType.REPLY ? LAYOUTS[h.id]?.reply : LAYOUTS[h.id]?.payload;
  const f = p?.fields.find((x) => at >= x.off && at < x.off + x.size);
  return f === undefined ? '' : ` (${f.name})`;
}

/** What a request carries: `vmid (2 bytes), reserved (2 bytes)`. */
export function layoutText(id: number): string {
  const p = LAYOUTS[id]?.payload;
  if (p === undefined) return 'unknown';
  const parts = p.fields.map((f: FieldLayout) => `${f.name} (${f.size} bytes at ${f.off})`);
  parts.push(...p.data.map((d) => d.name));
  const size = p.size === undefined ? `at least ${p.min} bytes` : `${p.size} bytes`;
  return parts.length === 0 ? size : `${size}: ${parts.join(', ')}`;
}
