/**
 * Breadth-first search of everything that a model can do. It knows nothing of virtual machines: a state has a name, and two
 * states of one name are one. The interface is that of Stateright's models: what is always true is part of `next`, what is
 * eventually possible is the way back to the first state.
 */

export interface Model<S, A> {
  readonly first: Reached<S>;
  /** What is tried in a state, in this order. */
  actions(state: S): readonly A[];
  next(state: S, action: A): Next<S>;
}

/** States of one name are one state. */
export interface Reached<S> {
  name: string;
  /** Its kind: for tables. */
  about: string;
  /** A reason why there may be no way back from it. */
  trap?: string | undefined;
  /** The state itself; called at once, and only where the name is new. */
  keep(): S;
}

export type Next<S> =
  | { kind: 'state'; reached: Reached<S> }
  /** Nothing is followed behind it. `trap`: that is a reason why there may be no way back. */
  | { kind: 'end'; why: string; trap: boolean }
  /** What always holds did not hold. */
  | { kind: 'broken' };

interface Node<S, A> {
  /** Until its actions are tried. */
  state: S | undefined;
  /** How it was first reached; -1: it is the first one. */
  from: number;
  by: A | undefined;
  depth: number;
  about: string;
  /** Where its actions lead. */
  to: number[];
  /** Why there may be no way back: its own reason, or that of the first action that ends so. */
  trap: string | undefined;
}

/** Actions that end in one way. */
export interface Ending<A> {
  why: string;
  count: number;
  /** The shortest way there, the last action included. */
  path: A[];
}

/** States of one kind. */
export interface Kind {
  about: string;
  states: number;
  /** Actions to the nearest one. */
  depth: number;
}

/** States without a way back to the first one. */
export interface Trap<A> {
  /** The nearest reason; undefined: there is none. */
  why: string | undefined;
  states: number;
  /** The shortest way into one. */
  path: A[];
}

export class Search<S, A> {
  /** Actions tried. */
  edges = 0;
  /** The shortest way to what must not be. */
  broken: A[] | undefined;
  private readonly nodes: Node<S, A>[] = [];
  private readonly byName = new Map<string, number>();
  private readonly endings = new Map<string, Ending<A>>();
  /** The first node whose actions have not all been tried. */
  private open = 0;

  constructor(
    private readonly model: Model<S, A>,
    /** States that many actions away are not followed. */
    private readonly maxDepth = Number.POSITIVE_INFINITY,
  ) {
    this.add(model.first, -1, undefined);
  }

  get states(): number {
    return this.nodes.length;
  }

  /** States whose actions have not all been tried. */
  get left(): number {
    return this.nodes.length - this.open;
  }

  /** Of the state found last, and so the greatest. */
  get depth(): number {
    return this.nodes[this.nodes.length - 1].depth;
  }

  /** Tries all actions of one more state. False: there is none left, or something is broken. */
  step(): boolean {
    const node = this.nodes[this.open];
    if (this.broken !== undefined || node?.state === undefined || node.depth >= this.maxDepth) return false;
    const { state } = node;
    const from = this.open;
    node.state = undefined;
    for (const action of this.model.actions(state)) {
      const next = this.model.next(state, action);
      this.edges++;
      if (next.kind === 'broken') {
        this.broken = [...this.pathTo(from), action];
        return false;
      }
      if (next.kind === 'state') node.to.push(this.add(next.reached, from, action));
      else this.end(from, action, next.why, next.trap);
    }
    this.open++;
    return true;
  }

  private add({ name, about, trap, keep }: Reached<S>, from: number, by: A | undefined): number {
    const { nodes, byName } = this;
    const known = byName.get(name);
    if (known !== undefined) return known;
    const depth = from < 0 ? 0 : nodes[from].depth + 1;
    byName.set(name, nodes.length);
    nodes.push({ state: keep(), from, by, depth, about, to: [], trap });
    return nodes.length - 1;
  }

  private end(from: number, action: A, why: string, trap: boolean): void {
    const ending = this.endings.get(why);
    if (ending === undefined) this.endings.set(why, { why, count: 1, path: [...this.pathTo(from), action] });
    else ending.count++;
    if (trap) this.nodes[from].trap ??= why;
  }

  private pathTo(node: number): A[] {
    const path: A[] = [];
    for (let { from, by } = this.nodes[node]; by !== undefined; { from, by } = this.nodes[from]) path.push(by);
    return path.reverse();
  }

  /** Ways to end, the first found first. */
  ends(): Ending<A>[] {
    return [...this.endings.values()];
  }

  /** Kinds of states, the nearest first. */
  kinds(): Kind[] {
    const kinds = new Map<string, Kind>();
    for (const { about, depth } of this.nodes) {
      const known = kinds.get(about);
      if (known === undefined) kinds.set(about, { about, states: 1, depth });
      else known.states++;
    }
    return [...kinds.values()];
  }

  /** States without a way back to the first one, as far as everything has been tried: by the nearest reason. */
  traps(): Trap<A>[] {
    const { nodes } = this;
    const before: number[][] = nodes.map(() => []);
    for (const [from, { to }] of nodes.entries()) for (const node of to) before[node].push(from);
    const home = backwards(before, new Map([[0, '']]));
    const trapped = nodes.flatMap(({ trap }, i): [number, string][] =>
      trap === undefined || home.has(i) ? [] : [[i, trap]],
    );
    const explained = backwards(before, new Map(trapped));
    const traps = new Map<string | undefined, Trap<A>>();
    for (let i = 0; i < this.open; i++) {
      if (home.has(i)) continue;
      const why = explained.get(i);
      const known = traps.get(why);
      if (known === undefined) traps.set(why, { why, states: 1, path: this.pathTo(i) });
      else known.states++;
    }
    return [...traps.values()];
  }
}

/** Every node from which one of these can be reached, with the label of the nearest. `before`: the nodes that lead to each. */
function backwards(before: readonly number[][], labels: Map<number, string>): ReadonlyMap<number, string> {
  // A map goes on with what is added while it is read.
  for (const [node, label] of labels) for (const from of before[node]) if (!labels.has(from)) labels.set(from, label);
  return labels;
}
