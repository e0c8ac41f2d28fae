/**
 * All hypercalls, with any arguments, on any state that they lead to: no exception of the simulator, every invariant of the machine
 * after every step, and no stop of the hypervisor or of RM but those that `spec/deaths.toml` describes. Longer: `RUNS=1000 SEED=2`.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HypercallHandler, HypObject } from '../../src/hyp/index.js';
import { Call, DEATHS, type DeathId, HYPERCALLS, HypError } from '../../src/protocol/index.js';
import type { Simulator } from '../../src/sim/index.js';
import { loadSpec } from '../../tools/generate/spec.js';
import { CALL_SAMPLES } from '../generated/arbitraries.js';
import { type CallWish, callLine, ipaArg, resolve, wordArg } from '../support/call-sample.js';
import { furnish, giveAll, openMachine } from '../support/open-machine.js';
import { UNREACHABLE } from './errors/unreachable.js';

const SEED = Number(process.env.SEED ?? 1);
const RUNS = Number(process.env.RUNS ?? 45);

type Step =
  | { do: 'call'; guest: boolean; wish: CallWish }
  | { do: 'smccc'; guest: boolean; x: bigint[] }
  | { do: 'read' | 'write'; guest: boolean; enc: number; value: bigint }
  | { do: 'access'; guest: boolean; ipa: bigint; size: number; write: boolean; value: bigint }
  | { do: 'wait'; guest: boolean }
  | { do: 'spin'; ns: number };

const guest = fc.integer({ min: 0, max: 3 }).map((n) => n === 0);
const smcccId = fc
  .tuple(
    fc.constantFrom(0x8000_0000n, 0x8400_0000n, 0xc400_0000n, 0x8600_0000n, 0xc600_0000n),
    fc.oneof(
      fc.bigInt({ min: 0n, max: 0x30n }),
      fc.bigInt({ min: 0x6000n, max: 0x6068n }),
      fc.constantFrom(0xff00n, 0xff01n, 0xff03n),
    ),
  )
  .map(([family, n]) => family + n);
const device = fc.oneof(
  fc.nat(0xffff).map((n) => 0x0800_0000n + BigInt(n)),
  fc.nat(0x1f_ffff).map((n) => 0x080a_0000n + BigInt(n)),
  ipaArg,
);
const w = wordArg(64);
const as = <T extends string>(...names: T[]): fc.Arbitrary<T> => fc.constantFrom(...names);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 40, arbitrary: fc.record({ do: as('call'), guest, wish: fc.oneof(...CALL_SAMPLES) }) },
  { weight: 2, arbitrary: fc.record({ do: as('smccc'), guest, x: fc.tuple(smcccId, w, w, w) }) },
  { weight: 2, arbitrary: fc.record({ do: as('read', 'write'), guest, enc: fc.nat(0xffff), value: w }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: as('access'),
      guest,
      ipa: device,
      size: fc.constantFrom(1, 2, 4, 8),
      write: fc.boolean(),
      value: w,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: as('wait'), guest }) },
  { weight: 2, arbitrary: fc.record({ do: as('spin'), ns: fc.nat(3_000_000) }) },
);
const steps = fc.array(step, { minLength: 20, maxLength: 60, size: 'max' });

const m = openMachine();
const { sim } = m;
const asRmLeftIt = m.mark();
furnish(m, giveAll(m));
const allGiven = m.mark();

/** Without RM, whose bookkeeping knows nothing of what others do with its rights. */
const hypervisorOnly = (): Simulator =>
  Object.create(sim, { rm: { value: { ...sim.rm, state: 'dead' } } }) as Simulator;

/** Numbers of the calls that were made, and of those that succeeded. */
interface Seen {
  made: Set<number>;
  ok: Set<number>;
  /** Call and error. */
  refusals: Set<string>;
}
const nothing = (): Seen => ({ made: new Set(), ok: new Set(), refusals: new Set() });

function act(s: Step, seen: Seen): string | undefined {
  if (s.do === 'spin') {
    sim.spin(s.ns);
    return `spin ${s.ns}`;
  }
  const who = m.inControl(s.guest);
  if (who === undefined) return undefined;
  const name = who === m.host ? 'host' : 'guest';
  if (s.do === 'call') {
    const args = resolve(sim.hyp, m.spaceOf(who), s.wish);
    const outcome = m.call(who, s.wish.number, args);
    const result = outcome.kind === 'done' ? String(BigInt.asIntN(32, who.x[0])) : outcome.kind;
    seen.made.add(s.wish.number);
    if (result === '0') seen.ok.add(s.wish.number);
    else seen.refusals.add(`${HYPERCALLS[s.wish.number].name} ${result}`);
    return `${name} ${callLine(s.wish.number, args)} = ${result}`;
  }
  if (s.do === 'smccc') who.call('hvc', 0, s.x, 1);
  else if (s.do === 'read') who.readRegister(s.enc);
  else if (s.do === 'write') who.writeRegister(s.enc, s.value);
  else if (s.do === 'access') who.access(s.ipa, s.size, s.write, s.value, 1);
  else who.wfi(1);
  return `${name} ${JSON.stringify(s, (_, v) => (typeof v === 'bigint' ? `0x${v.toString(16)}` : v))}`;
}

/** What is wrong, with the steps that led to it. */
function trouble(list: readonly Step[], start: () => void, view: () => Simulator, seen: Seen): string | undefined {
  start();
  const log: string[] = [];
  const report = (what: string): string => `${what}\n${log.slice(-8).join('\n')}`;
  for (const s of list) {
    try {
      const line = act(s, seen);
      if (line === undefined) return undefined;
      log.push(line);
    } catch (error) {
      return report(
        `${JSON.stringify(s, (_, v) => (typeof v === 'bigint' ? String(v) : v))}: ${(error as Error).stack}`,
      );
    }
    const { dead } = sim.hyp;
    if (dead !== undefined) {
      if (DEATHS[dead.rule as DeathId]?.kind !== 'HYP') return report(`died of '${dead.rule}'`);
      return undefined;
    }
    const { dead: rmDead } = sim.rm;
    if (rmDead !== null && DEATHS[rmDead.trigger as DeathId]?.kind !== rmDead.kind)
      return report(`RM died of '${rmDead.trigger}'`);
    const [wrong] = m.check(view());
    if (wrong !== undefined) return report(`${wrong.invariant}: ${wrong.what}`);
  }
  return undefined;
}

const property = (start: () => void, view: () => Simulator, seen: Seen) =>
  fc.property(steps, (list) => {
    const wrong = trouble(list, start, view, seen);
    if (wrong !== undefined) throw new Error(wrong);
  });

/** So many of the 92 calls succeed in the default run, of the 84 that ever do. */
const SUCCEEDING = 60;

/** Calls and errors that the table of refusals (errors.test.ts) says are out of reach, by all of their rules. */
const NEVER_SEEN = ((): string[] => {
  const explained = new Set<string>();
  const reached = new Set<string>();
  for (const call of loadSpec(new URL('../..', import.meta.url).pathname).hypercalls.call) {
    for (const { n, error } of call.check ?? []) {
      const refusal = `${call.name} ${HypError[error as keyof typeof HypError]}`;
      (UNREACHABLE[`${call.name}.${n}`] === undefined ? reached : explained).add(refusal);
    }
  }
  return [...explained].filter((refusal) => !reached.has(refusal));
})();

describe('any hypercall', () => {
  it('leaves the machine whole when VMs have what RM gave them', () => {
    const seen = nothing();
    fc.assert(
      property(asRmLeftIt, () => sim, seen),
      { numRuns: RUNS, seed: SEED },
    );
    expect(seen.made.size).toBe(Object.keys(HYPERCALLS).length);
  });

  it('leaves the hypervisor whole when VMs have every right to every object', () => {
    const seen = nothing();
    fc.assert(property(allGiven, hypervisorOnly, seen), { numRuns: RUNS, seed: SEED });
    expect(seen.made.size).toBe(Object.keys(HYPERCALLS).length);
    expect(seen.ok.size).toBeGreaterThan(SUCCEEDING);
    expect(NEVER_SEEN.filter((refusal) => seen.refusals.has(refusal))).toEqual([]);
  });

  const broken = (call: number, by: (proper: HypercallHandler) => HypercallHandler): string => {
    const proper = sim.hyp.calls[call] as HypercallHandler;
    sim.hyp.calls[call] = by(proper);
    try {
      const seen = nothing();
      const found = fc.check(property(allGiven, hypervisorOnly, seen), {
        numRuns: RUNS,
        seed: SEED,
        endOnFailure: true,
      });
      return String((found.errorInstance as Error | undefined)?.message);
    } finally {
      sim.hyp.calls[call] = proper;
    }
  };

  it.each([
    ['an exception', 'TypeError', () => () => (undefined as unknown as HypObject).id],
    [
      'a reference that nobody holds',
      'refs-exact',
      (proper) => (h, caller, a, out) => {
        const error = proper(h, caller, a, out);
        if (error === 0) h.ref(caller.cspace);
        return error;
      },
    ],
    [
      'a stop that is described nowhere',
      "died of 'no-such-rule'",
      () => (h) => {
        h.dead = { what: 'broken on purpose', rule: 'no-such-rule' };
        return 0;
      },
    ],
  ] satisfies [string, string, (proper: HypercallHandler) => HypercallHandler][])('notices %s', (_, told, by) => {
    expect(broken(Call.DOORBELL_MASK, by)).toContain(told);
  });
});
