/**
 * ICC_* system registers of a vCPU: direct accesses to the virtual interface, and the trapped ones.
 * Source: fact base vgic-and-timer 4.4 and 4.5 with "Corrections". While a group is disabled its registers trap: writes are
 * emulated, reads end as UNDEFINED.
 */
import { lo32 } from '../base/index.js';
import { type Gic, vcpuAt, vicOf, wake } from './context.js';
import {
  readBpr,
  readCtlr,
  readHppir,
  readIar,
  runningPriority,
  writeBpr,
  writeBprField,
  writeCtlr,
  writeEoir,
  writePmr,
} from './cpuif.js';
import { indexOfAffinity } from './distributor.js';
import { deactivateByGuest, emulatedEoi, sendSgi, updateGroupEnables } from './events.js';
import type { GicVcpu } from './types.js';

/** CRn.CRm.op2 of op0 3, op1 0, packed as `CRm << 3 | op2` for CRn 12; ICC_PMR_EL1 is CRn 4. */
const Icc = {
  IAR0: 0x40,
  EOIR0: 0x41,
  HPPIR0: 0x42,
  BPR0: 0x43,
  AP0R0: 0x44,
  AP1R0: 0x48,
  DIR: 0x59,
  RPR: 0x5b,
  SGI1R: 0x5d,
  ASGI1R: 0x5e,
  SGI0R: 0x5f,
  IAR1: 0x60,
  EOIR1: 0x61,
  HPPIR1: 0x62,
  BPR1: 0x63,
  CTLR: 0x64,
  SRE: 0x65,
  IGRPEN0: 0x66,
  IGRPEN1: 0x67,
} as const;

const SRE_VALUE = 7;

/** Value read, or undefined: UNDEFINED. `reg` as in {@link Icc}. */
export function readIcc(v: GicVcpu, reg: number): number | undefined {
  switch (reg) {
    case Icc.IAR0:
      return v.trap0 ? undefined : readIar(v, 0);
    case Icc.IAR1:
      return v.trap1 ? undefined : readIar(v, 1);
    case Icc.HPPIR0:
      return v.trap0 ? undefined : readHppir(v, 0);
    case Icc.HPPIR1:
      return v.trap1 ? undefined : readHppir(v, 1);
    case Icc.BPR0:
      return v.trap0 ? undefined : readBpr(v, 0);
    case Icc.BPR1:
      return v.trap1 ? undefined : readBpr(v, 1);
    case Icc.AP0R0:
      return v.trap0 ? undefined : v.apr[0];
    case Icc.AP1R0:
      return v.trap1 ? undefined : v.apr[1];
    case Icc.RPR:
      return runningPriority(v);
    case Icc.CTLR:
      return readCtlr(v);
    case Icc.SRE:
      return SRE_VALUE;
    case Icc.IGRPEN0:
      return (v.trap0 ? v.group0 : v.veng0) ? 1 : 0;
    case Icc.IGRPEN1:
      return (v.trap1 ? v.group1 : v.veng1) ? 1 : 0;
    default:
      return undefined;
  }
}

function writeGroupEnable(g: Gic, v: GicVcpu, group: number, enable: boolean): void {
  if (group === 0) v.veng0 = enable;
  else v.veng1 = enable;
  // Only the trapped write tells the hypervisor; a direct one does by the maintenance interrupt, if that fires.
  const trapped = group === 0 ? v.trap0 : v.trap1;
  if (trapped && updateGroupEnables(g, v, vicOf(g, v).ctlr)) wake(g, v);
}

/** ICC_EOIRx_EL1. */
export function endOfInterrupt(g: Gic, v: GicVcpu, group: number, intid: number): void {
  if (group === 0 ? v.trap0 : v.trap1) emulatedEoi(g, v, group, intid);
  else {
    const ended = writeEoir(v, group, intid);
    if (ended >= 0) g.hw.deactivatePhysical(ended);
  }
}

function bpr(v: GicVcpu, group: number, value: bigint): void {
  if (group === 0 ? v.trap0 : v.trap1) writeBprField(v, group, Number(value & 7n));
  else writeBpr(v, group, Number(BigInt.asIntN(32, value)));
}

/** False: UNDEFINED. */
export function writeIcc(g: Gic, v: GicVcpu, reg: number, value: bigint): boolean {
  const word = lo32(value);
  switch (reg) {
    case Icc.EOIR0:
      endOfInterrupt(g, v, 0, word & 0xff_ffff);
      return true;
    case Icc.EOIR1:
      endOfInterrupt(g, v, 1, word & 0xff_ffff);
      return true;
    case Icc.BPR0:
      bpr(v, 0, value);
      return true;
    case Icc.BPR1:
      bpr(v, 1, value);
      return true;
    case Icc.AP0R0:
      v.apr[0] = word;
      return true;
    case Icc.AP1R0:
      v.apr[1] = word;
      return true;
    case Icc.DIR:
      deactivateByGuest(g, v, word & 0xff_ffff);
      return true;
    case Icc.SGI0R:
    case Icc.ASGI1R:
      generateSgi(g, v, value, false);
      return true;
    case Icc.SGI1R:
      generateSgi(g, v, value, true);
      return true;
    case Icc.CTLR:
      writeCtlr(v, word);
      return true;
    case Icc.SRE:
      return true;
    case Icc.IGRPEN0:
      writeGroupEnable(g, v, 0, (word & 1) !== 0);
      return true;
    case Icc.IGRPEN1:
      writeGroupEnable(g, v, 1, (word & 1) !== 0);
      return true;
    default:
      return false;
  }
}

export const readPmr = (v: GicVcpu): number => v.pmr;
export { writePmr };

/** SGI0R, SGI1R, ASGI1R layout: TargetList 15:0, Aff1 23:16, INTID 27:24, Aff2 39:32, IRM 40, RS 47:44, Aff3 55:48. */
function generateSgi(g: Gic, v: GicVcpu, value: bigint, group1: boolean): void {
  const vic = vicOf(g, v);
  const field = (shift: bigint, mask: bigint): number => Number((value >> shift) & mask);
  const intid = field(24n, 0xfn);
  if (field(40n, 1n) !== 0) {
    for (let index = 0; index < vic.maxVcpus; index++) {
      const target = vcpuAt(g, vic, index);
      if (target !== undefined && target !== v) sendSgi(g, target, intid, group1);
    }
    return;
  }
  const list = field(0n, 0xffffn);
  const base = 16 * field(44n, 0xfn);
  for (let bit = 0; bit < 16; bit++) {
    if ((list & (1 << bit)) === 0) continue;
    const index = indexOfAffinity(vic, [(base + bit) & 0xff, field(16n, 0xffn), field(32n, 0xffn), field(48n, 0xffn)]);
    const target = index === undefined ? undefined : vcpuAt(g, vic, index);
    if (target !== undefined) sendSgi(g, target, intid, group1);
  }
}
