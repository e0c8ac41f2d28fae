/**
 * Why a step went as it did: which check of a call or request refused and what would have passed, what the step expected and did not
 * get, what it killed. The checks are the rules of spec/, in the order in which the real system makes them.
 */
import { le32 } from '../base/index.js';
import { allCaps, CapState, type CapView, type CSpace, decodeCapId, encodeCapId } from '../hyp/index.js';
import { CALL_EXPLANATIONS, explain, explanationLines, MESSAGE_EXPLANATIONS, type Rule } from '../protocol/explain.js';
import {
  decodePacket,
  HYPERCALLS,
  hypErrorName,
  hypErrorOf,
  ObjectType,
  Rights,
  RpcType,
  rmErrorName,
} from '../protocol/index.js';
import type { Simulator } from '../sim/index.js';
import type { Vcpu } from '../vcpu/index.js';
import type { RunEvent } from './events.js';
import type { Run } from './run.js';

/** A call or request that was refused. */
export interface Finding {
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

/** Capability space of a vCPU; undefined: either is gone by the end of the step. */
function spaceOf(sim: Simulator, thread: number): CSpace | undefined {
  const vcpu = sim.hyp.objects[thread] as Vcpu | undefined;
  return vcpu === undefined ? undefined : (sim.hyp.objects[vcpu.cspace] as CSpace | undefined);
}

/** Capabilities of the caller that the rule would accept. */
function acceptable(sim: Simulator, cspace: CSpace, type: string, right: string): string[] {
  const wanted = (ObjectType as Record<string, number>)[type];
  const need = rightsOf(type, right);
  const fits = (c: CapView): boolean =>
    c.table.state[c.lower] === CapState.VALID &&
    sim.hyp.objects[c.table.object[c.lower]]?.type === wanted &&
    (c.table.rights[c.lower] & need) >>> 0 === need >>> 0;
  return [...allCaps(cspace)].filter(fits).map((c) => `0x${encodeCapId(cspace, c.slot).toString(16)}`);
}

/** Whether this capability rule is the one that refuses the id. */
function refusesCap(sim: Simulator, cspace: CSpace, id: bigint, type: string, right: string): boolean {
  const slot = decodeCapId(cspace, id);
  const ids = acceptable(sim, cspace, type, right).map(BigInt);
  return slot < 0 || !ids.includes(id);
}

function explainCall(sim: Simulator, e: Extract<RunEvent, { kind: 'call' }>): Finding | undefined {
  const info = HYPERCALLS[e.num];
  const result = hypErrorName(hypErrorOf(e.r[0]));
  if (info === undefined || !info.errorOutput || e.blocked || result === 'OK') return undefined;
  const rules = CALL_EXPLANATIONS.find((c) => c.number === e.num)?.rules ?? [];
  const cspace = spaceOf(sim, e.thread);
  const advice: string[] = [];
  let candidates = rules.filter((r) => r.errors.includes(result));
  const { reserved } = info;
  if (reserved !== undefined && e.x[reserved.index] === reserved.value) {
    candidates = candidates.filter((r) => !r.id.endsWith('.0'));
  }
  candidates = candidates.filter((rule) => {
    const m = CAP_RULE.exec(rule.text);
    const at = m === null ? -1 : info.inputs.findIndex((i) => i.name === m[1]);
    return m === null || at < 0 || cspace === undefined || refusesCap(sim, cspace, e.x[at], m[2], m[3]);
  });
  const refused = candidates.slice(0, 1);
  const m = refused.length === 0 ? null : CAP_RULE.exec(refused[0].text);
  if (m !== null && cspace !== undefined) {
    const ids = acceptable(sim, cspace, m[2], m[3]);
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

/** What a step did not get, and what it killed. */
export interface StepWhy {
  readonly refused: readonly Finding[];
  /** Expectations that do not hold, each with its place in the scenario. */
  readonly failures: readonly string[];
  /** Rule id of what the step stopped RM or the hypervisor by. */
  readonly killed?: string;
  /** Rule id of what had stopped them before. */
  readonly deadBefore?: string;
}

/** Rule id of what stopped RM or the hypervisor; undefined: both go on. */
export const deathOf = (sim: Simulator): string | undefined => sim.rm.dead?.trigger ?? sim.hyp.dead?.rule;

function findingOf(sim: Simulator, e: RunEvent): Finding | undefined {
  if (e.kind === 'packet') return e.from === 'RM' ? explainReply(e.bytes) : undefined;
  // RM's own calls, and polling, say nothing about the driver.
  const finding = e.kind === 'call' && !e.detail ? explainCall(sim, e) : undefined;
  return finding?.result === 'MSGQUEUE_EMPTY' ? undefined : finding;
}

/** `events`: those of the step that `run` did last; `deadBefore`: {@link deathOf} before it. */
export function whyOf(run: Run, events: readonly RunEvent[], deadBefore: string | undefined): StepWhy {
  const dead = deathOf(run.sim);
  return {
    refused: events.flatMap((e) => findingOf(run.sim, e) ?? []),
    failures: run.failures.filter((f) => f.index === run.next - 1).map(({ path, text }) => `${path}: ${text}`),
    killed: dead === deadBefore ? undefined : dead,
    deadBefore,
  };
}

/** Blocks of lines for people; none: nothing was refused. */
export function whyBlocks({ refused, failures, killed, deadBefore }: StepWhy): string[][] {
  const blocks = refused.map(lines);
  if (killed !== undefined)
    blocks.push(['the step stopped RM or the hypervisor', ...explain(killed).flatMap(explanationLines)]);
  else if (deadBefore !== undefined) blocks.push([`RM or the hypervisor had stopped before this step: ${deadBefore}`]);
  if (failures.length > 0) blocks.push(['the step failed', ...failures.map((f) => `  ${f}`)]);
  return blocks;
}
