import { concatBytes, fromHex, le32 } from '../../src/base/index.js';
import { HypError, RmError, VmState } from '../../src/protocol/index.js';
import type { RmDeath } from '../../src/rm/death.js';
import { dispatch } from '../../src/rm/dispatch.js';
import type { Hv } from '../../src/rm/hv.js';
import { createIrqState, mapAllDirect, vmIrqInit } from '../../src/rm/irq/index.js';
import { newLink } from '../../src/rm/link/link.js';
import { createParcelTable } from '../../src/rm/memparcel/index.js';
import { CAP_INVALID, type Rm, VMID_HLOS, VMID_RM, type VmRecord } from '../../src/rm/types.js';
import { addressSpaceInit } from '../../src/rm/vm/memory.js';
import { newSetup } from '../../src/rm/vm/setup.js';
import { newVm } from '../../src/rm/vm/vm.js';

/** What the hypervisor does with memory extents, page by page and without part-way effects. */
export class FakeHv {
  readonly home = { partition: 1n, cspace: 2n, addrspace: 0xffn };
  /** Page number to the extent that owns it. */
  readonly owner = new Map<number, bigint>();
  readonly records: { as: bigint; me: bigint; ipa: number; phys: number; size: number; attrs: number }[] = [];
  readonly sent: { vmid: number; bytes: Uint8Array }[] = [];
  readonly zeroed: [number, number][] = [];
  /** Hardware interrupt capability to [vic, number]. */
  readonly bound = new Map<bigint, readonly [bigint, number]>();
  readonly live = new Set<bigint>();
  #cap = 0x100n;
  #packet = new Uint8Array(0);
  /** Operations that fail from now on. */
  failing: 'map' | 'unmap' | 'donate' | 'create' | undefined;

  readonly port = {
    write: (_ipa: number, bytes: Uint8Array): boolean => {
      this.#packet = bytes.slice();
      return true;
    },
    read: (): boolean => true,
  };

  memextentCreate() {
    if (this.failing === 'create') return { error: HypError.NOMEM, cap: CAP_INVALID };
    const cap = this.#cap++;
    this.live.add(cap);
    return { error: HypError.OK, cap };
  }

  memextentUnmapAll(): number {
    return HypError.OK;
  }

  deleteOwnCap(cap: bigint): number {
    for (const [page, owner] of this.owner) if (owner === cap) throw new Error(`page ${page} lost`);
    return this.live.delete(cap) ? HypError.OK : HypError.CSPACE_CAP_NULL;
  }

  memextentDonate(_type: number, from: bigint, to: bigint, phys: number, size: number): number {
    if (this.failing === 'donate') return HypError.DENIED;
    for (let page = phys / 4096; page < (phys + size) / 4096; page++) {
      if (this.owner.get(page) !== from) return HypError.MEMDB_NOT_OWNER;
    }
    for (let page = phys / 4096; page < (phys + size) / 4096; page++) this.owner.set(page, to);
    return HypError.OK;
  }

  memextentZero(_me: bigint, offset: number, size: number): number {
    this.zeroed.push([offset, size]);
    return HypError.OK;
  }

  mapPartial(as: bigint, me: bigint, ipa: number, phys: number, size: number, access: number, memType = 15): number {
    if (this.failing === 'map') return HypError.NOMEM;
    this.records.push({ as, me, ipa, phys, size, attrs: access | (memType << 16) });
    return HypError.OK;
  }

  unmapPartial(as: bigint, me: bigint, ipa: number, phys: number, size: number): number {
    if (this.failing === 'unmap') return HypError.ADDR_INVALID;
    const at = this.records.findIndex(
      (r) =>
        r.as === as && r.me === me && r.phys <= phys && r.phys + r.size >= phys + size && ipa - r.ipa === phys - r.phys,
    );
    if (at < 0) return HypError.ADDR_INVALID;
    const r = this.records[at];
    const rest = [
      { ...r, size: phys - r.phys },
      { ...r, ipa: ipa + size, phys: phys + size, size: r.phys + r.size - phys - size },
    ].filter((part) => part.size > 0);
    this.records.splice(at, 1, ...rest);
    return HypError.OK;
  }

  addrspaceLookup(as: bigint, me: bigint, ipa: number, size: number) {
    const none = { offset: 0, size: 0, attrs: 0 };
    if (size === 0) return { error: HypError.ARGUMENT_SIZE, ...none };
    const r = this.records.find((r) => r.as === as && r.me === me && r.ipa <= ipa && ipa < r.ipa + r.size);
    if (r === undefined) return { error: HypError.ADDR_INVALID, ...none };
    const offset = ipa - r.ipa + r.phys;
    const found = Math.min(size, r.ipa + r.size - ipa);
    for (let page = offset / 4096; page < (offset + found) / 4096; page++) {
      if (this.owner.get(page) !== me) return { error: HypError.MEMDB_NOT_OWNER, ...none };
    }
    return { error: HypError.OK, offset, size: found, attrs: r.attrs };
  }

  msgqueueSend(cap: bigint, size: bigint): number {
    this.sent.push({ vmid: Number(cap), bytes: this.#packet.slice(0, Number(size)) });
    return HypError.OK;
  }

  hwirqBind(hwirq: bigint, vic: bigint, virq: number): number {
    if (this.bound.has(hwirq)) return HypError.VIRQ_BOUND;
    this.bound.set(hwirq, [vic, virq]);
    return HypError.OK;
  }

  hwirqUnbind(hwirq: bigint): number {
    return this.bound.delete(hwirq) ? HypError.OK : HypError.VIRQ_NOT_BOUND;
  }
}

export const HLOS_BASE = 0x4000_0000;
export const HLOS_PAGES = 0x400;
/** Hardware interrupts of the fake board. */
export const HWIRQS = [16, 40, 41, 42, 970];
export const HANDLE_BASE = 0x1234_0000;

/** RM with HLOS and no hypervisor: HLOS has {@link HLOS_PAGES} pages at {@link HLOS_BASE}, IPA = PA. */
export function fakeRm(): { rm: Rm; hv: FakeHv; hlos: VmRecord } {
  const hv = new FakeHv();
  const vicHwirq: bigint[] = [];
  for (const irq of HWIRQS) vicHwirq[irq] = BigInt(0x5000 + irq);
  const rm = {
    hv: hv as unknown as Hv,
    env: { deviceMeBase: 0, deviceMeSize: 0x4000_0000, deviceMeCap: 3n },
    vms: new Array(256).fill(null),
    links: new Array(256).fill(null),
    parcels: createParcelTable(),
    irqs: createIrqState(
      Array.from(vicHwirq, (cap) => cap ?? CAP_INVALID),
      BigInt(HANDLE_BASE),
    ),
    firmware: { milestone: false, image: null },
    notifySeq: 0,
    events: [],
    txBuffer: 0,
    txBufferArg: 0n,
  } as unknown as Rm;
  for (const vmid of [VMID_RM, VMID_HLOS]) {
    const vm = newVm(rm, vmid, VMID_RM);
    configure(rm, vm);
    vm.state = vmid === VMID_HLOS ? VmState.RUNNING : VmState.LOAD;
  }
  const hlos = rm.vms[VMID_HLOS] as VmRecord;
  for (let i = 0; i < HLOS_PAGES; i++) hv.owner.set(HLOS_BASE / 4096 + i, hlos.ddrMe);
  hv.mapPartial(BigInt(VMID_HLOS), hlos.ddrMe, HLOS_BASE, HLOS_BASE, HLOS_PAGES * 4096, 7);
  mapAllDirect(rm, hlos);
  return { rm, hv, hlos };
}

/** What VM_INIT leaves: address space, allocator, interrupt table, link. */
function configure(rm: Rm, vm: VmRecord): void {
  const cap = BigInt(vm.vmid);
  vm.config = { ...newSetup(cap), addrspace: cap, vic: cap };
  vm.ddrMe = 0x8000n + cap;
  vm.deviceMe = 0x9000n + cap;
  addressSpaceInit(rm, vm);
  vmIrqInit(vm, cap);
  if (vm.vmid !== VMID_RM) rm.links[vm.vmid] = newLink(vm.vmid, cap, cap, 0, 0);
}

/** A running VM of HLOS. */
export function addVm(rm: Rm, vmid: number, state: number = VmState.RUNNING): VmRecord {
  const vm = newVm(rm, vmid, VMID_HLOS);
  configure(rm, vm);
  vm.state = state;
  return vm;
}

/** Bytes from hex, `u16`/`u32`/`u64` values and other bytes. */
export const bytes = (...parts: (string | Uint8Array)[]): Uint8Array =>
  concatBytes(...parts.map((part) => (typeof part === 'string' ? (fromHex(part) ?? new Uint8Array(0)) : part)));

const little = (value: number, size: number): Uint8Array => {
  let rest = BigInt(value);
  return Uint8Array.from({ length: size }, () => {
    const byte = Number(rest & 0xffn);
    rest >>= 8n;
    return byte;
  });
};
export const u8 = (value: number): Uint8Array => little(value, 1);
export const u16 = (value: number): Uint8Array => little(value, 2);
export const u32 = (value: number): Uint8Array => little(value, 4);
export const u64 = (value: number): Uint8Array => little(value, 8);
export const list = (...entries: Uint8Array[]): Uint8Array => bytes(u16(entries.length), u16(0), ...entries);
export const acl = (vmid: number, rights = 7): Uint8Array => bytes(u16(vmid), u8(rights), u8(0));
export const sgl = (ipa: number, size: number): Uint8Array => bytes(u64(ipa), u64(size));
export const attr = (value: number, vmid: number): Uint8Array => bytes(u16(value), u16(vmid));

export interface Answer {
  error: number;
  /** What follows the error code. */
  data: Uint8Array;
}

/** One request, answered by RM's handler without a link. */
export function ask(rm: Rm, from: number, id: number, ...payload: (string | Uint8Array)[]): Answer {
  const reply = dispatch(rm, from, id, 0, bytes(...payload));
  return typeof reply === 'number'
    ? { error: reply, data: new Uint8Array(0) }
    : { error: le32(reply, 0), data: reply.slice(4) };
}

export const name = (error: number): string =>
  Object.entries(RmError).find(([, value]) => value === error)?.[0] ?? String(error);

/** Trigger of the death that `action` causes, or undefined. */
export function deathOf(action: () => void): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return (error as RmDeath).trigger ?? String(error);
  }
}
