import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toHex } from '../../../src/base/index.js';
import { Platform } from '../../../src/protocol/index.js';
import { RmDeath } from '../../../src/rm/death.js';
import { sendNotification, sendReply } from '../../../src/rm/link/send.js';
import { VMID_HLOS } from '../../../src/rm/types.js';
import { drain, linkRm, packet, QUEUE_DEPTH, runPending } from '../link-rm.js';

const ID = 0x5600_1234;
const NOTE = 0x5610_0008;
const bytes = (length: number, fill: number): Uint8Array => new Uint8Array(length).fill(fill);

/** Fragments of a message: 232 bytes each, the last one shorter. */
function fragments(type: number, seq: number, id: number, payload: Uint8Array): string[] {
  const count = payload.length === 0 ? 1 : Math.ceil(payload.length / 232);
  return Array.from({ length: count }, (_, i) =>
    toHex(packet(i === 0 ? type : 0, count - 1, seq, id, payload.slice(232 * i, 232 * i + 232))),
  );
}

describe('RM sends', () => {
  test('a payload of 232 bytes fits one packet, 233 need two', () => {
    const fake = linkRm();
    sendReply(fake.rm, VMID_HLOS, ID, 5, bytes(232, 1));
    sendReply(fake.rm, VMID_HLOS, ID, 6, bytes(233, 2));
    expect(drain(fake, 8).map(toHex)).toEqual([
      ...fragments(2, 5, ID, bytes(232, 1)),
      ...fragments(2, 6, ID, bytes(233, 2)),
    ]);
  });

  test('a reply above 14616 bytes kills RM, one of 14616 leaves piece by piece', () => {
    const fake = linkRm();
    sendReply(fake.rm, VMID_HLOS, ID, 1, bytes(Platform.RPC_MAX_PAYLOAD, 3));
    const got: string[] = [];
    for (let i = 0; i < 20; i++) got.push(...drain(fake, QUEUE_DEPTH).map(toHex));
    expect(got).toEqual(fragments(2, 1, ID, bytes(Platform.RPC_MAX_PAYLOAD, 3)));
    expect(got).toHaveLength(63);
    expect(() => sendReply(fake.rm, VMID_HLOS, ID, 2, bytes(Platform.RPC_MAX_PAYLOAD + 1, 0))).toThrow(RmDeath);
  });

  test('with the queue full one reply waits, and a further one replaces it', () => {
    const fake = linkRm();
    for (let i = 0; i < QUEUE_DEPTH + 3; i++) sendReply(fake.rm, VMID_HLOS, ID, i, 0);
    const got: string[] = [];
    for (let i = 0; i < 3; i++) {
      got.push(...drain(fake, QUEUE_DEPTH).map(toHex));
      runPending(fake);
    }
    // The ninth was being sent, the tenth waited and was lost, the eleventh took its place.
    expect(got.map((p) => Number.parseInt(p.slice(4, 6), 16))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 10]);
  });

  test('only 256 notifications wait, the oldest are lost, and every attempt takes a number', () => {
    const fake = linkRm();
    const { rm } = fake;
    const total = QUEUE_DEPTH + 1 + 256 + 5;
    for (let i = 0; i < total; i++) sendNotification(rm, VMID_HLOS, NOTE, Uint8Array.of(i & 255, i >> 8, 0, 0));
    expect(rm.links[VMID_HLOS]?.notifications).toHaveLength(256);
    const got: number[] = [];
    while (fake.queues.toClient.length > 0) {
      for (const p of drain(fake, QUEUE_DEPTH)) got.push(p[8] + 256 * p[9]);
      runPending(fake);
    }
    expect(got).toEqual([...Array(9).keys(), ...Array.from({ length: 256 }, (_, i) => 14 + i)]);
  });

  test('the notification counter is shared, wraps at 65536 and is not touched by replies', () => {
    const fake = linkRm();
    fake.rm.notifySeq = 0xffff;
    sendNotification(fake.rm, VMID_HLOS, NOTE, bytes(4, 0));
    sendReply(fake.rm, VMID_HLOS, ID, 9, 0);
    sendNotification(fake.rm, VMID_HLOS, NOTE, bytes(4, 0));
    expect(drain(fake, 8).map((p) => p[2] + 256 * p[3])).toEqual([0xffff, 9, 0]);
  });

  test('a notification to a VM without a link kills RM with the rule that the caller names', () => {
    const fake = linkRm();
    expect(() => sendNotification(fake.rm, 0x80, NOTE, bytes(4, 0), 'vm-stop-without-link')).toThrow(
      expect.objectContaining({ kind: 'ABORT', trigger: 'vm-stop-without-link' }),
    );
  });
});

/** The outgoing side as section 6 of the transport page tells it, with whole lists instead of positions. */
class SenderModel {
  queue: string[] = [];
  active: string[] = [];
  reply: { seq: number; payload: Uint8Array } | undefined;
  notes: Uint8Array[] = [];
  counter = 0;
  event = false;

  push(): void {
    while (this.active.length > 0 && this.queue.length < QUEUE_DEPTH) this.queue.push(this.active.shift() as string);
    if (this.active.length === 0 && (this.reply !== undefined || this.notes.length > 0)) this.event = true;
  }

  begin(packets: string[]): boolean {
    if (this.active.length > 0) return false;
    this.active = packets;
    this.push();
    return true;
  }

  tryNote(payload: Uint8Array): boolean {
    const seq = this.counter++ & 0xffff;
    return this.begin(fragments(3, seq, NOTE, payload));
  }

  tryNotes(): void {
    while (this.notes.length > 0 && this.tryNote(this.notes[0])) this.notes.shift();
  }

  tryReply(): boolean {
    const r = this.reply;
    if (r === undefined) return true;
    if (!this.begin(fragments(2, r.seq, ID, r.payload))) return false;
    this.reply = undefined;
    return true;
  }

  sendReply(seq: number, payload: Uint8Array): void {
    if (!this.tryReply()) this.reply = undefined;
    if (!this.begin(fragments(2, seq, ID, payload))) this.reply = { seq, payload };
  }

  notify(payload: Uint8Array): void {
    this.tryNotes();
    if (this.tryNote(payload)) return;
    if (this.notes.length === 256) this.notes.shift();
    this.notes.push(payload);
  }

  drain(count: number): string[] {
    const wasFull = this.queue.length === QUEUE_DEPTH;
    const taken = this.queue.splice(0, count);
    if (wasFull && taken.length > 0 && this.active.length > 0) this.push();
    return taken;
  }

  run(): void {
    while (this.event) {
      this.event = false;
      if (this.tryReply()) this.tryNotes();
    }
  }
}

const step = fc.oneof(
  fc.record({ op: fc.constant('reply' as const), length: fc.constantFrom(4, 300, 2000) }),
  fc.record({ op: fc.constant('notify' as const), length: fc.constantFrom(4, 8, 500) }),
  fc.record({ op: fc.constant('drain' as const), length: fc.integer({ min: 0, max: 9 }) }),
  fc.record({ op: fc.constant('run' as const), length: fc.constant(0) }),
);

test('random replies, notifications and slow clients match the model', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const fake = linkRm();
      const model = new SenderModel();
      steps.forEach(({ op, length }, i) => {
        const payload = bytes(length, i);
        if (op === 'reply') {
          sendReply(fake.rm, VMID_HLOS, ID, i, payload);
          model.sendReply(i, payload);
        } else if (op === 'notify') {
          sendNotification(fake.rm, VMID_HLOS, NOTE, payload);
          model.notify(payload);
        } else if (op === 'drain') {
          expect(drain(fake, length).map(toHex)).toEqual(model.drain(length));
        } else {
          runPending(fake);
          model.run();
        }
        expect(fake.queues.toClient.map(toHex)).toEqual(model.queue);
        expect(fake.rm.notifySeq).toBe(model.counter & 0xffff);
        expect(fake.rm.events.length > 0).toBe(model.event);
      });
    }),
    { numRuns: 120, seed: 12 },
  );
});
