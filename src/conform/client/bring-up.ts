/** Bringing a VM up, in RM's order (fact base: clients 7). What fails is undone at once. */
import { le16, put16, put32, put64 } from '../../base/index.js';
import { Msg, RmError } from '../../protocol/index.js';
import { type CallEnd, ClientCrash } from './call.js';
import { acceptIrqs, lendIrq } from './irqs.js';
import { pagingList } from './paging.js';
import { lend, shareMemory } from './parcels.js';
import { maskBells, parseResources } from './resources.js';
import { takeDown } from './take-down.js';
import type { VmManager } from './vm.js';
import { type BootRegister, errorText, isOk, type ManagedVm, type Step, vmidPayload } from './vm-types.js';

/** Not known to the open RM. */
const VM_SET_DEMAND_PAGING = 0x5600_0033;
const AUTH_PLATFORM = 1;
const AUTH_ANDROID = 2;

export function* start(m: VmManager, vm: ManagedVm): Step<string> {
  if (vm.stage === 'running') return m.bug('start-twice') ? yield* bringUp(m, vm) : 'ok';
  if (vm.stage !== 'none') {
    if (m.bug('start-again-reconfigures')) yield* m.call(Msg.VM_CONFIG_IMAGE, configPayload(m, vm, 4));
    return 'error not startable again';
  }
  return yield* bringUp(m, vm);
}

function* bringUp(m: VmManager, vm: ManagedVm): Step<string> {
  const failed = yield* steps(m, vm);
  if (failed !== undefined && !m.bug('no-rollback')) yield* takeDown(m, vm);
  if (failed === undefined) return 'ok';
  if (vm.stage !== 'gone') vm.stage = 'stuck';
  return `error ${failed}`;
}

/** A call of the bring-up without data in its reply; what failed, or undefined. */
function* step(m: VmManager, name: string, id: number, payload: Uint8Array): Step<string | undefined> {
  const end = yield* m.call(id, payload);
  return isOk(end) ? undefined : `${name}: ${errorText(end)}`;
}

/** What failed, or undefined. */
function* steps(m: VmManager, vm: ManagedVm): Step<string | undefined> {
  const alloc = yield* m.call(Msg.VM_ALLOCATE, vmidPayload(vm.plan.vmid));
  if (!isOk(alloc)) return `VM_ALLOCATE: ${errorText(alloc)}`;
  if (vm.plan.vmid !== 0) vm.vmid = vm.plan.vmid;
  else if (alloc.data.length < 4 || (alloc.data.length !== 4 && m.bug('exact-payload-lengths'))) {
    if (m.bug('no-payload-check')) throw new ClientCrash('VMID read behind the reply');
    return 'VM_ALLOCATE: no VMID in the reply';
  } else vm.vmid = le16(alloc.data, 0);
  if (m.bug('vmid-is-a-counter')) vm.vmid = 0x80;
  vm.stage = 'allocated';
  const { vmid } = vm;
  return (
    (yield* lend(m, vm)) ??
    (yield* shareMemory(m, vm)) ??
    (yield* lendIrq(m, vm)) ??
    (yield* configure(m, vm, vmid)) ??
    (yield* prepare(m, vm, vmid)) ??
    (yield* registers(m, vm, vmid)) ??
    (yield* resourcesAndStart(m, vm, vmid))
  );
}

function* configure(m: VmManager, vm: ManagedVm, vmid: number): Step<string | undefined> {
  const config = yield* m.call(Msg.VM_CONFIG_IMAGE, configPayload(m, vm, vmid));
  if (!isOk(config)) {
    if (m.bug('config-tried-twice')) yield* m.call(Msg.VM_CONFIG_IMAGE, configPayload(m, vm, vmid));
    return `VM_CONFIG_IMAGE: ${errorText(config)}`;
  }
  vm.configured = true;
  vm.stage = 'configured';
  return undefined;
}

/** From the configuration to READY. */
function* prepare(m: VmManager, vm: ManagedVm, vmid: number): Step<string | undefined> {
  if (m.bug('start-before-init')) yield* m.call(Msg.VM_START, vmidPayload(vmid));
  if (vm.plan.auth === AUTH_PLATFORM && !m.bug('image-not-authenticated')) {
    const b = new Uint8Array(12);
    put16(b, 0, vmid);
    put16(b, 2, 1);
    put32(b, 8, vm.plan.pas);
    const failed = yield* step(m, 'VM_AUTH_IMAGE', Msg.VM_AUTH_IMAGE, b);
    if (failed !== undefined) return failed;
  }
  if (!m.bug('firmware-after-init')) {
    const failed = yield* firmware(m, vm, vmid);
    if (failed !== undefined) return failed;
  }
  const list = pagingList(m, vm, vmid);
  if (list !== undefined) {
    const failed = yield* step(m, 'VM_SET_DEMAND_PAGING', VM_SET_DEMAND_PAGING, list);
    if (failed !== undefined) return failed;
  }
  const failed = yield* step(m, 'VM_INIT', Msg.VM_INIT, vmidPayload(vmid));
  if (failed !== undefined) return failed;
  vm.stage = 'ready';
  if (m.bug('firmware-after-init')) yield* firmware(m, vm, vmid);
  if (m.bug('waits-for-ready')) while (!m.readySeen.has(vmid)) yield undefined;
  return undefined;
}

function* firmware(m: VmManager, vm: ManagedVm, vmid: number): Step<string | undefined> {
  const fw = vm.plan.firmware;
  if (fw === undefined) return undefined;
  const b = new Uint8Array(24);
  put16(b, 0, vmid);
  put32(b, 4, vm.handle ?? 0);
  put64(b, 8, BigInt(fw.offset));
  put64(b, 16, BigInt(m.bug('firmware-outside-parcel') ? vm.plan.size : fw.size));
  return yield* step(m, 'VM_SET_FIRMWARE_MEM', Msg.VM_SET_FIRMWARE_MEM, b);
}

/** Registers of the first vCPU. The firmware of a VM of its own has them. */
function* registers(m: VmManager, vm: ManagedVm, vmid: number): Step<string | undefined> {
  if (vm.plan.auth === AUTH_ANDROID && !m.bug('boot-of-firmware')) return undefined;
  for (const [set, index, value] of bootList(m, vm)) {
    const b = new Uint8Array(16);
    put16(b, 0, vmid);
    b[2] = set;
    b[3] = index;
    put64(b, 8, m.bug('boot-values-32-bit') ? BigInt.asUintN(32, value) : value);
    const failed = yield* step(m, 'VM_SET_BOOT_CONTEXT', Msg.VM_SET_CONTEXT, b);
    if (failed !== undefined && !m.bug('boot-context-errors-ignored')) return failed;
  }
  return yield* payloadEntry(m, vm, vmid);
}

/** Without VM_SET_BOOT_CONTEXT a VM starts where its image does: a payload that begins there needs nothing more. */
function* payloadEntry(m: VmManager, vm: ManagedVm, vmid: number): Step<string | undefined> {
  const { entry } = vm.plan;
  if (entry === undefined) return undefined;
  const b = new Uint8Array(16);
  put16(b, 0, vmid);
  b[2] = 1;
  put64(b, 8, BigInt(entry.at + entry.offset));
  const end = yield* m.call(Msg.VM_SET_CONTEXT, b);
  if (isOk(end) || m.bug('entry-ignored')) return undefined;
  const missing = end.kind === 'reply' && end.error === RmError.UNIMPLEMENTED;
  return missing && entry.offset === 0 ? undefined : `VM_SET_BOOT_CONTEXT: ${errorText(end)}`;
}

function* resourcesAndStart(m: VmManager, vm: ManagedVm, vmid: number): Step<string | undefined> {
  const res = yield* m.call(Msg.VM_GET_HYP_RESOURCES, vmidPayload(vmid));
  if (!isOk(res)) return `VM_GET_HYP_RESOURCES: ${errorText(res)}`;
  const bad = parseResources(m, vm, res.data) ?? (yield* acceptIrqs(m, vm));
  if (bad !== undefined) return bad;
  maskBells(m, vm);
  const started = yield* startCall(m, vm, vmid);
  if (!isOk(started)) return `VM_START: ${errorText(started)}`;
  if (started.data.length > 0 && m.bug('exact-payload-lengths')) return 'VM_START: payload where none is due';
  vm.stage = vm.exitSeen ? 'exited' : 'running';
  return undefined;
}

function* startCall(m: VmManager, vm: ManagedVm, vmid: number): Step<CallEnd> {
  m.startingVmid = vmid;
  const end = yield* m.call(Msg.VM_START, vmidPayload(vmid));
  m.startingVmid = -1;
  const busy = end.kind === 'reply' && end.error === RmError.BUSY;
  for (let tries = 0; m.bug('busy-spins') && busy && tries < 200; tries++)
    yield* m.call(Msg.VM_START, vmidPayload(vm.vmid ?? 0));
  return end;
}

function bootList(m: VmManager, vm: ManagedVm): readonly BootRegister[] {
  const last = new Map<string, BootRegister>();
  for (const r of vm.boot) last.set(m.bug('boot-sends-every-write') ? `${last.size}` : `${r[0]}.${r[1]}`, r);
  const list = [...last.values()];
  if (m.bug('boot-no-stack-pointers')) return list.filter((r) => r[0] !== 2);
  if (m.bug('boot-drops-zero')) return list.filter((r) => r[2] !== 0n);
  if (m.bug('boot-low-bits-crash') && list.some((r) => (r[2] & 3n) === 2n)) throw new ClientCrash('marked entry');
  return list;
}

/** Registers of a set: X0 to X30, PC, SP_EL0 and SP_EL1. */
const REGISTERS = [31, 1, 2];

/** One more register for the start. */
export function setRegister(m: VmManager, vm: ManagedVm, r: BootRegister): string {
  if (!(r[1] >= 0 && r[1] < (REGISTERS[r[0]] ?? 0)) && !m.bug('boot-any-register')) return 'error no such register';
  if (vm.stage !== 'none' && !m.bug('boot-after-start')) return 'error already started';
  vm.boot.push(r);
  return 'ok';
}

function configPayload(m: VmManager, vm: ManagedVm, vmid: number): Uint8Array {
  const b = new Uint8Array(40);
  put16(b, 0, vmid);
  put16(b, 2, vm.plan.auth);
  put32(b, 4, vm.handle ?? 0);
  put64(b, 16, BigInt(vm.plan.dtbOffset));
  put64(b, 24, BigInt(vm.plan.dtbOffset));
  const size = m.bug('dtb-size-not-rounded') ? vm.plan.dtbSize : Math.ceil(vm.plan.dtbSize / 4096) * 4096;
  put64(b, 32, BigInt(m.bug('dtb-outside-parcel') ? vm.plan.size : size));
  return b;
}
