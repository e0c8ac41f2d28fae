/** Executors of RM's own state machines, and the state numbers that records keep. */
import { registerMachine, UNHANDLED } from '../machine/index.js';
import { VmState } from '../protocol/index.js';
import { linkRxMachine, linkTxMachine } from './link/link.machine.js';
import { processMachine } from './process.machine.js';
import type { ProcessState, VmRecord } from './types.js';
import { type VmLifeContext, type VmLifeEvent, vmLifeMachine } from './vm/vm-life.machine.js';

export const linkRx = registerMachine('link-rx', linkRxMachine);
export const linkTx = registerMachine('link-tx', linkTxMachine);
export const RX_IDLE = linkRx.indexOf('idle');
export const TX_IDLE = linkTx.indexOf('idle');

const vmLife = registerMachine('vm-life', vmLifeMachine);
const processLife = registerMachine('rm-process', processMachine);

/** State of the chart for each `VmState`, and for each reset stage inside RESETTING; and the other way round (-1: no stage). */
const byState: number[] = [];
const byStage: number[] = [];
const stateOf: number[] = [];
const stageOf: number[] = [];
for (const { index, meta } of vmLife.states) {
  stateOf[index] = meta.value as number;
  stageOf[index] = typeof meta.stage === 'number' ? meta.stage : -1;
  if (stageOf[index] >= 0) byStage[stageOf[index]] = index;
  else byState[stateOf[index]] = index;
}

const contextOf = (vm: VmRecord): VmLifeContext => ({
  noShutdown: vm.noShutdown,
  crashFatal: vm.crashFatal,
  noReset: vm.noReset,
  cleanedBefore: vm.resetStage === byStage.length - 1,
});

function take(vm: VmRecord, type: VmLifeEvent['type']) {
  const at = vm.state === VmState.RESETTING ? byStage[vm.resetStage] : byState[vm.state];
  return vmLife.next(at, contextOf(vm), { type });
}

/** Whether the VM's state and flags allow the event. */
export const vmCan = (vm: VmRecord, type: VmLifeEvent['type']): boolean => take(vm, type) !== UNHANDLED;

/** Lets the VM take an event. False: its state or flags do not allow it, nothing changed. */
export function vmEvent(vm: VmRecord, type: VmLifeEvent['type']): boolean {
  const step = take(vm, type);
  if (step === UNHANDLED) return false;
  vm.state = stateOf[step.state];
  const stage = stageOf[step.state];
  if (stage >= 0) vm.resetStage = stage;
  return true;
}

/** The process state after an event; events that it cannot take leave it as it is. */
export function processEvent(state: ProcessState, type: 'BOOTED' | 'DIE'): ProcessState {
  const step = processLife.next(processLife.indexOf(state), {}, { type });
  return step === UNHANDLED ? state : (processLife.states[step.state].name as ProcessState);
}
