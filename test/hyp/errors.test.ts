/**
 * Every refusal of every hypercall, by rule of spec/hypercalls.toml: it is brought about alone, and where two rules would refuse at
 * once the earlier one does. Rules that nothing can reach are listed with the reason; a rule in neither list fails.
 */
import { describe, expect, it } from 'vitest';
import { HYPERCALL_BASE, type HypercallHandler } from '../../src/hyp/index.js';
import { HypError, type HypercallInfo, hypercallByName, ObjectType } from '../../src/protocol/index.js';
import { type CallEntry, type CheckEntry, loadSpec } from '../../tools/generate/spec.js';
import { openMachine } from '../support/open-machine.js';
import { MEMORY_CASES } from './errors/cases-memory.js';
import { OBJECT_CASES, rightMask } from './errors/cases-objects.js';
import { VCPU_CASES } from './errors/cases-vcpu.js';
import { GOOD, NEVER } from './errors/good.js';
import { type Args, type Cases, Kit } from './errors/kit.js';
import { UNREACHABLE } from './errors/unreachable.js';

const CASES: Cases = { ...OBJECT_CASES, ...MEMORY_CASES, ...VCPU_CASES };
const calls = loadSpec(new URL('../..', import.meta.url).pathname).hypercalls.call;
const k = new Kit(openMachine());
const start = k.mark();

const infoOf = (call: CallEntry): HypercallInfo => hypercallByName(call.name) as HypercallInfo;
const errorName = (value: bigint): string =>
  Object.keys(HypError).find((n) => BigInt(HypError[n as keyof typeof HypError] >>> 0) === value) ?? String(value);

/** Result of a call with these arguments, reserved ones as they have to be. */
function result(call: CallEntry, args: Args): string {
  const info = infoOf(call);
  const x = info.inputs.map((input, i) =>
    i === info.reserved?.index && args[input.name] === undefined ? info.reserved.value : args[input.name],
  );
  if (x.some((v) => v === undefined))
    throw new Error(`${call.name}: no value for ${info.inputs[x.indexOf(undefined as never)].name}`);
  const outcome = k.m.host.call('hvc', HYPERCALL_BASE + info.number, x);
  return outcome.kind === 'done' ? errorName(k.m.host.x[0]) : outcome.kind;
}

/** The rule's name, what it answers and how it comes about. */
interface Row {
  rule: string;
  n: number;
  error: string;
  make: (good: Args) => Args;
}

/** Lookups whose argument depends on the others, as the good arguments have it: to the parent, here the partition. */
const ROLES: Readonly<Record<string, Pick<CheckEntry, 'lookup' | 'type'>>> = {
  'memextent_donate.3': { lookup: 'from', type: 'MEMEXTENT' },
  'memextent_donate.4': { lookup: 'to', type: 'PARTITION' },
};

/** Capabilities that a lookup refuses, in the order in which it does. */
function lookupRows(call: CallEntry, check: CheckEntry): Row[] {
  const at = check.lookup as string;
  const type = ObjectType[check.type as keyof typeof ObjectType];
  const rule = `${call.name}.${check.n}`;
  const row = (what: string, error: string, cap: (good: Args) => bigint): Row => ({
    rule: `${rule} ${what}`,
    n: Number(check.n),
    error,
    make: (good) => ({ [at]: cap(good) }),
  });
  const rows = [
    row('malformed', 'ARGUMENT_INVALID', () => 0x3en),
    row('empty', 'CSPACE_CAP_NULL', () => k.empty()),
    row('revoked', 'CSPACE_CAP_REVOKED', () => k.revoked()),
  ];
  if (type === undefined) {
    rows.push(row('right', 'CSPACE_INSUFFICIENT_RIGHTS', (good) => k.copy(good[at], 1n)));
    return rows;
  }
  rows.push(row('type', 'CSPACE_WRONG_OBJECT_TYPE', () => k.other(type)));
  const rights = check.kind === 'activate' ? [0x8000_0000] : (check.right ?? []).map((name) => rightMask(type, name));
  for (const right of rights)
    rows.push(row('right', 'CSPACE_INSUFFICIENT_RIGHTS', (good) => k.without(good[at], type, right)));
  const made = type !== ObjectType.PARTITION && type !== ObjectType.HWIRQ;
  if (check.kind === 'active' && made) rows.push(row('state', 'OBJECT_STATE', () => k.init(type)));
  return rows;
}

function rowsOf(call: CallEntry): Row[] {
  return (call.check ?? []).flatMap((check): Row[] => {
    const rule = `${call.name}.${check.n}`;
    if (check.lookup !== undefined) return lookupRows(call, { ...check, ...ROLES[rule] });
    const make = CASES[rule];
    return make === undefined
      ? []
      : [{ rule, n: Number(check.n), error: check.error ?? '', make: (good) => make(k, good) }];
  });
}

const prepared = (call: CallEntry): Args => {
  start();
  return GOOD[call.name](k);
};

/** Rules of which one cannot be met where the other is, although they look at different arguments. */
const EXCLUSIVE: readonly string[] = [
  // BASIC extents, and SPARSE ones.
  'addrspace_map.8 addrspace_map.10',
  // A target is looked up for hint 1 only.
  'scheduler_yield.2 scheduler_yield.3',
];

/** Arguments and a state that both rules refuse; undefined where they need different values of one argument. */
function both(call: CallEntry, earlier: Row, later: Row): Args | undefined {
  if (EXCLUSIVE.includes(`${earlier.rule.split(' ')[0]} ${later.rule}`)) return undefined;
  const good = prepared(call);
  try {
    const second = later.make(good);
    const first = earlier.make({ ...good, ...second });
    if (Object.keys(first).some((name) => second[name] !== undefined)) return undefined;
    return { ...good, ...second, ...first };
  } catch {
    // What the one is set up with is what the other refuses.
    return undefined;
  }
}

/** Rules that do not answer as they should, each alone. */
function wrongAlone(call: CallEntry): string[] {
  return rowsOf(call).flatMap((row) => {
    const good = prepared(call);
    const got = result(call, { ...good, ...row.make(good) });
    return got === row.error ? [] : [`${row.rule}: ${got} instead of ${row.error}`];
  });
}

/** Pairs of rules where the later one answers; `compared`: how many there were. */
function wrongOrder(call: CallEntry): { compared: number; wrong: string[] } {
  let compared = 0;
  const wrong: string[] = [];
  // One way to refuse each capability will do.
  const rows = rowsOf(call).filter((r) => !r.rule.includes(' ') || r.rule.endsWith(' empty'));
  for (const [i, earlier] of rows.entries()) {
    for (const later of rows.slice(i + 1)) {
      const args = both(call, earlier, later);
      if (args === undefined) continue;
      compared++;
      const got = result(call, args);
      if (got !== earlier.error) wrong.push(`${earlier.rule} and ${later.rule}: ${got} instead of ${earlier.error}`);
    }
  }
  return { compared, wrong };
}

/** At least so many pairs of rules can be brought about together. */
const PAIRS = 400;
const callOf = (name: string): CallEntry => calls.find((c) => c.name === name) as CallEntry;

describe('refusals of hypercalls', () => {
  it('have a case or a reason each', () => {
    const rules = calls.flatMap((c) =>
      (c.check ?? []).filter((r) => r.error !== undefined).map((r) => `${c.name}.${r.n}`),
    );
    expect(rules.filter((r) => CASES[r] === undefined && UNREACHABLE[r] === undefined)).toEqual([]);
    expect([...Object.keys(CASES), ...Object.keys(UNREACHABLE)].filter((r) => !rules.includes(r))).toEqual([]);
    expect(Object.keys(CASES).filter((r) => UNREACHABLE[r] !== undefined)).toEqual([]);
  });

  it('do not meet arguments that are good', () => {
    const good = calls.filter((c) => !NEVER.includes(c.name) && infoOf(c).errorOutput);
    const wrong = good.map((c) => `${c.name}: ${result(c, prepared(c))}`).filter((line) => !line.endsWith(': OK'));
    expect(wrong).toEqual(['vcpu_poweroff: noReturn']);
  });

  it('come each with its error', () => {
    expect(calls.flatMap(wrongAlone)).toEqual([]);
  });

  it('come in their order where two would at once', () => {
    const found = calls.map(wrongOrder);
    expect(found.flatMap((f) => f.wrong)).toEqual([]);
    expect(found.reduce((n, f) => n + f.compared, 0)).toBeGreaterThan(PAIRS);
  });

  it('come first where a reserved argument is wrong', () => {
    const wrong = calls.flatMap((call) => {
      const { reserved, inputs } = infoOf(call);
      if (reserved === undefined) return [];
      const good = prepared(call);
      const garbage = Object.fromEntries(
        inputs.map(({ name, type }) => [name, type === 'cap' ? k.empty() : good[name]]),
      );
      const got = result(call, { ...garbage, [inputs[reserved.index].name]: 2n });
      return got === 'ARGUMENT_INVALID' ? [] : [`${call.name}: ${got}`];
    });
    expect(wrong).toEqual([]);
  });

  it('are missed when a call looks at an argument too early, or not at all', () => {
    const call = callOf('doorbell_receive');
    const proper = k.m.sim.hyp.calls[call.number] as HypercallHandler;
    const by = (handler: HypercallHandler): string[] => {
      k.m.sim.hyp.calls[call.number] = handler;
      const wrong = [...wrongAlone(call), ...wrongOrder(call).wrong];
      k.m.sim.hyp.calls[call.number] = proper;
      return wrong;
    };
    expect(by(proper)).toEqual([]);
    expect(by((h, caller, a, out) => (a[1] === 0n ? HypError.ARGUMENT_INVALID : proper(h, caller, a, out)))).toEqual([
      'doorbell_receive.1 empty and doorbell_receive.2: ARGUMENT_INVALID instead of CSPACE_CAP_NULL',
    ]);
    const without = by((h, caller, a, out) => {
      const error = proper(h, caller, a, out);
      return a[1] === 0n ? HypError.OK : error;
    });
    expect(without).toContain('doorbell_receive.2: OK instead of ARGUMENT_INVALID');
  });
});
