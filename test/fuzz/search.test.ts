/** The search by itself, on puzzles whose numbers are known. */
import { describe, expect, it } from 'vitest';
import { type Model, type Next, type Reached, Search } from '../../src/fuzz/explore/index.js';

/** A model of whole numbers: where each leads by each action. */
function numbers(
  next: Record<number, readonly (number | Next<number>)[]>,
  traps: readonly number[] = [],
): Search<number, number> {
  const reached = (n: number): Reached<number> => ({
    name: String(n),
    about: n % 2 === 0 ? 'even' : 'odd',
    trap: traps.includes(n) ? 'a pit' : undefined,
    keep: () => n,
  });
  return new Search<number, number>({
    first: reached(0),
    actions: (n) => (next[n] ?? []).map((_, i) => i),
    next(n, action) {
      const to = next[n][action];
      return typeof to === 'number' ? { kind: 'state', reached: reached(to) } : to;
    },
  });
}

const all = <S, A>(search: Search<S, A>): Search<S, A> => {
  while (search.step());
  return search;
};

type Jugs = readonly [small: number, big: number];
/** Jugs of three and five litres, filled, emptied and poured into each other. */
const jugs: Model<Jugs, string> = {
  first: jugsAt([0, 0]),
  actions: () => ['fill small', 'fill big', 'empty small', 'empty big', 'into big', 'into small'],
  next([small, big], action) {
    const poured = Math.min(...(action === 'into big' ? [small, 5 - big] : [big, 3 - small]));
    const to: Record<string, Jugs> = {
      'fill small': [3, big],
      'fill big': [small, 5],
      'empty small': [0, big],
      'empty big': [small, 0],
      'into big': [small - poured, big + poured],
      'into small': [small + poured, big - poured],
    };
    return to[action][1] === 4 ? { kind: 'broken' } : { kind: 'state', reached: jugsAt(to[action]) };
  },
};
function jugsAt(at: Jugs): Reached<Jugs> {
  return { name: at.join(), about: `${at[0] + at[1]} litres`, keep: () => at };
}

describe('the search', () => {
  it('finds the shortest way to what must not be', () => {
    const search = all(new Search(jugs));
    expect(search.broken).toEqual(['fill big', 'into small', 'empty small', 'into small', 'fill big', 'into small']);
    expect(search.step()).toBe(false);
    expect(search.left).toBeGreaterThan(0);
  });

  it('finds every state once, tries every action in it, and stops where it is told to', () => {
    const search = all(numbers({ 0: [1, 2], 1: [3, 0], 2: [3, 3], 3: [0] }));
    expect([search.states, search.edges, search.depth, search.left]).toEqual([4, 7, 2, 0]);
    expect(search.kinds()).toEqual([
      { about: 'even', states: 2, depth: 0 },
      { about: 'odd', states: 2, depth: 1 },
    ]);
    const cut = all(new Search(jugs, 2));
    expect([cut.states, cut.edges, cut.depth, cut.left]).toEqual([6, 18, 2, 3]);
  });

  it('keeps a state until its actions are tried, and none twice', () => {
    let kept = 0;
    const counting = { ...jugs, first: { ...jugs.first, keep: (): Jugs => [kept++ && 0, 0] } };
    all(new Search(counting, 4));
    expect(kept).toBe(1);
  });

  it('counts what it does not follow, with the shortest way there', () => {
    const end: Next<number> = { kind: 'end', why: 'the sea', trap: false };
    expect(all(numbers({ 0: [1], 1: [end, 2], 2: [end] })).ends()).toEqual([
      { why: 'the sea', count: 2, path: [0, 0] },
    ]);
  });

  it('tells from where there is no way back, and the nearest reason', () => {
    const cliff: Next<number> = { kind: 'end', why: 'a cliff', trap: true };
    // 1 leads back. 2, 3, 4 and 5 do not: 3 is next to the cliff, 4 is a pit; 6 and 7 go round for no reason.
    const search = all(
      numbers({ 0: [1, 2, 6], 1: [0, cliff], 2: [3, 5], 3: [cliff], 4: [], 5: [4], 6: [7], 7: [6] }, [4]),
    );
    expect(search.traps()).toEqual([
      { why: 'a cliff', states: 2, path: [1] },
      { why: undefined, states: 2, path: [2] },
      { why: 'a pit', states: 2, path: [1, 1] },
    ]);
  });
});
