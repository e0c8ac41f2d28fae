import { expect, test } from 'vitest';
import { HYPERCALL_BASE } from '../../src/hyp/index.js';
import { Call } from '../../src/protocol/index.js';
import {
  type ReplayDriver,
  replayTranscript,
  type Transcript,
  type TranscriptEvent,
} from '../../src/transcript/index.js';

/** What RM had the time for between two events is not in a recording; the packets and results that follow tell it. */

const EXITED_STATUS = '21030300080010568000000009000000';
const RUN = { ev: 'vcpu_run', cap: '0x3', resume: ['0x0', '0x0', '0x0'], irqsBefore: [], irqsAfter: [] };
const READY = ['0x0', '0x0', '0x0', '0x0', '0x0'];
const OFF_EXITED = ['0x0', '0x2', '0x1', '0x0', '0x0'];
const TX = { ev: 'tx', bytes: '2101010124000056', push: true, r: ['0x0', '0x1'] };

/** Answers vcpu_run and packets by script and writes down what it was asked, in order. */
function scripted(script: {
  runs?: bigint[][];
  packets?: string[];
  irqs?: number[][];
}): ReplayDriver & { log: string[] } {
  const log: string[] = [];
  const runs = [...(script.runs ?? [])];
  const packets = [...(script.packets ?? [])];
  const irqs = [...(script.irqs ?? [])];
  let packet = new Uint8Array();
  const x = (values: readonly bigint[]) => ({
    kind: 'done' as const,
    x: [...values, ...Array(18 - values.length).fill(0n)],
  });
  const driver: Partial<ReplayDriver> & { log: string[] } = {
    log,
    hvc(_cpu, imm) {
      if (imm === HYPERCALL_BASE + Call.VCPU_RUN) log.push('run');
      if (imm === HYPERCALL_BASE + Call.VCPU_RUN) return x(runs.shift() ?? [0n]);
      if (imm === HYPERCALL_BASE + Call.MSGQUEUE_SEND) log.push('send');
      if (imm !== HYPERCALL_BASE + Call.MSGQUEUE_RECEIVE) return x([0n, 1n]);
      const next = packets.shift();
      packet = Uint8Array.from(Buffer.from(next ?? '', 'hex'));
      return x(next === undefined ? [0x3cn] : [0n, BigInt(packet.length)]);
    },
    guestImage: () => 0x5000_0000,
    readMem: (_cpu, _ipa, length) => (length > 240 ? new Uint8Array(length) : packet),
    writeMem: () => true,
    readSysreg: () => ({ kind: 'done', value: 62_500_000n }),
    writeSysreg: () => ({ kind: 'done' }),
    delay() {},
    yieldUntilIdle: () => void log.push('settle'),
    letRmGoFirst: () => void log.push('RM first'),
    drainIrqs: () => irqs.shift() ?? [],
    dead: () => undefined,
    now: () => 0,
  };
  return driver as ReplayDriver & { log: string[] };
}

function play(events: readonly object[], driver: ReplayDriver): string[] {
  const header = { format: 'gunyah-transcript/1', name: 't', title: 't' };
  const transcript = { header, events: events as TranscriptEvent[] } as Transcript;
  return [...replayTranscript(transcript, driver)].map((o) => o.outcome.kind);
}

test('READY and then word of the exit means that RM ran before HLOS', () => {
  const driver = scripted({ packets: [EXITED_STATUS] });
  expect(
    play(
      [
        { ...RUN, r: READY },
        { ev: 'rx', bytes: EXITED_STATUS },
      ],
      driver,
    ),
  ).toEqual(['matched', 'matched']);
  expect(driver.log.slice(0, 2)).toEqual(['RM first', 'run']);
});

test('word of an exit after a request means the same only if the VM ended by itself', () => {
  const log = (type: string): string[] => {
    const exited = `210304000100105680000${type}000400000000000000`;
    const driver = scripted({ packets: [EXITED_STATUS, exited] });
    const rx = (bytes: string) => ({ ev: 'rx', bytes });
    play([{ ...RUN, r: READY }, TX, rx(EXITED_STATUS), rx(exited), rx('21020101240000560000000003000000')], driver);
    return driver.log;
  };
  expect(log('5')).toContain('RM first');
  expect(log('7')).not.toContain('RM first');
});

test('writing memory takes the driver time: what a halted vCPU causes comes before the next request', () => {
  const driver = scripted({ runs: [[0n, 6n]] });
  play([{ ...RUN, r: ['0x0', '0x6', '0x0', '0x0', '0x0'] }, { ev: 'mem', ipa: '0x50000000', bytes: '00' }, TX], driver);
  expect(driver.log).toEqual(['run', 'settle', 'send']);
});

test('a reply before word of the exit, or a forced stop, came while the halt was still waiting', () => {
  const fault = { ...RUN, r: ['0x0', '0x6', '0x0', '0x0', '0x0'] };
  const reply = { ev: 'rx', bytes: '21020101240000560000000003000000' };
  const exited = { ev: 'rx', bytes: EXITED_STATUS };
  const forced = { ev: 'rx', bytes: '2103040001001056800007000400000000000000' };
  const order = (...rx: object[]): string[] => {
    const driver = scripted({ runs: [[0n, 6n]] });
    play([fault, TX, ...rx], driver);
    return driver.log.slice(0, 3);
  };
  expect(order(reply, exited)).toEqual(['run', 'send', 'settle']);
  expect(order(exited, forced, reply)).toEqual(['run', 'send', 'settle']);
  expect(order(exited, reply)).toEqual(['run', 'settle', 'send']);
  expect(order(reply)).toEqual(['run', 'settle', 'send']);
});

test('code that the recorded driver gave up on does not run here either', () => {
  const image = { ev: 'mem', ipa: '0x50000000', bytes: '10000014' };
  const guest = { ev: 'guest', vcpu: 0, code: ['0xd503201f'], x: [], what: 'nop' };
  const result = (done: boolean) => ({ ev: 'guestResult', vcpu: 0, done, x: [], esr: '0x0', elr: '0x0', far: '0x0' });
  const driver = scripted({});
  play([image, guest, { ...RUN, r: READY }, { ...RUN, r: READY }, result(false)], driver);
  expect(driver.log).not.toContain('run');
  play([image, guest, { ...RUN, r: READY }, result(true)], driver);
  expect(driver.log).toContain('run');
});

test('an interrupt that was not there before tells that the guest came to its code, even if not to its end', () => {
  const guest = { ev: 'guest', vcpu: 0, code: ['0xd40c0242'], x: ['0x3', '0x1'], what: 'doorbell_send' };
  const result = { ev: 'guestResult', vcpu: 0, done: false, x: [], esr: '0x0', elr: '0x0', far: '0x0' };
  const runs = (...between: object[]): number => {
    const driver = scripted({});
    play([guest, ...between, result], driver);
    return driver.log.filter((w) => w === 'run').length;
  };
  const run = (irqsBefore: number[], irqsAfter: number[]) => ({ ...RUN, r: READY, irqsBefore, irqsAfter });
  expect(runs(run([], [963]), run([963], [963]))).toBe(1);
  expect(runs(run([], []), run([963], []))).toBe(1);
  expect(runs(run([], []), { ev: 'irqs', intids: [963] })).toBe(1);
  expect(runs(run([963], [963]), run([963], [963]))).toBe(0);
  expect(runs(run([961], [27]), run([], [961]))).toBe(0);
});

test('a fault that RM never speaks of, and that is still there later, was not told to RM', () => {
  const fault = { ...RUN, r: ['0x0', '0x6', '0x0', '0x0', '0x0'] };
  const quiet = { ev: 'quiet', ms: 10 };
  const log = (...events: object[]): string[] => {
    const driver = scripted({
      runs: [
        [0n, 6n],
        [0n, 6n],
        [0n, 6n],
      ],
    });
    play(events, { ...driver, faultUnheard: () => void driver.log.push('unheard') });
    return driver.log.filter((w) => w === 'unheard' || w === 'run');
  };
  expect(log(fault, quiet, fault)).toEqual(['unheard', 'run', 'run']);
  expect(log(fault, fault, quiet)).not.toContain('unheard');
  expect(log(fault, { ev: 'rx', bytes: EXITED_STATUS }, quiet, fault)).not.toContain('unheard');
  expect(log({ ...fault, cap: '0x4' }, quiet, fault)).not.toContain('unheard');
});

test('RM reads what a guest sends before the guest gets on, if the recorded guest lost its memory in its send', () => {
  const guest = { ev: 'guest', vcpu: 0, code: ['0xd40c0362'], x: [], what: 'msgqueue_send' };
  const result = (done: boolean) => ({ ev: 'guestResult', vcpu: 0, done, x: [], esr: '0x0', elr: '0x0', far: '0x0' });
  const fault = { ...RUN, r: ['0x0', '0x6', '0x0', '0x0', '0x0'] };
  const asked = (...events: object[]): number => {
    const driver = scripted({});
    play(events, { ...driver, letRmInterrupt: () => void driver.log.push('interrupt') });
    return driver.log.filter((w) => w === 'interrupt').length;
  };
  const ready = { ...RUN, r: READY };
  expect(asked(guest, ready, ready, fault, result(false))).toBe(1);
  expect(asked(guest, ready, { ...RUN, r: OFF_EXITED }, result(false))).toBe(1);
  expect(asked(guest, ready, fault, result(true))).toBe(0);
  expect(asked(guest, ready, result(false))).toBe(0);
  expect(asked({ ...guest, code: ['0xd503201f'] }, ready, fault, result(false))).toBe(0);
});

test('a run that is left out passes its data for a waiting guest on to the next run', () => {
  const driver = scripted({ runs: [[0n, 4n]] });
  const given: bigint[][] = [];
  const hvc: ReplayDriver['hvc'] = (cpu, imm, x) => {
    if (imm === HYPERCALL_BASE + Call.VCPU_RUN) given.push([...x]);
    return driver.hvc(cpu, imm, x);
  };
  const read = { ...RUN, r: ['0x0', '0x4', '0x0', '0x4', '0x0'] };
  const resumed = { ...RUN, resume: ['0x1234', '0x0', '0x0'], r: READY };
  const off = { ...RUN, r: ['0x0', '0x2', '0x0', '0x0', '0x0'] };
  play([read, resumed, { ev: 'quiet', ms: 10 }, off, off], { ...driver, hvc });
  expect(given.slice(0, 3)).toEqual([[3n, 0n, 0n, 0n], [3n, 0x1234n, 0n, 0n], [3n]]);
});

test('a fault here and "exited" there is the same halt, seen before and after RM', () => {
  const driver = scripted({
    runs: [
      [0n, 6n],
      [0n, 2n, 1n],
    ],
  });
  expect(play([{ ...RUN, r: OFF_EXITED }], driver)).toEqual(['matched']);
  const other = scripted({
    runs: [
      [0n, 4n],
      [0n, 2n, 1n],
    ],
  });
  expect(play([{ ...RUN, r: OFF_EXITED }], other)).toEqual(['mismatched']);
});

test('edges of the halt and of the exit may be one interrupt in the recording, other repeats may not', () => {
  const irqs = [[], [962], [962], []];
  const off = ['0x0', '0x2', '0x0', '0x0', '0x0'];
  const quiet = { ev: 'quiet', ms: 10 };
  const events = (r: string[]) => [{ ...RUN, r: off, irqsAfter: [962] }, quiet, { ...RUN, r }, quiet, { ...RUN, r }];
  const exited = scripted({
    runs: [
      [0n, 2n],
      [0n, 2n, 1n],
      [0n, 2n, 1n],
    ],
    irqs,
  });
  expect(play(events(OFF_EXITED), exited)).not.toContain('mismatched');
  const still = scripted({
    runs: [
      [0n, 2n],
      [0n, 2n],
      [0n, 2n],
    ],
    irqs,
  });
  expect(play(events(off), still)).toContain('mismatched');
});

test('word of an exit that nobody here has caused yet: the guest gets time to run into what RM did for it', () => {
  const guest = { ev: 'guest', vcpu: 0, code: ['0xd40c0362'], x: [], what: 'msgqueue_send' };
  const result = { ev: 'guestResult', vcpu: 0, done: false, x: [], esr: '0x0', elr: '0x0', far: '0x0' };
  const rx = (bytes: string) => ({ ev: 'rx', bytes });
  const log = (recorded: string, packet: string | undefined, ...between: object[]): string[] => {
    const driver = scripted({ packets: packet === undefined ? [] : [packet] });
    play([guest, { ...RUN, r: READY }, { ...RUN, r: READY }, result, ...between, rx(recorded)], driver);
    return driver.log;
  };
  const reply = '21020101240000560000000003000000';
  const runs = (words: string[]): number => words.filter((w) => w === 'run').length;
  const before = runs(log(reply, undefined));
  expect(log(EXITED_STATUS, undefined).join(' ')).toMatch(/RM first run settle/);
  expect(runs(log(EXITED_STATUS, undefined))).toBe(before + 1);
  expect(runs(log(EXITED_STATUS, EXITED_STATUS))).toBe(before);
  expect(runs(log(EXITED_STATUS, undefined, { ev: 'quiet', ms: 10 }))).toBe(before);
});
