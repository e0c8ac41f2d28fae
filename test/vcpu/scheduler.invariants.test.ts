/**
 * Invariants of threads, queues and CPUs after any step, with several CPUs, proxies, moves and kills; and damage that each of them
 * tells.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Call, HypError } from '../../src/protocol/index.js';
import { Block, isRunnable, kill, Life, schedState, type Vcpu, waitForInterrupt } from '../../src/vcpu/index.js';
import { PROXY, type Rig, rig } from './rig.js';

type Act = { kind: number; who: number; cpu: number; ns: number };
const acts = fc.array(
  fc.record({ kind: fc.nat(8), who: fc.nat(5), cpu: fc.nat(2), ns: fc.integer({ min: 1, max: 900_000 }) }),
  { maxLength: 60 },
);

/**
 * Whether somebody runs the vCPU: the caller of a `vcpu_run` that goes on, or one that yields to it. What the hypervisor noted on
 * the vCPU itself is no evidence.
 */
const isRunBy = (all: readonly Vcpu[], id: number): boolean =>
  all.some((v) => (v.pending?.kind === 'run' && v.pending.target === id) || v.yieldTo === id);

/**
 * What is wrong with threads, queues and CPUs. `escaped`: vCPUs that a refused `vcpu_run` has left unblocked, or that were moved
 * during their run (defects, kept).
 */
function violations(r: Rig, all: readonly Vcpu[], escaped: ReadonlySet<number>): string[] {
  const { cpus } = schedState(r.hyp);
  const wrong: string[] = [];
  const must = (holds: boolean, what: string): void => {
    if (!holds) wrong.push(what);
  };
  const alive = all.filter((v) => r.hyp.objects[v.id] === v);
  for (const v of alive) {
    const executingOn = cpus.flatMap((s, cpu) => (s.executing === v.id ? [cpu] : []));
    must(executingOn.length <= 1, 'executes twice');
    must(v.running === (executingOn[0] ?? -1), 'executes elsewhere than it says');
    const places = cpus.flatMap((s) => s.queues.flat()).filter((id) => id === v.id).length;
    const active = cpus.filter((s) => s.active === v.id).length;
    must(places + active <= 1, 'waits in two places');
    must((places + active === 1) === v.queued, 'is marked as waiting and does not, or the reverse');
    // No wake-up is lost: what may run waits in a queue or is active.
    if (isRunnable(v) && v.affinity !== NO_CPU && v.life !== Life.EXITED)
      must(v.queued || v.needRequeue, 'is runnable, and nobody will run it');
    if (v.proxied && v.life === Life.READY && !escaped.has(v.id))
      must((v.block & Block.RUN) !== 0 || isRunBy(alive, v.id), 'is unblocked outside of a run');
    if (v.proxied && v.running >= 0 && v.life === Life.READY && !escaped.has(v.id))
      must(isRunBy(alive, v.id), 'executes outside of a run');
    if (v.queued) must(v.sliceLeftNs <= v.sliceNs, 'has more than a slice');
  }
  for (const s of cpus) {
    if (s.executing === -1 && s.online) must(s.queues.flat().length === 0, 'a CPU idles while threads wait');
    const marked = s.queues.map((_, p) => ((p < 32 ? s.low >>> p : s.high >>> (p - 32)) & 1) === 1);
    must(
      s.queues.every((queue, p) => queue.length > 0 === marked[p]),
      'the map of queues is wrong',
    );
  }
  return wrong;
}

const NO_CPU = 0xffff;
const DEAD_BEFORE_NS = 20_000;
const REFUSALS = [HypError.DENIED, HypError.RETRY].map((error) => BigInt(error >>> 0));

/** The first thing that is wrong after an act. `sabotage` comes before every look. */
function play(list: readonly Act[], sabotage: (r: Rig, all: readonly Vcpu[]) => void): string | undefined {
  const r = rig(3);
  const group = r.group(true).id;
  const all = [
    r.start({ cpu: 0, group, index: 0 }),
    r.start({ cpu: 1, group, index: 1, priority: 40 }),
    r.start({ cpu: 0, group, index: 2, priority: 10 }),
    r.start({ options: PROXY, group, index: 3, priority: 0, sliceNs: 100_000 }),
    r.start({ options: PROXY, group, index: 4, priority: 0, sliceNs: 100_000 }),
    r.start({ cpu: 2, group, index: 5 }),
  ];
  const caps = all.map((v) => r.cap(v));
  const escaped = new Set<number>();
  for (const { kind, who, cpu, ns } of list) {
    const id = schedState(r.hyp).cpus[cpu].executing;
    const current = all.find((v) => v.id === id && r.hyp.objects[v.id] === v);
    if (kind === 0) r.advance(ns);
    else if (kind === 1) r.hyp.sched.wakeup(all[who]);
    else if (kind === 2 && ns < DEAD_BEFORE_NS) kill(r.hyp, all[who]);
    else if (current !== undefined && !current.idling) {
      if (kind === 3) waitForInterrupt(r.hyp, current);
      else if (kind === 4) r.call(current, Call.SCHEDULER_YIELD, 0n);
      else if (kind === 5) r.call(current, Call.SCHEDULER_YIELD, 1n, caps[who]);
      else if (kind === 6 && !current.proxied) {
        // A vCPU that is itself run by another, runs a third and is moved, ends that run while the third executes: nobody has such rights.
        const result = r.call(current, Call.VCPU_RUN, caps[who]);
        if (result !== undefined && current.pending === null && REFUSALS.includes(result[0])) escaped.add(all[who].id);
      } else if (kind === 7) {
        // One that is moved during its run goes on there until that CPU schedules: the end of a run disturbs nobody (kept).
        if (isRunBy(all, all[who].id)) escaped.add(all[who].id);
        r.call(current, Call.VCPU_SET_AFFINITY, caps[who], BigInt(cpu), -1n);
      } else r.smccc(current, 0xc400_0001n, 0n, 0n, 0n);
    }
    r.settle();
    sabotage(r, all);
    const [wrong] = violations(r, all, escaped);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

test('no thread runs twice, no wake-up is lost, proxied vCPUs run only inside a run', () => {
  fc.assert(
    fc.property(acts, (list) => {
      expect(play(list, () => {})).toBeUndefined();
    }),
    { numRuns: 60, seed: 3 },
  );
});

/** The first queue with a thread in it. */
function waiting(r: Rig): { queue: number[]; priority: number } | undefined {
  for (const s of schedState(r.hyp).cpus)
    for (const [priority, queue] of s.queues.entries()) if (queue.length > 0) return { queue, priority };
  return undefined;
}

const SABOTAGE: readonly [what: string, told: string, (r: Rig, all: readonly Vcpu[]) => void][] = [
  [
    'a run that ends without blocking the vCPU again',
    'is unblocked outside of a run',
    (r, all) => {
      for (const v of all) if (v.proxied && r.hyp.objects[v.id] === v && !isRunBy(all, v.id)) v.block &= ~Block.RUN;
    },
  ],
  [
    'a wake-up that reaches no queue',
    'is runnable, and nobody will run it',
    (r, all) => {
      const thread = waiting(r)?.queue.pop();
      for (const v of all) if (v.id === thread) v.queued = false;
    },
  ],
  [
    'a thread in two queues',
    'waits in two places',
    (r) => {
      const found = waiting(r);
      if (found !== undefined) schedState(r.hyp).cpus[2].queues[found.priority].push(found.queue[0]);
    },
  ],
  [
    'a thread that executes on two CPUs',
    'executes twice',
    (r) => {
      const { cpus } = schedState(r.hyp);
      if (cpus[2].online && cpus[0].executing >= 0) cpus[2].executing = cpus[0].executing;
    },
  ],
  [
    'a vCPU that executes although nobody runs it',
    'executes outside of a run',
    (r, all) => {
      const runs = all.filter((v) => v.proxied && v.running >= 0 && r.hyp.objects[v.id] === v);
      for (const v of runs) v.block |= Block.RUN;
      for (const v of runs.length > 0 ? all : []) {
        v.yieldTo = -1;
        if (v.pending?.kind === 'run') v.pending = null;
      }
    },
  ],
];

test.each(SABOTAGE)('the invariants tell %s', (_, told, sabotage) => {
  const seen = new Set<string | undefined>();
  fc.check(
    fc.property(acts, (list) => {
      seen.add(play(list, sabotage));
    }),
    { numRuns: 100, seed: 3 },
  );
  expect(seen).toContain(told);
});
