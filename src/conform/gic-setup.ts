/** What a driver does once before it uses interrupts (fact base: transcript format 3). */
import { sysreg } from '../gic/index.js';
import type { HostVcpu } from '../sim/index.js';

/** Distributor and first redistributor of the primary VM. */
const PRIMARY_GIC = { gicd: 0x0800_0000n, gicr: 0x080a_0000n };
const GICR_WAKER = 0x14n;
const GICD_ICENABLER = 0x180n;
const GICD_IGROUPR = 0x80n;
const GICD_ISENABLER = 0x100n;
const GICD_ICFGR = 0xc00n;
const CTLR_ARE_GRP1 = 0x32n;
const ALL = 0xffff_ffffn;
const ALL_EDGE = 0xaaaa_aaaan;

/** Wakes the redistributor, turns everything on that RM may hand out (edge, group 1), opens the CPU interface. */
export function enableInterrupts(host: HostVcpu, { gicd, gicr } = PRIMARY_GIC): void {
  const store = (at: bigint, value: bigint): void => {
    host.access(at, 4, true, value);
  };
  store(gicr + GICR_WAKER, 0n);
  store(gicd, CTLR_ARE_GRP1);
  for (let irq = 32; irq < 1020; irq += 32) {
    const at = BigInt(irq / 8);
    store(gicd + GICD_IGROUPR + at, ALL);
    store(gicd + GICD_ICFGR + at * 2n, ALL_EDGE);
    store(gicd + GICD_ICFGR + at * 2n + 4n, ALL_EDGE);
    store(gicd + GICD_ISENABLER + at, ALL);
  }
  host.writeRegister(sysreg(3, 0, 12, 12, 5), 7n);
  host.writeRegister(sysreg(3, 0, 4, 6, 0), 0xffn);
  host.writeRegister(sysreg(3, 0, 12, 12, 7), 1n);
}

/** The primary VM hears nothing any more. */
export function disableInterrupts(host: HostVcpu): void {
  for (let irq = 32; irq < 1020; irq += 32)
    host.access(PRIMARY_GIC.gicd + GICD_ICENABLER + BigInt(irq / 8), 4, true, ALL);
}
