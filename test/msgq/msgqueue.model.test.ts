import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SourceKind } from '../../src/hyp/index.js';
import { Call, HypError } from '../../src/protocol/index.js';
import { type Bench, bench, MEMORY_SIZE } from '../support/hyp.js';

const DEPTH = 3;
const SIZE = 8;
const RES1 = -1n;
const UNCHANGED = 0xffff_ffffn;

type Command =
  | { op: 'send'; size: number; push: boolean; badAddress: boolean }
  | { op: 'receive'; buffer: number }
  | { op: 'flush' }
  | { op: 'sendThreshold' | 'receiveThreshold'; value: number };

/** ipc 3 as an array of byte strings and two thresholds. `r`/`t`: receive and transmit source. */
class Model {
  queue: number[][] = [];
  notFull = DEPTH - 1;
  notEmpty = 1;
  events: string[] = [];
  send(bytes: number[], push: boolean): bigint[] {
    if (this.queue.length === DEPTH) return [61n, 0n, 0n];
    if (bytes.length === 0 || bytes.length > SIZE) return [0n, 1n, 0n];
    this.queue.push(bytes);
    if (push || this.queue.length === this.notEmpty) this.events.push('r+');
    return [0n, this.queue.length < DEPTH ? 1n : 0n, 0n];
  }
  receive(buffer: number): { r: bigint[]; bytes: number[] } {
    const head = this.queue[0];
    if (head === undefined) return { r: [60n, 0n, 0n], bytes: [] };
    if (buffer < head.length) return { r: [0n, 0n, 1n], bytes: [] };
    this.queue.shift();
    if (this.queue.length === this.notFull) this.events.push('t+');
    return { r: [0n, BigInt(head.length), this.queue.length > 0 ? 1n : 0n], bytes: head };
  }
  flush(): void {
    if (this.queue.length > 0) this.events.push('t+', 'r-');
    this.queue = [];
  }
  sendThreshold(v: number): bigint {
    if (v >= DEPTH) return 1n;
    this.notFull = v;
    this.events.push(this.queue.length <= v ? 't+' : 't-');
    return 0n;
  }
  receiveThreshold(v: number): bigint {
    if (v === 0 || v > DEPTH) return 1n;
    this.notEmpty = v;
    this.events.push(this.queue.length >= v ? 'r+' : 'r-');
    return 0n;
  }
}

const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({
    op: fc.constant('send' as const),
    size: fc.integer({ min: 0, max: SIZE + 1 }),
    push: fc.boolean(),
    badAddress: fc.boolean(),
  }),
  fc.record({ op: fc.constant('receive' as const), buffer: fc.integer({ min: 0, max: SIZE + 1 }) }),
  fc.constant({ op: 'flush' as const }),
  fc.record({
    op: fc.constantFrom('sendThreshold' as const, 'receiveThreshold' as const),
    value: fc.integer({ min: 0, max: DEPTH + 1 }),
  }),
);

function queueOn(b: Bench): bigint {
  const cap = b.call(Call.PARTITION_CREATE_MSGQUEUE, b.caps.partition, b.caps.cspace)[1];
  expect(b.call(Call.MSGQUEUE_CONFIGURE, cap, BigInt(DEPTH | (SIZE << 16)))[0]).toBe(0n);
  expect(b.call(Call.OBJECT_ACTIVATE, cap)[0]).toBe(0n);
  expect(b.call(Call.MSGQUEUE_BIND_SEND_VIRQ, cap, b.caps.vic, 40n)[0]).toBe(0n);
  expect(b.call(Call.MSGQUEUE_BIND_RECEIVE_VIRQ, cap, b.caps.vic, 41n)[0]).toBe(0n);
  return cap;
}

function compare(commands: readonly Command[], model: Model): string | undefined {
  const b = bench();
  const cap = queueOn(b);
  let stamp = 1;
  for (const [i, c] of commands.entries()) {
    let got: bigint[] = [];
    let want: bigint[] = [];
    if (c.op === 'send') {
      const bytes = Array.from({ length: c.size }, () => stamp++ & 0xff);
      b.memory.set(bytes, 0x100);
      got = b.call(
        Call.MSGQUEUE_SEND,
        cap,
        BigInt(c.size),
        c.badAddress ? BigInt(MEMORY_SIZE) : 0x100n,
        c.push ? 1n : 0n,
      );
      want = model.send(c.badAddress ? [] : bytes, c.push);
    } else if (c.op === 'receive') {
      got = b.call(Call.MSGQUEUE_RECEIVE, cap, 0x200n, BigInt(c.buffer));
      const m = model.receive(c.buffer);
      want = m.r;
      const bytes = [...b.memory.subarray(0x200, 0x200 + m.bytes.length)];
      if (bytes.join() !== m.bytes.join()) return `step ${i}: received ${bytes} instead of ${m.bytes}`;
    } else if (c.op === 'flush') {
      got = b.call(Call.MSGQUEUE_FLUSH, cap);
      model.flush();
      want = [0n];
    } else {
      const call = c.op === 'sendThreshold' ? Call.MSGQUEUE_CONFIGURE_SEND : Call.MSGQUEUE_CONFIGURE_RECEIVE;
      got = b.call(call, cap, BigInt(c.value), UNCHANGED, RES1);
      want = [model[c.op](c.value)];
    }
    for (const [k, w] of want.entries()) {
      if (got[k] !== w) return `step ${i} ${c.op}: x${k} = ${got[k]} instead of ${w}`;
    }
    const events = b.vicEvents
      .map((e) => `${e.kind === SourceKind.MSGQUEUE_SEND ? 't' : 'r'}${e.op === 'clear' ? '-' : '+'}`)
      .join();
    if (events !== model.events.join()) return `step ${i} ${c.op}: vIRQs ${events} instead of ${model.events.join()}`;
  }
  return undefined;
}

describe('message queue against its reference model', () => {
  it('moves bytes and raises interrupts as the model for any sequence', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 40 }), (cs) => compare(cs, new Model()) === undefined),
      {
        numRuns: 200,
      },
    );
  });

  it('catches a mutant that asserts on every send instead of at the threshold', () => {
    class Mutant extends Model {
      override send(bytes: number[], _push: boolean): bigint[] {
        return super.send(bytes, true);
      }
    }
    const found = fc.check(
      fc.property(fc.array(command, { maxLength: 40 }), (cs) => compare(cs, new Mutant()) === undefined),
      { numRuns: 500, seed: 1 },
    );
    expect(found.failed).toBe(true);
  });

  it('rejects the documented maxima and accepts one less', () => {
    const b = bench();
    const cap = b.call(Call.PARTITION_CREATE_MSGQUEUE, b.caps.partition, b.caps.cspace)[1];
    const configure = (depth: number, size: number): bigint =>
      b.call(Call.MSGQUEUE_CONFIGURE, cap, BigInt(depth) | (BigInt(size) << 16n))[0];
    expect([configure(256, 240), configure(8, 1024), configure(0, 1), configure(1, 0)]).toEqual([1n, 1n, 1n, 1n]);
    expect(b.call(Call.OBJECT_ACTIVATE, cap)[0]).toBe(BigInt(HypError.OBJECT_CONFIG));
    expect(b.call(Call.OBJECT_ACTIVATE, cap)[0]).toBe(BigInt(HypError.OBJECT_STATE));
    const other = b.call(Call.PARTITION_CREATE_MSGQUEUE, b.caps.partition, b.caps.cspace)[1];
    expect(b.call(Call.MSGQUEUE_CONFIGURE, other, 255n | (1023n << 16n))[0]).toBe(0n);
    expect(b.call(Call.OBJECT_ACTIVATE, other)[0]).toBe(0n);
  });

  it('answers an unknown holdoff with a 32-bit UNIMPLEMENTED and takes -2 as the maximum threshold', () => {
    const b = bench();
    const cap = queueOn(b);
    expect(b.call(Call.MSGQUEUE_CONFIGURE_SEND, cap, 0n, 0n, RES1)[0]).toBe(0xffff_ffffn);
    expect(b.call(Call.MSGQUEUE_CONFIGURE_RECEIVE, cap, 0xffff_fffen, UNCHANGED, RES1)[0]).toBe(0n);
    expect(b.call(Call.MSGQUEUE_CONFIGURE_RECEIVE, cap, 1n, UNCHANGED, 0n)[0]).toBe(1n);
  });
});
