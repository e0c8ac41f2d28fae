/** Which transitions and guard outcomes were taken since the last reset. Counted by the compiled backend only. */
import { registeredMachines } from './registry.js';

/** Of one machine. */
export interface MachineCoverage {
  readonly machine: string;
  readonly transitions: number;
  readonly transitionsTaken: number;
  readonly guardOutcomes: number;
  readonly guardOutcomesSeen: number;
  /** Names of transitions never taken. */
  readonly missedTransitions: readonly string[];
  /** `<transition>: true|false` for outcomes never seen. */
  readonly missedGuards: readonly string[];
}

/** Coverage of `machines`: by default of every registered machine, by name. */
export function coverage(machines = registeredMachines()): readonly MachineCoverage[] {
  return machines.map(({ name, compiled: { edges } }) => {
    const missedTransitions = edges.filter((e) => e.taken === 0).map((e) => e.name);
    const guarded = edges.filter((e) => e.guard !== undefined);
    const missedGuards = guarded.flatMap((e) => [
      ...(e.guardTrue === 0 ? [`${e.name}: true`] : []),
      ...(e.guardFalse === 0 ? [`${e.name}: false`] : []),
    ]);
    return {
      machine: name,
      transitions: edges.length,
      transitionsTaken: edges.length - missedTransitions.length,
      guardOutcomes: guarded.length * 2,
      guardOutcomesSeen: guarded.length * 2 - missedGuards.length,
      missedTransitions,
      missedGuards,
    };
  });
}

/** Sets all counters to zero. */
export function resetCoverage(): void {
  for (const { compiled } of registeredMachines()) {
    for (const edge of compiled.edges) {
      edge.taken = 0;
      edge.guardTrue = 0;
      edge.guardFalse = 0;
    }
  }
}
