/** The machine that cases start from, and where in it the client sits. */
import { Platform } from '../protocol/index.js';
import { enableInterrupts } from '../sim/gic-setup.js';
import { HostVcpu, type LinkPlace, PRIMARY_LINK, Simulator, type Snapshot, takeSnapshot } from '../sim/index.js';
import { editTree, hypervisorNode } from './boundary/client-tree.js';

/** A booted machine that cases start from; booting costs more than restoring. Without a snapshot it is used as it is. */
export interface BenchImage {
  sim: Simulator;
  snapshot?: Snapshot;
  /** The client is this vCPU of another VM instead of the primary VM's. */
  guest?: ClientPlace;
}

/** Where a client sits. */
export interface ClientPlace {
  vcpu: number;
  vmid: number;
  link: LinkPlace;
  /** Its device tree. */
  tree: number;
  /** Page for inline buffers of the link. */
  scratch: number;
}

/** Page of the primary VM for inline buffers. */
const PRIMARY_SCRATCH = 0x4102_d000;

export function primaryPlace(sim: Simulator): ClientPlace {
  const v = sim.primaryVcpu();
  if (v === undefined) throw new Error('the primary VM is not in control');
  return {
    vcpu: v.id,
    vmid: Platform.VMID_HLOS,
    link: PRIMARY_LINK,
    tree: Platform.HLOS_DT_BASE,
    scratch: PRIMARY_SCRATCH,
  };
}

/** A booted machine that every case starts from. */
export function bootBench(): BenchImage {
  const sim = new Simulator();
  if (!sim.bootPrimary()) throw new Error('the primary VM did not start');
  const v = sim.primaryVcpu();
  if (v === undefined) throw new Error('the primary VM is not in control');
  const host = new HostVcpu(sim, v.id);
  enableInterrupts(host);
  editTree(host, Platform.HLOS_DT_BASE, hypervisorNode(false));
  return { sim, snapshot: takeSnapshot(sim) };
}
