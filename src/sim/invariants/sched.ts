/** Invariants of threads, run queues and CPUs (fact base: vcpu-and-scheduler 2 and 9), and of message queues. */
import { NO_OBJECT, ObjectState } from '../../hyp/index.js';
import type { MsgQueue } from '../../msgq/index.js';
import { ObjectType } from '../../protocol/index.js';
import { Block, type CpuSched, isRunnable, Life, type Vcpu } from '../../vcpu/index.js';
import type { Fail } from './index.js';
import type { Population } from './population.js';

/** By thread: CPU * 256 + priority + 1 of the queue that it is in, -CPU - 1 where it is active, 0: nowhere. */
let places = new Int32Array(512);
/** By thread: the CPU that executes it, plus 1. */
let executes = new Int32Array(512);

const placeName = (place: number): string => {
  if (place === 0) return 'nowhere';
  return place < 0 ? `active on CPU ${-place - 1}` : `queued on CPU ${(place - 1) >> 8} at ${(place - 1) & 255}`;
};

function put(id: number, place: number, fail: Fail): void {
  if (places[id] !== 0) fail('one-cpu-per-vcpu', `thread ${id} is ${placeName(places[id])} and ${placeName(place)}`);
  places[id] = place;
}

function placeAll(cpus: readonly CpuSched[], size: number, fail: Fail): void {
  if (places.length < size) {
    places = new Int32Array(size * 2);
    executes = new Int32Array(size * 2);
  } else {
    places.fill(0, 0, size);
    executes.fill(0, 0, size);
  }
  for (let cpu = 0; cpu < cpus.length; cpu++) {
    const { active, executing, queues } = cpus[cpu];
    if (active !== NO_OBJECT) put(active, -cpu - 1, fail);
    for (let priority = 0; priority < queues.length; priority++) {
      const queue = queues[priority];
      for (let i = 0; i < queue.length; i++) put(queue[i], cpu * 256 + priority + 1, fail);
    }
    if (executing === NO_OBJECT) continue;
    if (executes[executing] !== 0)
      fail('one-cpu-per-vcpu', `thread ${executing} executes on CPU ${cpu} and ${executes[executing] - 1}`);
    executes[executing] = cpu + 1;
  }
}

export function schedulerFaults(p: Population, cpus: readonly CpuSched[], size: number, fail: Fail): void {
  placeAll(cpus, size, fail);
  const threads = p.of<Vcpu>(ObjectType.THREAD);
  for (const v of threads) {
    const { id, queued, running } = v;
    if (running !== executes[id] - 1)
      fail('one-cpu-per-vcpu', `thread ${id} says CPU ${running}, the CPUs say ${executes[id] - 1}`);
    if (queued !== (places[id] !== 0))
      fail(
        'one-cpu-per-vcpu',
        `thread ${id} is ${queued ? '' : 'not '}marked as queued, and is ${placeName(places[id])}`,
      );
    if (queued && !isRunnable(v)) fail('one-cpu-per-vcpu', `thread ${id} waits for a CPU while it is blocked`);
    if (v.proxied && v.life === Life.READY && (v.block & Block.RUN) === 0 && !isRunBy(threads, id))
      fail('proxy-in-run', `thread ${id} is proxy-scheduled and unblocked, but nobody runs it`);
  }
}

const isRunBy = (threads: readonly Vcpu[], target: number): boolean =>
  threads.some((v) => (v.pending?.kind === 'run' && v.pending.target === target) || v.yieldTo === target);

export function queueFaults(p: Population, fail: Fail): void {
  for (const q of p.of<MsgQueue>(ObjectType.MSGQUEUE)) {
    if (q.state !== ObjectState.ACTIVE) continue;
    const { id, count, depth, head, sizes, maxMessageSize } = q;
    if (count < 0 || count > depth) fail('queues-bounded', `queue ${id} holds ${count} of ${depth}`);
    for (let i = 0; i < count; i++) {
      const size = sizes[(head + i) % depth];
      if (size > maxMessageSize) fail('queues-bounded', `queue ${id} holds a message of ${size} bytes`);
    }
  }
}
