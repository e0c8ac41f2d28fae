/** Executor over a table made from the machine object itself.
 *
 * Without parallel states a configuration is one leaf, so the states left and entered by a transition are known beforehand: every
 * (leaf, event) gets its list of candidates, leaf first, each with the flat list of operations (exit, transition, entry actions) that
 * XState would run. The order follows XState's own algorithm (SCXML with its `reenter` rules); `reference` holds it to that.
 */
import type { AnyStateMachine, AnyStateNode, ContextFrom, EventFrom, InputFrom } from 'xstate';
import { chartOf, initialLeaf, lineage } from './chart.js';
import { nodeName } from './profile.js';
import { type Effect, type Executor, type Step, UNHANDLED } from './types.js';

type Args = { context: unknown; event: unknown };
type Fn = (args: Args, params: unknown) => unknown;

/** One action: an `assign` (whole-context function or per-property table) or an effect to hand out. */
interface Op {
  readonly effect: string | undefined;
  readonly params: unknown;
  readonly assignment: Fn | readonly (readonly [string, unknown])[];
}

/** A transition of the chart with its coverage counters. Shared by all leaves below its source. */
export interface Edge {
  readonly name: string;
  readonly guard: string | undefined;
  taken: number;
  guardTrue: number;
  guardFalse: number;
}

/** What a leaf does on one event. */
interface Row {
  readonly event: string;
  readonly candidates: Candidate[];
}

interface Candidate {
  readonly edge: Edge;
  readonly test: Fn | undefined;
  readonly testParams: unknown;
  readonly ops: readonly Op[];
  readonly target: number;
}

export interface Compiled<C, E, I> extends Executor<C, E, I> {
  readonly edges: readonly Edge[];
}

const NO_EFFECTS: readonly Effect[] = Object.freeze([]);

/** Compiles a machine that keeps to the profile; refuses any other at once. */
export function compile<M extends AnyStateMachine>(machine: M): Compiled<ContextFrom<M>, EventFrom<M>, InputFrom<M>> {
  type C = ContextFrom<M>;
  const chart = chartOf(machine);
  const { leaves } = chart;
  const edges: Edge[] = [];
  const edgeOf = new Map<object, Edge>();
  const rows = leaves.map((leaf, i) => (chart.states[i].done ? [] : rowsOf(leaf)));
  const start = lineage(initialLeaf(machine.root));
  const startOps = [...start.flatMap((n) => entryOps(n, true)), ...completion(start[start.length - 1])];

  function rowsOf(leaf: AnyStateNode): Row[] {
    const found: Row[] = [];
    for (const node of lineage(leaf).reverse()) {
      for (const [event, transitions] of node.transitions) {
        let row = found.find((r) => r.event === event);
        if (row === undefined) {
          row = { event, candidates: [] };
          found.push(row);
        }
        row.candidates.push(
          ...transitions.map((t, n) => candidateOf(leaf, node, event, t as unknown as Transition, n)),
        );
      }
    }
    return found;
  }

  function candidateOf(leaf: AnyStateNode, source: AnyStateNode, event: string, t: Transition, n: number): Candidate {
    const guard = typeof t.guard === 'string' ? t.guard : t.guard?.type;
    const target = t.target?.[0];
    let edge = edgeOf.get(t);
    if (edge === undefined) {
      const to = target === undefined ? '' : ` -> ${nodeName(target)}`;
      const name = `${nodeName(source)} ${event}#${n}${guard === undefined ? '' : ` [${guard}]`}${to}`;
      edge = { name, guard, taken: 0, guardTrue: 0, guardFalse: 0 };
      edgeOf.set(t, edge);
      edges.push(edge);
    }
    const test = guard === undefined ? undefined : (machine.implementations.guards[guard] as unknown as Fn);
    const testParams = typeof t.guard === 'object' ? t.guard.params : undefined;
    const own = t.actions.map(op);
    if (target === undefined) return { edge, test, testParams, ops: own, target: leaves.indexOf(leaf) };
    const domain = domainOf(source, target, t.reenter);
    const left = lineage(leaf).filter((node) => isInside(node, domain));
    const entersTarget = source !== target || domain !== source || t.reenter;
    const end = initialLeaf(target);
    const entered = lineage(end).filter((node) => isInside(node, domain) && (node !== target || entersTarget));
    const ops = [
      ...left.reverse().flatMap((node) => node.exit.map(op)),
      ...own,
      ...entered.flatMap((node) => entryOps(node, node === target || isInside(node, target))),
      ...completion(end),
    ];
    return { edge, test, testParams, ops, target: leaves.indexOf(end) };
  }

  function op(action: unknown): Op {
    const name = typeof action === 'string' ? action : (action as { type: string }).type;
    const implementation = typeof action === 'function' ? action : machine.implementations.actions[name];
    const { assignment } = implementation as unknown as { assignment?: Fn | Readonly<Record<string, unknown>> };
    const params = typeof action === 'object' ? (action as { params?: unknown }).params : undefined;
    return {
      effect: assignment === undefined ? name : undefined,
      params,
      assignment: typeof assignment === 'function' ? assignment : Object.entries(assignment ?? {}),
    };
  }

  function entryOps(node: AnyStateNode, byDefault: boolean): Op[] {
    const initial = byDefault && node.type === 'compound' ? node.initial.actions : [];
    return [...node.entry, ...initial].map(op);
  }

  /** Reaching a final child of the root ends the machine: everything still entered is left. */
  function completion(leaf: AnyStateNode): Op[] {
    if (leaf.type !== 'final' || leaf.parent !== machine.root) return [];
    return lineage(leaf)
      .reverse()
      .flatMap((node) => node.exit.map(op));
  }

  return {
    id: machine.id,
    states: chart.states,
    indexOf: chart.indexOf,
    matches: chart.matches,
    edges,
    start(input) {
      const { context } = machine.config as { context?: unknown };
      const first = typeof context === 'function' ? { ...context({ input }) } : (context ?? {});
      return run(startOps, leaves.indexOf(start[start.length - 1]), first, { type: 'xstate.init', input }) as Step<C>;
    },
    next(state, context, event) {
      const { type } = event as { type: string };
      const row = rows[state];
      // A leaf has a handful of events: comparing their names is quicker than a hash.
      let at = 0;
      while (at < row.length && row[at].event !== type) at++;
      if (at === row.length) return UNHANDLED;
      const { candidates } = row[at];
      for (let i = 0; i < candidates.length; i++) {
        const c = candidates[i];
        if (c.test !== undefined) {
          const args = { context, event };
          if (!c.test(args, paramsOf(c.testParams, args))) {
            c.edge.guardFalse++;
            continue;
          }
          c.edge.guardTrue++;
        }
        c.edge.taken++;
        return run(c.ops, c.target, context, event) as Step<C>;
      }
      return UNHANDLED;
    },
  };
}

function run(ops: readonly Op[], state: number, context: unknown, event: unknown): Step<unknown> {
  if (ops.length === 0) return { state, context, effects: NO_EFFECTS };
  const effects: Effect[] = [];
  const args = { context, event };
  for (let i = 0; i < ops.length; i++) {
    const { effect, params, assignment } = ops[i];
    const value = paramsOf(params, args);
    if (effect === undefined) args.context = assigned(assignment, args, value);
    else effects.push({ type: effect, params: value });
  }
  return { state, context: args.context, effects };
}

/** The context after an assignment; the values are computed from the context before it. */
function assigned(assignment: Op['assignment'], args: Args, params: unknown): object {
  if (typeof assignment === 'function') return { ...(args.context as object), ...(assignment(args, params) as object) };
  const context: Record<string, unknown> = { ...(args.context as object) };
  for (let i = 0; i < assignment.length; i++) {
    const [key, value] = assignment[i];
    context[key] = typeof value === 'function' ? (value as Fn)(args, params) : value;
  }
  return context;
}

const paramsOf = (params: unknown, args: Args): unknown => (typeof params === 'function' ? params(args) : params);

interface Transition {
  readonly target?: readonly AnyStateNode[];
  readonly guard?: string | { readonly type: string; readonly params?: unknown };
  readonly actions: readonly unknown[];
  readonly reenter: boolean;
}

/** The innermost state that stays active across a transition; undefined when even the root is left and entered again. */
function domainOf(source: AnyStateNode, target: AnyStateNode, reenter: boolean): AnyStateNode | undefined {
  if (!reenter && (target === source || isInside(target, source))) return source;
  const common = lineage(target)
    .slice(0, -1)
    .reverse()
    .find((node) => isInside(source, node));
  return common ?? (reenter ? undefined : source.machine.root);
}

/** Proper descendant; everything lies inside `undefined`. */
function isInside(node: AnyStateNode, ancestor: AnyStateNode | undefined): boolean {
  for (let n = node.parent; n !== undefined; n = n.parent) if (n === ancestor) return true;
  return ancestor === undefined;
}
