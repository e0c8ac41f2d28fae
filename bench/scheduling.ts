import { HYPERCALL_BASE } from '../src/hyp/index.js';
import { reference, registeredMachines } from '../src/machine/index.js';
import { Call } from '../src/protocol/index.js';
import { Machine } from '../src/scenario/index.js';
import { deadlines, registers, stateSteps } from './limits.js';
import { type Figures, figure } from './measure.js';
import { boot } from './platform.js';

export function scheduling(): Figures {
  const p = boot();
  const { sim, host } = p;
  // RM is blocked: a yield to nobody; then one wake-up of RM and back, which is two context switches.
  const yields = figure(
    '/s',
    (n) => {
      for (let i = 0; i < n; i++) {
        host.x.fill(0n, 0, 4);
        host.hvc(HYPERCALL_BASE + Call.SCHEDULER_YIELD);
      }
    },
    registers,
  );
  const root = sim.hyp.get(sim.rootThread);
  const switches = figure(
    '/s',
    (n) => {
      for (let i = 0; i < n; i += 2) {
        sim.hyp.sched.wakeup(root as never);
        host.x.fill(0n, 0, 4);
        host.hvc(HYPERCALL_BASE + Call.SCHEDULER_YIELD);
      }
    },
    registers,
  );
  // The virtual timer of the primary VM fires, is taken, and is armed again.
  const timed = new Machine(sim, undefined);
  timed.enableInterrupts();
  const events = figure(
    '/s',
    (n) => {
      for (let i = 0; i < n; i++) {
        timed.timer(1000);
        timed.host.wfi();
        timed.timer(undefined);
        timed.takeInterrupts();
      }
    },
    deadlines,
  );
  return { 'yield, nobody else': yields, 'context switch': switches, 'timer event (arm, sleep, wake, take)': events };
}

export function machines(): Figures {
  const entry = registeredMachines().find((m) => m.name === 'vcpu-proxy');
  if (entry === undefined) throw new Error('no machine vcpu-proxy');
  const steps =
    (executor: typeof entry.compiled | ReturnType<typeof reference>) =>
    (n: number): void => {
      const ex = executor as typeof entry.compiled;
      let state = ex.start(undefined).state;
      for (let i = 0; i < n; i++) {
        const next = ex.next(state, {}, { type: i === 0 ? 'ENABLE' : i & 1 ? 'RUN' : 'READY' });
        if (next !== 'unhandled') state = next.state;
      }
    };
  return {
    'machine step, compiled': figure('/s', steps(entry.compiled), stateSteps),
    'machine step, XState': figure('/s', steps(reference(entry.machine)), stateSteps),
  };
}
