/** `msgqueue_configure_send` and `_receive` (fact base: ipc 3.6). Changing a threshold re-evaluates its condition at once. */
import { assertSource, clearSource, type Hypervisor } from '../hyp/index.js';
import { HypError } from '../protocol/index.js';
import type { MsgQueue } from './msgqueue.js';

export const UNCHANGED = 0xffff_ffff;
/** For the receive threshold: the queue's depth, stored without re-evaluation. */
const MAXIMUM = 0xffff_fffe;

export function configureSend(hyp: Hypervisor, queue: MsgQueue, threshold: number, holdoff: number): number {
  if (holdoff !== UNCHANGED) return HypError.UNIMPLEMENTED;
  if (threshold === UNCHANGED) return HypError.OK;
  if (threshold >= queue.depth) return HypError.ARGUMENT_INVALID;
  queue.notFullThreshold = threshold;
  if (queue.count <= threshold) assertSource(hyp, queue.sendSource, false);
  else clearSource(hyp, queue.sendSource);
  return HypError.OK;
}

export function configureReceive(hyp: Hypervisor, queue: MsgQueue, threshold: number, holdoff: number): number {
  if (holdoff !== UNCHANGED) return HypError.UNIMPLEMENTED;
  if (threshold === UNCHANGED) return HypError.OK;
  if (threshold === MAXIMUM) {
    queue.notEmptyThreshold = queue.depth;
    return HypError.OK;
  }
  if (threshold === 0 || threshold > queue.depth) return HypError.ARGUMENT_INVALID;
  queue.notEmptyThreshold = threshold;
  if (queue.count >= threshold) assertSource(hyp, queue.receiveSource, false);
  else clearSource(hyp, queue.receiveSource);
  return HypError.OK;
}
