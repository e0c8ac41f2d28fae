/** Which programs of the machine, beside those that clients drive, have something to do right now. */
import type { Simulator } from '../sim/index.js';
import { executing } from '../vcpu/index.js';

/** RM or machine code has a CPU. */
export function programRuns(sim: Simulator): boolean {
  for (let cpu = 0; cpu < sim.hyp.config.cores; cpu++) {
    const v = executing(sim.hyp, cpu);
    if (v !== undefined && sim.programOf(v) !== 'host') return true;
  }
  return false;
}

/** RM has a CPU. */
export function rmRuns(sim: Simulator): boolean {
  for (let cpu = 0; cpu < sim.hyp.config.cores; cpu++) {
    if (executing(sim.hyp, cpu)?.id === sim.rootThread) return true;
  }
  return false;
}
