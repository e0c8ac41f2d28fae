/** Steps of time, interrupts and deaths: wait, wfi, yield, irqs, raise, dead, note. */
import { nearest } from '../base/index.js';
import { HYPERCALL_BASE } from '../hyp/index.js';
import { DEATHS, Platform } from '../protocol/index.js';
import { type Raised, raiseInterrupt, rmObject, type Simulator, vmName } from '../sim/index.js';
import { EMPTY_RESULT, numbersResult, type Result } from './outcome.js';
import { ended, type StepKind } from './step-kind.js';
import { choices, duration, isArray, number, ScenarioError } from './values.js';

/** The interrupts taken, as values: how many, and the first. */
const irqResult = (taken: readonly number[]): Result =>
  numbersResult({ count: BigInt(taken.length), irq: taken.length > 0 ? BigInt(taken[0]) : undefined });

const IRQ_VALUES = ['count', 'irq'];

export const irqs: StepKind = {
  keys: [],
  names: () => IRQ_VALUES,
  check(step, _scope, path) {
    const list = step.irqs;
    if (list !== true && !(isArray(list) && list.every((n) => typeof n === 'number'))) {
      throw new ScenarioError(`${path}.irqs`, 'not a list of interrupt numbers', 'write [962], or true for any');
    }
  },
  run(run, step, path) {
    run.machine.enableInterrupts();
    const taken = run.machine.takeInterrupts();
    run.say(taken.length === 0 ? 'no interrupt' : `interrupts ${taken.join(', ')}`);
    if (isArray(step.irqs) && step.irqs.join() !== taken.join()) {
      run.fail(`${path}.irqs`, `took ${taken.join(', ') || 'none'}, expected ${step.irqs.join(', ') || 'none'}`);
    }
    return irqResult(taken);
  },
  title: () => 'take interrupts',
};

const RAISE_FIRST = BigInt(Platform.SPI_FIRST);
const RAISE_LAST = BigInt(Platform.SPI_LAST);

export const raise: StepKind = {
  keys: [],
  names: () => ['delivered', 'virq'],
  check(step, scope, path) {
    const n = number(step.raise, scope, `${path}.raise`);
    if (n < RAISE_FIRST || n > RAISE_LAST)
      throw new ScenarioError(`${path}.raise`, `no shared interrupt ${n}`, `use ${RAISE_FIRST} to ${RAISE_LAST}`);
  },
  run(run, step, path) {
    const intid = Number(number(step.raise, run.scope, `${path}.raise`));
    const raised = raiseInterrupt(run.sim, intid);
    const { delivered, text } = told(run.sim, raised);
    run.say(`interrupt ${intid} ${text}`);
    return numbersResult({
      delivered: delivered ? 1n : 0n,
      virq: raised.kind === 'delivered' ? BigInt(raised.virq) : undefined,
    });
  },
  normally: { delivered: 1 },
  title: (step) => `a device raises interrupt ${String(step.raise)}`,
};

function told(sim: Simulator, raised: Raised): { delivered: boolean; text: string } {
  switch (raised.kind) {
    case 'delivered': {
      const owner = sim.rm.vms.find((vm) => vm?.irq != null && rmObject(sim, vm.irq.vic)?.id === raised.vic);
      return {
        delivered: true,
        text: `goes to ${owner == null ? 'nobody known' : vmName(owner.vmid)} as ${raised.virq}`,
      };
    }
    case 'active':
      return { delivered: false, text: 'is active: whoever has it has not ended the last one' };
    case 'disabled':
      return { delivered: false, text: 'is not enabled by the VM that has it' };
    case 'unbound':
      return { delivered: false, text: 'has nobody: it is lent out and not accepted, or was never given to a VM' };
    case 'unknown':
      return { delivered: false, text: 'does not exist on this board' };
  }
}

export const yieldStep: StepKind = {
  keys: [],
  check(step, scope, path) {
    const n = number(step.yield, scope, `${path}.yield`);
    if (n < 1n || n > 10_000n) throw new ScenarioError(`${path}.yield`, `${n} times`, 'use 1 to 10000');
  },
  run(run, step, path) {
    const n = Number(number(step.yield, run.scope, `${path}.yield`));
    for (let i = 0; i < n; i++) run.machine.host.call('hvc', HYPERCALL_BASE + 0x3b, []);
    return EMPTY_RESULT;
  },
  title: () => 'yield',
};

export const wait: StepKind = {
  keys: [],
  check(step, _scope, path) {
    duration(step.wait, `${path}.wait`);
  },
  run(run, step, path) {
    run.sim.spin(duration(step.wait, `${path}.wait`));
    return EMPTY_RESULT;
  },
  title: (step) => `spin for ${String(step.wait)}`,
};

export const wfi: StepKind = {
  keys: [],
  names: () => IRQ_VALUES,
  check(step, _scope, path) {
    duration(step.wfi, `${path}.wfi`);
  },
  run(run, step, path) {
    const { machine } = run;
    const ns = duration(step.wfi, `${path}.wfi`);
    machine.enableInterrupts();
    machine.takeInterrupts();
    machine.timer(ns);
    const bad = ended(machine.host.wfi(ns + 1_000_000_000), run);
    if (bad !== undefined) run.fail(`${path}.wfi`, bad);
    machine.timer(undefined);
    const taken = machine.takeInterrupts();
    run.say(`woken by ${taken.join(', ') || 'nothing'}`);
    return irqResult(taken);
  },
  title: (step) => `wait for an interrupt, timer ${String(step.wfi)} ahead`,
};

export const note: StepKind = {
  keys: [],
  check(step, _scope, path) {
    if (typeof step.note !== 'string') throw new ScenarioError(`${path}.note`, 'not text', 'write a string');
  },
  run(run, step) {
    run.note(String(step.note));
    return EMPTY_RESULT;
  },
  title: (step) => String(step.note),
};

export const dead: StepKind = {
  keys: [],
  check(step, _scope, path) {
    if (typeof step.dead !== 'string')
      throw new ScenarioError(
        `${path}.dead`,
        'not a name',
        'write the id of a death (docs/reference/deaths.md), or ""',
      );
    if (step.dead !== '' && !Object.hasOwn(DEATHS, step.dead))
      throw new ScenarioError(
        `${path}.dead`,
        `nothing dies of ${step.dead}`,
        nearest(step.dead, Object.keys(DEATHS)) === undefined
          ? '"gunyah-sim explain deaths" lists what there is'
          : choices(step.dead, Object.keys(DEATHS)),
      );
  },
  run(run, step, path) {
    const { rm, hyp } = run.sim;
    const found = rm.dead?.trigger ?? hyp.dead?.rule;
    run.say(found === undefined ? 'RM and the hypervisor are alive' : `dead: ${found}`);
    if (found === undefined || (step.dead !== '' && step.dead !== found)) {
      run.fail(
        `${path}.dead`,
        `${found === undefined ? 'nothing died' : `died of ${found}`}, expected ${String(step.dead) || 'a death'}`,
      );
    }
    return EMPTY_RESULT;
  },
  title: () => 'is RM dead?',
};
