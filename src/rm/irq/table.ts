/**
 * Interrupt numbers: which hardware interrupt or virtual device each number of a VM stands for
 * (fact base: rm-state-machines 6). Errors are hypervisor codes; a broken assertion of RM is its death.
 */
import { HypError, IrqMapState, Platform } from '../../protocol/index.js';
import { RmDeath } from '../death.js';
import { CAP_INVALID, type Rm, VMID_HLOS, VMID_RM, type VmRecord } from '../types.js';
import { rmAssert } from '../vm/memory.js';
import { type Hwirq, type IrqMapping, type IrqState, VIRQ_NONE, type VmIrqTable } from './types.js';

/** Highest number of RM's table, and of every other VM's. */
export const RM_IRQ_MAX = 511;
/** Where the search for free numbers starts, except in RM. */
const ALLOC_BASE = Platform.VIRQ_ALLOC_FIRST;
const LAST_GLOBAL = Platform.SPI_LAST;

/** Private interrupts 16..31: per vCPU, may be lent but never allocated. */
const isLocal = (irq: number): boolean => irq >= 16 && irq <= 31;
const isGlobal = (irq: number): boolean => irq >= Platform.SPI_FIRST && irq <= LAST_GLOBAL;
const compatible = (a: number, b: number): boolean => (isLocal(a) && isLocal(b)) || (isGlobal(a) && isGlobal(b));

/**
 * Boot: HLOS owns every hardware interrupt that RM got a capability for; loan handles start at a random base.
 * `random`: 64 random bits.
 */
export function createIrqState(vicHwirq: readonly bigint[], random: bigint): IrqState {
  const low = Number(BigInt.asUintN(32, random));
  const state: IrqState = {
    // Base plus number must fit in 32 bits.
    handleBase: low + LAST_GLOBAL > 0xffff_ffff ? low - LAST_GLOBAL : low,
    hwirqs: new Array<Hwirq | null>(LAST_GLOBAL + 1).fill(null),
    loans: new Array(LAST_GLOBAL + 1).fill(null),
  };
  for (let irq = 16; irq <= LAST_GLOBAL; irq++) {
    const cap = vicHwirq[irq];
    if (cap === undefined || cap === CAP_INVALID) continue;
    state.hwirqs[irq] = { cap, owner: VMID_HLOS, ownerIrq: VIRQ_NONE };
  }
  return state;
}

/** Maps without entries of VMs that are gone: filling a new one costs more than all uses of it. */
const spareMaps: (IrqMapping | null)[][] = [];
const MAX_SPARE = 16;

/** Takes the table of a VM that is gone; its map has no entry left. */
export function releaseTable(table: VmIrqTable): void {
  if (table.maxIrq === Platform.SPI_LAST && spareMaps.length < MAX_SPARE) spareMaps.push(table.map);
}

/** Gives a VM its table. A VM that still has one (reset twice without being cleaned) kills RM. */
export function vmIrqInit(vm: VmRecord, vic: bigint): void {
  if (vm.irq !== null) throw new RmDeath('ABORT', 'third-init-of-reset-vmid');
  const rm = vm.vmid === VMID_RM;
  const maxIrq = rm ? RM_IRQ_MAX : Platform.SPI_LAST;
  vm.irq = {
    vic,
    allocBase: rm ? Platform.SPI_FIRST : ALLOC_BASE,
    maxIrq,
    map: (rm ? undefined : spareMaps.pop()) ?? new Array<IrqMapping | null>(maxIrq + 1).fill(null),
    lowest: maxIrq + 1,
  };
}

function use(table: VmIrqTable, irq: number, mapping: IrqMapping): void {
  table.map[irq] = mapping;
  if (irq < table.lowest) table.lowest = irq;
}

export function tableOf(vm: VmRecord): VmIrqTable {
  rmAssert(vm.irq !== null);
  return vm.irq;
}

const reserved = (): IrqMapping => ({ kind: 'hw', irq: VIRQ_NONE, state: IrqMapState.RESERVED });

/** Reserves the lowest free shared number from the table's base up; NORESOURCES when there is none. */
export function allocGlobal(vm: VmRecord): { error: number; irq: number } {
  const table = tableOf(vm);
  const last = Math.min(table.maxIrq, LAST_GLOBAL);
  for (let irq = table.allocBase; irq <= last; irq++) {
    if (table.map[irq] !== null) continue;
    use(table, irq, reserved());
    return { error: HypError.OK, irq };
  }
  return { error: HypError.NORESOURCES, irq: 0 };
}

/** Ends a reservation. */
export function freeGlobal(vm: VmRecord, irq: number): number {
  const { map } = tableOf(vm);
  if (!isGlobal(irq) || map[irq]?.state !== IrqMapState.RESERVED) return HypError.ARGUMENT_INVALID;
  map[irq] = null;
  return HypError.OK;
}

/** A free number becomes a mapping of the VM (`alloc`), or a reserved one is taken. */
function take(table: VmIrqTable, irq: number, alloc: boolean): { error: number; mapping: IrqMapping | null } {
  const existing = table.map[irq] ?? null;
  if (!alloc) {
    const usable = existing !== null && existing.state === IrqMapState.RESERVED;
    return { error: usable ? HypError.OK : HypError.ARGUMENT_INVALID, mapping: existing };
  }
  if (existing !== null) return { error: HypError.DENIED, mapping: null };
  if (irq > table.maxIrq) return { error: HypError.ARGUMENT_INVALID, mapping: null };
  const mapping = reserved();
  use(table, irq, mapping);
  return { error: HypError.OK, mapping };
}

/** Makes a number stand for a virtual device. `alloc`: the number must be free; otherwise it must be reserved. */
export function virqMap(vm: VmRecord, irq: number, alloc: boolean): number {
  const table = tableOf(vm);
  if (!isGlobal(irq)) return HypError.ARGUMENT_INVALID;
  const { error, mapping } = take(table, irq, alloc);
  if (error !== HypError.OK || mapping === null) return error;
  mapping.kind = 'virq';
  mapping.irq = irq;
  mapping.state = IrqMapState.BOUND;
  return HypError.OK;
}

/** Ends {@link virqMap}. `free`: the number becomes free, otherwise it stays reserved. */
export function virqUnmap(vm: VmRecord, irq: number, free: boolean): number {
  const { map } = tableOf(vm);
  if (!isGlobal(irq)) return HypError.ARGUMENT_INVALID;
  const mapping = map[irq] ?? null;
  if (mapping === null) return HypError.NORESOURCES;
  if (mapping.state !== IrqMapState.BOUND || mapping.kind !== 'virq') return HypError.ARGUMENT_INVALID;
  map[irq] = free ? null : reserved();
  return HypError.OK;
}

/** Binds every hardware interrupt that the VM owns to the same number in it (HLOS at boot). */
export function mapAllDirect(rm: Rm, vm: VmRecord): number {
  const table = tableOf(vm);
  for (let irq = 0; irq < rm.irqs.hwirqs.length; irq++) {
    const hwirq = rm.irqs.hwirqs[irq];
    if (hwirq === null || hwirq.owner !== vm.vmid) continue;
    if (table.map[irq] != null) return HypError.DENIED;
    const error = rm.hv.hwirqBind(hwirq.cap, table.vic, irq);
    if (error !== HypError.OK) return error;
    use(table, irq, { kind: 'hw', irq, state: IrqMapState.BOUND });
    hwirq.ownerIrq = irq;
  }
  return HypError.OK;
}

/** Binds a hardware interrupt to number `irq` of the VM. `owner`: as its owner, otherwise as borrower. */
export function hwirqMap(rm: Rm, vm: VmRecord, irq: number, hw: number, alloc: boolean, owner: boolean): number {
  const table = tableOf(vm);
  if (!compatible(irq, hw)) return HypError.ARGUMENT_INVALID;
  const hwirq = rm.irqs.hwirqs[hw] ?? null;
  if (hwirq === null) return HypError.NORESOURCES;
  if (owner && hwirq.owner !== vm.vmid) return HypError.DENIED;
  if (owner && hwirq.ownerIrq !== VIRQ_NONE) return HypError.BUSY;
  const { error, mapping } = take(table, irq, alloc);
  if (error !== HypError.OK || mapping === null) return error;
  const bound = rm.hv.hwirqBind(hwirq.cap, table.vic, irq);
  if (bound !== HypError.OK) {
    if (alloc) table.map[irq] = null;
    return bound;
  }
  mapping.kind = 'hw';
  mapping.irq = hw;
  mapping.state = IrqMapState.BOUND;
  if (owner) hwirq.ownerIrq = hw;
  return HypError.OK;
}

/** Ends {@link hwirqMap}. */
export function hwirqUnmap(rm: Rm, vm: VmRecord, irq: number, free: boolean, owner: boolean): number {
  const table = tableOf(vm);
  const mapping = table.map[irq] ?? null;
  if (mapping === null) return HypError.NORESOURCES;
  if (mapping.state !== IrqMapState.BOUND || mapping.kind !== 'hw') return HypError.ARGUMENT_INVALID;
  const hwirq = rm.irqs.hwirqs[mapping.irq];
  rmAssert(hwirq !== null);
  if (owner) rmAssert(hwirq.owner === vm.vmid && hwirq.ownerIrq === irq);
  const error = rm.hv.hwirqUnbind(hwirq.cap);
  // A deleted VIC has unbound it already.
  rmAssert(error === HypError.OK || (error === HypError.VIRQ_NOT_BOUND && table.vic === CAP_INVALID));
  if (owner) hwirq.ownerIrq = VIRQ_NONE;
  table.map[irq] = free ? null : reserved();
  return HypError.OK;
}
