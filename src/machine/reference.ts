/**
 * XState itself behind the same interface as the compiled table: slow, and right by definition. One inert actor scope is reused for
 * all steps (XState's `transition()` builds an actor per call); its action executor only collects.
 */
import {
  type AnyActorScope,
  type AnyStateMachine,
  type ContextFrom,
  createActor,
  type EventFrom,
  type InputFrom,
} from 'xstate';
import { assert } from '../base/index.js';
import { chartOf } from './chart.js';
import { type Effect, type Executor, type Step, UNHANDLED } from './types.js';

/** XState itself behind the same interface: the second backend of tests. */
export function reference<M extends AnyStateMachine>(machine: M): Executor<ContextFrom<M>, EventFrom<M>, InputFrom<M>> {
  type C = ContextFrom<M>;
  const chart = chartOf(machine);
  const values = chart.leaves.map((leaf) =>
    leaf.path.reduceRight<unknown>((v, key) => (v === undefined ? key : { [key]: v }), undefined),
  );
  const byName = new Map(chart.states.map((s) => [s.name, s.index]));
  const effects: Effect[] = [];
  let scope: AnyActorScope | undefined;

  function inertScope(): AnyActorScope {
    if (scope !== undefined) return scope;
    const self = createActor(machine as AnyStateMachine);
    scope = {
      self,
      id: '',
      sessionId: '',
      logger: () => {},
      defer: () => {},
      emit: () => {},
      stopChild: () => {},
      system: self.system,
      actionExecutor: (action: { type: string; params: unknown }) => {
        effects.push({ type: action.type, params: action.params });
      },
    } as unknown as AnyActorScope;
    return scope;
  }

  function step(snapshot: { value: unknown; context: unknown; status: string; error?: unknown }): Step<C> {
    if (snapshot.status === 'error') throw snapshot.error;
    const state = byName.get(pathOf(snapshot.value));
    assert(state !== undefined, `machine '${machine.id}' is in an unknown state`);
    return { state, context: snapshot.context as C, effects: effects.slice() };
  }

  return {
    id: machine.id,
    states: chart.states,
    indexOf: chart.indexOf,
    matches: chart.matches,
    start(input) {
      const s = inertScope();
      effects.length = 0;
      return step(machine.getInitialSnapshot(s as never, input as never));
    },
    next(state, context, event) {
      if (chart.states[state].done) return UNHANDLED;
      const snapshot = machine.resolveState({ value: values[state] as never, context: context as never });
      if (machine.getTransitionData(snapshot as never, event as never).length === 0) return UNHANDLED;
      const s = inertScope();
      effects.length = 0;
      return step(machine.transition(snapshot as never, event as never, s as never));
    },
  };
}

function pathOf(value: unknown): string {
  if (typeof value === 'string') return value;
  const [key, rest] = Object.entries(value as Record<string, unknown>)[0];
  return `${key}.${pathOf(rest)}`;
}
