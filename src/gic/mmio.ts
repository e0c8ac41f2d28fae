/** Guest addresses of the GIC: windows of an address space, then the fixed addresses (fact base vgic-and-timer 2.1 and 2.3). */
import { NO_OBJECT } from '../hyp/types.js';
import { Platform } from '../protocol/index.js';
import { type Gic, vcpuAt, vicOf } from './context.js';
import { gicdAccessAllowed, gicdRead, gicdWrite } from './gicd.js';
import { gicrAccessAllowed, gicrRead, gicrWrite } from './gicr.js';
import { gicState } from './timer.js';
import type { GicVcpu, GicWindow, Vic } from './types.js';

const { GICD_BASE, GICD_SIZE, GICR_BASE, GICR_STRIDE, MAX_VCPUS } = Platform;

/** ok: done (reads return the value). fault: abort. undefined: no frame here. */
export type FrameAccess = { ok: true; value: bigint } | { ok: false } | undefined;

const FAULT: FrameAccess = { ok: false };

function accessGicd(
  g: Gic,
  vic: Vic,
  v: GicVcpu,
  offset: number,
  size: number,
  write: boolean,
  value: bigint,
): FrameAccess {
  if (!gicdAccessAllowed(offset, size)) return FAULT;
  if (!write) return { ok: true, value: gicdRead(g, vic, v, offset, size) };
  return gicdWrite(g, vic, v, offset, size, value) ? { ok: true, value: 0n } : FAULT;
}

function accessGicr(
  g: Gic,
  frame: GicVcpu,
  offset: number,
  size: number,
  write: boolean,
  value: bigint,
  last: boolean,
): FrameAccess {
  if (!gicrAccessAllowed(offset, size)) return FAULT;
  if (!write) return { ok: true, value: gicrRead(g, frame, offset, size, last) };
  return gicrWrite(g, frame, offset, size, value) ? { ok: true, value: 0n } : FAULT;
}

const contains = (w: GicWindow, addrspace: number, ipa: number): boolean =>
  w.addrspace === addrspace && w.addrspace !== NO_OBJECT && ipa >= w.base && ipa < w.base + w.size;

/** Access by `v` at a guest address. VICs whose frames are mapped into the address space come first, whichever VIC they are. */
export function frameAccess(
  g: Gic,
  v: GicVcpu,
  addrspace: number,
  ipa: number,
  size: number,
  write: boolean,
  value: bigint,
): FrameAccess {
  for (const window of gicState(g).windows) {
    if (window.addrspace !== addrspace) continue;
    const { index } = window;
    const vic = g.hyp.get<Vic>(window.vic);
    if (index === 0) {
      if (contains(vic.gicd, addrspace, ipa)) return accessGicd(g, vic, v, ipa - vic.gicd.base, size, write, value);
      continue;
    }
    const frame = vcpuAt(g, vic, index - 1);
    if (frame !== undefined && contains(frame.window, addrspace, ipa)) {
      return accessGicr(g, frame, ipa - frame.window.base, size, write, value, frame.windowLast);
    }
  }
  const vic = vicOf(g, v);
  if (!vic.fixedAddresses) return undefined;
  if (ipa >= GICD_BASE && ipa < GICD_BASE + GICD_SIZE) {
    return accessGicd(g, vic, v, ipa - GICD_BASE, size, write, value);
  }
  if (ipa < GICR_BASE || ipa >= GICR_BASE + MAX_VCPUS * GICR_STRIDE) return undefined;
  const index = Math.floor((ipa - GICR_BASE) / GICR_STRIDE);
  const frame = vcpuAt(g, vic, index);
  if (frame === undefined) return undefined;
  const last = index === vic.maxVcpus - 1 || vcpuAt(g, vic, index + 1) === undefined;
  return accessGicr(g, frame, (ipa - GICR_BASE) % GICR_STRIDE, size, write, value, last);
}
