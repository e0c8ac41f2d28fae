/**
 * RM's own interrupt controller: it routes shared interrupts to its one vCPU, and enables each as edge-triggered when a
 * handler is registered (what RM's C runtime does behind /dev/gicv3).
 */
import type { Rm } from './types.js';

const GICD_CTLR = 0x0000;
const GICD_IGROUPR = 0x0080;
const GICD_ISENABLER = 0x0100;
const GICD_ICENABLER = 0x0180;
const GICD_IPRIORITYR = 0x0400;
const GICD_ICFGR = 0x0c00;
const GICR_WAKER = 0x0014;

/** GICD_CTLR: group 1 enabled, affinity routing. */
const CTLR_GROUP1_ARE = 0x12;
/** INTIDs that RM's VIC has. */
const FIRST = 32;
const END = 96;

/** Distributor and redistributor on, all interrupts in group 1 at one priority. */
export function enableGic(rm: Rm): void {
  const { port } = rm.hv;
  const { gicdBase, gicrBase } = rm.env;
  port.enableInterrupts();
  port.store32(gicrBase + GICR_WAKER, 0);
  port.store32(gicdBase + GICD_CTLR, CTLR_GROUP1_ARE);
  for (let irq = FIRST; irq < END; irq += 32) port.store32(gicdBase + GICD_IGROUPR + irq / 8, 0xffff_ffff);
  for (let irq = FIRST; irq < END; irq += 4) port.store32(gicdBase + GICD_IPRIORITYR + irq, 0xa0a0_a0a0);
  for (let irq = FIRST; irq < END; irq += 16) port.store32(gicdBase + GICD_ICFGR + irq / 4, 0xaaaa_aaaa);
}

export function enableIrq(rm: Rm, irq: number): void {
  rm.hv.port.store32(rm.env.gicdBase + GICD_ISENABLER + (irq >>> 5) * 4, (1 << (irq & 31)) >>> 0);
}

export function disableIrq(rm: Rm, irq: number): void {
  rm.hv.port.store32(rm.env.gicdBase + GICD_ICENABLER + (irq >>> 5) * 4, (1 << (irq & 31)) >>> 0);
}
