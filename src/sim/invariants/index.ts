/**
 * What must hold of every state of the simulated machine, whatever guests did: checked between two inputs.
 *
 * A checker is made from a freshly booted machine, because a few references and capabilities of boot belong to nothing that
 * is recorded (fact base: platform-qemu 5); from then on everything has to add up. Every check looks at everything: nothing
 * is taken over from the check before, no part of the machine has to say what it changed. It is meant for every step, so it
 * is one pass in tight loops and makes no garbage: some tens of microseconds. Leaves out: contents of memory, registers, time.
 */
import { schedState } from '../../vcpu/index.js';
import type { Simulator } from '../simulator.js';
import { memoryFaults } from './memory.js';
import { bootReferences, indexFaults, objectFaults } from './objects.js';
import { Population } from './population.js';
import { rmAtBoot, rmFaults } from './rm.js';
import { queueFaults, schedulerFaults } from './sched.js';
import { sourceFaults } from './virqs.js';

export interface Violation {
  invariant: Invariant;
  what: string;
}

/** Every invariant by name, with the sentence that it stands for. */
export const INVARIANTS = {
  'refs-exact': 'every reference to an object is counted, and nothing else is',
  'caps-live':
    'every valid capability slot names a live object, and that object lists the slot; counters of the space agree',
  'caps-given': 'a VM holds capabilities only to objects that RM made it a party of',
  'indices-agree': 'what the hypervisor keeps beside its objects, by type and for lookups, says the same as they do',
  'pages-one-owner':
    'the ownership map is sorted, its neighbours differ, and every owner is a live extent or partition',
  'mappings-recorded':
    'every stage-2 page belongs to the owner that recorded this mapping, with no more access than recorded',
  'parcels-agree': "RM's parcels own exactly their pages, and their counts and states agree with their targets",
  'parcel-lists-agree': 'a VM lists exactly the parcels that it has accepted',
  'virqs-agree': "RM's interrupt tables, the VICs' bindings and the sources name the same numbers",
  'one-cpu-per-vcpu': 'a vCPU executes on at most one CPU, and run queues hold exactly the runnable vCPUs that wait',
  'proxy-in-run': 'a proxy-scheduled vCPU is unblocked only while a vcpu_run of it is going on',
  'peers-mutual': 'peers of VM records are mutual, exist and are listed once',
  'queues-bounded': 'a message queue holds no more messages than its depth, none longer than its limit',
  'links-have-queues': "RM's links name live queues, and RM keeps no more notifications than its limit",
  'no-cap-leak':
    "without configured secondary VMs, every space holds what it held after boot, and RM's its parcels besides",
} as const;

type Invariant = keyof typeof INVARIANTS;

export type Check = (sim: Simulator) => Violation[];

export type Fail = (invariant: Invariant, what: string) => void;

/** Violations of one state that are told. */
const MOST = 16;

/** A checker for machines that started as `booted` (primary VM at its entry, nothing done yet). */
export function invariantChecker(booted: Simulator): Check {
  const p = new Population();
  p.update(booted.hyp.objects);
  const references = bootReferences(p, booted.hyp.objects);
  const rm = rmAtBoot(p, booted);
  return (sim) => {
    const violations: Violation[] = [];
    const { hyp } = sim;
    // A dead hypervisor stopped in the middle of something.
    if (hyp.dead !== undefined) return violations;
    const fail: Fail = (invariant, what) => {
      if (violations.length < MOST) violations.push({ invariant, what });
    };
    p.update(hyp.objects);
    objectFaults(p, hyp, references, fail);
    indexFaults(p, hyp, fail);
    sourceFaults(p, hyp.objects, fail);
    schedulerFaults(p, schedState(hyp).cpus, hyp.objects.length, fail);
    queueFaults(p, fail);
    memoryFaults(p, hyp, fail);
    // What RM was doing when it died is half done.
    if (sim.rm.state !== 'dead') rmFaults(p, sim, rm, fail);
    return violations;
  };
}
