/**
 * PSCI of one VM against a model of sets: which vCPUs are on, which wait, which are dead. Broken models must be noticed.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { kill, powerOn, type Vcpu, waitForInterrupt } from '../../src/vcpu/index.js';
import { rig } from './rig.js';

const COUNT = 4;
const CPU_OFF = 0x8400_0002n;
const CPU_ON = 0xc400_0003n;
const AFFINITY_INFO = 0xc400_0004n;
const CPU_SUSPEND = 0xc400_0001n;
const SYSTEM_OFF = 0x8400_0008n;
const DENIED = 0xffff_fffdn;
const ALREADY_ON = 0xffff_ffff_ffff_fffcn;
const INTERNAL_FAILURE = 0xffff_ffff_ffff_fffan;
const INVALID = 0xffff_ffff_ffff_fffen;

const MUTANTS = [
  'the last vCPU may go off',
  'a dead vCPU can be turned on',
  'suspended counts as off',
  'WFI marks the slot suspended',
  'off keeps the slot running',
  'power-down does not restart',
] as const;
type Mutant = (typeof MUTANTS)[number] | undefined;

type State = 'off' | 'on' | 'wfi' | 'suspended' | 'powerdown' | 'killed' | 'killedOff';

interface Model {
  state: State[];
  entries: number[];
}

const commands = fc.array(
  fc.record({
    op: fc.constantFrom('on', 'on', 'info', 'off', 'suspend', 'powerdown', 'wfi', 'wake', 'wake', 'systemOff', 'kill'),
    who: fc.nat(COUNT - 1),
    target: fc.nat(COUNT + 1),
  }),
  { maxLength: 40 },
);
type Command = { op: string; who: number; target: number };

const isOn = (s: State, mutant: Mutant): boolean =>
  s === 'on' ||
  s === 'wfi' ||
  s === 'killed' ||
  (mutant !== 'suspended counts as off' && (s === 'suspended' || s === 'powerdown'));

function expectedOn(m: Model, target: number, mutant: Mutant): bigint {
  if (target === COUNT) return INTERNAL_FAILURE;
  if (target > COUNT) return INVALID;
  if (isOn(m.state[target], mutant)) return ALREADY_ON;
  if (m.state[target] === 'killedOff' && mutant !== 'a dead vCPU can be turned on') return INTERNAL_FAILURE;
  m.state[target] = 'on';
  m.entries[target]++;
  return 0n;
}

const expectedSlot = (s: State, mutant: Mutant): number => {
  if (s === 'on') return 0;
  if (s === 'wfi') return mutant === 'WFI marks the slot suspended' ? 1 : 0;
  if (s === 'off') return mutant === 'off keeps the slot running' ? 0 : 1;
  return s === 'suspended' || s === 'powerdown' ? 2 : -1;
};

/** Runs the commands on both; a message at the first difference. */
function compare(list: readonly Command[], mutant: Mutant): string | undefined {
  const r = rig(COUNT);
  // Index 4 is mapped but has no vCPU, 5 is not mapped.
  r.hyp.vic.mpidrIndex = (_v, affinity) => (affinity > BigInt(COUNT) ? -1 : Number(affinity));
  const group = r.group(false);
  const vcpus: Vcpu[] = [];
  for (let index = 0; index < COUNT; index++) {
    const v = r.make({ cpu: index, group: group.id, index });
    r.hyp.activate(v);
    vcpus.push(v);
  }
  const m: Model = {
    state: new Array<State>(COUNT).fill('off'),
    entries: new Array<number>(COUNT).fill(0),
  };
  // A helper keeps every physical CPU awake: suspends with a StateID would put an idle one to sleep for good.
  for (let cpu = 0; cpu < COUNT; cpu++) r.start({ cpu, priority: 1 });
  powerOn(r.hyp, vcpus[0], 0x1000n, 0n);
  r.advance(1_000_000);
  m.state[0] = 'on';
  m.entries[0] = 1;
  for (const [at, { op, who: choice, target }] of list.entries()) {
    r.advance(1_000_000);
    const able = m.state.flatMap((s, i) => (s === 'on' ? [i] : []));
    const who = op === 'wake' || op === 'kill' ? choice : (able[choice % able.length] ?? -1);
    if (who < 0) continue;
    const v = vcpus[who];
    let got: bigint | undefined;
    let want: bigint | undefined;
    if (op === 'wake') {
      r.hyp.sched.wakeup(v);
      r.advance(1_000_000);
      if (m.state[who] === 'powerdown' && mutant !== 'power-down does not restart') m.entries[who]++;
      if (['wfi', 'suspended', 'powerdown'].includes(m.state[who])) m.state[who] = 'on';
    } else if (op === 'kill') {
      if (m.state[who] === 'killed' || m.state[who] === 'killedOff') continue;
      kill(r.hyp, v);
      r.advance(10_000_000);
      m.state[who] = m.state[who] === 'off' ? 'killedOff' : 'killed';
    } else if (op === 'on') {
      got = r.smccc(v, CPU_ON, BigInt(target), 0x1000n, 0n)?.[0];
      want = expectedOn(m, target, mutant);
    } else if (op === 'info') {
      got = r.smccc(v, AFFINITY_INFO, BigInt(target), 0n)?.[0];
      want = target >= COUNT ? INVALID : isOn(m.state[target], mutant) ? 0n : 1n;
    } else if (op === 'off') {
      // A vCPU that was killed while on still counts as online.
      const online = m.state.filter((s) => s !== 'off' && s !== 'killedOff').length;
      got = r.smccc(v, CPU_OFF)?.[0];
      want = online === 1 && mutant !== 'the last vCPU may go off' ? DENIED : undefined;
      if (want === undefined) m.state[who] = 'off';
    } else if (op === 'suspend' || op === 'powerdown') {
      got = r.smccc(v, CPU_SUSPEND, op === 'suspend' ? 2n : 0x1_0002n, 0x2000n, 5n)?.[0];
      m.state[who] = op === 'suspend' ? 'suspended' : 'powerdown';
    } else if (op === 'wfi') {
      waitForInterrupt(r.hyp, v);
      m.state[who] = 'wfi';
    } else if (op === 'systemOff' && at % 7 === 0) {
      r.smccc(v, SYSTEM_OFF);
      return undefined;
    }
    if (got !== want) return `${at} ${op} ${who} ${target}: ${got} instead of ${want}`;
    r.advance(1_000_000);
    for (let i = 0; i < COUNT; i++) {
      const slot = (group.states >> (3 * i)) & 7;
      const wanted = expectedSlot(m.state[i], mutant);
      if (wanted >= 0 && slot !== wanted) return `${at} ${op}: slot ${i} is ${slot} instead of ${wanted}`;
      if (vcpus[i].entries !== m.entries[i]) return `${at} ${op}: vCPU ${i} entered ${vcpus[i].entries} times`;
    }
  }
  return undefined;
}

test('PSCI does what the sets say', () => {
  fc.assert(
    fc.property(commands, (list) => {
      expect(compare(list, undefined)).toBeUndefined();
    }),
    { numRuns: 200, seed: 21 },
  );
});

test.each(MUTANTS)('the comparison notices the mutant: %s', (mutant) => {
  const found = fc.check(
    fc.property(commands, (list) => compare(list, mutant) === undefined),
    { numRuns: 1000, seed: 22, endOnFailure: true },
  );
  expect(found.failed).toBe(true);
});
