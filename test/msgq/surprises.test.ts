/** What surprises about message queues (spec/quirks.toml): one test each. */
import { describe, expect, it } from 'vitest';
import { SourceKind } from '../../src/hyp/index.js';
import { Call } from '../../src/protocol/index.js';
import { type Bench, bench, MEMORY_SIZE } from '../support/hyp.js';

const OK = 0n;
const FULL = 61n;
const EMPTY = 60n;
const UNCHANGED = 0xffff_ffffn;
const RESERVED = -1n;
const NOWHERE = BigInt(MEMORY_SIZE);
const BUFFER = 0x100n;

interface Queue {
  b: Bench;
  cap: bigint;
  /** The first three results. */
  send(size: bigint, from?: bigint, push?: bigint): bigint[];
  receive(size: bigint, to?: bigint): bigint[];
  /** Thresholds only. */
  configure(call: number, threshold: bigint): void;
  /** Interrupts since the last look: `t` sender's, `r` receiver's. */
  raised(): string;
}

/** Four messages of at most eight bytes, both interrupts bound. */
function queue(): Queue {
  const b = bench();
  const cap = b.call(Call.PARTITION_CREATE_MSGQUEUE, b.caps.partition, b.caps.cspace)[1];
  b.call(Call.MSGQUEUE_CONFIGURE, cap, 4n | (8n << 16n));
  expect(b.call(Call.OBJECT_ACTIVATE, cap)[0]).toBe(OK);
  b.call(Call.MSGQUEUE_BIND_SEND_VIRQ, cap, b.caps.vic, 40n);
  b.call(Call.MSGQUEUE_BIND_RECEIVE_VIRQ, cap, b.caps.vic, 41n);
  return {
    b,
    cap,
    send: (size, from = BUFFER, push = 0n) => b.call(Call.MSGQUEUE_SEND, cap, size, from, push).slice(0, 3),
    receive: (size, to = BUFFER) => b.call(Call.MSGQUEUE_RECEIVE, cap, to, size).slice(0, 3),
    configure: (call, threshold) => {
      expect(b.call(call, cap, threshold, UNCHANGED, RESERVED)[0]).toBe(OK);
    },
    raised: () =>
      b.vicEvents
        .splice(0)
        .filter((e) => e.op !== 'clear')
        .map((e) => (e.kind === SourceKind.MSGQUEUE_SEND ? 't' : 'r'))
        .join(''),
  };
}

describe('msgqueue_send', () => {
  it('reports success for a message that is empty, too long or not readable, and stores nothing', () => {
    const q = queue();
    for (const sent of [q.send(0n), q.send(9n), q.send(4n, NOWHERE)]) expect(sent).toEqual([OK, 1n, 0n]);
    expect(q.receive(8n)[0]).toBe(EMPTY);
    expect(q.raised()).toBe('');
  });

  it('interrupts the receiver when the count becomes exactly the threshold, or on push, and not again', () => {
    const q = queue();
    q.configure(Call.MSGQUEUE_CONFIGURE_RECEIVE, 2n);
    const raised = [0n, 0n, 0n, 1n].map((push) => {
      q.send(4n, BUFFER, push);
      return q.raised();
    });
    expect(raised).toEqual(['', 'r', '', 'r']);
    expect(q.send(4n)[0]).toBe(FULL);
  });
});

describe('msgqueue_receive', () => {
  it('reports success with size 0 for a buffer that is too small or not writable, and the message stays', () => {
    const q = queue();
    q.send(4n);
    for (const got of [q.receive(3n), q.receive(8n, NOWHERE)]) expect(got).toEqual([OK, 0n, 1n]);
    expect(q.receive(4n)).toEqual([OK, 4n, 0n]);
  });

  it('interrupts the sender when draining passes its threshold exactly, and not again', () => {
    const q = queue();
    for (let i = 0; i < 4; i++) q.send(4n);
    q.configure(Call.MSGQUEUE_CONFIGURE_SEND, 2n);
    q.raised();
    const raised = [1, 2, 3, 4].map(() => {
      q.receive(8n);
      return q.raised();
    });
    expect(raised).toEqual(['', 't', '', '']);
  });
});

describe('thresholds', () => {
  it('are evaluated when they are set, except receive threshold -2', () => {
    const q = queue();
    q.configure(Call.MSGQUEUE_CONFIGURE_SEND, 1n);
    expect(q.raised()).toBe('t');
    for (let i = 0; i < 4; i++) q.send(4n);
    q.raised();
    q.configure(Call.MSGQUEUE_CONFIGURE_RECEIVE, 3n);
    expect(q.raised()).toBe('r');
    q.configure(Call.MSGQUEUE_CONFIGURE_RECEIVE, 0xffff_fffen);
    expect(q.raised()).toBe('');
  });
});

describe('a fresh queue', () => {
  it('does not interrupt its sender although it has room', () => {
    const q = queue();
    expect(q.b.vicEvents).toEqual([]);
    q.send(4n);
    expect(q.raised()).toBe('r');
    q.receive(8n);
    expect(q.raised()).toBe('');
  });
});
