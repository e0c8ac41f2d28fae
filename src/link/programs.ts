/** The programs of the machine beside those that clients drive: which have something to do right now, and how they go on. */
import { ObjectType } from '../protocol/index.js';
import type { Simulator } from '../sim/index.js';
import { executing, isRunnable, type Vcpu } from '../vcpu/index.js';

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

/** RM is dead, and nobody else has a program to run or waits for a CPU. Then only timers matter. */
function onlyDeadRm(sim: Simulator): boolean {
  if (sim.rm.dead === null || programRuns(sim)) return false;
  return !sim.hyp.ofType[ObjectType.THREAD].some((id) => {
    if (id === sim.rootThread) return false;
    const v = sim.hyp.get<Vcpu>(id);
    return isRunnable(v) && !v.idling && !sim.inControl(v);
  });
}

/** One thing that the machine does now. False: there is none. */
export function stepMachine(sim: Simulator): boolean {
  if (sim.hyp.dead !== undefined || onlyDeadRm(sim)) return false;
  const before = sim.steps;
  sim.spin(1);
  return sim.steps !== before;
}

/** On to the next thing that happens by itself, or to `deadline` if that is earlier. False: there is neither. */
export function jump(sim: Simulator, deadline: number): boolean {
  if (sim.hyp.dead !== undefined) return false;
  const next = onlyDeadRm(sim) ? sim.hyp.vic.nextTimerEvent() : sim.nextEventAt();
  const until = Math.min(next, deadline);
  if (until === Number.POSITIVE_INFINITY) return false;
  sim.spin(Math.max(until - sim.hyp.now, 1));
  return true;
}
