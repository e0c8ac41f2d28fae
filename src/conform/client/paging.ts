/**
 * Guest memory on demand (fact base: clients 9.1, 9.2): a page is donated, then mapped, when the guest touches it. RM only learns
 * which ranges are provided like this.
 */
import { lo32, put16, put32, put64 } from '../../base/index.js';
import { Call, HypError, Platform } from '../../protocol/index.js';
import type { VmManager } from './vm.js';
import type { ManagedVm, PagedRange } from './vm-types.js';

const PAGE = Platform.PAGE_SIZE;
const MEM_EXTENT = 9;
const ADDR_SPACE = 10;
/** Labels of extents. */
const GUEST_PRIVATE = 0;
const HOST_PRIVATE = 2;
const TO_SIBLING = 2n;
const PARTIAL = 1n;
/** Kernel and user access: read, write, execute; or without write. */
const RWX = 0x77n;
const RX = 0x55n;

/** VM_SET_DEMAND_PAGING: what is lent. Undefined: nothing is. */
export function pagingList(m: VmManager, vm: ManagedVm, vmid: number): Uint8Array | undefined {
  const { ram } = vm.plan;
  if (ram.length === 0) return undefined;
  const lent = ram.filter((r) => r.kind === 'lend' || m.bug('paging-lists-shared'));
  if (lent.length === 0 && !m.bug('paging-list-always')) return undefined;
  const b = new Uint8Array(8 + lent.length * 16);
  put16(b, 0, vmid);
  put32(b, 4, lent.length);
  lent.forEach((r, i) => {
    put64(b, 8 + i * 16, BigInt(r.ipa));
    put64(b, 16 + i * 16, BigInt(m.bug('paging-sizes-as-given') ? r.size : Math.ceil(r.size / PAGE) * PAGE));
  });
  return b;
}

const capOf = (vm: ManagedVm, type: number, label: number): bigint | undefined =>
  vm.resources.find((r) => r.type === type && r.label === label)?.cap;

interface Caps {
  space: bigint;
  guest: bigint;
  host: bigint;
}

function capsOf(vm: ManagedVm): Caps | undefined {
  const space = capOf(vm, ADDR_SPACE, 0);
  const guest = capOf(vm, MEM_EXTENT, GUEST_PRIVATE);
  const host = capOf(vm, MEM_EXTENT, HOST_PRIVATE);
  return space === undefined || guest === undefined || host === undefined ? undefined : { space, guest, host };
}

const donate = (m: VmManager, from: bigint, to: bigint, host: number): number =>
  lo32(m.port.hvc(Call.MEMEXTENT_DONATE, TO_SIBLING, from, to, BigInt(host), BigInt(PAGE))[0]);

const map = (m: VmManager, c: Caps, r: PagedRange, page: number, host: number): number =>
  lo32(
    m.port.hvc(
      Call.ADDRSPACE_MAP,
      c.space,
      c.guest,
      BigInt(page),
      r.readOnly ? RX : RWX,
      PARTIAL,
      BigInt(host),
      BigInt(PAGE),
    )[0],
  );

/** The guest missed a page. False: it gets a fault. */
export function providePage(m: VmManager, vm: ManagedVm, address: number, write: boolean): boolean {
  const page = address - (address % PAGE);
  const r = vm.plan.ram.find((x) => x.kind === 'lend' && page >= x.ipa && page < x.ipa + x.size);
  if (r === undefined) return m.bug('hole-tried-again');
  if (r.readOnly && write) return m.bug('read-only-tried-again');
  if (vm.provided.has(page) && !m.bug('page-provided-twice')) return true;
  const caps = capsOf(vm);
  if (caps === undefined) return false;
  const host = r.host + (page - r.ipa);
  if (m.bug('maps-before-donating')) map(m, caps, r, page, host);
  if (donate(m, caps.host, caps.guest, host) !== HypError.OK && !m.bug('donation-unchecked')) return false;
  if (!m.bug('maps-before-donating') && map(m, caps, r, page, host) !== HypError.OK) {
    if (!m.bug('map-failure-keeps-page')) donate(m, caps.guest, caps.host, host);
    return false;
  }
  vm.provided.set(page, host);
  return true;
}

/** Every page back to the host, before the VM's capabilities die. */
export function takePagesBack(m: VmManager, vm: ManagedVm): void {
  const caps = capsOf(vm);
  if (caps === undefined) return;
  for (const [page, host] of vm.provided) {
    m.port.hvc(Call.ADDRSPACE_UNMAP, caps.space, caps.guest, BigInt(page), PARTIAL, BigInt(host), BigInt(PAGE));
    donate(m, caps.guest, caps.host, host);
  }
  vm.provided.clear();
}
