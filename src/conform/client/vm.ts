/**
 * The reference client's VM manager: brings VMs up in RM's order, takes exactly that back which RM confirmed, and believes nothing
 * about lengths, order or presence of what it receives (rules R5 to R11 of docs/conformance.md).
 *
 * Here: its tasks, calls, notifications. Leaves out: memory functions of a real VMM beyond pages on demand.
 */
import { le16, le32 } from '../../base/index.js';
import { Msg, VmState } from '../../protocol/index.js';
import { type CallEnd, ClientCrash } from './call.js';
import type { ClientPort } from './port.js';
import type { ClientTransport } from './transport.js';
import { stepVcpu } from './vcpu.js';
import type { ManagedVm, Step, Task, VmPlan } from './vm-types.js';

export class VmManager {
  readonly vms = new Map<string, ManagedVm>();
  private readonly tasks: { task: Task; wake: number; vm: ManagedVm | undefined }[] = [];
  hostVmid: number | undefined;
  private wake = 0;
  /** VM whose VM_START is under way. */
  startingVmid = -1;
  /** A VM_STOP is under way. */
  stopping = false;
  /** VMIDs that were announced as READY. */
  readonly readySeen = new Set<number>();

  constructor(
    readonly port: ClientPort,
    readonly transport: ClientTransport,
    /** Event lines for the test. */
    readonly emit: (line: string) => void,
  ) {}

  bug(name: string): boolean {
    return this.transport.bug(name);
  }

  // ---- tasks --------------------------------------------------------------------------------------------------------

  run(task: Task, vm?: ManagedVm): void {
    this.tasks.push({ task, wake: 0, vm });
  }

  /** Defect `owner-end-drops-call`: what is under way for the VM is forgotten. */
  forget(vm: ManagedVm): void {
    for (const t of this.tasks.filter((x) => x.vm === vm)) this.tasks.splice(this.tasks.indexOf(t), 1);
    vm.busy = false;
  }

  pump(): boolean {
    let any = false;
    for (const entry of [...this.tasks]) {
      if (!this.tasks.includes(entry)) continue;
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

  *call(id: number, payload: Uint8Array): Step<CallEnd> {
    const c = this.transport.begin(id, payload);
    while (c.end === undefined) yield undefined;
    return c.end;
  }

  *sleep(ns: number, until: () => boolean): Step<void> {
    const end = this.port.now() + ns;
    while (!until() && this.port.now() < end) {
      this.wake = 0;
      this.port.alarm(end);
      yield undefined;
    }
  }

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
      boot: [...plan.boot],
      shmHandle: undefined,
      irqHandle: undefined,
      accepted: [],
      provided: new Map(),
    });
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
    if (this.bug('exit-in-bring-up-deadlocks') && this.startingVmid === vm.vmid)
      this.transport.inbox.stopReceiving(true);
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
