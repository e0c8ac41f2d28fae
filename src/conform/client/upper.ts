/**
 * The upper tester of the reference client: the line protocol of docs/conformance.md, in process.
 *
 * Commands in, event lines out. A client under test in another process speaks the same lines on stdin and stdout.
 */
import { fromHex, toHex } from '../../base/index.js';
import type { Feature } from '../types.js';
import { setRegister, start } from './bring-up.js';
import type { CallEnd, ClientCall } from './call.js';
import { discover } from './discover.js';
import { GuestServices } from './guest-services.js';
import { bootRegister, plan } from './plan.js';
import type { ClientPort } from './port.js';
import { ring } from './resources.js';
import { destroy, shutDown, stop } from './take-down.js';
import { ClientTransport } from './transport.js';
import { finishRead } from './vcpu.js';
import { VmManager } from './vm.js';
import type { ManagedVm, Step } from './vm-types.js';

/** Optional features of this client. */
const OFFERED: readonly Feature[] = [
  'alloc',
  'auth',
  'bell',
  'entry',
  'firmware',
  'guest',
  'irq',
  'irqlend',
  'owner',
  'paging',
  'set',
  'shm',
  'shutdown',
];

interface PendingCall {
  ticket: string;
  call: ClientCall;
}

/** The reference client behind the lines of the upper tester (docs/conformance.md 4). */
export class UpperTester {
  readonly transport: ClientTransport;
  readonly vms: VmManager;
  readonly guest: GuestServices;
  private readonly calls: PendingCall[] = [];
  private lastEnded: PendingCall | undefined;
  private readonly lines: string[] = [];
  private readonly handlers = new Map<number, string>();

  constructor(
    readonly port: ClientPort,
    bugs: ReadonlySet<string>,
  ) {
    this.transport = new ClientTransport(port, bugs);
    this.vms = new VmManager(port, this.transport, (line) => this.lines.push(line));
    this.guest = new GuestServices(this.vms);
    this.transport.onNotify = (id, payload) => this.notified(id, payload);
    this.transport.onInterrupt = (intid) => this.vms.interrupt(intid);
  }

  /** Finds RM: the first line says how that ended. */
  attach(): void {
    const found = discover(this.port, (name) => this.transport.bug(name));
    if (typeof found === 'string') this.lines.push(`refused ${found}`);
    else {
      this.transport.node = found;
      this.lines.push(['hello V', ...OFFERED].join(' '));
    }
  }

  /** Event lines since the last time. */
  take(): string[] {
    return this.lines.splice(0);
  }

  pump(): boolean {
    let any = this.transport.pump();
    if (this.vms.pump()) any = true;
    // What the manager has begun goes out at once.
    if (this.transport.pump()) any = true;
    for (const p of [...this.calls]) {
      const { end } = p.call;
      if (end === undefined) continue;
      this.calls.splice(this.calls.indexOf(p), 1);
      any = true;
      this.lastEnded = p;
      this.ended(p.ticket, end);
    }
    const last = this.lastEnded;
    if (last?.call.again === true && last.call.end !== undefined) {
      last.call.again = false;
      this.ended(last.ticket, last.call.end);
    }
    return any;
  }

  private ended(ticket: string, end: CallEnd): void {
    this.lines.push(
      end.kind === 'failed'
        ? `failed ${ticket} ${end.reason}`
        : `reply ${ticket} ${end.error.toString(16)} ${toHex(end.data) || '-'}`,
    );
  }

  private begin(ticket: string, id: string, payload: string): void {
    const bytes = payload === '-' ? new Uint8Array(0) : (fromHex(payload) ?? new Uint8Array(0));
    this.calls.push({ ticket, call: this.transport.begin(Number.parseInt(id, 16), bytes) });
  }

  private notified(id: number, payload: Uint8Array): void {
    this.lines.push(`notify ${id.toString(16)} ${toHex(payload) || '-'}`);
    this.vms.notify(id, payload);
    this.guest.notify(id, payload);
    const handler = this.handlers.get(id);
    if (handler === undefined) return;
    this.handlers.delete(id);
    const [ticket, callId, callPayload] = handler.split(' ');
    this.begin(ticket, callId, callPayload);
    if (this.transport.bug('handler-blocks-receiving')) this.transport.inbox.stopReceiving(true);
  }

  command(line: string): void {
    const [verb, ...w] = line.split(' ');
    if (verb === 'call') this.begin(w[0], w[1], w[2] ?? '-');
    else if (verb === 'cancel') {
      const p = this.calls.find((c) => c.ticket === w[0]);
      if (p !== undefined) this.transport.cancel(p.call);
    } else if (verb === 'onnotify') this.handlers.set(Number.parseInt(w[0], 16), w.slice(1).join(' '));
    else if (verb === 'nomem') {
      this.transport.inbox.allocationFails = true;
      this.lines.push(`done ${w[0]} ok`);
    } else if (verb === 'audit') this.lines.push(`audit ${w[0]} ${this.transport.inUse}`);
    else if (verb === 'guest') this.guestCommand(w[0], w[1], w[2] ?? '');
    else if (verb === 'vm') this.vmCommand(w[0], w[1], w[2], w.slice(3));
  }

  private guestCommand(ticket: string, action: string, arg: string): void {
    const steps = this.guest.command(action, arg);
    const done = (text: string): void => {
      this.lines.push(`done ${ticket} ${text}`);
    };
    if (steps === undefined) {
      done('error no such command');
      return;
    }
    this.vms.run(
      (function* () {
        done(yield* steps);
      })(),
    );
  }

  private vmCommand(ticket: string, action: string, name: string, words: readonly string[]): void {
    const done = (text: string): void => {
      this.lines.push(`done ${ticket} ${text}`);
    };
    if (action === 'create') {
      this.vms.create(name, plan(words));
      done('ok');
      return;
    }
    const vm = this.vms.vms.get(name);
    if (vm === undefined) {
      done('error no such VM');
      return;
    }
    const m = this.vms;
    /** One after the other: what is under way comes to its end first, because RM will have done it. */
    const task = (make: (m: VmManager, v: ManagedVm) => Step<string>): void => {
      m.run(
        (function* () {
          while (vm.busy) yield undefined;
          vm.busy = true;
          const text = yield* make(m, vm);
          vm.busy = false;
          done(text);
        })(),
        vm,
      );
    };
    if (action === 'start') task(start);
    else if (action === 'stop') task(stop);
    else if (action === 'destroy') task(destroy);
    else if (action === 'orphan') {
      if (m.bug('owner-end-drops-call')) m.forget(vm);
      task(destroy);
    } else if (action === 'shutdown') task((_, v) => shutDown(m, v, Number(words[0]) * 1_000_000));
    else if (action === 'run') done(m.runVcpu(vm, Number(words[0])));
    else if (action === 'ring') done(ring(m, vm, Number(words[0])));
    else if (action === 'set') done(setRegister(m, vm, bootRegister(words[0])));
    else this.vcpuCommand(vm, action, words, done);
  }

  private vcpuCommand(vm: ManagedVm, action: string, words: readonly string[], done: (text: string) => void): void {
    const c = vm.vcpus.find((v) => v.label === Number(words[0]) && v.state !== 'ended');
    if (c === undefined) {
      done('error not running');
      return;
    }
    if (action === 'interrupt') c.exitAsked = true;
    else if (action === 'value') finishRead(this.vms, c, BigInt(`0x${words[1]}`), Number(words[2]));
    done('ok');
  }
}
