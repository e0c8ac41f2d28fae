/** What a driver does once before it uses interrupts (fact base: transcript format 3). Offsets and bits are those of the GIC architecture. */
import { Sysreg } from '../gic/index.js';
import { Platform } from '../protocol/index.js';
import type { HostVcpu } from './host.js';

export const Gicd = { CTLR: 0x0, IGROUPR: 0x80, ISENABLER: 0x100, ICENABLER: 0x180, ICFGR: 0xc00 } as const;
const Gicr = { WAKER: 0x14, SGI_FRAME: 0x1_0000 } as const;
/** GICD_CTLR: affinity routing, group 1 on. */
const CTLR_ARE_GRP1 = 0x32n;
const ALL = 0xffff_ffffn;
const ALL_EDGE = 0xaaaa_aaaan;
const ALL_PRIORITIES = 0xffn;
/** Register width, bytes. */
const WIDTH = 4;

/** Addresses of the distributor and of the vCPU's redistributor. */
export interface GicFrames {
  gicd: number;
  gicr: number;
}

/** As the primary VM finds them. */
export const PRIMARY_GIC: GicFrames = { gicd: Platform.GICD_BASE, gicr: Platform.GICR_BASE };

/** The CPU interface lets every interrupt of group 1 through. */
export function openCpuInterface(host: HostVcpu): void {
  host.writeRegister(Sysreg.ICC_SRE_EL1, 7n);
  host.writeRegister(Sysreg.ICC_PMR_EL1, ALL_PRIORITIES);
  host.writeRegister(Sysreg.ICC_IGRPEN1_EL1, 1n);
}

/**
 * Wakes the redistributor, turns everything on that RM may hand out (edge, group 1), opens the CPU interface. `ppis`: private
 * interrupts to turn on as well, one bit each.
 */
export function enableInterrupts(host: HostVcpu, { gicd, gicr } = PRIMARY_GIC, ppis = 0n): void {
  const store = (at: number, value: bigint): void => {
    host.access(BigInt(at), WIDTH, true, value);
  };
  store(gicr + Gicr.WAKER, 0n);
  store(gicd + Gicd.CTLR, CTLR_ARE_GRP1);
  if (ppis !== 0n) {
    store(gicr + Gicr.SGI_FRAME + Gicd.IGROUPR, ALL);
    store(gicr + Gicr.SGI_FRAME + Gicd.ISENABLER, ppis);
  }
  for (let irq: number = Platform.SPI_FIRST; irq <= Platform.SPI_LAST; irq += 32) {
    store(gicd + Gicd.IGROUPR + irq / 8, ALL);
    store(gicd + Gicd.ICFGR + irq / 4, ALL_EDGE);
    store(gicd + Gicd.ICFGR + irq / 4 + WIDTH, ALL_EDGE);
    store(gicd + Gicd.ISENABLER + irq / 8, ALL);
  }
  openCpuInterface(host);
}

/** The primary VM hears nothing any more. */
export function disableInterrupts(host: HostVcpu): void {
  for (let irq: number = Platform.SPI_FIRST; irq <= Platform.SPI_LAST; irq += 32)
    host.access(BigInt(PRIMARY_GIC.gicd + Gicd.ICENABLER + irq / 8), WIDTH, true, ALL);
}
