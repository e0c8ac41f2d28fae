/**
 * Canary faults: defects put into a running machine from outside, to prove that the fuzzer finds their like. Test only:
 * chosen by name, never part of a normal run, and no production code knows of them.
 *
 * A fault either wraps what passes between RM and its hypercalls, or changes the state between two requests.
 */

import { le32 } from '../base/index.js';
import type { Vic } from '../gic/index.js';
import { deleteCap, findCap } from '../hyp/index.js';
import type { MemExtent } from '../hyp/mem/extent.js';
import { memState, spaceMap } from '../hyp/mem/space.js';
import type { MsgQueue } from '../msgq/index.js';
import {
  Msg,
  ObjectType,
  ParcelState,
  Platform,
  ResetStage,
  RmError,
  RpcType,
  TransType,
  VmState,
} from '../protocol/index.js';
import type { Rm, VmRecord } from '../rm/types.js';
import { rmObject, rootCspace } from '../sim/who.js';
import type { Machine } from './machine.js';

export interface Fault {
  about: string;
  /** Called once for a machine. Returns what is called after each command's effects, before they are compared. */
  install(machine: Machine): (() => void) | undefined;
}

const { VMID_HLOS, VMID_RM } = Platform;

const isSecondary = (vm: VmRecord | null): vm is VmRecord => vm != null && vm.vmid !== VMID_HLOS && vm.vmid !== VMID_RM;
const secondary = (rm: Rm): VmRecord[] => rm.vms.filter(isSecondary);

/** Changes every packet that RM sends to the primary VM; an empty one is not sent at all. */
function onPacket(machine: Machine, change: (packet: Uint8Array) => Uint8Array | undefined): undefined {
  const { sim } = machine;
  const link = (): MsgQueue | undefined => {
    const to = sim.rm.links[VMID_HLOS];
    return to == null ? undefined : (rmObject(sim, to.txCap) as MsgQueue | undefined);
  };
  const receive = machine.tap;
  machine.tap = (packet) => {
    const passed = receive(packet);
    return passed === undefined || link() === undefined ? passed : change(passed);
  };
  return undefined;
}

const isNotification = (packet: Uint8Array, id: number): boolean => le32(packet, 4) === id;
const isReply = (packet: Uint8Array, id: number): boolean =>
  (packet[1] & 3) === RpcType.REPLY && le32(packet, 4) === id;

/** Seeded defects of RM or hypervisor by name, for tests of the fuzzer itself. */
export const FAULTS: Readonly<Record<string, Fault>> = {
  'lost-mem-released': {
    about: 'MEM_RELEASED is never sent',
    install: (m) => onPacket(m, (p) => (isNotification(p, Msg.N_MEM_RELEASED) ? undefined : p)),
  },
  'dropped-reply': {
    about: 'the reply of VM_AUTH_IMAGE is dropped',
    install: (m) => onPacket(m, (p) => (isReply(p, Msg.VM_AUTH_IMAGE) ? undefined : p)),
  },
  'wrong-error': {
    about: 'VM_DEALLOCATE refuses with DENIED instead of VM_STATE',
    install: (m) =>
      onPacket(m, (p) => {
        if (isReply(p, Msg.VM_DEALLOCATE) && le32(p, 8) === RmError.VM_STATE) p[8] = RmError.DENIED;
        return p;
      }),
  },
  'double-status': {
    about: 'VM_STATUS(READY) shows the state RUNNING',
    install: (m) =>
      onPacket(m, (p) => {
        if (isNotification(p, Msg.N_VM_STATUS) && p[12] === VmState.READY) p[12] = VmState.RUNNING;
        return p;
      }),
  },
  'leaked-cap': {
    about: 'deleting a VM leaves a capability behind in the space of the primary VM',
    install(m) {
      const { rm } = m.sim;
      let had = 0;
      m.onReset = () => {
        had = 0;
      };
      return () => {
        const now = secondary(rm).length;
        if (now < had) {
          const view = findCap(rootCspace(m.sim), rm.env.partitionCap);
          if (typeof view !== 'number') m.leak(view.table.object[view.lower]);
        }
        had = now;
      };
    },
  },
  'lost-cap': {
    about: "a parcel's extent loses its capability",
    install: (m) => () => {
      const parcel = m.sim.rm.parcels.list.find((p) => p.state === ParcelState.SHARED);
      if (parcel === undefined) return;
      const root = rootCspace(m.sim);
      const view = findCap(root, parcel.meCap);
      if (typeof view !== 'number') deleteCap(m.sim.hyp, root, view);
    },
  },
  'reclaim-while-shared': {
    about: 'an accepted parcel counts as not accepted, so that its owner may reclaim it',
    install: (m) => () => {
      for (const p of m.sim.rm.parcels.list) if (p.state === ParcelState.SHARED) p.state = ParcelState.SHARING;
    },
  },
  'wrong-reset-stage': {
    about: 'the reset of a VM starts at the last stage and cleans nothing',
    install: (m) => () => {
      for (const vm of secondary(m.sim.rm)) if (vm.state === VmState.EXITED) vm.resetStage = ResetStage.COMPLETED;
    },
  },
  'doubled-page': {
    about: 'a lent page also stays with the primary VM',
    install: (m) => () => {
      const parcel = m.sim.rm.parcels.list.find((p) => p.transType === TransType.LEND && p.regions.length > 0);
      const hlos = m.sim.rm.vms[VMID_HLOS]?.config;
      const space = hlos == null ? undefined : rmObject(m.sim, hlos.addrspace);
      if (parcel === undefined || space === undefined) return;
      spaceMap(m.sim.hyp, space.id, parcel.regions[0].ownerIpa, Platform.PAGE_SIZE, parcel.regions[0].phys, 0x77);
    },
  },
  'stolen-page': {
    about: 'the first page of a new parcel goes back to its owner',
    install: (m) => () => {
      const { rm, hyp } = m.sim;
      const parcel = rm.parcels.list[0];
      if (parcel === undefined || parcel.regions.length === 0) return;
      const { start, owner } = memState(hyp).owners;
      const at = start.indexOf(parcel.regions[0].phys);
      const parent = hyp.objects.find((o) => o?.type === ObjectType.MEMEXTENT && (o as MemExtent).size > 2 ** 28);
      if (at >= 0 && parent !== undefined) owner[at] = parent.id;
    },
  },
  'unmapped-page-kept': {
    about: 'the mapping of a released parcel is never recorded as gone',
    install: (m) => () => {
      const vm = secondary(m.sim.rm).find((v) => v.state === VmState.RUNNING);
      const space = vm?.config == null ? undefined : rmObject(m.sim, vm.config.addrspace);
      if (space !== undefined) spaceMap(m.sim.hyp, space.id, 0x9000_0000, Platform.PAGE_SIZE, 0x5f00_0000, 0x77);
    },
  },
  'stale-virq': {
    about: "an interrupt number stays bound in the primary VM's controller after its VM is gone",
    install(m) {
      return () => {
        const vm = secondary(m.sim.rm).find((v) => v.state === VmState.RESET);
        const irq = m.sim.rm.vms[VMID_HLOS]?.irq;
        const vic = vm === undefined || irq == null ? undefined : rmObject(m.sim, irq.vic);
        if (vic !== undefined) (vic as Vic).bound[1000 - Platform.SPI_FIRST] = 1;
      };
    },
  },
  'missing-peer-removal': {
    about: 'a VM that is gone stays in the peer list of the primary VM',
    install(m) {
      const { rm } = m.sim;
      let seen: number[] = [];
      m.onReset = () => {
        seen = [];
      };
      return () => {
        const now = secondary(rm).map((vm) => vm.vmid);
        const hlos = rm.vms[VMID_HLOS];
        for (const vmid of seen)
          if (!now.includes(vmid) && hlos != null && !hlos.peers.includes(vmid)) hlos.peers.push(vmid);
        seen = now;
      };
    },
  },
  'early-start': {
    about: 'a VM that failed to initialise counts as ready',
    install: (m) => () => {
      for (const vm of secondary(m.sim.rm)) if (vm.state === VmState.INIT_FAILED) vm.state = VmState.READY;
    },
  },
};
