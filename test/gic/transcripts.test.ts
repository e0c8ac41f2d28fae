/** Recordings of the real system that need nothing but the GIC: every register value and every exception must be the same. */
import { describe, expect, it } from 'vitest';
import { pack } from '../support/recordings.js';
import { gicInvariants } from './invariants.js';
import { GICR, type Machine, machine, type Reply } from './machine.js';

/** g1_beyond_frames needs the bus, g3_timers and g3_sgi power calls for the other vCPUs (all run from the start here). */
const PATTERN = /^(g1_(access|gicd|gicr)|g2_|g3_|g4_sysregs_hlos)/;
const CODE_ONLY = new Set(['code', 'smccc', 'counter', 'timer', 'note']);
const CNTV_TVAL = 'S3_3_C14_C3_0';
const CNTV_CTL = 'S3_3_C14_C3_1';
const EVENT_NS = 5_000;
const INVARIANTS_EVERY = 32;

interface Event {
  ev: string;
  cpu?: number;
  ipa?: string;
  bytes?: string;
  width?: number;
  exc?: { esr: string; far: string };
  op?: 'read' | 'write';
  enc?: string;
  value?: string;
  varies?: boolean;
  defined?: boolean;
  ms?: number;
  what?: string;
  returned?: string;
  cntvCtl?: string;
}

const fromLittleEndian = (bytes: string): bigint => {
  let value = 0n;
  for (let i = bytes.length - 2; i >= 0; i -= 2) value = (value << 8n) | BigInt(`0x${bytes.slice(i, i + 2)}`);
  return value;
};

const esrOf = (reply: Reply): string => (typeof reply === 'bigint' ? 'none' : `0x${reply.esr.toString(16)}`);

function access(m: Machine, e: Event, cpu: number, width: number): void {
  const at = Number(e.ipa);
  const reply = e.ev === 'mem' ? m.store(cpu, at, fromLittleEndian(e.bytes ?? ''), width) : m.load(cpu, at, width);
  expect(esrOf(reply)).toBe(e.exc?.esr ?? 'none');
  if (typeof reply !== 'bigint') expect(reply.far).toBe(BigInt(e.exc?.far ?? 0));
  else if (e.ev === 'peek') expect(reply).toBe(fromLittleEndian(e.bytes ?? ''));
}

function systemRegister(m: Machine, e: Event, cpu: number): void {
  const name = e.enc ?? '';
  const reply = e.op === 'write' ? m.msr(cpu, name, BigInt(e.value ?? 0)) : m.mrs(cpu, name);
  if (m.hyp.dead !== undefined) return;
  if (e.value === undefined && e.defined !== undefined) expect(typeof reply === 'bigint').toBe(e.defined);
  else expect(esrOf(reply)).toBe(e.exc?.esr ?? 'none');
  // CPACR_EL1 was written by the recording program before it started.
  const known = e.op === 'read' && e.value !== undefined && e.varies !== true && name !== 'S3_0_C1_C0_2';
  if (known) expect(reply).toBe(BigInt(e.value ?? 0));
}

const CPACR = 'S3_0_C1_C0_2';

function waitForInterrupt(m: Machine, e: Event): void {
  m.msr(0, CNTV_TVAL, 312_500);
  m.msr(0, CNTV_CTL, 1);
  m.hyp.vic.beforeWfi(m.vcpus[0]);
  const atOnce = m.hyp.vic.hasPendingWakeup(m.vcpus[0]);
  expect(atOnce ? 'at once' : 'by the timer').toBe(e.returned);
  if (!atOnce) m.advance(5_100_000);
  expect(m.mrs(0, CNTV_CTL)).toBe(BigInt(e.cntvCtl ?? 0));
  m.advance(5_100_000);
}

function replay(events: readonly Event[]): void {
  const m = machine();
  m.run(0);
  m.act(0);
  m.msr(0, CPACR, 3n << 20n);
  const loaded = new Set([0]);
  let count = 0;
  for (const e of events) {
    const cpu = e.cpu ?? 0;
    if (!loaded.has(cpu)) m.run(cpu);
    m.act(cpu);
    if (!loaded.has(cpu)) m.msr(cpu, CPACR, 3n << 20n);
    loaded.add(cpu);
    m.advance(EVENT_NS);
    if ((e.ev === 'mem' || e.ev === 'peek') && e.width !== undefined) access(m, e, cpu, e.width);
    else if (e.ev === 'sysreg') systemRegister(m, e, cpu);
    else if (e.ev === 'delay') m.advance((e.ms ?? 0) * 1_000_000);
    else if (e.ev === 'wfi') waitForInterrupt(m, e);
    else if (e.ev === 'dead') expect(m.hyp.dead?.what).toBe(e.what);
    else if (e.ev !== undefined) expect(CODE_ONLY).toContain(e.ev);
    if (++count % INVARIANTS_EVERY === 0 && m.hyp.dead === undefined) expect(gicInvariants(m.hyp)).toEqual([]);
  }
}

const recordings = pack('directed').filter((t) => PATTERN.test(t.header.name));

describe('recordings', () => {
  it('are there', () => {
    expect(recordings.length).toBeGreaterThan(20);
  });

  for (const { header, events } of recordings) {
    // Interrupts taken as exceptions need a program: see the whole-system replay.
    if (events.some((e) => 'taken' in e)) continue;
    it(header.name, () => replay(events as unknown as Event[]));
  }
});

it('frames lie where the recordings expect them', () => {
  expect(GICR(7)).toBe(0x0818_0000);
});
