/** Moves of threads between physical CPUs. Source: fact base vcpu 5. */
import type { Hypervisor } from '../hyp/index.js';
import { HypError } from '../protocol/index.js';
import { block, requestSchedule, unblock } from './queue.js';
import { Block, Life, NO_CPU, schedState, type Vcpu, VpmMode, vcpuOf } from './types.js';
import { activeGet, activePut, voteOff, voteOn } from './vote.js';

/** How long a moved vCPU of an aggregating power group stays blocked: the grace period of the move. */
const GRACE_NS = 300_000;

/** OK, DENIED (pinned) or RETRY (previous move not finished). `cpu` may be NO_CPU. */
export function setAffinity(hyp: Hypervisor, v: Vcpu, cpu: number): number {
  if (v.affinity === cpu) return HypError.OK;
  if (v.pins !== 0) return HypError.DENIED;
  if ((v.block & Block.AFFINITY_CHANGED) !== 0) return HypError.RETRY;
  if (!v.proxied && v.powerVoted) {
    if (cpu !== NO_CPU) voteOn(hyp, cpu);
    if (v.affinity !== NO_CPU) voteOff(hyp, v.affinity);
  }
  hyp.ref(v.id);
  block(hyp, v, Block.AFFINITY_CHANGED);
  v.prevAffinity = v.affinity;
  v.affinity = cpu;
  if (v.running >= 0) requestSchedule(hyp, v.running);
  else finishMove(hyp, v);
  return HypError.OK;
}

function cpusOnline(hyp: Hypervisor): number {
  let online = 0;
  for (const cpu of schedState(hyp).cpus) if (cpu.online) online++;
  return online;
}

/** The moved thread is off its CPU: account for it on the new one, then let it run, after a grace period if it is aggregated. */
export function finishMove(hyp: Hypervisor, v: Vcpu): void {
  const graces = schedState(hyp).graces;
  for (const grace of graces) if (grace.thread === v.id) return;
  let needsGrace = false;
  if (v.life !== Life.INIT && v.vpmMode !== VpmMode.NONE) {
    if (v.prevAffinity !== NO_CPU) activePut(hyp, v.prevAffinity, v);
    if (v.affinity !== NO_CPU) {
      activeGet(hyp, v.affinity, v);
      needsGrace = v.vpmMode === VpmMode.PSCI;
    }
  }
  // A grace period needs the other CPUs; alone it is over at the next schedule step, which is at hand.
  if (needsGrace && cpusOnline(hyp) > 1) graces.push({ thread: v.id, at: hyp.now + GRACE_NS });
  else moveDone(hyp, v);
}

function moveDone(hyp: Hypervisor, v: Vcpu): void {
  unblock(hyp, v, Block.AFFINITY_CHANGED);
  hyp.unref(v.id);
}

/** Ends the grace periods that are over. */
export function endGraces(hyp: Hypervisor): void {
  const state = schedState(hyp);
  if (state.graces.length === 0) return;
  const due = state.graces.filter((g) => g.at <= hyp.now);
  if (due.length === 0) return;
  state.graces = state.graces.filter((g) => g.at > hyp.now);
  for (const g of due) moveDone(hyp, vcpuOf(hyp, g.thread));
}
