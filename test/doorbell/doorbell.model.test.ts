import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Call, HypError } from '../../src/protocol/index.js';
import { bench, type VicEvent } from '../support/hyp.js';

const ALL = 0xffff_ffff_ffff_ffffn;

/** The doorbell of ipc 2 as three numbers and a list of what the VIC is told. */
class Model {
  flags = 0n;
  enable = ALL;
  ack = 0n;
  events: VicEvent['op'][] = [];
  send(v: bigint): bigint {
    const old = this.flags;
    this.flags |= v;
    if ((this.flags & this.enable) === 0n) this.events.push('assertEdge');
    else {
      this.events.push('assert');
      this.flags &= ~this.ack;
    }
    return old;
  }
  receive(v: bigint): bigint {
    const old = this.flags;
    this.flags &= ~v;
    return old;
  }
  mask(enable: bigint, ack: bigint): void {
    const was = this.flags & this.enable;
    const now = this.flags & enable;
    this.enable = enable;
    this.ack = ack;
    if (was && !now) this.events.push('clear');
    if (now) {
      if (!was) this.events.push('assert');
      this.flags &= ~ack;
    }
  }
  reset(): void {
    this.events.push('clear');
    this.flags = 0n;
    this.ack = 0n;
    this.enable = ALL;
  }
}

const word = fc.oneof(fc.constantFrom(0n, 1n, 2n, 3n, ALL), fc.bigInt({ min: 0n, max: ALL }));
const command = fc.oneof(
  fc.record({ op: fc.constant('send' as const), a: word, b: word }),
  fc.record({ op: fc.constant('receive' as const), a: word, b: word }),
  fc.record({ op: fc.constant('mask' as const), a: word, b: word }),
  fc.record({ op: fc.constant('reset' as const), a: word, b: word }),
);

/** Runs commands on both; returns the first difference in words. */
function compare(
  commands: readonly { op: 'send' | 'receive' | 'mask' | 'reset'; a: bigint; b: bigint }[],
  model: Model,
) {
  const b = bench();
  const cap = b.call(Call.PARTITION_CREATE_DOORBELL, b.caps.partition, b.caps.cspace)[1];
  b.call(Call.OBJECT_ACTIVATE, cap);
  expect(b.call(Call.DOORBELL_BIND_VIRQ, cap, b.caps.vic, 40n)[0]).toBe(0n);
  for (const [i, c] of commands.entries()) {
    if (c.op === 'send') {
      const r = b.call(Call.DOORBELL_SEND, cap, c.a);
      const want = model.send(c.a);
      if (r[0] !== 0n || r[1] !== want) return `step ${i} send: ${r[1]} instead of ${want}`;
    } else if (c.op === 'receive') {
      const r = b.call(Call.DOORBELL_RECEIVE, cap, c.a);
      if (c.a === 0n) {
        if (r[0] !== BigInt(HypError.ARGUMENT_INVALID)) return `step ${i}: receive(0) accepted`;
      } else {
        const want = model.receive(c.a);
        if (r[0] !== 0n || r[1] !== want) return `step ${i} receive: ${r[1]} instead of ${want}`;
      }
    } else if (c.op === 'mask') {
      b.call(Call.DOORBELL_MASK, cap, c.a, c.b);
      model.mask(c.a, c.b);
    } else {
      b.call(Call.DOORBELL_RESET, cap);
      model.reset();
    }
    const got = b.vicEvents.map((e) => e.op).join();
    if (got !== model.events.join()) return `step ${i} ${c.op}: VIC saw ${got} instead of ${model.events.join()}`;
  }
  return undefined;
}

describe('doorbell against its reference model', () => {
  it('answers and signals as the model for any sequence', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 30 }), (cs) => compare(cs, new Model()) === undefined),
      {
        numRuns: 200,
      },
    );
  });

  it('catches a mutant that forgets auto-acknowledge on send', () => {
    class Mutant extends Model {
      override send(v: bigint): bigint {
        const ack = this.ack;
        this.ack = 0n;
        const old = super.send(v);
        this.ack = ack;
        return old;
      }
    }
    const found = fc.check(
      fc.property(fc.array(command, { maxLength: 30 }), (cs) => compare(cs, new Mutant()) === undefined),
      { numRuns: 2000, seed: 1 },
    );
    expect(found.failed).toBe(true);
  });

  it('refuses a sender the receiving operations, with the right missing', () => {
    const b = bench();
    const cap = b.call(Call.PARTITION_CREATE_DOORBELL, b.caps.partition, b.caps.cspace)[1];
    b.call(Call.OBJECT_ACTIVATE, cap);
    const sender = b.call(Call.CSPACE_COPY_CAP_FROM, b.caps.cspace, cap, b.caps.cspace, 1n)[1];
    expect(b.call(Call.DOORBELL_SEND, sender, 5n)).toEqual([0n, 0n, 0n, 0n, 0n, 0n, 0n, 0n]);
    for (const call of [Call.DOORBELL_RECEIVE, Call.DOORBELL_RESET]) {
      expect(b.call(call, sender, call === Call.DOORBELL_RECEIVE ? 1n : 0n)[0]).toBe(
        BigInt(HypError.CSPACE_INSUFFICIENT_RIGHTS),
      );
    }
    expect(b.call(Call.DOORBELL_SEND, sender, 1n, 7n)[0]).toBe(BigInt(HypError.ARGUMENT_INVALID));
  });
});
