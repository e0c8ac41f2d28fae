/**
 * What the reference client does as a secondary VM (level G): lookups, identities, console, interrupts and parcels that others lend to
 * it (fact base: clients 5.3, 6, 7.6).
 */
import { bytesOfDigits, concatBytes, le16, le32, le64, put16, put32, toHex } from '../../base/index.js';
import { decodeMessage, Msg, Platform, RmError, RpcType, TransType, VmState } from '../../protocol/index.js';
import { ClientCrash } from './call.js';
import type { VmManager } from './vm.js';
import { errorText, isOk, type Step, vmidPayload } from './vm-types.js';

const MS = 1_000_000;
/** Console: bytes of one write, tries and pauses when RM is busy. */
const CHUNK = 200;
const TRIES = 10;
const PAUSE_NS = 10 * MS;
const ACCEPT_DONE = 1 << 7;
const INCOMPLETE = 1;
/** Parts of one parcel's list. */
const MAX_PARTS = 64;
const IRQ_RELEASED = 2;
const IRQ_ACCEPTED = 4;

const NOTIFICATIONS: readonly number[] = Object.entries(Msg)
  .filter(([name]) => name.startsWith('N_'))
  .map(([, id]) => id);

export class GuestServices {
  /** Names that nobody had when they were looked up. */
  private readonly wanted = new Set<string>();

  constructor(private readonly m: VmManager) {}

  private bug(name: string): boolean {
    return this.m.bug(name);
  }

  /** A command of the upper tester; undefined: there is no such. */
  command(action: string, arg: string): Step<string> | undefined {
    switch (action) {
      case 'lookup':
        return this.lookup(arg);
      case 'identify':
        return this.identify(Number(arg));
      case 'console':
        return this.console(arg === '-' ? '' : arg);
      case 'accept':
        return this.accept(Number(arg));
      case 'irqaccept':
        return this.acceptIrq(Number(arg));
      case 'irqrelease':
        return this.releaseIrq(Number(arg));
      default:
        return undefined;
    }
  }

  // ---- lookups ------------------------------------------------------------------------------------------------------

  private *lookup(name: string): Step<string> {
    const found = yield* this.ask(name);
    if (typeof found === 'string') {
      this.wanted.add(name);
      return `error ${found}`;
    }
    this.m.emit(`peer ${name} ${found}`);
    return 'ok';
  }

  /** The VMID, or why there is none. One answer is asked for: with several nobody knows which is meant. */
  private *ask(name: string): Step<number | string> {
    const padded = new Uint8Array(4 + ((name.length + 3) & ~3));
    put16(padded, 0, name.length);
    for (let i = 0; i < name.length; i++) padded[4 + i] = name.charCodeAt(i);
    const end = yield* this.m.call(Msg.VM_LOOKUP_NAME, padded);
    if (!isOk(end)) return errorText(end);
    if (end.data.length < 8 && this.bug('lookup-unchecked')) throw new ClientCrash('VMID read behind the reply');
    const count = end.data.length >= 4 ? le32(end.data, 0) : 0;
    if (count > 1 && this.bug('several-answers-wait')) for (;;) yield undefined;
    if (count !== 1 || end.data.length !== 8) return 'not exactly one VM';
    return le16(end.data, 4);
  }

  private *again(): Step<void> {
    for (const name of [...this.wanted]) {
      const found = yield* this.ask(name);
      if (typeof found === 'string') continue;
      this.wanted.delete(name);
      this.m.emit(`peer ${name} ${found}`);
    }
  }

  private *identify(vmid: number): Step<string> {
    const end = yield* this.m.call(Msg.VM_GET_ID, vmidPayload(vmid));
    if (!isOk(end)) return `error ${errorText(end)}`;
    const { data } = end;
    if (data.length < 4) return 'error no count';
    const found: string[] = [];
    let at = 4;
    for (let i = 0; i < le32(data, 0); i++) {
      if (at + 4 > data.length) return 'error an entry is missing';
      const size = le16(data, at + 2);
      const padded = this.bug('identity-not-padded') ? size : (size + 3) & ~3;
      if (at + 4 + padded > data.length && !this.bug('identity-total-unchecked')) return 'error an entry is cut';
      found.push(`id ${vmid} ${data[at]} ${toHex(data.subarray(at + 4, at + 4 + size)) || '-'}`);
      at += 4 + padded;
    }
    if (at !== data.length && !this.bug('identity-total-unchecked')) return 'error bytes behind the last entry';
    for (const line of found) this.m.emit(line);
    return 'ok';
  }

  // ---- console ------------------------------------------------------------------------------------------------------

  private *console(hex: string): Step<string> {
    const bytes = bytesOfDigits(hex);
    if (bytes.length === 0 && this.bug('empty-console-write')) yield* this.m.call(Msg.VM_CONSOLE_WRITE, vmidPayload(0));
    for (let at = 0; at < bytes.length; at += CHUNK) {
      const part = bytes.subarray(at, at + CHUNK);
      const payload = new Uint8Array(4 + part.length);
      put16(payload, 2, part.length);
      payload.set(part, 4);
      const failed = yield* this.write(payload);
      if (failed !== undefined) return `error ${failed}`;
    }
    return 'ok';
  }

  private *write(payload: Uint8Array): Step<string | undefined> {
    for (let i = 0; ; i++) {
      const end = yield* this.m.call(Msg.VM_CONSOLE_WRITE, payload);
      if (isOk(end)) return undefined;
      const busy = end.kind === 'reply' && end.error === RmError.BUSY;
      if (busy && this.bug('busy-console-loses')) return undefined;
      if (busy && this.bug('busy-console-spins') && i < 500) continue;
      if (!busy || i >= TRIES) return errorText(end);
      yield* this.m.sleep(PAUSE_NS, () => false);
    }
  }

  // ---- parcels ------------------------------------------------------------------------------------------------------

  private acceptPayload(handle: number, flags: number): Uint8Array {
    const b = new Uint8Array(24);
    put32(b, 0, handle);
    b[5] = TransType.LEND;
    b[6] = flags;
    return b;
  }

  /** Part after part of the list, then a last call that maps it. */
  private *accept(handle: number): Step<string> {
    const parts: Uint8Array[] = [];
    for (let more = true; more; ) {
      const end = yield* this.m.call(Msg.MEM_ACCEPT, this.acceptPayload(handle, 0));
      const part = isOk(end) ? listOf(end.data) : undefined;
      if (part === undefined || parts.length >= MAX_PARTS) return yield* this.giveUp(handle, errorText(end));
      if (this.bug('parts-in-reverse')) parts.unshift(part);
      else parts.push(part);
      more = isOk(end) && (end.data[2] & INCOMPLETE) !== 0 && !this.bug('first-part-only');
    }
    if (!this.bug('accept-without-end')) {
      const last = yield* this.m.call(Msg.MEM_ACCEPT, this.acceptPayload(handle, ACCEPT_DONE));
      if (!isOk(last)) return yield* this.giveUp(handle, errorText(last));
    }
    const all = concatBytes(...parts);
    const text = Array.from(
      { length: all.length / 16 },
      (_, i) => `${le64(all, i * 16).toString(16)}:${le64(all, i * 16 + 8).toString(16)}`,
    );
    this.m.emit(`parcel ${handle} ${text.join(',')}`);
    return 'ok';
  }

  private *giveUp(handle: number, why: string): Step<string> {
    const b = new Uint8Array(8);
    put32(b, 0, handle);
    if (!this.bug('failed-parcel-kept')) yield* this.m.call(Msg.MEM_RELEASE, b);
    return `error MEM_ACCEPT: ${why}`;
  }

  // ---- interrupts ---------------------------------------------------------------------------------------------------

  private *notifyIrq(handle: number, flag: number): Step<string> {
    const b = new Uint8Array(8);
    put32(b, 0, handle);
    b[4] = flag;
    const end = yield* this.m.call(Msg.VM_IRQ_NOTIFY, b);
    return isOk(end) ? 'ok' : `error VM_IRQ_NOTIFY: ${errorText(end)}`;
  }

  private *acceptIrq(handle: number): Step<string> {
    if (this.bug('announces-before-accepting')) yield* this.notifyIrq(handle, IRQ_ACCEPTED);
    const b = new Uint8Array(8);
    put32(b, 0, handle);
    put32(b, 4, Platform.VIRQ_NONE);
    const end = yield* this.m.call(Msg.VM_IRQ_ACCEPT, b);
    if (!isOk(end) || end.data.length < 4) return `error VM_IRQ_ACCEPT: ${errorText(end)}`;
    this.m.emit(`irq ${handle} ${le32(end.data, 0)}`);
    return yield* this.notifyIrq(handle, IRQ_ACCEPTED);
  }

  private *releaseIrq(handle: number): Step<string> {
    const b = new Uint8Array(this.bug('empty-irq-release') ? 0 : 4);
    if (b.length > 0) put32(b, 0, handle);
    const end = yield* this.m.call(Msg.VM_IRQ_RELEASE, b);
    return isOk(end) ? yield* this.notifyIrq(handle, IRQ_RELEASED) : `error VM_IRQ_RELEASE: ${errorText(end)}`;
  }

  // ---- notifications ------------------------------------------------------------------------------------------------

  notify(id: number, payload: Uint8Array): void {
    if (!NOTIFICATIONS.includes(id)) return;
    const wrong = decodeMessage(RpcType.NOTIFICATION, id, payload).problems.some((p) => !p.includes('must be'));
    const cut = this.bug('long-notifications-taken') ? payload.length < 4 : wrong;
    if (cut && !(payload.length > 0 && this.bug('short-notifications-taken'))) return;
    this.m.emit(`heard ${id.toString(16)}`);
    if (id !== Msg.N_VM_STATUS || wrong || payload[4] !== VmState.READY || this.bug('never-looks-up-again')) return;
    this.m.run(this.again());
  }
}

/** Ranges of an answer to MEM_ACCEPT; undefined: it is cut. */
function listOf(data: Uint8Array): Uint8Array | undefined {
  if (data.length === 0) return data;
  if (data.length < 4 || data.length !== 4 + le16(data, 0) * 16) return undefined;
  return data.subarray(4);
}
