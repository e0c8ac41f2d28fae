import { expect, test } from 'vitest';
import { HYPERCALL_BASE } from '../../src/hyp/index.js';
import { Call } from '../../src/protocol/index.js';
import {
  addOutcome,
  type CallEnd,
  describeOutcome,
  type EventOutcome,
  noTotals,
  type ReplayDriver,
  replayTranscript,
  type Transcript,
  type TranscriptEvent,
} from '../../src/transcript/index.js';

/** A system that answers by script: packets to hand out, results of calls, memory. */
function fakeDriver(
  script: { packets?: string[]; calls?: Record<number, bigint[]>; dead?: 'rm' } = {},
): ReplayDriver & {
  sent: string[];
} {
  const memory = new Map<number, number>();
  const packets = [...(script.packets ?? [])];
  const sent: string[] = [];
  const done = (x: readonly bigint[]): CallEnd => ({ kind: 'done', x: [...x, ...Array(18 - x.length).fill(0n)] });
  const driver: ReplayDriver & { sent: string[] } = {
    sent,
    hvc(cpu, imm, x) {
      if (imm === HYPERCALL_BASE + Call.MSGQUEUE_RECEIVE) {
        const packet = packets.shift();
        if (packet === undefined) return done([0x3cn]);
        const bytes = Uint8Array.from(Buffer.from(packet, 'hex'));
        driver.writeMem(cpu, Number(x[1]), bytes);
        return done([0n, BigInt(bytes.length)]);
      }
      if (imm === HYPERCALL_BASE + Call.MSGQUEUE_SEND) {
        sent.push(Buffer.from(driver.readMem(cpu, Number(x[2]), Number(x[1])) ?? []).toString('hex'));
        return done([0n, 1n]);
      }
      return done(script.calls?.[imm] ?? [0n]);
    },
    smccc: () => done([0n]),
    readMem: (_cpu, ipa, length) => Uint8Array.from({ length }, (_, i) => memory.get(ipa + i) ?? 0),
    writeMem(_cpu, ipa, bytes) {
      bytes.forEach((b, i) => {
        memory.set(ipa + i, b);
      });
      return true;
    },
    load: () => ({ kind: 'exception', vector: 4, esr: 0x96000010n, far: 0x8000000n }),
    store: () => ({ kind: 'done' }),
    readSysreg: () => ({ kind: 'done', value: 5n }),
    writeSysreg: () => ({ kind: 'done' }),
    runCode: () => ({ end: { kind: 'done' }, x: [7n], taken: [33], running: false }),
    codeResult: () => ({ end: { kind: 'done' }, x: [7n], taken: [], running: false }),
    cpuBoot: () => ({ count: 0, x0: 0n, x1: 0n, currentel: 4n, mpidr: 0n, sctlr: 0n, daif: 0n }),
    wfi: () => ({ kind: 'done' }),
    delay() {},
    yieldUntilIdle() {},
    drainIrqs: () => [],
    dead: () => script.dead,
    now: () => 0,
  };
  return driver;
}

function play(events: readonly object[], driver: ReplayDriver, header: object = {}): EventOutcome[] {
  const transcript = {
    header: { format: 'gunyah-transcript/1', name: 't', title: 't', ...header },
    events: events as TranscriptEvent[],
  } as Transcript;
  return [...replayTranscript(transcript, driver)];
}
const kinds = (outcomes: readonly EventOutcome[]): string[] => outcomes.map((o) => o.outcome.kind);

const VM_GET_ID_REPLY = '210201011000005600000000';
const OTHER_REPLY = '210202011000005600000000';

test('a recorded packet that comes is matched, another one is a difference with both decoded', () => {
  const [first, second] = play(
    [
      { ev: 'rx', bytes: VM_GET_ID_REPLY },
      { ev: 'rx', bytes: VM_GET_ID_REPLY },
    ],
    fakeDriver({ packets: [VM_GET_ID_REPLY, '210201011000005603000000'] }),
  );
  expect(first.outcome.kind).toBe('matched');
  expect(second.outcome.kind).toBe('mismatched');
  expect(describeOutcome(second)).toContain('recorded: REPLY VM_GET_ID');
});

test('one missing packet does not shift those that follow', () => {
  const events = [
    { ev: 'rx', bytes: VM_GET_ID_REPLY },
    { ev: 'rx', bytes: OTHER_REPLY },
  ];
  expect(kinds(play(events, fakeDriver({ packets: [OTHER_REPLY] })))).toEqual(['mismatched', 'matched']);
});

test('a packet that nobody recorded breaks the quiet', () => {
  expect(kinds(play([{ ev: 'quiet', ms: 10 }], fakeDriver({ packets: [OTHER_REPLY] })))).toEqual(['mismatched']);
  expect(kinds(play([{ ev: 'quiet', ms: 10 }], fakeDriver()))).toEqual(['matched']);
});

test('a lending handle of the recording becomes ours in later requests', () => {
  const driver = fakeDriver({ packets: ['21020101510000560000000040000010'] });
  const outcomes = play(
    [
      { ev: 'rx', bytes: '21020101510000560000000040000077' },
      { ev: 'tx', bytes: '210102015300005640000077', push: true, r: ['0x0', '0x1'] },
      { ev: 'tx', bytes: '210103015300005600000000', push: true, r: ['0x0', '0x1'] },
    ],
    driver,
  );
  expect(kinds(outcomes)).toEqual(['matched', 'matched', 'matched']);
  expect(driver.sent).toEqual(['210102015300005640000010', '210103015300005600000000']);
});

test('random words are excused, the result code beside them is not', () => {
  const event = { ev: 'hvc', imm: '0x6057', x: ['0x4'], r: ['0x0', '0x1234'] };
  expect(kinds(play([event], fakeDriver({ calls: { 24663: [0n, 0x99n] } })))).toEqual(['excused']);
  expect(kinds(play([event], fakeDriver({ calls: { 24663: [1n, 0x99n] } })))).toEqual(['mismatched']);
});

test('exceptions are compared by vector, syndrome and address', () => {
  const exc = { vector: 4, esr: '0x96000010', far: '0x8000000' };
  const peek = { ev: 'peek', ipa: '0x8000000', width: 8 };
  expect(kinds(play([{ ...peek, exc }], fakeDriver()))).toEqual(['matched']);
  expect(kinds(play([{ ...peek, exc: { ...exc, esr: '0x96000050' } }], fakeDriver()))).toEqual(['mismatched']);
  expect(kinds(play([{ ...peek, bytes: '0000000000000000' }], fakeDriver()))).toEqual(['mismatched']);
});

test('how many READY results come first does not matter', () => {
  const run = (r: string[]) => ({
    ev: 'vcpu_run',
    cap: '0x3',
    resume: ['0x0', '0x0', '0x0'],
    r,
    irqsBefore: [],
    irqsAfter: [],
  });
  const ready = run(['0x0', '0x0', '0x0', '0x0', '0x0']);
  const off = run(['0x0', '0x2', '0x0', '0x0', '0x0']);
  const driver = fakeDriver({ calls: { 24677: [0n, 2n] } });
  expect(kinds(play([ready, ready, off], driver))).toEqual(['matched', 'matched', 'matched']);
  expect(kinds(play([run(['0x0', '0x3', '0x0', '0x0', '0x0'])], driver))).toEqual(['mismatched']);
});

test('a death may be listed before the packet that caused it', () => {
  const events = [
    { ev: 'dead', what: 'Resource Manager: abort' },
    { ev: 'tx', bytes: '2101010102000056', push: true, r: ['0x0', '0x1'] },
  ];
  expect(kinds(play(events, fakeDriver({ dead: 'rm' })))).toEqual(['matched', 'matched']);
  expect(kinds(play(events, fakeDriver()))).toEqual(['matched', 'mismatched']);
});

test('an event kind nobody knows is unsupported and counted by its name', () => {
  const totals = noTotals();
  for (const outcome of play([{ ev: 'dance' }], fakeDriver())) addOutcome(totals, outcome);
  expect(totals).toMatchObject({ events: 1, unsupported: 1, unsupportedKinds: { dance: 1 } });
});

test('notes are no events, except that one of them switches interrupts on', () => {
  expect(play([{ ev: 'note', text: 'HLOS enables its GIC CPU interface' }], fakeDriver())).toEqual([]);
});
