/**
 * `explain FILE --step N`: which check of a call or request refused in that step of a scenario, and what would have passed; what
 * the step expected and did not get; what it killed.
 */
import { le32 } from '../../base/index.js';
import { allCaps, CapState, type CapView, type CSpace, decodeCapId, encodeCapId } from '../../hyp/index.js';
import {
  CALL_EXPLANATIONS,
  explain,
  explanationLines,
  MESSAGE_EXPLANATIONS,
  type Rule,
} from '../../protocol/explain.js';
import {
  decodePacket,
  HYPERCALLS,
  hypErrorName,
  hypErrorOf,
  ObjectType,
  Rights,
  RpcType,
  rmErrorName,
} from '../../protocol/index.js';
import type { RunEvent } from '../../scenario/index.js';
import type { Simulator } from '../../sim/index.js';
import type { Vcpu } from '../../vcpu/index.js';
import { CliError } from '../errors.js';
import { type GlobalOptions, print, printJson } from '../output.js';
import { inFile, startRun } from './scenario-file.js';

interface Finding {
  readonly what: string;
  readonly result: string;
  /** The checks that may have refused, in order; usually one. */
  readonly refused: readonly Rule[];
  readonly passed: readonly Rule[];
  readonly advice: readonly string[];
}

const CAP_RULE = /^(\w+) is not an? (\w+) capability with the right (\w+)/;

const rightsOf = (type: string, right: string): number =>
  (Rights as unknown as Record<string, Record<string, number>>)[type]?.[right] ?? 0;

/** Capabilities of the caller that the rule would accept. */
function acceptable(sim: Simulator, caller: Vcpu, type: string, right: string): string[] {
  const cspace = sim.hyp.get<CSpace>(caller.cspace);
  const wanted = (ObjectType as Record<string, number>)[type];
  const need = rightsOf(type, right);
  const fits = (c: CapView): boolean =>
    c.table.state[c.lower] === CapState.VALID &&
    sim.hyp.objects[c.table.object[c.lower]]?.type === wanted &&
    (c.table.rights[c.lower] & need) >>> 0 === need >>> 0;
  return [...allCaps(cspace)].filter(fits).map((c) => `0x${encodeCapId(cspace, c.slot).toString(16)}`);
}

/** Whether this capability rule is the one that refuses the id. */
function refusesCap(sim: Simulator, caller: Vcpu, id: bigint, type: string, right: string): boolean {
  const slot = decodeCapId(sim.hyp.get<CSpace>(caller.cspace), id);
  const ids = acceptable(sim, caller, type, right).map(BigInt);
  return slot < 0 || !ids.includes(id);
}

function explainCall(sim: Simulator, e: Extract<RunEvent, { kind: 'call' }>): Finding | undefined {
  const info = HYPERCALLS[e.num];
  const result = hypErrorName(hypErrorOf(e.r[0]));
  if (info === undefined || !info.errorOutput || result === 'OK') return undefined;
  const rules = CALL_EXPLANATIONS.find((c) => c.number === e.num)?.rules ?? [];
  const caller = sim.hyp.get<Vcpu>(e.thread);
  const advice: string[] = [];
  let candidates = rules.filter((r) => r.errors.includes(result));
  const { reserved } = info;
  if (reserved !== undefined && e.x[reserved.index] === reserved.value) {
    candidates = candidates.filter((r) => !r.id.endsWith('.0'));
  }
  candidates = candidates.filter((rule) => {
    const m = CAP_RULE.exec(rule.text);
    const at = m === null ? -1 : info.inputs.findIndex((i) => i.name === m[1]);
    return m === null || at < 0 || refusesCap(sim, caller, e.x[at], m[2], m[3]);
  });
  const refused = candidates.slice(0, 1);
  const m = refused.length === 0 ? null : CAP_RULE.exec(refused[0].text);
  if (m !== null) {
    const ids = acceptable(sim, caller, m[2], m[3]);
    advice.push(
      ids.length > 0
        ? `${m[1]} could be ${ids.join(', ')}`
        : `the caller holds no ${m[2]} capability with the right ${m[3]}`,
    );
  }
  return { what: `${e.who}: ${info.name}`, result, refused, passed: before(rules, refused), advice };
}

function explainReply(bytes: Uint8Array): Finding | undefined {
  const packet = decodePacket(bytes);
  const { header, message } = packet;
  if (header?.type !== RpcType.REPLY || bytes.length < 12) return undefined;
  const result = rmErrorName(le32(bytes, 8));
  if (result === 'OK') return undefined;
  const explanation = MESSAGE_EXPLANATIONS.find((x) => x.id === header.id && x.kind === 'request');
  const rules = explanation?.rules ?? [];
  const refused = rules.filter((r) => r.errors.includes(result));
  const passed = refused.length === 0 ? rules : before(rules, refused);
  return {
    what: `RM: ${explanation?.name ?? message?.name ?? 'unknown request'}`,
    result,
    refused,
    passed,
    advice: [],
  };
}

const before = (rules: readonly Rule[], refused: readonly Rule[]): readonly Rule[] =>
  refused.length === 0 ? [] : rules.slice(0, rules.indexOf(refused[0]));

function lines(f: Finding): string[] {
  const out = [`${f.what} was refused with ${f.result}`];
  if (f.refused.length === 0) out.push('no rule of the specification gives this result');
  else out.push(f.refused.length === 1 ? 'refused, because' : 'refused, because one of these holds');
  for (const r of f.refused) out.push(`  ${r.id}: ${r.text}`);
  if (f.passed.length > 0) out.push('passed before that');
  for (const r of f.passed) out.push(`  ${r.id}: not (${r.text})`);
  for (const a of f.advice) out.push(`what would have passed: ${a}`);
  return out;
}

export function explainStep(file: string, step: number, options: GlobalOptions): number {
  const seen: RunEvent[] = [];
  const playing = startRun(file, { seed: options.seed, calls: 'guests', listener: (e) => seen.push(e) });
  const { steps } = playing.scenario;
  if (step > steps.length) {
    throw new CliError(`${file} has steps 1 to ${steps.length}; --step ${step} is none of them`);
  }
  const found: Finding[] = [];
  const dead = (): string | undefined => playing.sim.rm.dead?.trigger ?? playing.sim.hyp.dead?.rule;
  let deadBefore = dead();
  inFile(file, () => {
    while (playing.next < step && !playing.done) {
      seen.length = 0;
      deadBefore = dead();
      playing.step();
    }
  });
  for (const e of seen) {
    const finding =
      e.kind === 'call'
        ? explainCall(playing.sim, e)
        : e.kind === 'packet' && e.from === 'RM'
          ? explainReply(e.bytes)
          : undefined;
    if (finding !== undefined && !(e.kind === 'call' && finding.result === 'MSGQUEUE_EMPTY')) found.push(finding);
  }
  if (playing.next < step) {
    throw new CliError(
      `step ${step} of ${file} is not reached: step ${playing.next} fails; --step ${playing.next} tells why`,
    );
  }
  const failures = playing.failures.filter((f) => f.index === step - 1).map(({ path, text }) => `${path}: ${text}`);
  const killed = dead() === deadBefore ? undefined : dead();
  if (options.json === true) {
    printJson({ refused: found, failures, killed });
    return 0;
  }
  const blocks = found.map(lines);
  if (killed !== undefined)
    blocks.push(['the step stopped RM or the hypervisor', ...explain(killed).flatMap(explanationLines)]);
  else if (deadBefore !== undefined) blocks.push([`RM or the hypervisor had stopped before this step: ${deadBefore}`]);
  if (failures.length > 0) blocks.push(['the step failed', ...failures.map((f) => `  ${f}`)]);
  if (blocks.length === 0) blocks.push([`nothing was refused in step ${step}`]);
  print(blocks.map((block) => block.join('\n')).join('\n\n'));
  return 0;
}
