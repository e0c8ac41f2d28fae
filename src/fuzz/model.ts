/**
 * What a checker explores: states, what may be done in each, and what must hold. Fuzzing takes one random path through a
 * model; exploration takes all of them. Named after Stateright's properties.
 */
export interface Model<State, Action> {
  initial(): State;
  /** Everything that may be done in a state, in a fixed order. */
  actions(state: State): readonly Action[];
  /** The state after an action; undefined: the action leaves everything as it is. Never changes `state`. */
  next(state: State, action: Action): State | undefined;
  readonly properties: readonly Property<State>[];
}

export interface Property<State> {
  /** `always`: holds in every state. `sometimes`: holds in some state. `eventually`: every path comes to such a state. */
  readonly kind: 'always' | 'sometimes' | 'eventually';
  readonly name: string;
  holds(state: State): boolean;
}

export const always = <S>(name: string, holds: (state: S) => boolean): Property<S> => ({ kind: 'always', name, holds });
export const sometimes = <S>(name: string, holds: (state: S) => boolean): Property<S> => ({
  kind: 'sometimes',
  name,
  holds,
});
export const eventually = <S>(name: string, holds: (state: S) => boolean): Property<S> => ({
  kind: 'eventually',
  name,
  holds,
});
