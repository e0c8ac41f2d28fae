/**
 * The port through which the Resource Manager touches the machine: hypercalls, its own memory, its interrupts.
 * RM's vCPU is a thread like any other; every call goes through the same dispatcher with the same checks.
 */
import { endInterrupt, gicOfHyp, Sysreg, takeInterrupt, writeSysreg } from '../gic/index.js';
import type { GuestPort } from '../hyp/abi.js';
import { HYPERCALL_BASE, type Hypervisor, nativeCall } from '../hyp/index.js';
import { Platform } from '../protocol/index.js';
import type { Vcpu } from '../vcpu/index.js';
import type { Cost } from './time.js';
import type { Trace } from './trace.js';

export interface RmPortOwner {
  readonly hyp: Hypervisor;
  readonly cost: Cost;
  /** Whose trace, if it has one, sees the calls. */
  readonly tracer: { readonly trace: Trace | undefined };
}

/** The vCPU is looked up at every call: a restored snapshot replaces the object. */
export function rmPort({ hyp, cost, tracer }: RmPortOwner, rootThread: number): GuestPort {
  const gic = gicOfHyp(hyp);
  const thread = (): Vcpu => hyp.objects[rootThread] as Vcpu;

  return {
    hvc(num, a0 = 0n, a1 = 0n, a2 = 0n, a3 = 0n, a4 = 0n, a5 = 0n, a6 = 0n) {
      const t = thread();
      const { x } = t;
      x[0] = a0;
      x[1] = a1;
      x[2] = a2;
      x[3] = a3;
      x[4] = a4;
      x[5] = a5;
      x[6] = a6;
      x[7] = 0n;
      const { trace } = tracer;
      const start = trace?.hypercallStart(t, HYPERCALL_BASE + num);
      nativeCall(hyp, t, HYPERCALL_BASE + num);
      trace?.hypercallEnd(t, HYPERCALL_BASE + num, start);
      hyp.now += cost.hypercallNs;
      return x;
    },
    read: (ipa, to) => hyp.mem.accessGuest(thread().addrspace, ipa, to, false) === 0,
    write: (ipa, from) => hyp.mem.accessGuest(thread().addrspace, ipa, from, true) === 0,
    readable(ipa, size) {
      const { addrspace } = thread();
      for (let at = ipa - (ipa & (Platform.PAGE_SIZE - 1)); at < ipa + size; at += Platform.PAGE_SIZE) {
        if (hyp.mem.translate(addrspace, at, false) < 0) return false;
      }
      return true;
    },
    enableInterrupts() {
      const t = thread();
      writeSysreg(hyp, t, Sysreg.ICC_SRE_EL1, 7n);
      writeSysreg(hyp, t, Sysreg.ICC_PMR_EL1, 0xffn);
      writeSysreg(hyp, t, Sysreg.ICC_IGRPEN1_EL1, 1n);
    },
    takeIrq() {
      const t = thread();
      const intid = takeInterrupt(gic, t);
      if (intid !== undefined) endInterrupt(gic, t, intid);
      return intid;
    },
    store32(ipa, value) {
      hyp.vic.mmioAccess(thread(), ipa, 4, true, BigInt(value));
    },
    now: () => hyp.now,
  };
}
