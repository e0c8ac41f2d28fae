/**
 * A vCPU as its proxy manager sees it (fact base vcpu-and-scheduler 9). It waits in the state that the last `vcpu_run`
 * reported; RUN enters it, the matching event leaves it again. RUN in any other state is BUSY. A run that is refused after
 * the vCPU was released never leaves `inside`: a defect of the original.
 */
import { setup } from 'xstate';
import { effect } from '../machine/index.js';

type Returned =
  | { type: 'READY' }
  | { type: 'EXPECTS_WAKEUP' }
  | { type: 'POWERED_OFF' }
  | { type: 'BLOCKED' }
  | { type: 'ADDRSPACE_VMMIO_READ' }
  | { type: 'ADDRSPACE_VMMIO_WRITE' }
  | { type: 'FAULT' }
  | { type: 'PSCI_SYSTEM_RESET' };

export const proxyMachine = setup({
  types: { events: {} as Returned | { type: 'ENABLE' } | { type: 'RUN' } },
  actions: {
    /** The first resume word is the value that the guest reads. */
    supplyRead: effect<undefined>,
    completeWrite: effect<undefined>,
  },
}).createMachine({
  id: 'vcpu-proxy',
  initial: 'native',
  states: {
    native: { meta: { doc: 'scheduled like any thread' }, on: { ENABLE: 'waiting' } },
    waiting: {
      initial: 'ready',
      states: {
        ready: { meta: { doc: 'gave the CPU back, or never ran', value: 0 }, on: { RUN: '#vcpu-proxy.inside' } },
        expectsWakeup: { meta: { doc: 'WFI or suspend', value: 1 }, on: { RUN: '#vcpu-proxy.inside' } },
        poweredOff: { meta: { doc: 'off, halted or exited', value: 2 }, on: { RUN: '#vcpu-proxy.inside' } },
        blocked: { meta: { doc: 'inside the hypervisor', value: 3 }, on: { RUN: '#vcpu-proxy.inside' } },
        vmmioRead: {
          meta: { doc: 'reads a device of the manager', value: 4 },
          on: { RUN: { target: '#vcpu-proxy.inside', actions: 'supplyRead' } },
        },
        vmmioWrite: {
          meta: { doc: 'writes a device of the manager', value: 5 },
          on: { RUN: { target: '#vcpu-proxy.inside', actions: 'completeWrite' } },
        },
        fault: { meta: { doc: 'halted by a fault', value: 6 }, on: { RUN: '#vcpu-proxy.inside' } },
        systemReset: { meta: { doc: 'asked for a reset', value: 0x100 }, on: { RUN: '#vcpu-proxy.inside' } },
      },
    },
    inside: {
      meta: { doc: 'a vcpu_run is in progress' },
      on: {
        READY: 'waiting.ready',
        EXPECTS_WAKEUP: 'waiting.expectsWakeup',
        POWERED_OFF: 'waiting.poweredOff',
        BLOCKED: 'waiting.blocked',
        ADDRSPACE_VMMIO_READ: 'waiting.vmmioRead',
        ADDRSPACE_VMMIO_WRITE: 'waiting.vmmioWrite',
        FAULT: 'waiting.fault',
        PSCI_SYSTEM_RESET: 'waiting.systemReset',
      },
    },
  },
});
