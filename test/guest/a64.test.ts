import { describe, expect, it } from 'vitest';
import { type A64Cpu, type Stop, step, unitOf } from '../../src/guest/a64/index.js';

/** Runs words from address 0x1000 until one stops or the last is done; memory is a byte map. */
function run(words: readonly number[], x: readonly bigint[] = [], memory = new Map<bigint, number>()) {
  const regs = new BigUint64Array(31);
  x.forEach((value, i) => {
    regs[i] = value;
  });
  let sp = 0x8000n;
  const base = 0x1000n;
  const cpu: A64Cpu = {
    x: regs,
    pc: base,
    nzcv: 0,
    monitor: null,
    simd: new BigUint64Array(64),
    fpTrap: () => undefined,
    getSp: () => sp,
    setSp: (value) => {
      sp = value;
    },
    fetch: () => words[Number(cpu.pc - base) / 4],
    load: (va, { size }) => {
      let value = 0n;
      for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(memory.get(va + BigInt(i)) ?? 0);
      return value;
    },
    store: (va, value, { size }) => {
      for (let i = 0; i < size; i++) memory.set(va + BigInt(i), Number((value >> BigInt(8 * i)) & 0xffn));
      return undefined;
    },
    misaligned: (va, align) => (va % BigInt(align) === 0n ? undefined : { kind: 'handled' }),
    sysreg: (enc, _rt, write) => (write === undefined ? BigInt(enc) : 0n),
    pstate: () => undefined,
    sys: () => undefined,
  };
  let stop: Stop | undefined;
  for (let n = 0; n < 1000 && stop === undefined; n++) {
    if (cpu.pc >= base + BigInt(4 * words.length)) break;
    stop = step(cpu);
  }
  return { cpu, stop, memory, x: (i: number) => regs[i], sp: () => sp };
}

describe('integer instructions', () => {
  it('moves, adds, compares and branches in a loop', () => {
    // mov x0,#0; mov x1,#5; add x0,x0,x1; sub x1,x1,#1; cbnz x1,-8
    const r = run([0xd2800000, 0xd28000a1, 0x8b010000, 0xd1000421, 0xb5ffffc1]);
    expect(r.x(0)).toBe(15n);
  });

  it('sets the flags of a subtraction', () => {
    // cmp x0,x1
    expect(run([0xeb01001f], [5n, 5n]).cpu.nzcv >>> 28).toBe(0b0110);
    expect(run([0xeb01001f], [3n, 5n]).cpu.nzcv >>> 28).toBe(0b1000);
    expect(run([0xeb01001f], [0x8000_0000_0000_0000n, 1n]).cpu.nzcv >>> 28).toBe(0b0011);
  });

  it('reverses and counts bits', () => {
    // rev x0,x0 ; clz x1,x1 ; cls x2,x2 ; rbit w3,w3
    const r = run(
      [0xdac00c00, 0xdac01021, 0xdac01442, 0x5ac00063],
      [0x0102_0304_0506_0708n, 1n, 0xffff_ffff_ffff_fff0n, 1n],
    );
    expect(r.x(0)).toBe(0x0807_0605_0403_0201n);
    expect(r.x(1)).toBe(63n);
    expect(r.x(2)).toBe(59n);
    expect(r.x(3)).toBe(0x8000_0000n);
  });

  it('adds with carry, compares conditionally and multiplies long', () => {
    // cmp x0,x0 (C=1); adc x1,x2,x3; umulh x4,x5,x6; ccmp x0,#1,#4,ne
    const r = run(
      [0xeb00001f, 0x9a030041, 0x9bc67ca4, 0xfa411804],
      [7n, 0n, 10n, 20n, 0n, 0xffff_ffff_ffff_ffffn, 16n],
    );
    expect(r.x(1)).toBe(31n);
    expect(r.x(4)).toBe(15n);
    expect(r.cpu.nzcv >>> 28).toBe(4);
  });
});

describe('memory instructions', () => {
  it('stores pairs with write-back and loads with extension', () => {
    // stp x0,x1,[sp,#-16]! ; ldrsb x2,[sp] ; ldr w3,[sp,#8] ; ldp x4,x5,[sp],#16
    const r = run([0xa9bf07e0, 0x398003e2, 0xb9400be3, 0xa8c117e4], [0xffn, 0x1_2345_6789n]);
    expect(r.x(2)).toBe(0xffff_ffff_ffff_ffffn);
    expect(r.x(3)).toBe(0x2345_6789n);
    expect([r.x(4), r.x(5)]).toEqual([0xffn, 0x1_2345_6789n]);
    expect(r.sp()).toBe(0x8000n);
  });

  it('reads, modifies and writes', () => {
    // str x0,[x1]; ldadd x0,x2,[x1]; cas x0,x3,[x1] fails; ldr x4,[x1]
    const r = run([0xf9000020, 0xf8200022, 0xc8a07c23, 0xf9400024], [5n, 0x4000n, 0n, 99n]);
    expect(r.x(2)).toBe(5n);
    expect(r.x(0)).toBe(10n);
    expect(r.x(4)).toBe(10n);
  });
});

describe('CRC32 and flags', () => {
  it('makes the check sums of the standard', () => {
    // crc32x w0,w0,x1 ; crc32cb w2,w2,w1
    const r = run([0x9ac14c00, 0x1ac15042], [0xffff_ffffn, 0x3837_3635_3433_3231n, 0xffff_ffffn]);
    // CRC-32 of "12345678" before the last inversion.
    expect(r.x(0)).toBe(0x9ae0_daafn ^ 0xffff_ffffn);
    // CRC-32C of "1".
    expect(r.x(2)).toBe(0x90f5_99e3n ^ 0xffff_ffffn);
  });

  it('rotates into flags and makes flags of bytes', () => {
    // rmif x0,#4,#15
    expect(run([0xba02040f], [0xa0n]).cpu.nzcv >>> 28).toBe(0xa);
    // setf8 w0: 0x80 is negative, and an overflow with bit 8 clear
    expect(run([0x3a00080d], [0x80n]).cpu.nzcv >>> 28).toBe(0b1001);
  });
});

describe('SIMD registers', () => {
  it('come from memory and go there', () => {
    const memory = new Map([...Array(32).keys()].map((i) => [0x4000n + BigInt(i), i] as const));
    // ldp q0,q1,[x0] ; st2 {v0.8h,v1.8h},[x1],#32 ; ldr b2,[x0,#7] ; str d2,[x1]
    const r = run([0xad400400, 0x4c9f8420, 0x3d401c02, 0xfd000022], [0x4000n, 0x5000n], memory);
    expect([0x5000n, 0x5001n, 0x5002n, 0x5003n, 0x501fn].map((at) => memory.get(at))).toEqual([0, 1, 16, 17, 31]);
    expect(r.x(1)).toBe(0x5020n);
    expect([0x5020n, 0x5021n].map((at) => memory.get(at))).toEqual([7, 0]);
  });
});

describe('floating point', () => {
  it('moves between the files of registers and within them', () => {
    // fmov d0,x0 ; dup v1.8b,v0.b[1] ; umov w2,v1.b[7] ; smov x3,v0.h[0] ; fmov x4,d1 ; ins v0.d[1],x0 ; fmov x5,v0.d[1]
    const r = run([0x9e670000, 0x0e030401, 0x0e0f3c22, 0x4e022c03, 0x9e660024, 0x4e181c00, 0x9eae0005], [0x89abn]);
    expect(r.x(2)).toBe(0x89n);
    expect(r.x(3)).toBe(0xffff_ffff_ffff_89abn);
    expect(r.x(4)).toBe(0x8989_8989_8989_8989n);
    expect(r.x(5)).toBe(0x89abn);
  });

  it('compares and converts to integers', () => {
    // fmov d0,#-2.5 ; fcvtns x0,d0 ; fcvtas x1,d0 ; fcvtmu w2,d0 ; fcvtzs w3,d0,#1 ; fcmp d0,#0.0
    const r = run([0x1e709000, 0x9e600000, 0x9e640001, 0x1e710002, 0x1e58fc03, 0x1e602008]);
    expect(BigInt.asIntN(64, r.x(0))).toBe(-2n);
    expect(BigInt.asIntN(64, r.x(1))).toBe(-3n);
    expect(r.x(2)).toBe(0n);
    expect(BigInt.asIntN(32, r.x(3))).toBe(-5n);
    expect(r.cpu.nzcv >>> 28).toBe(0b1000);
  });
});

describe('system instructions', () => {
  it('stops at hvc, smc, wfi and eret', () => {
    expect(run([0xd40c0002]).stop).toEqual({ kind: 'hvc', imm: 0x6000 });
    expect(run([0xd4000003]).stop).toEqual({ kind: 'smc', imm: 0 });
    expect(run([0xd503207f]).stop).toEqual({ kind: 'wfi' });
    expect(run([0xd69f03e0]).stop).toEqual({ kind: 'eret' });
  });

  it('passes over hints and barriers', () => {
    const r = run([0xd503201f, 0xd503205f, 0xd503209f, 0xd503221f, 0xd5033fdf, 0xd50330ff, 0xdac123e0]);
    expect(r.stop).toBeUndefined();
  });

  it('tells what the CPU does not have from what CPACR_EL1 may trap', () => {
    const unitOfWord = (word: number): string | undefined => {
      const { stop } = run([word]);
      return stop?.kind === 'unknown' ? (unitOf(stop.word) ?? 'undefined') : undefined;
    };
    expect(unitOfWord(0x04bf5020)).toBe('sve'); // rdvl
    expect(unitOfWord(0x0420e3e0)).toBe('sve'); // cntb
    expect(unitOfWord(0x04bf5820)).toBe('sme'); // rdsvl
    expect(unitOfWord(0xd503477f)).toBe('sme'); // smstart
    for (const word of [0, 0xd4400000, 0xd4a00001, 0xd5031000, 0xd6bf03e0, 0x9adf1000, 0xf83f9020]) {
      expect(unitOfWord(word)).toBe('undefined');
    }
  });
});
