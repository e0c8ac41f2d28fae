/**
 * Message queues: a bounded FIFO of messages with a threshold and a vIRQ source at each end. Source: fact base ipc 3.
 * A failed copy from or to the guest is swallowed: the call returns OK and nothing moves (quirk `msgqueue-silent-copy`).
 */
import { giveBytes, lo32, takeBytes } from '../base/index.js';
import {
  assertSource,
  clearSource,
  type Hypervisor,
  type HypObject,
  SourceKind,
  type Thread,
  unbindSource,
  type VirqSource,
  virqSource,
} from '../hyp/index.js';
import { HypError, ObjectType } from '../protocol/index.js';

/** Both limits are exclusive in the code: 255 messages, 1023 bytes. */
export const MAX_QUEUE_DEPTH = 256;
export const MAX_MESSAGE_SIZE = 1024;

export interface MsgQueue extends HypObject {
  depth: number;
  maxMessageSize: number;
  /** `depth` slots of `maxMessageSize` bytes; allocated by activation. */
  buffer: Uint8Array;
  sizes: Uint16Array;
  head: number;
  count: number;
  notFullThreshold: number;
  notEmptyThreshold: number;
  sendSource: VirqSource;
  receiveSource: VirqSource;
}

const NO_BYTES = new Uint8Array(0);
const NO_SIZES = new Uint16Array(0);

export function registerMsgQueueKind(hyp: Hypervisor): void {
  hyp.kind<MsgQueue>(ObjectType.MSGQUEUE, {
    create: (_hyp, object) => ({
      id: object.id,
      type: object.type,
      state: object.state,
      refs: object.refs,
      partition: object.partition,
      caps: object.caps,
      depth: 0,
      maxMessageSize: 0,
      buffer: NO_BYTES,
      sizes: NO_SIZES,
      head: 0,
      count: 0,
      notFullThreshold: 0,
      notEmptyThreshold: 1,
      sendSource: virqSource(SourceKind.MSGQUEUE_SEND, object.id),
      receiveSource: virqSource(SourceKind.MSGQUEUE_RECEIVE, object.id),
    }),
    activate(_hyp, queue) {
      if (queue.depth === 0) return HypError.OBJECT_CONFIG;
      queue.buffer = takeBytes(queue.depth * queue.maxMessageSize);
      queue.sizes = new Uint16Array(queue.depth);
      queue.notFullThreshold = queue.depth - 1;
      return HypError.OK;
    },
    release(h, queue) {
      unbindSource(h, queue.sendSource);
      unbindSource(h, queue.receiveSource);
      if (queue.buffer.length > 0) giveBytes(queue.buffer);
      queue.buffer = NO_BYTES;
    },
  });
  hyp.checkPending[SourceKind.MSGQUEUE_SEND] = (h, source, reasserted) => {
    const queue = h.get<MsgQueue>(source.owner);
    return reasserted || queue.count <= queue.notFullThreshold;
  };
  hyp.checkPending[SourceKind.MSGQUEUE_RECEIVE] = (h, source, reasserted) => {
    const queue = h.get<MsgQueue>(source.owner);
    return reasserted || queue.count >= queue.notEmptyThreshold;
  };
}

/** `out[0]` = not full. MSGQUEUE_FULL, or OK, also when the copy failed and nothing was queued. */
export function send(
  hyp: Hypervisor,
  caller: Thread,
  queue: MsgQueue,
  size: bigint,
  va: bigint,
  push: boolean,
  out: BigUint64Array,
): number {
  if (queue.count === queue.depth) return HypError.MSGQUEUE_FULL;
  let tail = queue.head + queue.count;
  if (tail >= queue.depth) tail -= queue.depth;
  const at = tail * queue.maxMessageSize;
  if (hyp.mem.copyFromGuest(caller, va, size, queue.buffer, queue.maxMessageSize, at) !== HypError.OK) {
    out[0] = 1n;
    return HypError.OK;
  }
  queue.sizes[tail] = lo32(size);
  queue.count++;
  if (push || queue.count === queue.notEmptyThreshold) assertSource(hyp, queue.receiveSource, false);
  out[0] = queue.count < queue.depth ? 1n : 0n;
  return HypError.OK;
}

/** `out` = size, not empty. MSGQUEUE_EMPTY, or OK, also when the copy failed and the message stays. */
export function receive(
  hyp: Hypervisor,
  caller: Thread,
  queue: MsgQueue,
  va: bigint,
  bufferSize: bigint,
  out: BigUint64Array,
): number {
  if (queue.count === 0) return HypError.MSGQUEUE_EMPTY;
  const size = queue.sizes[queue.head];
  const at = queue.head * queue.maxMessageSize;
  if (hyp.mem.copyToGuest(caller, va, bufferSize, queue.buffer, size, at) !== HypError.OK) {
    out[1] = 1n;
    return HypError.OK;
  }
  queue.head = queue.head + 1 === queue.depth ? 0 : queue.head + 1;
  queue.count--;
  if (queue.count === queue.notFullThreshold) assertSource(hyp, queue.sendSource, false);
  out[0] = BigInt(size);
  out[1] = queue.count > 0 ? 1n : 0n;
  return HypError.OK;
}

/** Empties the queue. An empty queue sees no vIRQ operation. */
export function flush(hyp: Hypervisor, queue: MsgQueue): void {
  if (queue.count !== 0) {
    assertSource(hyp, queue.sendSource, false);
    clearSource(hyp, queue.receiveSource);
  }
  queue.buffer.fill(0);
  queue.head = 0;
  queue.count = 0;
}
