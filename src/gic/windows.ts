/** Device windows of the GIC's frames in address spaces: `addrspace_attach_vdevice` (fact base vgic-and-timer 2.1). */

import { lo32, removeAt } from '../base/index.js';
import { type HypObject, NO_OBJECT, type Thread } from '../hyp/types.js';
import { HypError, Platform } from '../protocol/index.js';
import { gicVcpu } from './calls.js';
import type { Gic } from './context.js';
import { gicState } from './timer.js';
import type { GicThread, GicWindow, Vic } from './types.js';

/** Windows may lie where no memory can be mapped. */
const ADDRESS_END = 2 ** Platform.DEVICE_ADDRESS_BITS;

const overlaps = (w: GicWindow, addrspace: number, base: number, size: number): boolean =>
  w.addrspace === addrspace && base < w.base + w.size && w.base < base + size;

function attachWindow(g: Gic, window: GicWindow, addrspace: HypObject, base: number, size: number): number {
  if (size === 0) return HypError.ARGUMENT_INVALID;
  if (base + size > ADDRESS_END) return HypError.ARGUMENT_SIZE;
  for (const other of gicState(g).windows) {
    const vic = g.hyp.get<Vic>(other.vic);
    const w = other.index === 0 ? vic.gicd : g.hyp.get<GicThread>(vic.vcpus[other.index - 1]).gic?.window;
    if (w !== undefined && overlaps(w, addrspace.id, base, size)) return HypError.BUSY;
  }
  window.addrspace = g.hyp.ref(addrspace.id);
  window.base = base;
  window.size = size;
  return HypError.OK;
}

export function detachWindow(g: Gic, window: GicWindow, vic: number, index: number): void {
  if (window.addrspace === NO_OBJECT) return;
  const { windows } = gicState(g);
  removeAt(
    windows,
    windows.findIndex((w) => w.vic === vic && w.index === index),
  );
  const { addrspace } = window;
  window.addrspace = NO_OBJECT;
  g.hyp.unref(addrspace);
}

/** Checks in order: index, flags, the vCPU, attached before, the window. `flags` bit 0: bit 1 says whether the frame is the last. */
export function attachFrame(
  g: Gic,
  addrspace: HypObject,
  vic: Vic,
  index: number,
  base: number,
  size: number,
  flags: bigint,
): number {
  if (index > vic.maxVcpus) return HypError.ARGUMENT_INVALID;
  let window = vic.gicd;
  if (index === 0) {
    if (flags !== 0n) return HypError.ARGUMENT_INVALID;
  } else {
    if (flags > 3n) return HypError.ARGUMENT_INVALID;
    const thread = vic.vcpus[index - 1];
    if (thread === NO_OBJECT) return HypError.IDLE;
    const v = gicVcpu(g.hyp.get<Thread>(thread));
    window = v.window;
    if (window.addrspace === NO_OBJECT)
      v.windowLast = (lo32(flags) & 1) !== 0 ? (lo32(flags) & 2) !== 0 : index === vic.maxVcpus;
  }
  if (window.addrspace !== NO_OBJECT) return HypError.BUSY;
  const error = attachWindow(g, window, addrspace, base, size);
  if (error === HypError.OK) gicState(g).windows.push({ addrspace: addrspace.id, vic: vic.id, index });
  return error;
}
