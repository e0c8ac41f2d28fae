import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type AnyStateMachine, assign, createMachine, raise, setup } from 'xstate';
import { compile, coverage, effect, reference, registeredMachines, UNHANDLED } from '../../src/machine/index.js';

type Ctx = { n: number };
type Ev = { type: string; v: number };

const base = setup({
  types: { context: {} as Ctx, events: {} as Ev },
  guards: {
    odd: ({ context }) => context.n % 2 === 1,
    big: ({ event }) => event.v > 3,
    above: ({ context }, params: { limit: number }) => context.n > params.limit,
  },
  actions: {
    bell: effect<undefined>,
    send: effect<{ n: number }>,
    inc: assign({ n: ({ context }) => context.n + 1 }),
    add: assign(({ context, event }) => ({ n: context.n + event.v })),
    set: assign(({ context }, params: { by: number }) => ({ n: context.n * params.by })),
  },
});

/** A machine with every allowed feature, as a plain configuration made from a list of choices. */
function randomMachine(choices: readonly number[]): AnyStateMachine {
  let at = 0;
  const pick = (n: number): number => choices[at++ % choices.length] % n;
  const ids: string[] = [];
  const actions = (): unknown[] =>
    Array.from(
      { length: pick(3) },
      () =>
        [
          'bell',
          'inc',
          'add',
          { type: 'send', params: { n: 7 } },
          { type: 'send', params: ({ context }: { context: Ctx }) => ({ n: context.n }) },
          { type: 'set', params: { by: 3 } },
        ][pick(6)],
    );
  const shape = (depth: number, id: string): Record<string, unknown> => {
    if (depth > 0) ids.push(id);
    const count = depth === 0 ? 2 + pick(2) : depth < 3 && pick(2) === 0 ? 1 + pick(3) : 0;
    const keys = Array.from({ length: count }, (_, i) => `s${i}`);
    if (count === 0 && depth > 0 && pick(5) === 0) return { id, type: 'final', entry: actions(), exit: actions() };
    const states = Object.fromEntries(keys.map((k) => [k, shape(depth + 1, `${id}_${k}`)]));
    const node: Record<string, unknown> = { id, entry: actions(), exit: actions() };
    if (count === 0) return node;
    const target = keys[pick(count)];
    return { ...node, states, initial: pick(2) === 0 ? target : { target, actions: actions() } };
  };
  const root = shape(0, 'm');
  const transitions = (node: Record<string, unknown>): void => {
    if (node.type !== 'final') {
      const on: Record<string, unknown> = {};
      for (const event of ['A', 'B', 'C']) {
        const list = Array.from({ length: pick(3) }, () => {
          const guard = [undefined, 'odd', 'big', { type: 'above', params: { limit: 5 } }][pick(4)];
          const target = pick(4) === 0 ? {} : { target: `#${ids[pick(ids.length)]}` };
          return { ...target, ...(guard === undefined ? {} : { guard }), actions: actions(), reenter: pick(2) === 0 };
        });
        if (list.length > 0) on[event] = list;
      }
      node.on = on;
    }
    for (const child of Object.values((node.states ?? {}) as Record<string, Record<string, unknown>>))
      transitions(child);
  };
  transitions(root);
  return base.createMachine({ ...root, context: { n: 0 } } as never) as unknown as AnyStateMachine;
}

/** Runs both backends side by side and compares everything they return. */
function agree(machine: AnyStateMachine, events: readonly Ev[]): void {
  const fast = compile(machine);
  const slow = reference(machine);
  let a = fast.start();
  expect(a).toEqual(slow.start());
  for (const event of events) {
    const x = fast.next(a.state, a.context, event);
    expect(x).toEqual(slow.next(a.state, a.context, event));
    if (x !== UNHANDLED) a = x;
  }
}

const eventsOf = (types: readonly string[]): fc.Arbitrary<Ev[]> =>
  fc.array(fc.record({ type: fc.constantFrom(...types), v: fc.nat(6) }), { maxLength: 12 });

test('both backends agree on state, context and effects of random machines', () => {
  const choices = fc.array(fc.nat(1000), { minLength: 40, maxLength: 120 });
  fc.assert(
    fc.property(choices, eventsOf(['A', 'B', 'C', 'D']), (c, events) => agree(randomMachine(c), events)),
    { numRuns: 80, seed: 1 },
  );
});

test('every machine of the project can be started by both backends alike', () => {
  for (const { machine } of registeredMachines()) expect(compile(machine).start()).toEqual(reference(machine).start());
});

test('an event that no state takes is visible as unhandled, also after the end', () => {
  const m = compile(createMachine({ id: 'm', initial: 'a', states: { a: { on: { GO: 'b' } }, b: { type: 'final' } } }));
  expect(m.next(0, {}, { type: 'NO' })).toBe(UNHANDLED);
  expect(m.next(0, {}, { type: 'GO' })).toEqual({ state: 1, context: {}, effects: [] });
  expect(m.states[1].done).toBe(true);
  expect(m.next(1, {}, { type: 'GO' })).toBe(UNHANDLED);
});

test('states have dotted names and merged meta, and know what they lie inside', () => {
  const m = compile(
    createMachine({
      id: 'm',
      initial: 'a',
      states: { a: { meta: { doc: 'outer', n: 1 }, initial: 'x', states: { x: { meta: { n: 2 } } } } },
    }),
  );
  expect(m.states[0]).toMatchObject({ name: 'a.x', meta: { doc: 'outer', n: 2 } });
  expect(m.matches(m.indexOf('a.x'), 'a')).toBe(true);
  expect(m.matches(0, 'a.y')).toBe(false);
  expect(() => m.indexOf('z')).toThrow("machine 'm' has no state 'z'");
});

const leaf = { x: {}, y: {} };
const refused: [string, object, string][] = [
  ['parallel', { initial: 'a', states: { a: { type: 'parallel', states: leaf } } }, "state 'a': type 'parallel'"],
  ['history', { initial: 'a', states: { a: { initial: 'x', states: { x: {}, h: { type: 'history' } } } } }, "'a.h'"],
  ['always', { initial: 'x', states: { x: { always: 'y' }, y: {} } }, "state 'x': 'always'"],
  ['after', { initial: 'x', states: { x: { after: { 5: 'y' } }, y: {} } }, "state 'x': 'after'"],
  ['invoke', { initial: 'x', states: { x: { invoke: { src: 'q' } } } }, "'invoke'"],
  ['onDone', { initial: 'a', states: { a: { onDone: 'b', initial: 'x', states: leaf }, b: {} } }, "'onDone'"],
  ['raise', { initial: 'x', states: { x: { entry: raise({ type: 'E' }) } } }, "'xstate.raise'"],
  ['inline action', { initial: 'x', states: { x: { exit: () => {} } } }, 'an inline action'],
  ['unnamed action', { initial: 'x', states: { x: { exit: 'nobody' } } }, "'nobody'"],
  ['inline guard', { initial: 'x', states: { x: { on: { E: { target: 'y', guard: () => true } } }, y: {} } }, 'guard'],
  ['wildcard', { initial: 'x', states: { x: { on: { '*': 'y' } }, y: {} } }, "event '*'"],
];
test.each(refused)('%s is refused at start-up, naming the state', (_, config, message) => {
  expect(() => compile(createMachine({ id: 'm', ...config } as never))).toThrow(message);
});

test('coverage names the transitions and guard outcomes never taken', () => {
  const machine = base.createMachine({
    id: 'probe',
    context: { n: 0 },
    initial: 'a',
    states: { a: { on: { A: { guard: 'odd', target: 'b' }, B: { actions: 'inc' } } }, b: {} },
  });
  // Not registered: other tests ask for the coverage of all registered machines.
  const compiled = compile(machine);
  const of = () => coverage([{ name: 'probe', compiled: compiled as never, machine }])[0];
  expect(of()?.missedTransitions).toEqual(['a A#0 [odd] -> b', 'a B#0']);
  compiled.next(0, { n: 0 }, { type: 'A', v: 0 });
  compiled.next(0, { n: 0 }, { type: 'B', v: 0 });
  expect(of()).toMatchObject({
    transitionsTaken: 1,
    missedTransitions: ['a A#0 [odd] -> b'],
    missedGuards: ['a A#0 [odd] -> b: true'],
  });
});
