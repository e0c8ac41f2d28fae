/** Message queue hypercalls 0x17 to 0x21 (fact base: hypercall-abi 4.6). */
import { lo32 } from '../base/index.js';
import {
  bindSource,
  granted,
  type Hypervisor,
  type HypObject,
  lookup,
  lookupInit,
  objectOf,
  type Thread,
  unbindSource,
} from '../hyp/index.js';
import { Call, HypError, ObjectState, ObjectType, Rights } from '../protocol/index.js';
import {
  flush,
  MAX_MESSAGE_SIZE,
  MAX_QUEUE_DEPTH,
  type MsgQueue,
  receive,
  registerMsgQueueKind,
  send,
} from './msgqueue.js';
import { configureReceive, configureSend } from './thresholds.js';

/** An active lookup of a message queue. */
function find(hyp: Hypervisor, caller: Thread, id: bigint, right: number): MsgQueue | number {
  const object = objectOf(hyp, caller, id);
  if (object < 0) return -object;
  const queue = hyp.objects[object] as MsgQueue;
  if (queue.type !== ObjectType.MSGQUEUE) return HypError.CSPACE_WRONG_OBJECT_TYPE;
  if ((granted.rights & right) !== right) return HypError.CSPACE_INSUFFICIENT_RIGHTS;
  return queue.state === ObjectState.ACTIVE ? queue : HypError.OBJECT_STATE;
}

function registerBinding(hyp: Hypervisor): void {
  const sides = [
    [Call.MSGQUEUE_BIND_SEND_VIRQ, Call.MSGQUEUE_UNBIND_SEND_VIRQ, Rights.MSGQUEUE.BIND_SEND, 'sendSource'],
    [Call.MSGQUEUE_BIND_RECEIVE_VIRQ, Call.MSGQUEUE_UNBIND_RECEIVE_VIRQ, Rights.MSGQUEUE.BIND_RECEIVE, 'receiveSource'],
  ] as const;
  for (const [bind, unbind, right, side] of sides) {
    hyp.call(bind, (h, caller, a) => {
      const queue = find(h, caller, a[0], right);
      if (typeof queue === 'number') return queue;
      const vic = lookup<HypObject>(h, caller, a[1], ObjectType.VIC, Rights.VIC.BIND_SOURCE);
      return typeof vic === 'number' ? vic : bindSource(h, queue[side], vic.id, lo32(a[2]));
    });
    hyp.call(unbind, (h, caller, a) => {
      const queue = find(h, caller, a[0], right);
      if (typeof queue === 'number') return queue;
      unbindSource(h, queue[side]);
      return HypError.OK;
    });
  }
}

/** The kind of object, its two vIRQ sources and its calls. */
export function registerMsgQueue(hyp: Hypervisor): void {
  registerMsgQueueKind(hyp);
  registerBinding(hyp);
  hyp.call(Call.MSGQUEUE_SEND, (h, caller, a, out) => {
    const queue = find(h, caller, a[0], Rights.MSGQUEUE.SEND);
    return typeof queue === 'number' ? queue : send(h, caller, queue, a[1], a[2], (a[3] & 1n) === 1n, out);
  });
  hyp.call(Call.MSGQUEUE_RECEIVE, (h, caller, a, out) => {
    const queue = find(h, caller, a[0], Rights.MSGQUEUE.RECEIVE);
    return typeof queue === 'number' ? queue : receive(h, caller, queue, a[1], a[2], out);
  });
  hyp.call(Call.MSGQUEUE_FLUSH, (h, caller, a) => {
    const queue = find(h, caller, a[0], Rights.MSGQUEUE.RECEIVE);
    if (typeof queue === 'number') return queue;
    flush(h, queue);
    return HypError.OK;
  });
  hyp.call(Call.MSGQUEUE_CONFIGURE_SEND, (h, caller, a) => {
    const queue = find(h, caller, a[0], Rights.MSGQUEUE.SEND);
    return typeof queue === 'number' ? queue : configureSend(h, queue, lo32(a[1]), lo32(a[2]));
  });
  hyp.call(Call.MSGQUEUE_CONFIGURE_RECEIVE, (h, caller, a) => {
    const queue = find(h, caller, a[0], Rights.MSGQUEUE.RECEIVE);
    return typeof queue === 'number' ? queue : configureReceive(h, queue, lo32(a[1]), lo32(a[2]));
  });
  hyp.call(Call.MSGQUEUE_CONFIGURE, (h, caller, a) => {
    const queue = lookupInit<MsgQueue>(h, caller, a[0], ObjectType.MSGQUEUE);
    if (typeof queue === 'number') return queue;
    const info = lo32(a[1]);
    const depth = info & 0xffff;
    const size = info >>> 16;
    if (depth === 0 || depth >= MAX_QUEUE_DEPTH || size === 0 || size >= MAX_MESSAGE_SIZE) {
      return HypError.ARGUMENT_INVALID;
    }
    queue.depth = depth;
    queue.maxMessageSize = size;
    return HypError.OK;
  });
}
