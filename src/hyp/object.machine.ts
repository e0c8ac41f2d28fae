/** Life of a hypervisor object; the numbers are those of `ObjectState` (fact base: capabilities 8). */
import { setup } from 'xstate';

export type ObjectEvent =
  /** `object_activate` succeeded, or the hypervisor itself made the object ready at boot. */
  | { type: 'ACTIVATE' }
  /** `object_activate` failed on the way: the object is of no use any more. */
  | { type: 'FAIL' }
  /** The last reference was dropped: no capability, no relation. */
  | { type: 'DESTROY' };

export const objectMachine = setup({ types: { events: {} as ObjectEvent } }).createMachine({
  id: 'object-life',
  initial: 'init',
  states: {
    init: {
      meta: { value: 1, doc: 'Created; may be configured.' },
      on: { ACTIVATE: 'active', FAIL: 'failed', DESTROY: 'destroying' },
    },
    active: { meta: { value: 2, doc: 'Configured for good; in use.' }, on: { DESTROY: 'destroying' } },
    failed: { meta: { value: 3, doc: 'Lookups refuse it; it can only be deleted.' }, on: { DESTROY: 'destroying' } },
    destroying: { type: 'final', meta: { value: 4, doc: 'Its relations are being dropped.' } },
  },
});
