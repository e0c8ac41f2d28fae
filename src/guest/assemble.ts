/**
 * A small assembler for guests: one instruction a string, labels end with a colon.
 *
 * Knows the dozen instructions that bare-metal test guests are made of; anything else goes in as `.word 0x...`.
 * Encodings: Arm Architecture Reference Manual, C6.2.
 */
import { named } from '../base/index.js';

/** A line that the assembler cannot take: which, what is wrong, what to do about it. */
export class AssemblyError extends Error {
  override readonly name = 'AssemblyError';
  constructor(
    readonly path: string,
    readonly what: string,
    readonly fix: string,
  ) {
    super(`${path}: ${what}; ${fix}`);
  }
}

type Encode = (pc: number, labels: ReadonlyMap<string, number>) => number;
interface Line {
  readonly path: string;
  readonly text: string;
}

const SYSREGS: Readonly<Record<string, number>> = {
  mpidr_el1: 0xc005,
  currentel: 0xc212,
  sctlr_el1: 0xc080,
  vbar_el1: 0xc600,
  esr_el1: 0xc290,
  elr_el1: 0xc201,
  spsr_el1: 0xc200,
  far_el1: 0xc300,
  cntvct_el0: 0xdf02,
  cntfrq_el0: 0xdf00,
  cntv_ctl_el0: 0xdf19,
  cntv_tval_el0: 0xdf18,
  cntv_cval_el0: 0xdf1a,
  icc_sre_el1: 0xc665,
  icc_pmr_el1: 0xc230,
  icc_igrpen1_el1: 0xc667,
  icc_iar1_el1: 0xc660,
  icc_eoir1_el1: 0xc661,
  icc_sgi1r_el1: 0xc65d,
};
const CONDITIONS = ['eq', 'ne', 'hs', 'lo', 'mi', 'pl', 'vs', 'vc', 'hi', 'ls', 'ge', 'lt', 'gt', 'le'];
const FIXED: Readonly<Record<string, number>> = {
  nop: 0xd503201f,
  wfi: 0xd503207f,
  wfe: 0xd503205f,
  isb: 0xd5033fdf,
  ret: 0xd65f03c0,
  eret: 0xd69f03e0,
};

const FIX = 'see docs/scenarios.md for the instructions, or give the word as ".word 0x..."';

function fail(line: Line, what: string): never {
  throw new AssemblyError(line.path, `"${line.text}": ${what}`, FIX);
}

/** Number of a register: x0..x30, w0..w30, xzr, wzr, sp. */
function reg(line: Line, text: string | undefined): number {
  const t = text ?? '';
  if (t === 'xzr' || t === 'wzr' || t === 'sp') return 31;
  const m = /^[xw](\d+)$/.exec(t);
  if (m === null || Number(m[1]) > 30) fail(line, `${t === '' ? 'a register is missing' : `${t} is not a register`}`);
  return Number(m[1]);
}

function imm(line: Line, text: string | undefined): bigint {
  const t = (text ?? '').replace(/^#/, '');
  if (!/^-?(0x[0-9a-f]+|\d+)$/i.test(t)) fail(line, `${t === '' ? 'a number is missing' : `${t} is not a number`}`);
  return t.startsWith('-') ? -BigInt(t.slice(1)) : BigInt(t);
}

const isImm = (t: string | undefined): boolean => t !== undefined && /^#?-?\d/.test(t);

function target(line: Line, text: string | undefined, pc: number, labels: ReadonlyMap<string, number>): number {
  if (text === '.') return 0;
  const at = labels.get(text ?? '');
  if (at === undefined) fail(line, `no label "${text}"`);
  return at - pc;
}

/** `mov` of any 64-bit constant: one to four instructions. */
function constant(rd: number, value: bigint): number[] {
  const v = BigInt.asUintN(64, value);
  const words: number[] = [];
  for (let hw = 0; hw < 4; hw++) {
    const part = Number((v >> BigInt(hw * 16)) & 0xffffn);
    if (part === 0) continue;
    words.push(((words.length === 0 ? 0xd2800000 : 0xf2800000) | (hw << 21) | (part << 5) | rd) >>> 0);
  }
  return words.length === 0 ? [(0xd2800000 | rd) >>> 0] : words;
}

function addSub(line: Line, op: string, ops: readonly string[]): number {
  const rd = reg(line, ops[0]);
  const rn = reg(line, ops[1]);
  const sub = op === 'sub' ? 0x40000000 : 0;
  if (!isImm(ops[2])) return (0x8b000000 | sub | (reg(line, ops[2]) << 16) | (rn << 5) | rd) >>> 0;
  const value = imm(line, ops[2]);
  if (value >= 0n && value < 4096n) return (0x91000000 | sub | (Number(value) << 10) | (rn << 5) | rd) >>> 0;
  if (value % 4096n === 0n && value >= 0n && value < 1n << 24n) {
    return (0x91400000 | sub | (Number(value >> 12n) << 10) | (rn << 5) | rd) >>> 0;
  }
  return fail(line, 'the constant must be 0 to 4095, or a multiple of 4096 below 2^24');
}

function loadStore(line: Line, op: string, ops: readonly string[]): number {
  const m = /^\[\s*(\w+)\s*(?:,\s*#?(\w+)\s*)?\]$/.exec(ops.slice(1).join(','));
  if (m === null) fail(line, 'the address is written [x1] or [x1, #8]');
  const byte = op.endsWith('b');
  const scale = byte ? 0 : ops[0].startsWith('w') ? 2 : 3;
  const offset = m[2] === undefined ? 0n : imm(line, m[2]);
  const step = BigInt(1 << scale);
  if (offset < 0n || offset % step !== 0n || offset / step > 4095n)
    fail(line, `the offset must be a multiple of ${step} up to ${4095n * step}`);
  const base = [0x39000000, 0, 0xb9000000, 0xf9000000][scale];
  const load = op.startsWith('ldr') ? 0x400000 : 0;
  return (base | load | (Number(offset / step) << 10) | (reg(line, m[1]) << 5) | reg(line, ops[0])) >>> 0;
}

/** Words of one instruction; those that name labels are encoded when all labels are known. */
function instruction(line: Line, op: string, ops: readonly string[]): (number | Encode)[] {
  const fixed = named(FIXED, op);
  if (fixed !== undefined) return [fixed];
  const branch = /^b\.(\w\w)$/.exec(op);
  if (branch !== null) {
    const cond = CONDITIONS.indexOf(branch[1]);
    if (cond < 0) fail(line, `${branch[1]} is not a condition`);
    return [(pc, l) => (0x54000000 | (((target(line, ops[0], pc, l) >> 2) & 0x7ffff) << 5) | cond) >>> 0];
  }
  switch (op) {
    case '.word':
      return [Number(BigInt.asUintN(32, imm(line, ops[0])))];
    case 'mov':
      return isImm(ops[1])
        ? constant(reg(line, ops[0]), imm(line, ops[1]))
        : [(0xaa0003e0 | (reg(line, ops[1]) << 16) | reg(line, ops[0])) >>> 0];
    case 'add':
    case 'sub':
      return [addSub(line, op, ops)];
    case 'cmp':
      return [
        isImm(ops[1])
          ? (0xf100001f | (Number(imm(line, ops[1]) & 0xfffn) << 10) | (reg(line, ops[0]) << 5)) >>> 0
          : (0xeb00001f | (reg(line, ops[1]) << 16) | (reg(line, ops[0]) << 5)) >>> 0,
      ];
    case 'lsl':
    case 'lsr': {
      const shift = Number(imm(line, ops[2]) & 63n);
      const fields = op === 'lsl' ? (((64 - shift) & 63) << 16) | ((63 - shift) << 10) : (shift << 16) | (63 << 10);
      return [(0xd3400000 | fields | (reg(line, ops[1]) << 5) | reg(line, ops[0])) >>> 0];
    }
    case 'ldr':
    case 'str':
    case 'ldrb':
    case 'strb':
      return [loadStore(line, op, ops)];
    case 'adr':
      return [
        (pc, l) => {
          const delta = target(line, ops[1], pc, l);
          return (0x10000000 | ((delta & 3) << 29) | (((delta >> 2) & 0x7ffff) << 5) | reg(line, ops[0])) >>> 0;
        },
      ];
    case 'b':
    case 'bl':
      return [
        (pc, l) => ((op === 'b' ? 0x14000000 : 0x94000000) | ((target(line, ops[0], pc, l) >> 2) & 0x3ffffff)) >>> 0,
      ];
    case 'cbz':
    case 'cbnz':
      return [
        (pc, l) =>
          ((op === 'cbz' ? 0xb4000000 : 0xb5000000) |
            (((target(line, ops[1], pc, l) >> 2) & 0x7ffff) << 5) |
            reg(line, ops[0])) >>>
          0,
      ];
    case 'br':
    case 'blr':
      return [((op === 'br' ? 0xd61f0000 : 0xd63f0000) | (reg(line, ops[0]) << 5)) >>> 0];
    case 'hvc':
    case 'smc':
    case 'svc':
      return [(0xd4000000 | (Number(imm(line, ops[0]) & 0xffffn) << 5) | { svc: 1, hvc: 2, smc: 3 }[op]) >>> 0];
    case 'mrs':
    case 'msr':
      return [systemRegister(line, op, ops)];
    default:
      return fail(line, `${op} is not known`);
  }
}

function systemRegister(line: Line, op: string, ops: readonly string[]): number {
  if (op === 'msr' && (ops[0] === 'daifset' || ops[0] === 'daifclr')) {
    const base = ops[0] === 'daifset' ? 0xd50340df : 0xd50340ff;
    return (base | (Number(imm(line, ops[1]) & 15n) << 8)) >>> 0;
  }
  const name = ops[op === 'mrs' ? 1 : 0] ?? '';
  const enc = named(SYSREGS, name);
  if (enc === undefined) fail(line, `system register ${name} is not known`);
  return (
    ((op === 'mrs' ? 0xd5300000 : 0xd5100000) | ((enc & 0x7fff) << 5) | reg(line, ops[op === 'mrs' ? 0 : 1])) >>> 0
  );
}

/** Words of a program. `.org N` fills with zeros up to offset N. `path` is what messages begin with. Throws {@link AssemblyError} with the path of the line. */
export function assemble(source: readonly string[], path: string): number[] {
  const words: (number | Encode)[] = [];
  const labels = new Map<string, number>();
  source.forEach((raw, i) => {
    let text = raw.replace(/(\/\/|;).*$/, '').trim();
    const line = { path: `${path}[${i}]`, text };
    const label = /^(\w+):\s*/.exec(text);
    if (label !== null) {
      if (labels.has(label[1])) fail(line, `label ${label[1]} is there twice`);
      labels.set(label[1], words.length * 4);
      text = text.slice(label[0].length);
    }
    if (text === '') return;
    const space = text.search(/\s/);
    const op = (space < 0 ? text : text.slice(0, space)).toLowerCase();
    const ops =
      space < 0
        ? []
        : text
            .slice(space)
            .toLowerCase()
            .split(',')
            .map((s) => s.trim());
    if (op === '.org') {
      const at = Number(imm(line, ops[0]));
      if (at % 4 !== 0 || at < words.length * 4 || at > 0x100000) fail(line, 'must go forward, by words, up to 1 MiB');
      while (words.length * 4 < at) words.push(0);
    } else words.push(...instruction(line, op, ops));
  });
  const lower = new Map([...labels].map(([name, at]) => [name.toLowerCase(), at]));
  return words.map((w, i) => (typeof w === 'number' ? w : w(i * 4, lower)));
}
