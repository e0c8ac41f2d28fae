/** Doorbell hypercalls 0x10 to 0x15 (fact base: hypercall-abi 4.5). */
import { lo32 } from '../base/index.js';
import { bindSource, type Hypervisor, type HypObject, lookup, unbindSource } from '../hyp/index.js';
import { Call, HypError, ObjectType, Rights } from '../protocol/index.js';
import { type Doorbell, mask, receive, registerDoorbellKind, reset, send } from './doorbell.js';

/** The kind of object, its vIRQ source and its calls. */
export function registerDoorbell(hyp: Hypervisor): void {
  registerDoorbellKind(hyp);
  hyp.call(Call.DOORBELL_BIND_VIRQ, (h, caller, a) => {
    const doorbell = lookup<Doorbell>(h, caller, a[0], ObjectType.DOORBELL, Rights.DOORBELL.BIND);
    if (typeof doorbell === 'number') return doorbell;
    const vic = lookup<HypObject>(h, caller, a[1], ObjectType.VIC, Rights.VIC.BIND_SOURCE);
    return typeof vic === 'number' ? vic : bindSource(h, doorbell.source, vic.id, lo32(a[2]));
  });
  hyp.call(Call.DOORBELL_UNBIND_VIRQ, (h, caller, a) => {
    const doorbell = lookup<Doorbell>(h, caller, a[0], ObjectType.DOORBELL, Rights.DOORBELL.BIND);
    if (typeof doorbell === 'number') return doorbell;
    unbindSource(h, doorbell.source);
    return HypError.OK;
  });
  hyp.call(Call.DOORBELL_SEND, (h, caller, a, out) => {
    const doorbell = lookup<Doorbell>(h, caller, a[0], ObjectType.DOORBELL, Rights.DOORBELL.SEND);
    if (typeof doorbell === 'number') return doorbell;
    out[0] = send(h, doorbell, a[1]);
    return HypError.OK;
  });
  hyp.call(Call.DOORBELL_RECEIVE, (h, caller, a, out) => {
    const doorbell = lookup<Doorbell>(h, caller, a[0], ObjectType.DOORBELL, Rights.DOORBELL.RECEIVE);
    if (typeof doorbell === 'number') return doorbell;
    if (a[1] === 0n) return HypError.ARGUMENT_INVALID;
    out[0] = receive(doorbell, a[1]);
    return HypError.OK;
  });
  hyp.call(Call.DOORBELL_RESET, (h, caller, a) => {
    const doorbell = lookup<Doorbell>(h, caller, a[0], ObjectType.DOORBELL, Rights.DOORBELL.RECEIVE);
    if (typeof doorbell === 'number') return doorbell;
    reset(h, doorbell);
    return HypError.OK;
  });
  hyp.call(Call.DOORBELL_MASK, (h, caller, a) => {
    const doorbell = lookup<Doorbell>(h, caller, a[0], ObjectType.DOORBELL, Rights.DOORBELL.RECEIVE);
    if (typeof doorbell === 'number') return doorbell;
    mask(h, doorbell, a[1], a[2]);
    return HypError.OK;
  });
}
