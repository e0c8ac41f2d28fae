/** The leaves of a checked machine in document order, shared by both backends. */
import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { assert } from '../base/index.js';
import { checkProfile } from './profile.js';
import type { StateInfo } from './types.js';

/** State numbers are indices into `leaves` and `states`. */
export interface Chart {
  readonly machine: AnyStateMachine;
  readonly leaves: readonly AnyStateNode[];
  readonly states: readonly StateInfo[];
  indexOf(name: string): number;
  matches(state: number, name: string): boolean;
}

export function chartOf(machine: AnyStateMachine): Chart {
  checkProfile(machine);
  const leaves = leavesOf(machine.root);
  const states = leaves.map((leaf, index): StateInfo => {
    const line = lineage(leaf);
    return {
      index,
      name: leaf.path.join('.'),
      meta: Object.assign({}, ...line.map((node) => node.meta)),
      tags: line.flatMap((node) => node.tags),
      done: leaf.type === 'final' && leaf.parent === machine.root,
    };
  });
  return {
    machine,
    leaves,
    states,
    indexOf(name) {
      const index = states.findIndex((s) => s.name === name);
      assert(index >= 0, `machine '${machine.id}' has no state '${name}'`);
      return index;
    },
    matches: (state, name) => states[state].name === name || states[state].name.startsWith(`${name}.`),
  };
}

const leavesOf = (node: AnyStateNode): AnyStateNode[] =>
  node.type === 'compound' ? Object.values(node.states).flatMap((child) => leavesOf(child as AnyStateNode)) : [node];

/** From the root down to `node`, both included. */
export function lineage(node: AnyStateNode): AnyStateNode[] {
  const line: AnyStateNode[] = [];
  for (let n: AnyStateNode | undefined = node; n !== undefined; n = n.parent) line.unshift(n);
  return line;
}

/** The leaf reached by entering `node` through its initial states. */
export function initialLeaf(node: AnyStateNode): AnyStateNode {
  let leaf = node;
  while (leaf.type === 'compound') leaf = leaf.initial.target[0] as AnyStateNode;
  return leaf;
}
