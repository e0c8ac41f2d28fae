/** Which programs of the machine, beside those that clients drive, have something to do right now. */
import type { Simulator } from '../sim/index.js';
import { executing } from '../vcpu/index.js';

/** RM or machine code has a CPU. A dead RM has nothing to do, however often it looks at the clock. */
export function programRuns(sim: Simulator): boolean {
  for (let cpu = 0; cpu < sim.hyp.config.cores; cpu++) {
    const v = executing(sim.hyp, cpu);
    if (v === undefined || sim.programOf(v) === 'host') continue;
    if (v.id !== sim.rootThread || sim.rm.dead === null) return true;
  }
  return false;
}

/** RM has a CPU and is alive. */
export function rmRuns(sim: Simulator): boolean {
  if (sim.rm.dead !== null) return false;
  for (let cpu = 0; cpu < sim.hyp.config.cores; cpu++) {
    if (executing(sim.hyp, cpu)?.id === sim.rootThread) return true;
  }
  return false;
}
