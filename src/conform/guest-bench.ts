/**
 * The bench of level G: the client is the vCPU of a VM that the primary VM has started. The primary VM then sleeps; what it lent and
 * shared before is announced to the VM.
 */
import { concatBytes, le32, put32 } from '../base/index.js';
import { Msg, Platform } from '../protocol/index.js';
import { disableInterrupts, enableInterrupts } from '../sim/gic-setup.js';
import { HostVcpu, rmObject, takeSnapshot } from '../sim/index.js';
import type { Vcpu } from '../vcpu/index.js';
import { type BenchImage, bootBench, type ClientPlace } from './bench-image.js';
import { DEAF, GUEST_BASE, LOOP, SPARE } from './guest.js';
import { builtinSession, type Session } from './session.js';
import { type Answer, u16x2, u32s } from './tester.js';
import type { Script } from './types.js';

/** What the primary VM lends to the client's VM. */
export const LENT_IRQ = 40;
export const LENT_LABEL = 7;

/** Interrupt controller of the small VM's device tree. */
const GUEST_GIC = { gicd: 0x3fff_0000, gicr: 0x3ffb_0000 };
/** Packet buffers, in the client's image. */
const BUFFERS = GUEST_BASE + 0x2_0000;
const DTB = GUEST_BASE + 0x10_0000;
/** Where the primary VM sleeps. */
const SLEEP = SPARE - 0x1000;

function words(list: readonly number[]): Uint8Array {
  const out = new Uint8Array(list.length * 4);
  list.forEach((w, i) => {
    put32(out, i * 4, w);
  });
  return out;
}

function data(a: Answer, what: string): Uint8Array {
  if (a.kind !== 'reply' || a.error !== 0) throw new Error(`the guest bench: ${what} failed`);
  return a.data;
}

/** The primary VM brings the client's VM up and lends it an interrupt. */
function* bringUp(s: Session): Script {
  const t = s.tester;
  yield* t.up('client', '', LOOP, 0, { alone: true });
  const lend = concatBytes(u16x2(Platform.VMID_DYNAMIC_FIRST), u32s(LENT_IRQ, LENT_LABEL));
  const handle = le32(data(yield* t.call(Msg.VM_IRQ_LEND, lend), 'VM_IRQ_LEND'), 0);
  data(yield* t.call(Msg.VM_IRQ_NOTIFY, u32s(handle, 1)), 'VM_IRQ_NOTIFY');
}

function clientPlace(image: BenchImage): ClientPlace {
  const cap = image.sim.rm.vms[Platform.VMID_DYNAMIC_FIRST]?.config?.vcpus[0]?.masterCap;
  const vcpu = cap === undefined ? undefined : rmObject(image.sim, cap);
  if (vcpu === undefined) throw new Error('the guest bench: no vCPU');
  return {
    vcpu: vcpu.id,
    vmid: Platform.VMID_DYNAMIC_FIRST,
    link: { txCap: 0n, rxCap: 1n, txBuffer: BUFFERS, rxBuffer: BUFFERS + 0x1000 },
    tree: DTB,
    scratch: BUFFERS + 0x2000,
  };
}

export function bootGuestBench(): BenchImage {
  const image = bootBench();
  const session = builtinSession(image, new Set());
  const script = bringUp(session);
  for (let r = script.next(); !r.done; r = script.next()) session.drive(r.value);
  const { sim } = image;
  const { host } = session.bench;
  const guest = clientPlace(image);
  disableInterrupts(host);
  host.writeMemory(SLEEP, words(DEAF));
  sim.setProgram(sim.hyp.get<Vcpu>(guest.vcpu), 'host');
  sim.setProgram(host.vcpu, 'a64');
  host.vcpu.pc = BigInt(SLEEP);
  enableInterrupts(new HostVcpu(sim, guest.vcpu), GUEST_GIC);
  return { sim, snapshot: takeSnapshot(sim), guest };
}
