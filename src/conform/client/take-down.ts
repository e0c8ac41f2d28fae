/** The end of a VM: exactly that taken back which RM confirmed (fact base: clients 13). */
import { put16, put32 } from '../../base/index.js';
import { Msg, VmState } from '../../protocol/index.js';
import { reclaimIrq, releaseIrqs } from './irqs.js';
import { takePagesBack } from './paging.js';
import { reclaim, reclaimHandle } from './parcels.js';
import type { VmManager } from './vm.js';
import { errorText, isOk, type ManagedVm, type Step, vmidPayload } from './vm-types.js';

const MS = 1_000_000;
/** Pause between two questions for the state of a VM whose notification does not come. */
const POLL_NS = 1000 * MS;
/** Questions before the client gives up. */
const MAX_POLLS = 30;
/** Reasons of VM_STOP. */
const REASON_SHUTDOWN = 0;
const REASON_FORCED = 3;

function stopPayload(vmid: number, force: boolean): Uint8Array {
  const b = new Uint8Array(8);
  put16(b, 0, vmid);
  b[2] = force ? 1 : 0;
  put32(b, 4, force ? REASON_FORCED : REASON_SHUTDOWN);
  return b;
}

export function* stop(m: VmManager, vm: ManagedVm): Step<string> {
  if (vm.vmid === undefined || vm.stage !== 'running') return 'error not running';
  m.stopping = true;
  const end = yield* m.call(Msg.VM_STOP, stopPayload(vm.vmid, !m.bug('stop-without-force')));
  m.stopping = false;
  if (isOk(end) && !m.bug('stop-needs-notification')) vm.stage = 'exited';
  else if (m.bug('stop-needs-notification')) while (!vm.exitSeen) yield undefined;
  else if (!(yield* awaitState(m, vm, VmState.EXITED, () => vm.exitSeen))) return `error VM_STOP: ${errorText(end)}`;
  vm.stage = 'exited';
  return 'ok';
}

/** Asks the guest to end; by force when it has not within `limitNs`. */
export function* shutDown(m: VmManager, vm: ManagedVm, limitNs: number): Step<string> {
  if (vm.vmid === undefined || vm.stage !== 'running') return 'error not running';
  if (m.bug('shutdown-is-force')) return yield* stop(m, vm);
  const end = yield* m.call(Msg.VM_STOP, stopPayload(vm.vmid, false));
  if (isOk(end)) {
    if (m.bug('shutdown-without-limit')) while (!vm.exitSeen) yield undefined;
    yield* m.sleep(limitNs, () => vm.exitSeen);
  }
  if (!vm.exitSeen) return yield* stop(m, vm);
  vm.stage = 'exited';
  return 'ok';
}

/** Waits for a notification, but not for ever: asks RM. */
function* awaitState(m: VmManager, vm: ManagedVm, state: number, seen: () => boolean): Step<boolean> {
  for (let i = 0; i < MAX_POLLS && !seen(); i++) {
    const r = yield* m.call(Msg.VM_GET_STATE, vmidPayload(vm.vmid ?? 0));
    if (r.kind === 'reply' && r.error === 0 && r.data.length >= 1 && r.data[0] === state) return true;
    if (r.kind === 'reply' && r.error !== 0) return seen();
    yield* m.sleep(POLL_NS, seen);
  }
  return seen();
}

export function* destroy(m: VmManager, vm: ManagedVm): Step<string> {
  const failed = yield* takeDown(m, vm);
  return failed === undefined ? 'ok' : `error ${failed}`;
}

export function* takeDown(m: VmManager, vm: ManagedVm): Step<string | undefined> {
  if (vm.stage === 'gone') {
    if (m.bug('gives-back-when-gone')) yield* m.call(Msg.VM_DEALLOCATE, vmidPayload(0x80));
    return undefined;
  }
  if (m.bug('stop-when-exited') && vm.exitSeen) vm.stage = 'running';
  if (vm.stage === 'running') {
    const r = yield* stop(m, vm);
    if (r !== 'ok') return r;
  }
  for (const c of vm.vcpus) c.state = 'ended';
  if (vm.vmid === undefined) {
    if (m.bug('reclaims-what-it-never-got')) yield* reclaimHandle(m, 0);
    if (m.bug('dealloc-without-vmid')) yield* m.call(Msg.VM_DEALLOCATE, vmidPayload(0x81));
    vm.stage = 'gone';
    return undefined;
  }
  return yield* giveBack(m, vm, vm.vmid);
}

function* giveBack(m: VmManager, vm: ManagedVm, vmid: number): Step<string | undefined> {
  if (vm.handle === undefined && m.bug('reclaims-what-it-never-got')) yield* reclaimHandle(m, 0);
  if (m.bug('reclaim-before-reset')) {
    const early = yield* reclaim(m, vm);
    if (early !== undefined) {
      const gone = yield* deallocate(m, vm, vmid);
      return gone === undefined ? early : `${early}, ${gone}`;
    }
  }
  takePagesBack(m, vm);
  yield* releaseIrqs(m, vm);
  if (vm.configured ? !m.bug('no-reset') : m.bug('reset-without-configuration')) {
    const r = yield* reset(m, vm, vmid);
    if (r !== undefined) return r;
  }
  const kept = (yield* reclaim(m, vm)) ?? (yield* reclaimIrq(m, vm));
  // What RM does not give back is its for good; the VMID need not be.
  const gone = yield* deallocate(m, vm, vmid);
  const failed = [kept, gone].filter((s) => s !== undefined);
  return failed.length === 0 ? undefined : failed.join(', ');
}

function* reset(m: VmManager, vm: ManagedVm, vmid: number): Step<string | undefined> {
  const end = yield* m.call(Msg.VM_RESET, vmidPayload(vmid));
  if (!isOk(end)) {
    if (m.bug('waits-after-refused-reset')) while (!vm.resetSeen) yield undefined;
    vm.stage = 'stuck';
    return `VM_RESET: ${errorText(end)}`;
  }
  if (m.bug('reset-is-immediate')) return undefined;
  if (m.bug('reset-before-reply-forgotten')) vm.resetSeen = false;
  if (m.bug('reset-needs-notification') || m.bug('reset-before-reply-forgotten')) {
    while (!vm.resetSeen) yield undefined;
  } else if (!(yield* awaitState(m, vm, VmState.RESET, () => vm.resetSeen))) {
    vm.stage = 'stuck';
    return 'VM_RESET: did not end';
  }
  vm.stage = 'reset';
  return undefined;
}

function* deallocate(m: VmManager, vm: ManagedVm, vmid: number): Step<string | undefined> {
  if (m.bug('leaks-vmid')) {
    vm.stage = 'gone';
    return undefined;
  }
  const end = yield* m.call(Msg.VM_DEALLOCATE, vmidPayload(vmid));
  if (m.bug('deallocates-twice')) yield* m.call(Msg.VM_DEALLOCATE, vmidPayload(vmid));
  for (let i = 0; i < 100 && !isOk(end) && m.bug('dealloc-retries'); i++)
    yield* m.call(Msg.VM_DEALLOCATE, vmidPayload(vmid));
  if (!isOk(end)) {
    vm.stage = 'stuck';
    return `VM_DEALLOCATE: ${errorText(end)}`;
  }
  vm.stage = 'gone';
  vm.vmid = undefined;
  return undefined;
}
