/**
 * The reference client's VM manager: brings VMs up in RM's order, takes exactly that back which RM confirmed, and believes nothing
 * about lengths, order or presence of what it receives (rules R5 to R11 of docs/conformance.md).
 *
 * Leaves out: demand paging and address layout (RM has neither), authenticated images, memory functions of a real VMM.
 */
import { concatBytes, le16, le32, le64, put16, put32, put64 } from '../../base/index.js';
import { Msg, RmError, VmState } from '../../protocol/index.js';
import type { ClientPort } from './port.js';
import { type CallEnd, ClientCrash, type ClientTransport } from './transport.js';
import { type RunningVcpu, stepVcpu } from './vcpu.js';

export interface VmPlan {
  /** Host memory of the image parcel. */
  base: number;
  size: number;
  /** Pieces that the parcel consists of; each `size / pieces`. */
  pieces: number;
  dtbOffset: number;
  dtbSize: number;
  share: boolean;
  auth: number;
  /** 0: RM chooses. */
  vmid: number;
  /** Set, index, value of registers. */
  boot: readonly (readonly [number, number, bigint])[];
}

export interface Resource {
  type: number;
  label: number;
  cap: bigint;
  virq: number;
}

/** Where the VM is, as far as RM's replies confirm it. */
export type VmStage = 'none' | 'allocated' | 'configured' | 'ready' | 'running' | 'exited' | 'reset' | 'gone' | 'stuck';

export interface ManagedVm {
  name: string;
  plan: VmPlan;
  vmid: number | undefined;
  stage: VmStage;
  /** The configuration reached RM. */
  configured: boolean;
  handle: number | undefined;
  resetSeen: boolean;
  exitSeen: boolean;
  resources: Resource[];
  vcpus: RunningVcpu[];
  busy: boolean;
}

export type Task = Generator<undefined, void, undefined>;
type Step<T> = Generator<undefined, T, undefined>;

const MS = 1_000_000;
/** Pause between two questions for the state of a VM whose notification does not come. */
const POLL_NS = 1000 * MS;
/** Questions before the client gives up. */
const MAX_POLLS = 30;
const RESOURCE_SIZE = 44;
const RWX = 7;
const MAX_ENTRIES = 512;

const u16pair = (v: number): Uint8Array => {
  const b = new Uint8Array(4);
  put16(b, 0, v);
  return b;
};

const isOk = (end: CallEnd): boolean => end.kind === 'reply' && end.error === RmError.OK;
const errorText = (end: CallEnd): string => (end.kind === 'reply' ? `code ${end.error}` : end.reason);

export class VmManager {
  readonly vms = new Map<string, ManagedVm>();
  private readonly tasks: { task: Task; wake: number }[] = [];
  private hostVmid: number | undefined;
  private wake = 0;

  constructor(
    readonly port: ClientPort,
    readonly transport: ClientTransport,
    /** Event lines for the test. */
    readonly emit: (line: string) => void,
  ) {}

  private bug(name: string): boolean {
    return this.transport.bug(name);
  }

  // ---- tasks --------------------------------------------------------------------------------------------------------

  run(task: Task): void {
    this.tasks.push({ task, wake: 0 });
  }

  pump(): boolean {
    let any = false;
    for (const entry of [...this.tasks]) {
      if (entry.wake > this.port.now()) {
        this.port.alarm(entry.wake);
        continue;
      }
      const before = this.transport.busy;
      this.wake = 0;
      if (entry.task.next().done) {
        this.tasks.splice(this.tasks.indexOf(entry), 1);
        any = true;
      }
      entry.wake = this.wake;
      if (entry.wake > 0) this.port.alarm(entry.wake);
      if (this.transport.busy !== before) any = true;
    }
    for (const vm of this.vms.values()) for (const c of vm.vcpus) if (stepVcpu(this, vm, c)) any = true;
    return any;
  }

  private *call(id: number, payload: Uint8Array): Step<CallEnd> {
    const c = this.transport.begin(id, payload);
    while (c.end === undefined) yield undefined;
    return c.end;
  }

  private *sleep(ns: number, until: () => boolean): Step<void> {
    const end = this.port.now() + ns;
    while (!until() && this.port.now() < end) {
      this.wake = 0;
      this.port.alarm(end);
      yield undefined;
    }
  }

  // ---- bring-up -----------------------------------------------------------------------------------------------------

  create(name: string, plan: VmPlan): void {
    this.vms.set(name, {
      name,
      plan,
      vmid: undefined,
      stage: 'none',
      configured: false,
      handle: undefined,
      resetSeen: false,
      exitSeen: false,
      resources: [],
      vcpus: [],
      busy: false,
    });
  }

  *start(vm: ManagedVm): Step<string> {
    if (vm.stage === 'running') return this.bug('start-twice') ? yield* this.bringUp(vm) : 'ok';
    if (vm.stage !== 'none') {
      if (this.bug('start-again-reconfigures')) yield* this.call(Msg.VM_CONFIG_IMAGE, this.configPayload(vm, 4));
      return 'error not startable again';
    }
    return yield* this.bringUp(vm);
  }

  private *bringUp(vm: ManagedVm): Step<string> {
    vm.busy = true;
    const failed = yield* this.steps(vm);
    if (failed !== undefined && !this.bug('no-rollback')) yield* this.takeDown(vm);
    vm.busy = false;
    if (failed === undefined) return 'ok';
    if (vm.stage !== 'gone') vm.stage = 'stuck';
    return `error ${failed}`;
  }

  /** What failed, or undefined. */
  private *steps(vm: ManagedVm): Step<string | undefined> {
    const alloc = yield* this.call(Msg.VM_ALLOCATE, u16pair(vm.plan.vmid));
    if (!isOk(alloc) || alloc.kind !== 'reply') return `VM_ALLOCATE: ${errorText(alloc)}`;
    if (vm.plan.vmid !== 0) vm.vmid = vm.plan.vmid;
    else if (alloc.data.length < 4 || (alloc.data.length !== 4 && this.bug('exact-payload-lengths'))) {
      if (this.bug('no-payload-check')) throw new ClientCrash('VMID read behind the reply');
      return 'VM_ALLOCATE: no VMID in the reply';
    } else vm.vmid = le16(alloc.data, 0);
    if (this.bug('vmid-is-a-counter')) vm.vmid = 0x80;
    vm.stage = 'allocated';
    const parcel = yield* this.lend(vm);
    if (parcel !== undefined) return parcel;
    return yield* this.configureAndStart(vm, vm.vmid);
  }

  private *configureAndStart(vm: ManagedVm, vmid: number): Step<string | undefined> {
    const config = yield* this.call(Msg.VM_CONFIG_IMAGE, this.configPayload(vm, vmid));
    if (!isOk(config)) {
      if (this.bug('config-tried-twice')) yield* this.call(Msg.VM_CONFIG_IMAGE, this.configPayload(vm, vmid));
      return `VM_CONFIG_IMAGE: ${errorText(config)}`;
    }
    vm.configured = true;
    vm.stage = 'configured';
    if (this.bug('start-before-init')) yield* this.call(Msg.VM_START, u16pair(vmid));
    const init = yield* this.call(Msg.VM_INIT, u16pair(vmid));
    if (!isOk(init)) return `VM_INIT: ${errorText(init)}`;
    vm.stage = 'ready';
    if (this.bug('waits-for-ready')) while (!this.readySeen.has(vmid)) yield undefined;
    for (const [set, index, value] of this.bootList(vm)) {
      const b = new Uint8Array(16);
      put16(b, 0, vmid);
      b[2] = set;
      b[3] = index;
      put64(b, 8, this.bug('boot-values-32-bit') ? BigInt.asUintN(32, value) : value);
      const r = yield* this.call(Msg.VM_SET_CONTEXT, b);
      if (!isOk(r)) {
        if (this.bug('boot-context-errors-ignored')) continue;
        return `VM_SET_BOOT_CONTEXT: ${errorText(r)}`;
      }
    }
    const res = yield* this.call(Msg.VM_GET_HYP_RESOURCES, u16pair(vmid));
    if (!isOk(res) || res.kind !== 'reply') return `VM_GET_HYP_RESOURCES: ${errorText(res)}`;
    const bad = this.parseResources(vm, res.data);
    if (bad !== undefined) return bad;
    const start = yield* this.startCall(vm, vmid);
    if (!isOk(start) || start.kind !== 'reply') return `VM_START: ${errorText(start)}`;
    if (start.data.length > 0 && this.bug('exact-payload-lengths')) return 'VM_START: payload where none is due';
    vm.stage = vm.exitSeen ? 'exited' : 'running';
    return undefined;
  }

  private *startCall(vm: ManagedVm, vmid: number): Step<CallEnd> {
    this.startingVmid = vmid;
    const end = yield* this.call(Msg.VM_START, u16pair(vmid));
    this.startingVmid = -1;
    for (
      let tries = 0;
      this.bug('busy-spins') && end.kind === 'reply' && end.error === RmError.BUSY && tries < 200;
      tries++
    )
      yield* this.call(Msg.VM_START, u16pair(vm.vmid ?? 0));
    return end;
  }

  private startingVmid = -1;
  private stopping = false;
  private readonly readySeen = new Set<number>();

  private bootList(vm: ManagedVm): readonly (readonly [number, number, bigint])[] {
    const last = new Map<string, readonly [number, number, bigint]>();
    for (const r of vm.plan.boot) last.set(this.bug('boot-sends-every-write') ? `${last.size}` : `${r[0]}.${r[1]}`, r);
    const list = [...last.values()];
    if (this.bug('boot-no-stack-pointers')) return list.filter((r) => r[0] !== 2);
    if (this.bug('boot-drops-zero')) return list.filter((r) => r[2] !== 0n);
    if (this.bug('boot-low-bits-crash') && list.some((r) => (r[2] & 3n) === 2n)) throw new ClientCrash('marked entry');
    return list;
  }

  private configPayload(vm: ManagedVm, vmid: number): Uint8Array {
    const b = new Uint8Array(40);
    put16(b, 0, vmid);
    put16(b, 2, vm.plan.auth);
    put32(b, 4, vm.handle ?? 0);
    put64(b, 16, BigInt(vm.plan.dtbOffset));
    put64(b, 24, BigInt(vm.plan.dtbOffset));
    const size = this.bug('dtb-size-not-rounded') ? vm.plan.dtbSize : Math.ceil(vm.plan.dtbSize / 4096) * 4096;
    put64(b, 32, BigInt(this.bug('dtb-outside-parcel') ? vm.plan.size : size));
    return b;
  }

  // ---- memory -------------------------------------------------------------------------------------------------------

  private list(entries: readonly Uint8Array[]): Uint8Array {
    return concatBytes(u16pair(entries.length), ...entries);
  }

  private acl(vmid: number, rights: number): Uint8Array {
    const b = u16pair(vmid);
    b[2] = rights;
    return b;
  }

  private *lend(vm: ManagedVm): Step<string | undefined> {
    const { plan } = vm;
    const targets = [this.acl(vm.vmid ?? 0, this.bug('parcel-rights-rw') ? 6 : RWX)];
    if (plan.share || this.bug('lend-lists-owner')) {
      if (this.hostVmid === undefined) {
        const own = yield* this.call(Msg.VM_GET_VMID, new Uint8Array(0));
        if (!isOk(own) || own.kind !== 'reply') return `VM_GET_VMID: ${errorText(own)}`;
        if (own.data.length < 4) {
          if (this.bug('no-payload-check')) throw new ClientCrash('VMID read behind the reply');
          return 'VM_GET_VMID: no VMID in the reply';
        }
        this.hostVmid = le16(own.data, 0);
      }
      if (!(plan.share && this.bug('share-forgets-owner'))) targets.unshift(this.acl(this.hostVmid, RWX));
    }
    const piece = plan.size / plan.pieces;
    const entries = Array.from({ length: plan.pieces }, (_, i) => {
      const b = new Uint8Array(16);
      // Scattered memory: every second piece of the area.
      put64(b, 0, BigInt(plan.base + i * piece));
      put64(b, 8, BigInt(piece));
      return b;
    });
    const head = new Uint8Array(8);
    const more = entries.length > MAX_ENTRIES && !this.bug('ignores-entry-limit');
    if (more) head[2] = 1 << 1;
    if (this.bug('reserved-not-zero')) head[1] = 0xff;
    const first = more ? entries.slice(0, MAX_ENTRIES) : entries;
    const tail = new Uint8Array(this.bug('spare-bytes') ? 8 : 4);
    const payload = concatBytes(head, this.list(targets), this.list(first), tail);
    const r = yield* this.call(plan.share ? Msg.MEM_SHARE : Msg.MEM_LEND, payload);
    if (!isOk(r) || r.kind !== 'reply') return `MEM_LEND: ${errorText(r)}`;
    if (r.data.length < 4) {
      if (this.bug('no-payload-check')) throw new ClientCrash('handle read behind the reply');
      return 'MEM_LEND: no handle in the reply';
    }
    vm.handle = le32(r.data, 0);
    if (vm.handle === 0 && this.bug('handle-0-is-none')) vm.handle = undefined;
    if (this.bug('writes-lent-memory')) this.port.write(plan.base, new Uint8Array(8));
    return more ? yield* this.append(vm, entries) : undefined;
  }

  private *append(vm: ManagedVm, entries: readonly Uint8Array[]): Step<string | undefined> {
    for (let at = MAX_ENTRIES; at < entries.length; at += MAX_ENTRIES) {
      const head = new Uint8Array(8);
      put32(head, 0, vm.handle ?? 0);
      if (at + MAX_ENTRIES >= entries.length || this.bug('end-on-every-append')) head[4] = 1;
      const payload = concatBytes(head, this.list(entries.slice(at, at + MAX_ENTRIES)));
      const r = yield* this.call(Msg.MEM_APPEND, payload);
      if (!isOk(r)) {
        if (this.bug('append-failure-forgets-handle')) vm.handle = undefined;
        return `MEM_APPEND: ${errorText(r)}`;
      }
    }
    return undefined;
  }

  // ---- resources ----------------------------------------------------------------------------------------------------

  private parseResources(vm: ManagedVm, data: Uint8Array): string | undefined {
    if (data.length < 4) {
      if (this.bug('resources-unchecked')) throw new ClientCrash('count read behind the reply');
      return 'VM_GET_HYP_RESOURCES: empty';
    }
    const n = this.bug('resource-count-ignored') ? Math.floor((data.length - 4) / RESOURCE_SIZE) : le32(data, 0);
    if (n === 0 && this.bug('empty-list-refused')) return 'VM_GET_HYP_RESOURCES: no resources';
    const fits = this.bug('resource-count-ignored') || 4 + n * RESOURCE_SIZE === data.length;
    if (!fits && !this.bug('resources-unchecked')) return 'VM_GET_HYP_RESOURCES: count and length do not agree';
    if (!fits && 4 + n * RESOURCE_SIZE > data.length) throw new ClientCrash('entries read behind the reply');
    const seen = new Set<string>();
    for (let i = 0; i < n; i++) {
      const at = 4 + i * RESOURCE_SIZE;
      const r = {
        type: data[at],
        label: le32(data, at + 8),
        cap: this.bug('caps-32-bit') ? BigInt(le32(data, at + 12)) : le64(data, at + 12),
        virq: le32(data, at + (this.bug('virq-from-handle') ? 20 : 24)),
      };
      if (r.type > 10 && this.bug('unknown-resource-fails')) return 'VM_GET_HYP_RESOURCES: unknown type';
      if (r.virq === 0 && this.bug('virq-0-refused')) return 'VM_GET_HYP_RESOURCES: no interrupt';
      if (r.virq === 0xffffffff && this.bug('no-virq-fails')) return 'VM_GET_HYP_RESOURCES: no interrupt';
      if (r.virq >= 5120 && r.virq !== 0xffffffff && this.bug('virq-unchecked'))
        throw new ClientCrash('interrupt table overrun');
      const key = `${r.type}.${r.label}`;
      if (seen.has(key)) {
        if (this.bug('duplicate-resource-crash')) throw new ClientCrash('resource freed twice');
        continue;
      }
      seen.add(key);
      vm.resources.push(r);
      this.emit(`resource ${vm.name} ${r.type} ${r.label} ${r.cap.toString(16)} ${r.virq}`);
    }
    return undefined;
  }

  // ---- the end ------------------------------------------------------------------------------------------------------

  *stop(vm: ManagedVm): Step<string> {
    if (vm.vmid === undefined || vm.stage !== 'running') return 'error not running';
    const b = new Uint8Array(8);
    put16(b, 0, vm.vmid);
    b[2] = this.bug('stop-without-force') ? 0 : 1;
    put32(b, 4, 3);
    this.stopping = true;
    const end = yield* this.call(Msg.VM_STOP, b);
    this.stopping = false;
    if (isOk(end) && !this.bug('stop-needs-notification')) vm.stage = 'exited';
    else if (this.bug('stop-needs-notification')) while (!vm.exitSeen) yield undefined;
    else if (!(yield* this.awaitState(vm, VmState.EXITED, () => vm.exitSeen)))
      return `error VM_STOP: ${errorText(end)}`;
    vm.stage = 'exited';
    return 'ok';
  }

  /** Waits for a notification, but not for ever: asks RM. */
  private *awaitState(vm: ManagedVm, state: number, seen: () => boolean): Step<boolean> {
    for (let i = 0; i < MAX_POLLS && !seen(); i++) {
      const r = yield* this.call(Msg.VM_GET_STATE, u16pair(vm.vmid ?? 0));
      if (r.kind === 'reply' && r.error === 0 && r.data.length >= 1 && r.data[0] === state) return true;
      if (r.kind === 'reply' && r.error !== 0) return seen();
      yield* this.sleep(POLL_NS, seen);
    }
    return seen();
  }

  *destroy(vm: ManagedVm): Step<string> {
    vm.busy = true;
    const failed = yield* this.takeDown(vm);
    vm.busy = false;
    return failed === undefined ? 'ok' : `error ${failed}`;
  }

  private *takeDown(vm: ManagedVm): Step<string | undefined> {
    if (vm.stage === 'gone') {
      if (this.bug('gives-back-when-gone')) yield* this.call(Msg.VM_DEALLOCATE, u16pair(0x80));
      return undefined;
    }
    if (this.bug('stop-when-exited') && vm.exitSeen) vm.stage = 'running';
    if (vm.stage === 'running' || (this.bug('stop-when-exited') && vm.exitSeen)) {
      const r = yield* this.stop(vm);
      if (r !== 'ok' && vm.stage !== 'exited') return r;
    }
    for (const c of vm.vcpus) c.state = 'ended';
    if (vm.vmid === undefined) {
      if (this.bug('reclaims-what-it-never-got')) yield* this.reclaimHandle(0);
      if (this.bug('dealloc-without-vmid')) yield* this.call(Msg.VM_DEALLOCATE, u16pair(0x81));
      vm.stage = 'gone';
      return undefined;
    }
    if (vm.handle === undefined && this.bug('reclaims-what-it-never-got')) yield* this.reclaimHandle(0);
    if (this.bug('reclaim-before-reset')) {
      const early = yield* this.reclaim(vm);
      if (early !== undefined) return early;
    }
    if (vm.configured ? !this.bug('no-reset') : this.bug('reset-without-configuration')) {
      const r = yield* this.reset(vm);
      if (r !== undefined) return r;
    }
    const kept = yield* this.reclaim(vm);
    if (kept !== undefined) return kept;
    return yield* this.deallocate(vm);
  }

  private *reset(vm: ManagedVm): Step<string | undefined> {
    const end = yield* this.call(Msg.VM_RESET, u16pair(vm.vmid ?? 0));
    if (!isOk(end)) {
      if (this.bug('waits-after-refused-reset')) while (!vm.resetSeen) yield undefined;
      vm.stage = 'stuck';
      return `VM_RESET: ${errorText(end)}`;
    }
    if (this.bug('reset-is-immediate')) return undefined;
    if (this.bug('reset-before-reply-forgotten')) vm.resetSeen = false;
    if (this.bug('reset-needs-notification') || this.bug('reset-before-reply-forgotten')) {
      while (!vm.resetSeen) yield undefined;
    } else if (!(yield* this.awaitState(vm, VmState.RESET, () => vm.resetSeen))) {
      vm.stage = 'stuck';
      return 'VM_RESET: did not end';
    }
    vm.stage = 'reset';
    return undefined;
  }

  private *reclaimHandle(handle: number): Step<CallEnd> {
    const b = new Uint8Array(8);
    put32(b, 0, handle);
    return yield* this.call(Msg.MEM_RECLAIM, b);
  }

  private *reclaim(vm: ManagedVm): Step<string | undefined> {
    if (vm.handle === undefined) return undefined;
    const end = yield* this.reclaimHandle(vm.handle);
    if (this.bug('reclaims-twice')) yield* this.reclaimHandle(vm.handle);
    if (!isOk(end)) {
      if (this.bug('reuses-unreclaimed-memory')) {
        this.emit(`memory ${vm.name} free`);
        return undefined;
      }
      this.emit(`memory ${vm.name} kept`);
      // The parcel is RM's for good; the VMID need not be.
      const gone = yield* this.deallocate(vm);
      return `MEM_RECLAIM: ${errorText(end)}${gone === undefined ? '' : `, ${gone}`}`;
    }
    vm.handle = undefined;
    this.emit(`memory ${vm.name} free`);
    return undefined;
  }

  private *deallocate(vm: ManagedVm): Step<string | undefined> {
    if (this.bug('leaks-vmid')) {
      vm.stage = 'gone';
      return undefined;
    }
    const end = yield* this.call(Msg.VM_DEALLOCATE, u16pair(vm.vmid ?? 0));
    if (this.bug('deallocates-twice')) yield* this.call(Msg.VM_DEALLOCATE, u16pair(vm.vmid ?? 0));
    for (let i = 0; i < 100 && !isOk(end) && this.bug('dealloc-retries'); i++)
      yield* this.call(Msg.VM_DEALLOCATE, u16pair(vm.vmid ?? 0));
    if (!isOk(end)) {
      vm.stage = 'stuck';
      return `VM_DEALLOCATE: ${errorText(end)}`;
    }
    vm.stage = 'gone';
    vm.vmid = undefined;
    return undefined;
  }

  // ---- notifications ------------------------------------------------------------------------------------------------

  notify(id: number, payload: Uint8Array): void {
    if (id !== Msg.N_VM_EXITED && id !== Msg.N_VM_STATUS) {
      if (this.bug('unknown-notification-crash')) throw new ClientCrash('no handler');
      return;
    }
    if (payload.length < 8) {
      if (this.bug('notification-length-unchecked')) throw new ClientCrash('notification read behind its end');
      return;
    }
    const vmid = le16(payload, 0);
    const vm = [...this.vms.values()].find((v) => (v.vmid === vmid && v.stage !== 'gone') || this.bug('any-vmid'));
    if (vm === undefined) {
      if (this.bug('stale-vm-crash')) throw new ClientCrash('VM object used after it was freed');
      return;
    }
    if (id === Msg.N_VM_EXITED) this.exited(vm, payload);
    else this.status(vm, payload[4]);
  }

  private exited(vm: ManagedVm, payload: Uint8Array): void {
    const type = le16(payload, 2);
    if (this.bug('exit-before-reply-lost') && this.stopping) return;
    const announced = le32(payload, 4);
    if (announced > payload.length - 8 && this.bug('reason-size-believed'))
      throw new ClientCrash('reason read behind the end');
    if (this.bug('exit-in-bring-up-deadlocks') && this.startingVmid === vm.vmid) this.transport.stopReceiving(true);
    if (vm.exitSeen && this.bug('second-exit-crash')) throw new ClientCrash('exit handled twice');
    if (vm.resetSeen || vm.stage === 'reset') {
      if (this.bug('exit-after-reset-believed')) vm.resetSeen = false;
      return;
    }
    if (type > 7 && this.bug('unknown-exit-crash')) throw new ClientCrash('exit table overrun');
    const reason = payload.subarray(8, 8 + Math.min(announced, payload.length - 8));
    if (!vm.exitSeen) {
      const size = this.bug('reason-size-fixed') ? 8 : reason.length;
      this.emit(
        `exited ${vm.name} ${type} ${size} ${[...reason].map((b) => b.toString(16).padStart(2, '0')).join('') || '-'}`,
      );
    }
    vm.exitSeen = true;
    if (vm.stage === 'running') vm.stage = 'exited';
  }

  private status(vm: ManagedVm, state: number): void {
    if (state > 11 && this.bug('unknown-status-crash')) throw new ClientCrash('status table overrun');
    if (state === VmState.READY && vm.vmid !== undefined) this.readySeen.add(vm.vmid);
    if (state === VmState.RESET) vm.resetSeen = true;
  }

  interrupt(intid: number): void {
    for (const vm of this.vms.values()) for (const c of vm.vcpus) if (c.virq === intid) c.woken = true;
  }

  /** The VM's vCPU begins to run. */
  runVcpu(vm: ManagedVm, label: number): string {
    const r = vm.resources.find((x) => x.type === 4 && x.label === label);
    if (r === undefined && this.bug('missing-vcpu-crash')) throw new ClientCrash('vCPU that does not exist');
    if (r === undefined) return 'error no such vCPU';
    vm.vcpus.push({
      label,
      cap: r.cap,
      virq: r.virq,
      state: 'ready',
      woken: false,
      resume: [0n, 0n, 0n],
      exitAsked: false,
      runs: 0,
    });
    return 'ok';
  }
}
