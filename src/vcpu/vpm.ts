/** Power groups (VPM): the object and its hypercalls. Sources: fact base vcpu-and-scheduler 10.1, hypercall-abi 4.10. */
import { lo32 } from '../base/index.js';
import {
  bindSource,
  type Hypervisor,
  lookup,
  lookupConfigure,
  lookupInit,
  SourceKind,
  unbindSource,
  virqSource,
} from '../hyp/index.js';
import { Call, HypError, ObjectState, ObjectType, Rights } from '../protocol/index.js';
import { ALL_SUSPENDED, groupState } from './suspend.js';
import { GROUP_SLOTS, NO_THREAD, type Vcpu, type VpmGroup } from './types.js';

const { VPM_GROUP } = ObjectType;
const R = Rights.VPM_GROUP;

export function registerVpm(hyp: Hypervisor): void {
  hyp.kind<VpmGroup>(VPM_GROUP, {
    create: (_hyp, base) => ({
      id: base.id,
      type: base.type,
      state: base.state,
      refs: base.refs,
      partition: base.partition,
      caps: base.caps,
      noAggregation: false,
      online: 0,
      slots: new Int32Array(GROUP_SLOTS).fill(NO_THREAD),
      states: 0,
      suspendVirq: virqSource(SourceKind.VPM_GROUP, base.id),
    }),
    activate: (_hyp, group) => {
      group.states = ALL_SUSPENDED;
      return HypError.OK;
    },
    deactivate: (h, group) => unbindSource(h, group.suspendVirq),
  });
  // Nothing in this build ever asserts the "system suspend" source.
  hyp.checkPending[SourceKind.VPM_GROUP] = () => false;

  hyp.call(Call.VPM_GROUP_CONFIGURE, (h, caller, a) => {
    if (a[1] > 1n) return HypError.UNIMPLEMENTED;
    const group = lookupInit<VpmGroup>(h, caller, a[0], VPM_GROUP);
    if (typeof group === 'number') return group;
    group.noAggregation = a[1] === 1n;
    return HypError.OK;
  });
  hyp.call(Call.VPM_GROUP_ATTACH_VCPU, (h, caller, a) => {
    const group = lookup<VpmGroup>(h, caller, a[0], VPM_GROUP, R.ATTACH_VCPU);
    if (typeof group === 'number') return group;
    const v = lookupConfigure<Vcpu>(h, caller, a[1], ObjectType.THREAD);
    if (typeof v === 'number') return v;
    if (v.state !== ObjectState.INIT) return HypError.OBJECT_STATE;
    const index = lo32(a[2]);
    if (index >= GROUP_SLOTS) return HypError.ARGUMENT_INVALID;
    h.ref(group.id);
    h.unref(v.group);
    v.group = group.id;
    v.groupIndex = index;
    return HypError.OK;
  });
  hyp.call(Call.VPM_GROUP_BIND_VIRQ, (h, caller, a) => {
    const group = lookup<VpmGroup>(h, caller, a[0], VPM_GROUP, R.BIND_VIRQ);
    if (typeof group === 'number') return group;
    const vic = lookup(h, caller, a[1], ObjectType.VIC, Rights.VIC.BIND_SOURCE);
    return typeof vic === 'number' ? vic : bindSource(h, group.suspendVirq, vic.id, lo32(a[2]));
  });
  hyp.call(Call.VPM_GROUP_UNBIND_VIRQ, (h, caller, a) => {
    const group = lookup<VpmGroup>(h, caller, a[0], VPM_GROUP, R.BIND_VIRQ);
    if (typeof group === 'number') return group;
    unbindSource(h, group.suspendVirq);
    return HypError.OK;
  });
  hyp.call(Call.VPM_GROUP_GET_STATE, (h, caller, a, out) => {
    const group = lookup<VpmGroup>(h, caller, a[0], VPM_GROUP, R.QUERY);
    if (typeof group === 'number') return group;
    out[0] = BigInt(groupState(group));
    return HypError.OK;
  });
}
