/** Registers that both the distributor and the redistributors have: one bit, one byte or two bits per interrupt. */
import { type Gic, remoteCpu, stateOf, vcpuAt } from './context.js';
import { changeActive, changeEnable, changePending, setGroup } from './distributor.js';
import { ACTIVE, CFG_EDGE, ENABLED, GROUP1, isPending, LISTED, priorityOf } from './dstate.js';
import { LR_ACTIVE, LR_PENDING, lrVintid, readLr } from './lr.js';
import { type GicVcpu, LR_COUNT, NO_VIRQ, PRIVATE_COUNT, SPECIAL_BASE, type Vic } from './types.js';

/** Kinds of one-bit registers, by the offset of the first one in the distributor (and in the SGI frame). */
const BitRegister = {
  IGROUPR: 0x80,
  ISENABLER: 0x100,
  ICENABLER: 0x180,
  ISPENDR: 0x200,
  ICPENDR: 0x280,
  ISACTIVER: 0x300,
  ICACTIVER: 0x380,
} as const;
const FIRST = BitRegister.IGROUPR;
const LAST_END = 0x400;

/** Offset of the first register of the kind that contains `offset`, or undefined. */
export const bitRegisterAt = (offset: number): number | undefined =>
  offset >= FIRST && offset < LAST_END ? offset & ~0x7f : undefined;

function stateBit(kind: number, d: number): boolean {
  switch (kind) {
    case BitRegister.IGROUPR:
      return (d & GROUP1) !== 0;
    case BitRegister.ISENABLER:
    case BitRegister.ICENABLER:
      return (d & ENABLED) !== 0;
    case BitRegister.ISPENDR:
    case BitRegister.ICPENDR:
      return isPending(d);
    default:
      return (d & ACTIVE) !== 0;
  }
}

/**
 * Reads register `n` (interrupts 32n..) as vCPU `v` sees private ones. Pending and active bits of listed interrupts come from the
 * list registers of the reader and of vCPUs that do not execute; those of vCPUs executing elsewhere stay as recorded (stale).
 */
export function readBits(g: Gic, vic: Vic, v: GicVcpu, kind: number, n: number): number {
  const base = n * 32;
  const size = Math.min(32, SPECIAL_BASE - base);
  let bits = 0;
  let listed = false;
  for (let i = 0; i < size; i++) {
    const d = stateOf(vic, v, base + i);
    if (stateBit(kind, d)) bits |= 1 << i;
    if ((d & LISTED) !== 0) listed = true;
  }
  if (kind < BitRegister.ISPENDR || !listed) return bits >>> 0;
  const mask = kind < BitRegister.ISACTIVER ? LR_PENDING : LR_ACTIVE;
  for (let index = 0; index < vic.maxVcpus; index++) {
    const other = vcpuAt(g, vic, index);
    if (other === undefined || (base < PRIVATE_COUNT && other !== v) || remoteCpu(g, other) >= 0) continue;
    for (let i = 0; i < LR_COUNT; i++) {
      if (other.lrVirq[i] === NO_VIRQ) continue;
      if (other.thread === g.self) readLr(other, i);
      const at = lrVintid(other.lr[i]) - base;
      if (at < 0 || at >= size) continue;
      if ((other.lr[i] & mask) !== 0) bits |= 1 << at;
      else bits &= ~(1 << at);
    }
  }
  return bits >>> 0;
}

/** Writes register `n`; bits of numbers above 1019 are ignored. Group registers take zeros too. */
export function writeBits(g: Gic, vic: Vic, v: GicVcpu, kind: number, n: number, value: number): void {
  const base = n * 32;
  const size = Math.min(32, SPECIAL_BASE - base);
  if (kind === BitRegister.IGROUPR) {
    for (let i = 0; i < size; i++) setGroup(g, vic, v, base + i, ((value >>> i) & 1) !== 0);
    return;
  }
  for (let left = value; left !== 0; left &= left - 1) {
    const i = 31 - Math.clz32(left & -left);
    if (i >= size) return;
    const virq = base + i;
    if (kind < BitRegister.ISPENDR) changeEnable(g, vic, v, virq, kind === BitRegister.ISENABLER);
    else if (kind < BitRegister.ISACTIVER) changePending(g, vic, v, virq, kind === BitRegister.ISPENDR, false);
    else changeActive(g, vic, v, virq, kind === BitRegister.ISACTIVER);
  }
}

/** Priority bytes from interrupt `first` on. */
export function readPriorities(vic: Vic, v: GicVcpu, first: number, count: number): number {
  let value = 0;
  for (let i = 0; i < count; i++) {
    if (first + i < SPECIAL_BASE) value |= priorityOf(stateOf(vic, v, first + i)) << (8 * i);
  }
  return value >>> 0;
}

/** ICFGR<n>: bit 2i+1 is set for edge. */
export function readConfig(vic: Vic, v: GicVcpu, n: number): number {
  let value = 0;
  for (let i = 0; i < 16 && n * 16 + i < SPECIAL_BASE; i++) {
    if ((stateOf(vic, v, n * 16 + i) & CFG_EDGE) !== 0) value |= 2 << (2 * i);
  }
  return value >>> 0;
}

/** STATUSR bits: reserved read, reserved write, read of a write-only and write of a read-only register. */
export const Status = { RRD: 1, WRD: 2, RWOD: 4, WROD: 8 } as const;
export const STATUS_BITS = 0xf;

/** Identification: product 'G', implementer 0x070; GICv3. */
export const IIDR = 0x4700_0070;
export const PIDR2 = 0x30;
