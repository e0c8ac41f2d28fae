import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compile, reference, registeredMachines } from '../../src/machine/index.js';
import '../../src/rm/index.js';
import '../../src/vcpu/index.js';

/** The machines of the project, held equal in both backends with contexts as their owners could have filled them. */

const EXPECTED = [
  'irq-loan',
  'link-rx',
  'link-tx',
  'memparcel',
  'object-life',
  'rm-process',
  'thread-life',
  'vcpu-proxy',
  'vm-life',
];
const machines = registeredMachines().filter((m) => !m.name.startsWith('test-'));

/** The same keys with other values: booleans both ways, small numbers. */
function contextLike(example: unknown): fc.Arbitrary<unknown> {
  const entries = Object.entries(example as Record<string, unknown>).map(([key, value]) => {
    const arbitrary =
      typeof value === 'boolean' ? fc.boolean() : typeof value === 'number' ? fc.nat(3) : fc.constant(value);
    return [key, arbitrary] as const;
  });
  return fc.record(Object.fromEntries(entries));
}

test('every machine of the project is registered', () => {
  expect(machines.map((m) => m.name)).toEqual(EXPECTED);
});

test.each(machines.map((m) => [m.name, m] as const))(
  '%s is the same machine in both backends',
  (_, { machine, compiled }) => {
    const fast = compile(machine);
    const slow = reference(machine);
    expect(fast.start()).toEqual(slow.start());
    const types = [
      ...new Set(compiled.edges.map((e) => e.name.split(' ')[1].replace(/#\d+$/, ''))),
      'NOBODY_SENDS_THIS',
    ];
    const step = fc.record({
      state: fc.nat(fast.states.length - 1),
      context: contextLike(fast.start().context),
      type: fc.constantFrom(...types),
    });
    fc.assert(
      fc.property(step, ({ state, context, type }) => {
        expect(fast.next(state, context as never, { type } as never)).toEqual(
          slow.next(state, context as never, { type } as never),
        );
      }),
      { numRuns: 300, seed: 2 },
    );
  },
);

test('every state of every machine has a name of its own', () => {
  for (const { compiled } of machines) {
    const names = compiled.states.map((s) => s.name);
    expect(new Set(names).size).toBe(names.length);
  }
});
