/** Every machine of the project by name, for the equality test of the backends, coverage, pictures and documentation. */
import type { AnyStateMachine, ContextFrom, EventFrom, InputFrom } from 'xstate';
import { assert } from '../base/index.js';
import { type Compiled, compile } from './compile.js';
import { reference } from './reference.js';
import type { Executor } from './types.js';

export interface RegisteredMachine {
  readonly name: string;
  readonly machine: AnyStateMachine;
  readonly compiled: Compiled<unknown, { type: string }, unknown>;
}

export type Backend = 'compiled' | 'reference';

const machines = new Map<string, RegisteredMachine>();
const live: { name: string; executor: Record<'start' | 'next', unknown> }[] = [];

/** Compiles `machine`, lists it under `name` and returns its executor. Names are unique. */
export function registerMachine<M extends AnyStateMachine>(
  name: string,
  machine: M,
): Executor<ContextFrom<M>, EventFrom<M>, InputFrom<M>> {
  assert(!machines.has(name), `machine '${name}' is registered twice`);
  const compiled = compile(machine);
  machines.set(name, { name, machine, compiled: compiled as unknown as RegisteredMachine['compiled'] });
  const executor = { ...compiled };
  live.push({ name, executor });
  return executor;
}

/** All registered machines, by name. */
export const registeredMachines = (): readonly RegisteredMachine[] =>
  [...machines.values()].sort((a, b) => (a.name < b.name ? -1 : 1));

/** Chooses what runs the registered machines from now on. Only tests use `reference`. */
export function setBackend(backend: Backend): void {
  for (const { name, executor } of live) {
    const entry = machines.get(name);
    assert(entry !== undefined, `machine '${name}' is not registered`);
    const source = backend === 'compiled' ? entry.compiled : reference(entry.machine);
    executor.start = source.start;
    executor.next = source.next;
  }
}
