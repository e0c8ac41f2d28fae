/**
 * Life of a VM as RM keeps it; `meta.value` is the `VmState` that clients see, `meta.stage` the `ResetStage`
 * (fact base: rm-state-machines 1 and 4.2).
 */
import { setup } from 'xstate';

export interface VmLifeContext {
  noShutdown: boolean;
  crashFatal: boolean;
  noReset: boolean;
  /** The stage counter of an earlier reset stands at COMPLETED: RM never rewinds it. */
  cleanedBefore: boolean;
}

export type VmLifeEvent =
  /** VM_CONFIG_IMAGE succeeded, authentication type NONE or ANDROID / PLATFORM. */
  | { type: 'CONFIGURE' }
  | { type: 'CONFIGURE_PLATFORM' }
  /** VM_AUTH_IMAGE succeeded. */
  | { type: 'AUTHENTICATE' }
  /** VM_INIT succeeded. */
  | { type: 'CREATE' }
  /** VM_START succeeded. */
  | { type: 'START' }
  /** VM_CONFIG_IMAGE, VM_INIT or VM_START failed after it had begun. */
  | { type: 'FAIL' }
  /** All vCPUs are gone: VM_STOP with force, VM_EXIT, a halt. */
  | { type: 'EXIT' }
  /** VM_RESET. */
  | { type: 'RESET' }
  /** The work of the present reset stage is done. */
  | { type: 'STAGE_DONE' }
  /** VM_DEALLOCATE. */
  | { type: 'DEALLOCATE' };

const configure = { CONFIGURE: 'init', CONFIGURE_PLATFORM: 'auth', FAIL: 'initFailed', DEALLOCATE: 'none' } as const;
const reset = [
  { guard: 'resetNeedsNoWork', target: 'resetting.completed' },
  { guard: 'mayReset', target: 'resetting' },
] as const;

export const vmLifeMachine = setup({
  types: { context: {} as VmLifeContext, events: {} as VmLifeEvent },
  guards: {
    mayExit: ({ context }) => !context.noShutdown && !context.crashFatal,
    mayReset: ({ context }) => !context.noReset,
    resetNeedsNoWork: ({ context }) => !context.noReset && context.cleanedBefore,
  },
}).createMachine({
  id: 'vm-life',
  context: { noShutdown: false, crashFatal: false, noReset: false, cleanedBefore: false },
  initial: 'load',
  states: {
    load: { meta: { value: 5, doc: 'Allocated, no image.' }, on: configure },
    auth: {
      meta: { value: 6, doc: 'Configured; waits for VM_AUTH_IMAGE.' },
      on: { AUTHENTICATE: 'init', FAIL: 'initFailed' },
    },
    init: { meta: { value: 1, doc: 'Image known; waits for VM_INIT.' }, on: { CREATE: 'ready', FAIL: 'initFailed' } },
    ready: {
      meta: { value: 2, doc: 'All objects exist; waits for VM_START.' },
      on: { START: 'running', FAIL: 'initFailed', RESET: [...reset] },
    },
    running: { meta: { value: 3, doc: 'Powered on.' }, on: { EXIT: { guard: 'mayExit', target: 'exited' } } },
    initFailed: { meta: { value: 8, doc: 'Only a reset helps.' }, on: { RESET: [...reset] } },
    exited: { meta: { value: 9, doc: 'No vCPU runs any more.' }, on: { RESET: [...reset] } },
    resetting: {
      meta: { value: 10, doc: 'One stage step per event of RM.' },
      initial: 'init',
      states: {
        init: { meta: { stage: 0 }, on: { STAGE_DONE: 'destroyVdevices' } },
        destroyVdevices: { meta: { stage: 1 }, on: { STAGE_DONE: 'releaseMemparcels' } },
        releaseMemparcels: { meta: { stage: 2 }, on: { STAGE_DONE: 'releaseIrqs' } },
        releaseIrqs: { meta: { stage: 3 }, on: { STAGE_DONE: 'destroyVm' } },
        destroyVm: { meta: { stage: 4 }, on: { STAGE_DONE: 'cleanupVm' } },
        cleanupVm: { meta: { stage: 5 }, on: { STAGE_DONE: 'completed' } },
        completed: { meta: { stage: 6 }, on: { STAGE_DONE: '#vm-life.reset' } },
      },
    },
    reset: { meta: { value: 11, doc: 'Clean; may be configured again or deallocated.' }, on: configure },
    none: { type: 'final', meta: { value: 0, doc: 'The VMID is free.' } },
  },
});
