/**
 * Delivery state of one virtual interrupt: 32 bits of plain data, one word per SPI of a VIC and per private interrupt of a vCPU.
 * Source: fact base vgic-and-timer 2.7.
 */

/** In a list register of some vCPU: pending and active then live in that register. */
export const LISTED = 1 << 0;
/** Changed while listed on a vCPU running elsewhere: that vCPU re-examines it. */
export const NEED_SYNC = 1 << 1;
/** A forwarded SPI was unbound while listed. */
export const HW_DETACHED = 1 << 2;
export const ENABLED = 1 << 3;
/** Active and not listed. */
export const ACTIVE = 1 << 4;
/** ICFGR bit: edge-configured. */
export const CFG_EDGE = 1 << 5;
/** Level raised by ISPENDR, by SETSPI, by the bound source. */
export const LEVEL_SW = 1 << 6;
export const LEVEL_MSG = 1 << 7;
export const LEVEL_SRC = 1 << 8;
/** Latched edge. */
export const EDGE = 1 << 9;
export const GROUP1 = 1 << 10;
/** Forwarded SPI that is active in the physical GIC on behalf of an unlisted or software-listed interrupt. */
export const HW_ACTIVE = 1 << 11;

const PRIORITY_SHIFT = 16;
const ROUTE_SHIFT = 24;

/** Level assertions that make a level-configured interrupt pending. */
const LEVELS = LEVEL_SW | LEVEL_MSG | LEVEL_SRC;

/** Priority byte: 0x00, 0x08 .. 0xf8. */
export const priorityOf = (d: number): number => ((d >>> PRIORITY_SHIFT) & 0x1f) << 3;
export const withPriority = (d: number, priority: number): number =>
  (d & ~(0x1f << PRIORITY_SHIFT)) | (((priority >>> 3) & 0x1f) << PRIORITY_SHIFT);

/** Redistributor index that the interrupt is routed to; 8 or more: nobody. */
export const routeOf = (d: number): number => (d >>> ROUTE_SHIFT) & 0xf;
export const withRoute = (d: number, route: number): number =>
  (d & ~(0xf << ROUTE_SHIFT)) | ((route & 0xf) << ROUTE_SHIFT);

/** Route value of an affinity that names no vCPU of the VIC. */
export const UNROUTED = 8;

export const isPending = (d: number): boolean => (d & (d & CFG_EDGE ? EDGE : LEVELS)) !== 0;
export const isLevelAsserted = (d: number): boolean => (d & LEVELS) !== 0;
