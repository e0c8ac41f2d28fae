/** The subset of XState that the simulator's machines may use, checked once at start-up.
 *
 * Allowed: nested states, `on`, named pure guards, `assign`, named effect actions with `params`, entry, exit, final, `meta`, `tags`.
 * All else (parallel, history, always, after, invoke, onDone, spawn, sendTo, raise, wildcards, inline functions) would hide control
 * flow or perform effects inside the machine.
 */
import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { SimBug } from '../base/index.js';

const STATE_KEYS = new Set('id initial states on entry exit type meta description tags'.split(' '));
const ROOT_KEYS = new Set('context version types schemas'.split(' '));
const TRANSITION_KEYS = new Set('target guard actions reenter meta description'.split(' '));
const STATE_TYPES = new Set(['atomic', 'compound', 'final']);

/** Throws {@link SimBug} naming the machine, the state and what is refused. */
export function checkProfile(machine: AnyStateMachine): void {
  checkState(machine, machine.root);
}

function checkState(machine: AnyStateMachine, node: AnyStateNode): void {
  const refuse = (what: string): never => {
    throw new SimBug(`machine '${machine.id}', state '${nodeName(node)}': ${what} is outside the profile`);
  };
  const config = node.config as unknown as Record<string, unknown>;
  for (const key of Object.keys(config)) {
    if (config[key] === undefined || STATE_KEYS.has(key) || (node.parent === undefined && ROOT_KEYS.has(key))) continue;
    refuse(`'${key}'`);
  }
  if (!STATE_TYPES.has(node.type)) refuse(`type '${node.type}'`);
  if (node.parent === undefined && node.type !== 'compound') refuse('a root without states');
  checkActions(machine, node.entry, 'entry', refuse);
  checkActions(machine, node.exit, 'exit', refuse);
  if (node.type === 'compound') checkActions(machine, node.initial.actions, 'initial', refuse);
  for (const [event, transitions] of node.transitions) {
    if (event.includes('*') || event.startsWith('xstate.')) refuse(`event '${event}'`);
    for (const t of transitions) checkTransition(machine, t as unknown as Record<string, unknown>, event, refuse);
  }
  for (const child of Object.values(node.states)) checkState(machine, child as AnyStateNode);
}

const DERIVED_KEYS = new Set(['source', 'eventType', 'toJSON']);

function checkTransition(
  machine: AnyStateMachine,
  t: Record<string, unknown>,
  event: string,
  refuse: (what: string) => never,
): void {
  for (const key of Object.keys(t)) {
    if (!TRANSITION_KEYS.has(key) && !DERIVED_KEYS.has(key)) refuse(`'${key}' on event '${event}'`);
  }
  if (Array.isArray(t.target) && t.target.length !== 1) refuse(`more than one target on event '${event}'`);
  checkActions(machine, t.actions as readonly unknown[], `event '${event}'`, refuse);
  if (t.guard === undefined) return;
  const name = typeof t.guard === 'string' ? t.guard : (t.guard as { type?: unknown }).type;
  if (typeof t.guard === 'function' || typeof name !== 'string') refuse(`an inline guard on event '${event}'`);
  const implementation = machine.implementations.guards[name as string] as unknown;
  if (typeof implementation !== 'function' || 'check' in implementation) {
    refuse(`guard '${String(name)}', which is not a plain function of setup(),`);
  }
}

function checkActions(
  machine: AnyStateMachine,
  actions: readonly unknown[],
  where: string,
  refuse: (what: string) => never,
): void {
  for (const action of actions) {
    const named = typeof action !== 'function';
    const name = typeof action === 'string' ? action : String((action as { type?: unknown }).type ?? '');
    const implementation = named ? (machine.implementations.actions[name] as unknown) : action;
    if (typeof implementation === 'function' && 'resolve' in implementation) {
      const builtin = (implementation as unknown as { type: string }).type;
      if (builtin !== 'xstate.assign') refuse(`action '${builtin}' in ${where}`);
    } else if (!named) {
      refuse(`an inline action in ${where}`);
    } else if (implementation === undefined) {
      refuse(`action '${name}' in ${where}, which setup() does not name,`);
    }
  }
}

/** Dotted path of a state node; the root is `(root)`. */
export const nodeName = (node: AnyStateNode): string => (node.path.length === 0 ? '(root)' : node.path.join('.'));
