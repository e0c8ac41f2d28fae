/** Steps that make hypercalls and SMCCC calls. */
import { hex } from '../base/index.js';
import { HYPERCALL_BASE } from '../hyp/index.js';
import { HYPERCALLS, type HypercallInfo, hypErrorOf, Smccc, VcpuRunState } from '../protocol/index.js';
import { numbersResult, type Result } from './outcome.js';
import { ended, HYP_ERRORS, type StepKind } from './step-kind.js';
import {
  checkKeys,
  choices,
  isArray,
  isObject,
  type Json,
  number,
  ScenarioError,
  type Scope,
  signedOrNot,
  sized,
} from './values.js';

const callNames = Object.values(HYPERCALLS).map((c) => c.name);

function hypercall(v: Json | undefined, scope: Scope, path: string): { num: number; info: HypercallInfo | undefined } {
  if (typeof v === 'string' && /^[a-z]/i.test(v)) {
    const info = Object.values(HYPERCALLS).find((c) => c.name === v.toLowerCase());
    if (info === undefined) throw new ScenarioError(path, `there is no hypercall ${v}`, choices(v, callNames));
    return { num: info.number, info };
  }
  const n = Number(number(v, scope, path));
  const num = n >= HYPERCALL_BASE ? n - HYPERCALL_BASE : n;
  if (num < 0 || num > 0xffff - HYPERCALL_BASE)
    throw new ScenarioError(path, `${hex(n)} is no call number`, 'use 0 to 0x68, or a name');
  return { num, info: HYPERCALLS[num] };
}

/** Registers that a call takes: a list of at most `most`, or an object of named arguments. */
export function registers(
  v: Json | undefined,
  info: HypercallInfo | undefined,
  scope: Scope,
  path: string,
  most = 8,
): bigint[] {
  const x = new Array<bigint>(8).fill(0n);
  if (info?.reserved !== undefined) x[info.reserved.index] = info.reserved.value;
  if (v === undefined) return x;
  if (isArray(v)) {
    if (v.length > most) throw new ScenarioError(path, `${v.length} values`, `give at most ${most}`);
    v.forEach((a, i) => {
      x[i] = signedOrNot(a, 8, scope, `${path}[${i}]`);
    });
    return x;
  }
  if (!isObject(v) || info === undefined)
    throw new ScenarioError(path, 'not a list of numbers', 'write [1, "0x2", ...]');
  checkKeys(
    v,
    info.inputs.map((i) => i.name),
    path,
  );
  info.inputs.forEach((input, i) => {
    const given = v[input.name];
    if (given !== undefined) x[i] = signedOrNot(given, 8, scope, `${path}.${input.name}`);
    else if (input.type !== 'reserved')
      throw new ScenarioError(path, `${input.name} is missing`, `add "${input.name}"`);
  });
  return x;
}

export const REGISTER_NAMES = Array.from({ length: 18 }, (_, i) => `x${i}`);

function callResult(x: BigUint64Array, info: HypercallInfo | undefined, count: number): Result {
  const values: Record<string, bigint> = {};
  for (let i = 0; i < count; i++) values[`x${i}`] = x[i];
  const first = info?.errorOutput === false ? 0 : 1;
  // A call without a result code never fails.
  values.error = info?.errorOutput === false ? 0n : BigInt(hypErrorOf(x[0]));
  info?.outputs.forEach((o, i) => {
    values[o.name] = x[first + i];
  });
  return numbersResult(values, { ...HYP_ERRORS, vcpu_state: VcpuRunState });
}

export const hvc: StepKind = {
  keys: ['args'],
  names(step, scope, path) {
    const { info } = hypercall(step.hvc, scope, `${path}.hvc`);
    return ['error', ...(info?.outputs.map((o) => o.name) ?? []), ...REGISTER_NAMES];
  },
  check(step, scope, path) {
    const { info } = hypercall(step.hvc, scope, `${path}.hvc`);
    registers(step.args, info, scope, `${path}.args`);
  },
  run(run, step, path) {
    const { num, info } = hypercall(step.hvc, run.scope, `${path}.hvc`);
    const outcome = run.machine.call(
      'hvc',
      HYPERCALL_BASE + num,
      registers(step.args, info, run.scope, `${path}.args`),
    );
    const bad = ended(outcome, run);
    if (bad !== undefined) run.fail(`${path}.hvc`, bad);
    const { x } = run.machine.host;
    if (info === undefined) run.say(`no such call: x0 ${hex(x[0])}`);
    return callResult(x, info, 8);
  },
  normally: { error: 'OK' },
  title: (step) => `hypercall ${String(step.hvc)}`,
};

export const smccc: StepKind = {
  keys: ['args', 'conduit'],
  names: () => REGISTER_NAMES,
  check(step, scope, path) {
    sized(step.smccc, 4, scope, `${path}.smccc`, Smccc);
    registers(step.args, undefined, scope, `${path}.args`);
    const c = step.conduit ?? 'hvc';
    if (c !== 'hvc' && c !== 'smc')
      throw new ScenarioError(`${path}.conduit`, `${String(c)} is no conduit`, 'use "hvc" or "smc"');
  },
  run(run, step, path) {
    const fn = sized(step.smccc, 4, run.scope, `${path}.smccc`, Smccc);
    const args = registers(step.args, undefined, run.scope, `${path}.args`);
    const outcome = run.machine.call(step.conduit === 'smc' ? 'smc' : 'hvc', 0, [fn, ...args]);
    const bad = ended(outcome, run);
    if (bad !== undefined) run.fail(`${path}.smccc`, bad);
    const { x } = run.machine.host;
    run.say(`x0 ${hex(x[0])}, x1 ${hex(x[1])}, x2 ${hex(x[2])}, x3 ${hex(x[3])}`);
    return callResult(x, undefined, 18);
  },
  title: (step) => `SMCCC call ${String(step.smccc)}`,
};
