/**
 * Distributor registers (fact base vgic-and-timer 2.2 and 2.4, "Corrections"). GICv3, one security state, no LPIs, no 1-of-N.
 * Bits of interrupts 0..31 read the accessing vCPU's private state and ignore writes.
 */
import { lo32 } from '../base/index.js';
import type { Gic } from './context.js';
import { changePending, isSpi, setConfig, setCtlr, setPriority, setRouter } from './distributor.js';
import {
  bitRegisterAt,
  IIDR,
  PIDR2,
  readBits,
  readConfig,
  readPriorities,
  STATUS_BITS,
  Status,
  writeBits,
} from './registers.js';
import { type GicVcpu, SPECIAL_BASE, SPI_BASE, SPI_COUNT, type Vic } from './types.js';

const CTLR = 0x0;
const TYPER = 0x4;
const IIDR_AT = 0x8;
const TYPER2 = 0xc;
const STATUSR = 0x10;
const SETSPI_NSR = 0x40;
const CLRSPI_NSR = 0x48;
const SETSPI_SR = 0x50;
const CLRSPI_SR = 0x58;
const IPRIORITYR = 0x400;
const ITARGETSR = 0x800;
const ICFGR = 0xc00;
const IGRPMODR = 0xd00;
const NSACR = 0xe00;
const SGIR = 0xf00;
const CPENDSGIR = 0xf10;
const SPENDSGIR_END = 0xf30;
const IROUTER = 0x6000;
/** Routing registers exist for SPIs only: INTIDs 32.. */
const IROUTER_FIRST = IROUTER + 8 * SPI_BASE;
/** Routing registers beyond the last SPI are ignored, 1024 of them counted from the first real one. */
const IROUTER_BEYOND = IROUTER_FIRST + 8 * SPI_COUNT;
const IROUTER_LAST = IROUTER_FIRST + 8 * 1023;
const PIDR2_AT = 0xffe8;

/** CTLR: affinity routing and "security disabled" are fixed. */
const CTLR_FIXED = 0x50;
/** ITLinesNumber 31, message-based SPIs, 10 INTID bits, Aff3 valid, no 1-of-N. */
const TYPER_VALUE = 0x0349_001f;

const within = (offset: number, first: number, end: number): boolean => offset >= first && offset < end;

/** Alignment and size rules; a refused access is an abort. */
export function gicdAccessAllowed(offset: number, size: number): boolean {
  if ((offset & (size - 1)) !== 0) return false;
  switch (size) {
    case 8:
      return within(offset, IROUTER_FIRST, IROUTER_LAST + 1);
    case 4:
      return true;
    case 2:
      return offset === SETSPI_NSR || offset === CLRSPI_NSR;
    case 1:
      return (
        within(offset, IPRIORITYR, IPRIORITYR + SPECIAL_BASE) ||
        within(offset, ITARGETSR, ITARGETSR + SPECIAL_BASE) ||
        within(offset, CPENDSGIR, SPENDSGIR_END) ||
        within(offset, IROUTER_FIRST, IROUTER_LAST + 1)
      );
    default:
      return false;
  }
}

export function gicdRead(g: Gic, vic: Vic, v: GicVcpu, offset: number, size: number): bigint {
  return BigInt(read(g, vic, v, offset, size));
}

function read(g: Gic, vic: Vic, v: GicVcpu, offset: number, size: number): number {
  switch (offset) {
    case SETSPI_NSR:
    case CLRSPI_NSR:
    case SETSPI_SR:
    case CLRSPI_SR:
    case SGIR:
      vic.statusr |= Status.RWOD;
      return 0;
    case CTLR:
      return CTLR_FIXED | vic.ctlr;
    case STATUSR:
      return vic.statusr;
    case TYPER:
      return TYPER_VALUE;
    case IIDR_AT:
      return IIDR;
    case TYPER2:
      return 0;
    case PIDR2_AT:
      return PIDR2;
  }
  const kind = bitRegisterAt(offset);
  if (kind !== undefined && (offset & 3) === 0) return readBits(g, vic, v, kind, (offset - kind) >>> 2);
  if (within(offset, IPRIORITYR, IPRIORITYR + SPECIAL_BASE)) {
    return readPriorities(vic, v, offset - IPRIORITYR, size);
  }
  if (within(offset, ICFGR, ICFGR + 0x100)) return readConfig(vic, v, (offset - ICFGR) >>> 2);
  if (
    within(offset, ITARGETSR, ITARGETSR + SPECIAL_BASE) ||
    within(offset, IGRPMODR, IGRPMODR + 0x80) ||
    within(offset, NSACR, NSACR + 0x100)
  ) {
    return 0;
  }
  vic.statusr |= Status.RRD;
  return 0;
}

/** False: unknown register, the access is aborted. */
export function gicdWrite(g: Gic, vic: Vic, v: GicVcpu, offset: number, size: number, value: bigint): boolean {
  const word = lo32(value);
  switch (offset) {
    case CTLR:
      setCtlr(g, vic, word);
      return true;
    case TYPER:
    case IIDR_AT:
    case TYPER2:
    case PIDR2_AT:
      vic.statusr |= Status.WROD;
      return true;
    case STATUSR:
      vic.statusr &= ~(word & STATUS_BITS);
      return true;
    case SETSPI_NSR:
    case CLRSPI_NSR: {
      const intid = word & 0x1fff;
      if (isSpi(intid)) changePending(g, vic, v, intid, offset === SETSPI_NSR, true);
      return true;
    }
    case SETSPI_SR:
    case CLRSPI_SR:
    case SGIR:
      return true;
  }
  const kind = bitRegisterAt(offset);
  if (kind !== undefined && (offset & 3) === 0) {
    const n = (offset - kind) >>> 2;
    if (n !== 0) writeBits(g, vic, v, kind, n, word);
    return true;
  }
  if (within(offset, IPRIORITYR, IPRIORITYR + SPECIAL_BASE)) {
    const first = offset - IPRIORITYR;
    for (let i = 0; i < size; i++) {
      if (first + i >= SPI_BASE) setPriority(g, vic, v, first + i, (word >>> (8 * i)) & 0xff);
    }
    return true;
  }
  if (within(offset, ICFGR, ICFGR + 0x100)) {
    const first = ((offset - ICFGR) >>> 2) * 16;
    for (let i = Math.max(first, SPI_BASE); i < Math.min(first + 16, SPECIAL_BASE); i++) {
      setConfig(g, vic, v, i, ((word >>> ((i % 16) * 2 + 1)) & 1) !== 0);
    }
    return true;
  }
  if (
    within(offset, ITARGETSR, ITARGETSR + SPECIAL_BASE) ||
    within(offset, IGRPMODR, IGRPMODR + 0x80) ||
    within(offset, NSACR, NSACR + 0x100) ||
    within(offset, CPENDSGIR, SPENDSGIR_END)
  ) {
    return true;
  }
  // The offset of the last one is compared, not its end: an access inside the last register is unknown.
  if (within(offset, IROUTER_FIRST, IROUTER_BEYOND - 7)) {
    setRouter(g, vic, SPI_BASE + ((offset - IROUTER_FIRST) >>> 3), value);
    return true;
  }
  if (within(offset, IPRIORITYR + SPECIAL_BASE, ITARGETSR) || within(offset, IROUTER_BEYOND, IROUTER_LAST + 1))
    return true;
  vic.statusr |= Status.WRD;
  return false;
}
