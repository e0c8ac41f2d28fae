/** Operations of HLOS vCPUs: calls, memory, registers, code. Fact base: transcript format 2 and its additions. */
import { toHex } from '../base/index.js';
import { HypError, hypErrorName } from '../protocol/index.js';
import { translateCap } from './cap-numbers.js';
import type { CodeEnd, OpEnd } from './driver.js';
import type {
  BurstEvent,
  CodeEvent,
  CodeResultEvent,
  CpuBootEvent,
  Exc,
  HvcEvent,
  MemEvent,
  PeekEvent,
  SmcccEvent,
  SysregEvent,
} from './events.js';
import { withoutKaslrSeed } from './guest-tree.js';
import { translatePacket } from './irq-handles.js';
import { compareText, compareWords, type Difference, hexWord, type Verdict } from './outcome.js';
import { bytesOf, type Session } from './session.js';

const describeEnd = (e: OpEnd): string =>
  e.kind === 'exception' ? `exception ${e.vector} esr ${hexWord(e.esr)} far ${hexWord(e.far ?? 0n)}` : e.kind;

/** Nobody saw the operation return: the recording has it, without a result, and then `dead`. */
function diedAsRecorded(s: Session, end: OpEnd): boolean {
  if (end.kind !== 'dead') return false;
  let next = s.at + 1;
  while (s.events[next]?.ev === 'note') next++;
  return s.events[next]?.ev === 'dead';
}

/** Compares how an operation ended with the recorded exception, or its absence. */
function compareEnd(end: OpEnd, exc: Exc | undefined): Difference[] {
  if (exc === undefined)
    return end.kind === 'done' ? [] : [{ field: 'end', expected: 'done', actual: describeEnd(end) }];
  const expected = `exception ${exc.vector} esr ${exc.esr} far ${exc.far}`;
  if (end.kind !== 'exception') return [{ field: 'exc', expected, actual: describeEnd(end) }];
  return [
    ...compareText('exc.vector', String(exc.vector), String(end.vector)),
    ...compareText('exc.esr', exc.esr, hexWord(end.esr)),
    // A syndrome that sets no address leaves the register as it was.
    ...(end.far === undefined ? [] : compareText('exc.far', exc.far, hexWord(end.far))),
  ];
}

export function replayHvc(s: Session, e: HvcEvent): Verdict {
  const end = s.driver.hvc(
    e.cpu ?? 0,
    Number(e.imm),
    e.x.map((word) => translateCap(s.caps, BigInt(word))),
  );
  return compareCall(end, end.x, e);
}

export function replaySmccc(s: Session, e: SmcccEvent): Verdict {
  const end = s.driver.smccc(e.cpu ?? 0, e.conduit, Number(e.imm ?? 0), e.x.map(BigInt));
  return compareCall(end, end.x, e);
}

function compareCall(end: OpEnd, x: readonly bigint[], e: HvcEvent | SmcccEvent): Difference[] {
  if (e.r === undefined) {
    if (e.why === undefined || end.kind !== 'done') return [];
    return [{ field: 'end', expected: e.why, actual: 'returned' }];
  }
  const ended = compareEnd(end, e.exc);
  if (ended.length > 0 || end.kind === 'exception') return ended;
  const differences = compareWords('r', e.r, x);
  if (e.ev !== 'hvc' || differences[0]?.field !== 'r[0]') return differences;
  const [first, ...rest] = differences;
  const words = `recorded: ${errorText(first.expected)}\nhere:     ${errorText(first.actual)}`;
  return [{ ...first, words }, ...rest];
}

const errorText = (word: string): string => (word.length > 10 ? word : hypErrorName(Number(word)));

/** The point where a burst of sends becomes full is compared as 8 or 9: a time slice may end inside it. */
export function replayBurst(s: Session, e: BurstEvent): Verdict {
  const x = e.x.map(BigInt);
  const ours = Array.from({ length: e.count }, () => s.driver.hvc(0, Number(e.imm), x).x.slice(0, 3));
  const full = (rows: readonly (readonly (bigint | string)[])[]): number =>
    rows.findIndex((r) => Number(r[0]) === HypError.MSGQUEUE_FULL);
  const recordedFull = full(e.r);
  const ourFull = full(ours);
  const drained = recordedFull >= 0 && ourFull >= 0 && Math.abs(recordedFull - ourFull) === 1;
  if (drained) return [];
  return e.r.flatMap((row, i) => compareWords(`r[${i}]`, row, ours[i]));
}

/** Images stand on blocks of this size; device trees and data of guests do not start with code there. */
const IMAGE_ALIGN = 0x1_0000;
const IMAGE_MIN = 1024;
const FDT_MAGIC = 'd00dfeed';
const GUEST_DATA = [0x3_0000, 0x4_0000] as const;
/** The image of a second VM and its data stand within this distance of each other. */
const IMAGE_SPAN = 0x40_0000;

export function replayMem(s: Session, e: MemEvent): Verdict {
  const cpu = e.cpu ?? 0;
  const ipa = BigInt(e.ipa);
  if (e.width !== undefined) {
    const end = s.driver.store(cpu, ipa, e.width, littleEndian(e.bytes));
    return diedAsRecorded(s, end) ? [] : compareEnd(end, e.exc);
  }
  const bytes = translatePacket(s.handles, bytesOf(e.bytes));
  noteImage(s, Number(ipa), e.bytes);
  const ok = s.driver.writeMem(cpu, Number(ipa), bytes);
  if (e.exc !== undefined) {
    return compareEnd(ok ? { kind: 'done' } : s.driver.store(cpu, ipa, 4, littleEndian(e.bytes.slice(0, 8))), e.exc);
  }
  return ok ? [] : [{ field: 'access', expected: 'written', actual: 'no access' }];
}

/** Remembers which guest image the mailbox events that follow are about. */
function noteImage(s: Session, ipa: number, bytes: string): void {
  const isImage = ipa % IMAGE_ALIGN === 0 && bytes.length >= IMAGE_MIN * 2 && !bytes.startsWith(FDT_MAGIC);
  if (isImage && bytes.slice(0, 8) !== '00000000') s.image = ipa;
  else noteGuestData(s, ipa);
}

function noteGuestData(s: Session, ipa: number): void {
  const offset = ipa % IMAGE_SPAN;
  if (s.image !== 0 && ipa >= 0x5000_0000 && offset >= GUEST_DATA[0] && offset < GUEST_DATA[1]) s.image = ipa - offset;
}

export function replayPeek(s: Session, e: PeekEvent): Verdict {
  const cpu = e.cpu ?? 0;
  const ipa = BigInt(e.ipa);
  if (e.width !== undefined) {
    const end = s.driver.load(cpu, ipa, e.width);
    if (e.bytes === undefined && diedAsRecorded(s, end)) return [];
    const ended = compareEnd(end, e.exc);
    if (ended.length > 0 || e.bytes === undefined || e.varies === true) return ended;
    return compareText('bytes', hexWord(littleEndian(e.bytes)), hexWord(end.value ?? 0n));
  }
  if (e.bytes === undefined) {
    return e.exc === undefined ? [] : compareEnd(s.driver.load(cpu, ipa, 4), e.exc);
  }
  noteGuestData(s, Number(ipa));
  const expected = translatePacket(s.handles, bytesOf(e.bytes));
  const actual = s.driver.readMem(cpu, Number(ipa), expected.length);
  if (actual === undefined) return [{ field: 'access', expected: 'read', actual: 'no access' }];
  if (e.varies === true) return [];
  const a = withoutKaslrSeed(expected);
  const b = withoutKaslrSeed(actual);
  const at = a.findIndex((byte, i) => byte !== b[i]);
  if (at < 0) return [];
  const around = (bytes: Uint8Array): string => toHex(bytes.subarray(at & ~3, (at & ~3) + 32));
  return [{ field: `bytes[0x${at.toString(16)}]`, expected: around(a), actual: around(b) }];
}

function littleEndian(hex: string): bigint {
  let value = 0n;
  for (let i = hex.length - 2; i >= 0; i -= 2) value = (value << 8n) | BigInt(Number.parseInt(hex.slice(i, i + 2), 16));
  return value;
}

export function replaySysreg(s: Session, e: SysregEvent): Verdict {
  const cpu = e.cpu ?? 0;
  if (e.op === 'write') {
    const end = s.driver.writeSysreg(cpu, e.enc, BigInt(e.value ?? '0x0'));
    return diedAsRecorded(s, end) ? [] : compareEnd(end, e.exc);
  }
  const end = s.driver.readSysreg(cpu, e.enc);
  if (e.value === undefined && diedAsRecorded(s, end)) return [];
  if (e.defined === false) return compareText('end', 'exception', end.kind);
  const ended = compareEnd(end, e.exc);
  if (ended.length > 0 || e.exc !== undefined || e.varies === true || e.value === undefined) return ended;
  return compareText('value', e.value, hexWord(end.value ?? 0n));
}

export function replayCode(s: Session, e: CodeEvent): Verdict {
  return compareCode(s.driver.runCode(e.cpu ?? 0, e.code.map(Number), e.x.map(BigInt)), e);
}

export function replayCodeResult(s: Session, e: CodeResultEvent): Verdict {
  return compareCode(s.driver.codeResult(e.cpu ?? 0), e);
}

function compareCode(code: CodeEnd, e: CodeEvent | CodeResultEvent): Verdict {
  if ((e.running ?? false) !== code.running) {
    return [{ field: 'running', expected: String(e.running ?? false), actual: String(code.running) }];
  }
  if (code.running) return [];
  const ended = compareEnd(code.end, e.exc);
  if (ended.length > 0 || e.exc !== undefined) return ended;
  const recordedTaken = e.ev === 'code' ? (e.taken ?? []) : undefined;
  return [
    ...(recordedTaken === undefined ? [] : compareText('taken', recordedTaken.join(' '), code.taken.join(' '))),
    ...(e.varies === true ? [] : compareWords('r', e.r ?? [], code.x)),
  ];
}

export function replayCpuBoot(s: Session, e: CpuBootEvent): Verdict {
  const boot = s.driver.cpuBoot(e.cpu);
  const keys = ['x0', 'x1', 'currentel', 'mpidr', 'sctlr', 'daif'] as const;
  return [
    ...compareText('count', String(e.count), String(boot.count)),
    ...keys.flatMap((key) => compareText(key, e[key], hexWord(boot[key]))),
  ];
}
