/** Hypercalls of VICs and hardware interrupts, in the order in which they refuse (fact base hypercall-abi 4.7; vgic-and-timer 1). */
import { hi32, lo32 } from '../base/index.js';
import type { Hypervisor } from '../hyp/hypervisor.js';
import { lookup, lookupConfigure, lookupInit } from '../hyp/lookup.js';
import { ObjectState, type Thread } from '../hyp/types.js';
import { Call, HypError, ObjectType, Platform, Rights } from '../protocol/index.js';
import type { Gic } from './context.js';
import { bindHwirq, type Hwirq, unbindHwirq } from './hwirq.js';
import { type GicThread, type GicVcpu, newGicVcpu, SPI_COUNT, type Vic } from './types.js';

/** The GIC part of a thread, made on first use. */
export function gicVcpu(thread: Thread): GicVcpu {
  const t = thread as GicThread;
  t.gic ??= newGicVcpu(thread.id);
  return t.gic;
}

export function registerCalls(hyp: Hypervisor, g: Gic): void {
  hyp.call(Call.VIC_CONFIGURE, (h, caller, a) => {
    const vic = lookupConfigure<Vic>(h, caller, a[0], ObjectType.VIC);
    if (typeof vic === 'number') return vic;
    const options = a[3];
    if (options > 3n) return HypError.ARGUMENT_INVALID;
    if (vic.state !== ObjectState.INIT) return HypError.OBJECT_STATE;
    vic.fixedAddresses = (lo32(options) & 2) === 0;
    const maxVcpus = lo32(a[1]);
    if (maxVcpus === 0 || maxVcpus > Platform.MAX_VCPUS) return HypError.ARGUMENT_INVALID;
    vic.maxVcpus = maxVcpus;
    if (lo32(a[2]) > SPI_COUNT) return HypError.ARGUMENT_INVALID;
    vic.maxVirqs = lo32(a[2]);
    return (lo32(options) & 1) !== 0 && lo32(a[4]) !== 0 ? HypError.ARGUMENT_INVALID : HypError.OK;
  });
  hyp.call(Call.VIC_ATTACH_VCPU, (h, caller, a) => {
    const vic = lookup<Vic>(h, caller, a[0], ObjectType.VIC, Rights.VIC.ATTACH_VCPU);
    if (typeof vic === 'number') return vic;
    const thread = lookupInit<Thread>(h, caller, a[1], ObjectType.THREAD);
    if (typeof thread === 'number') return thread;
    return attachVcpu(h, vic, thread, lo32(a[2]));
  });
  hyp.call(Call.VGIC_SET_MPIDR_MAPPING, (h, caller, a) => {
    const vic = lookupInit<Vic>(h, caller, a[0], ObjectType.VIC);
    if (typeof vic === 'number') return vic;
    return setMapping(vic, a[1], [lo32(a[2]), lo32(a[3]), lo32(a[4]), lo32(a[5])], (lo32(a[6]) & 1) !== 0);
  });
  hyp.call(Call.VIC_BIND_MSI_SOURCE, (h, caller, a) => {
    const vic = lookup(h, caller, a[0], ObjectType.VIC, Rights.VIC.BIND_SOURCE);
    return typeof vic === 'number' ? vic : HypError.CSPACE_WRONG_OBJECT_TYPE;
  });
  hyp.call(Call.HWIRQ_BIND_VIRQ, (h, caller, a) => {
    const hwirq = lookup<Hwirq>(h, caller, a[0], ObjectType.HWIRQ, Rights.HWIRQ.BIND_VIC);
    if (typeof hwirq === 'number') return hwirq;
    const vic = lookup<Vic>(h, caller, a[1], ObjectType.VIC, Rights.VIC.BIND_SOURCE);
    return typeof vic === 'number' ? vic : bindHwirq(g, hwirq, vic, lo32(a[2]));
  });
  hyp.call(Call.HWIRQ_UNBIND_VIRQ, (h, caller, a) => {
    const hwirq = lookup<Hwirq>(h, caller, a[0], ObjectType.HWIRQ, Rights.HWIRQ.BIND_VIC);
    return typeof hwirq === 'number' ? hwirq : unbindHwirq(g, hwirq);
  });
}

/** `vic_attach_vcpu` after its lookups; also used at boot. */
export function attachVcpu(hyp: Hypervisor, vic: Vic, thread: Thread, index: number): number {
  if (index >= vic.maxVcpus) return HypError.ARGUMENT_INVALID;
  const v = gicVcpu(thread);
  hyp.ref(vic.id);
  hyp.unref(v.vic);
  v.vic = vic.id;
  v.index = index;
  return HypError.OK;
}

/** Affinity mapping (vgic 1.3): fields must not overlap and fill a number from bit 0 up. */
function setMapping(vic: Vic, mask: bigint, shift: number[], mt: boolean): number {
  const low = lo32(mask);
  const masks = [low & 0xff, (low >>> 8) & 0xff, (low >>> 16) & 0xff, hi32(mask) & 0xff];
  let union = 0;
  for (let i = 0; i < 4; i++) {
    if (shift[i] >= 32) return HypError.ARGUMENT_INVALID;
    // Numbers have less than 16 bits: a field beyond them is as wrong as one that overlaps.
    if (masks[i] === 0) continue;
    const field = shift[i] < 16 ? masks[i] << shift[i] : 0x1_0000;
    if (field > 0xffff || (union & field) !== 0) return HypError.ARGUMENT_INVALID;
    union |= field;
  }
  if ((union & (union + 1)) !== 0 || union >= 0xffff) return HypError.ARGUMENT_INVALID;
  vic.mapping = { mask: masks, shift, mt, uniprocessor: union === 0 };
  return HypError.OK;
}
