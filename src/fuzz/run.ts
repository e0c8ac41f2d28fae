/** Carries out commands against a machine and the model, and compares what comes back. */
import { Msg, messageName, Platform, RpcType, rmErrorName } from '../protocol/index.js';
import { compare, compareGuest, type Expected, type Problem } from './compare.js';
import { COMMANDS, type Command, playable, type Request, type Step } from './lifecycle/commands.js';
import { GUESTS, IMAGE_SIZE, TREE_OFFSET } from './lifecycle/guests.js';
import { cloneWorld, predict } from './lifecycle/predict.js';
import { finishReset, guestStops } from './lifecycle/rules-vm.js';
import { HLOS, newWorld, num, type World } from './lifecycle/world.js';
import type { Machine } from './machine.js';
import type { End, Found, RunOptions, RunResult, SavedRun, Source } from './run-types.js';

const isPlayable = (w: World, vmid: number): boolean => playable(w).some((vm) => vm.vmid === vmid);

/** What the model says of requests: the state behind them, what clients find, and the replies by request. */
interface Outcome {
  w: World;
  inbox: Map<number, Expected[]>;
  expected: Expected[];
  replies: ReadonlyMap<Request, Expected>;
}

/** Every order of the clients; the requests of each stay in theirs. */
function orders(requests: readonly Request[]): Request[][] {
  if (requests.length === 0) return [[]];
  return [...new Set(requests.map(({ from }) => from))].flatMap((first) => {
    const [theirs, others] = [true, false].map((its) => requests.filter(({ from }) => (from === first) === its));
    return orders(others).map((order) => [...theirs, ...order]);
  });
}

/** The image area at this address is all the primary VM's. */
export function isWritable(w: World, at: number): boolean {
  for (let page = at; page < at + IMAGE_SIZE; page += Platform.PAGE_SIZE) if (w.taken.has(page)) return false;
  return true;
}

export class Runner {
  w!: World;
  /** What guests find when they read next. */
  inbox = new Map<number, Expected[]>();
  private guestSeq = 0;
  private options: RunOptions = {};

  constructor(readonly machine: Machine) {}

  run(source: Source, options: RunOptions): RunResult {
    this.begin(options);
    const result: RunResult = { executed: [], failure: undefined, death: undefined, requests: 0, lives: 0 };
    for (;;) {
      const planned = source(this.w);
      if (planned === undefined) break;
      const { command } = planned;
      const step = planned.step ?? COMMANDS[command.name]?.build(this.w, command.args);
      if (step === undefined) continue;
      const at = result.executed.length;
      result.executed.push(command);
      const before = this.w.vms.size;
      const end = this.carryOut(command, step);
      result.requests++;
      if (this.w.vms.size < before) result.lives++;
      if (end === undefined) continue;
      if (end.kind === 'failure') result.failure = { ...end.failure, at };
      else if (end.kind === 'death') result.death = end.trigger;
      break;
    }
    return result;
  }

  /** Back to the moment after boot. */
  begin(options: RunOptions): void {
    const { machine } = this;
    machine.reset();
    this.w = newWorld(machine.sim.rm.irqs.handleBase);
    this.inbox = new Map();
    this.guestSeq = 0;
    this.options = options;
  }

  /** One command and everything that is checked behind it; why nothing can follow it, if so. */
  carryOut(command: Command, step: Step): End | undefined {
    const { machine, options } = this;
    options.watcher?.step(command, step, this.w);
    const problem = this.guarded(step);
    if (problem !== undefined) return { kind: 'failure', failure: problem };
    if (machine.sim.rm.state === 'dead') return { kind: 'death', trigger: machine.sim.rm.dead?.trigger };
    const broken = options.unchecked === true ? undefined : this.invariants();
    if (broken !== undefined) return { kind: 'failure', failure: broken };
    const why = this.w.lost ?? this.w.over;
    return why === undefined ? undefined : { kind: 'over', why };
  }

  /** Where a run stands between two commands. */
  save(): SavedRun {
    const { machine, w, inbox, guestSeq } = this;
    return { machine: machine.save(), w: cloneWorld(w), inbox: new Map(inbox), guestSeq };
  }

  /** Goes on from there, with the options of {@link begin}. */
  restore({ machine, w, inbox, guestSeq }: SavedRun): void {
    this.machine.restore(machine);
    this.w = cloneWorld(w);
    this.inbox = new Map(inbox);
    this.guestSeq = guestSeq;
    // Canary faults look at what is there now.
    this.options.afterCommand?.();
  }

  private invariants(): Found | undefined {
    try {
      const [first] = this.machine.check(this.machine.sim);
      return first === undefined ? undefined : { kind: 'invariant', tag: first.invariant, what: first.what };
    } catch (error) {
      return { kind: 'crash', tag: (error as Error).message, what: String((error as Error).stack) };
    }
  }

  private guarded(step: Step): Found | undefined {
    const { options } = this;
    const { sim } = this.machine;
    let problem: Problem | undefined;
    try {
      problem = this.perform(step);
      options.afterCommand?.();
    } catch (error) {
      return { kind: 'crash', tag: (error as Error).message, what: String((error as Error).stack) };
    }
    if (sim.hyp.dead !== undefined) {
      const { rule, what } = sim.hyp.dead;
      if (this.w.death === 'vm-exit-from-hlos') return undefined;
      return { kind: 'death', tag: rule, what: `the hypervisor stopped: ${what}` };
    }
    const trigger = sim.rm.dead?.trigger;
    if (trigger !== this.w.death) {
      if (trigger === undefined)
        return {
          kind: 'mismatch',
          tag: `alive: ${this.w.death}`,
          what: `RM lives, it should have died of ${this.w.death}`,
        };
      if (options.excuse?.includes(trigger)) return undefined;
      return {
        kind: 'death',
        tag: trigger,
        what: `RM died of ${trigger}${this.w.death === undefined ? '' : `, not of ${this.w.death}`}`,
      };
    }
    return trigger !== undefined || problem === undefined ? undefined : { kind: 'mismatch', ...problem };
  }

  private perform(step: Step): Problem | undefined {
    switch (step.kind) {
      case 'request':
        if (step.image !== undefined) this.writeImage(step.image.at, step.image.guest);
        return this.requests([step.request]);
      case 'burst':
        return this.requests(step.requests);
      case 'clients':
        return this.clients(step.requests);
      case 'noise':
        for (const packet of step.packets) this.machine.sendRaw(packet);
        return compare([], this.machine.settle(), 'the primary VM');
      case 'reads':
        return this.read(step.vmid);
      case 'waits':
        return this.waits(step.vmid);
      case 'stops':
        return this.stops(step.vmid, step.reset);
    }
  }

  private writeImage(at: number, name: string): void {
    if (!isWritable(this.w, at)) return;
    this.machine.writeMemory(at + TREE_OFFSET, GUESTS[name].tree);
    this.w.images.set(at, name);
    this.w.patched.delete(at);
  }

  /** Moves what the model said into the queues of expected messages; returns the primary VM's share. */
  private collect(): Expected[] {
    const mine: Expected[] = [];
    for (const { to, id, payload } of this.w.out) {
      const message: Expected = { type: RpcType.NOTIFICATION, id, payload };
      if (to === HLOS) mine.push(message);
      else this.expectOf(to, message);
    }
    this.w.out = [];
    return mine;
  }

  private count(id: number, error: number): void {
    // What kills RM is not answered.
    const { counts } = this.options;
    if (counts === undefined || this.w.death !== undefined) return;
    const message = messageName(id);
    const of = counts[message] ?? {};
    counts[message] = of;
    const name = rmErrorName(error);
    of[name] = (of[name] ?? 0) + 1;
  }

  /** What must come of requests that RM handles in this order, until it dies. */
  private foretell(requests: readonly Request[]): Outcome {
    const expected: Expected[] = [];
    const replies = new Map<Request, Expected>();
    for (const request of requests) {
      const { from, id, payload } = request;
      const answer = predict(this.w, from, id, payload);
      expected.push(...this.collect());
      const reply: Expected = { type: RpcType.REPLY, id, answer };
      replies.set(request, reply);
      if (this.w.death !== undefined) break;
      if (from === HLOS) expected.push(reply);
      else this.expectOf(from, reply);
    }
    this.finishResets(expected);
    return { w: this.w, inbox: this.inbox, expected, replies };
  }

  /** One request, or several of the primary VM that are sent before RM runs. */
  private requests(requests: readonly Request[]): Problem | undefined {
    const { w, machine } = this;
    const { expected, replies } = this.foretell(requests);
    for (const [request, reply] of replies) {
      this.count(request.id, reply.answer?.error ?? 0);
      const problem = this.send(request, [reply]);
      if (problem !== undefined) return problem;
    }
    this.options.watcher?.expects?.(expected, w);
    const got = machine.settle();
    for (const [{ id, payload }, { answer }] of replies)
      if (id === Msg.VM_START && answer?.error === 0) machine.adopt(num(payload, 0, 2));
    if (w.death !== undefined) return undefined;
    const problem = compare(expected, got, 'the primary VM');
    const [{ from }] = requests;
    return problem ?? (from === HLOS ? undefined : this.read(from));
  }

  /**
   * Requests of several clients, all sent before RM runs. It empties their queues one after the other; in which order is up to the
   * interrupt controller, so that what comes must be what the model says of one of them.
   */
  private clients(requests: readonly Request[]): Problem | undefined {
    const { machine, w, inbox } = this;
    const outcomes = orders(requests).map((order) => {
      this.w = cloneWorld(w);
      this.inbox = new Map(inbox);
      return this.foretell(order);
    });
    for (const request of requests) {
      const replies = outcomes.flatMap((o) => o.replies.get(request) ?? []);
      const problem = this.send(request, replies);
      if (problem !== undefined) return problem;
    }
    const got = machine.settle();
    // Who gives its own image back reads no more.
    const guests = [...new Set(requests.map(({ from }) => from))].filter((vmid) =>
      outcomes.every((o) => isPlayable(o.w, vmid)),
    );
    const received = guests.map((vmid) => machine.guestReceive(vmid));
    const problemOf = (o: Outcome): Problem | undefined => {
      let problem = compare(o.expected, got, 'the primary VM');
      guests.forEach((vmid, i) => {
        const messages = received[i];
        if (messages === undefined) problem ??= { tag: 'guest receive', what: `VM ${vmid} cannot receive` };
        else problem ??= compareGuest(o.inbox.get(vmid) ?? [], messages, vmid);
      });
      return problem;
    };
    const real = outcomes.find((o) => problemOf(o) === undefined) ?? outcomes[0];
    const problem = problemOf(real);
    this.w = real.w;
    this.inbox = real.inbox;
    for (const vmid of guests) this.inbox.set(vmid, []);
    for (const [{ id }, { answer }] of real.replies) this.count(id, answer?.error ?? 0);
    this.options.watcher?.expects?.(real.expected, this.w);
    return problem ?? compare([], machine.settle(), 'the primary VM');
  }

  /** Sends a request; `replies` get its number. */
  private send({ from, id, payload }: Request, replies: readonly Expected[]): Problem | undefined {
    let seq: number | undefined;
    if (from === HLOS) {
      seq = this.machine.sendRequest(id, payload);
      if (seq === undefined) return { tag: 'send', what: 'the queue to RM stays full' };
    } else {
      seq = this.guestSeq++ & 0xffff;
      if (!this.machine.guestSend(from, id, seq, payload)) return { tag: 'guest send', what: `VM ${from} cannot send` };
    }
    for (const reply of replies) reply.seq = seq;
    return undefined;
  }

  /** A message that a guest finds when it reads next. */
  private expectOf(vmid: number, message: Expected): void {
    this.inbox.set(vmid, [...(this.inbox.get(vmid) ?? []), message]);
  }

  private finishResets(expected: Expected[]): void {
    const { w } = this;
    while (w.resetting.length > 0 && w.death === undefined) {
      finishReset(w, w.resetting.shift() as number);
      expected.push(...this.collect());
    }
    for (const vmid of this.inbox.keys()) if (!w.links.has(vmid)) this.inbox.delete(vmid);
  }

  private read(vmid: number): Problem | undefined {
    const { w, machine } = this;
    if (!isPlayable(w, vmid)) return undefined;
    const got = machine.guestReceive(vmid);
    if (got === undefined) return { tag: 'guest receive', what: `VM ${vmid} cannot receive` };
    const expected = this.inbox.get(vmid) ?? [];
    this.inbox.set(vmid, []);
    return compareGuest(expected, got, vmid) ?? compare([], machine.settle(), 'the primary VM');
  }

  private waits(vmid: number): Problem | undefined {
    if (!this.machine.guestWaits(vmid)) return { tag: 'guest run', what: `VM ${vmid} gets no CPU` };
    return compare([], this.machine.settle(), 'the primary VM');
  }

  private stops(vmid: number, reset: boolean): Problem | undefined {
    const { w, machine } = this;
    guestStops(w, vmid, reset ? 2 : 1);
    const expected = this.collect();
    if (!machine.guestStops(vmid, reset)) return { tag: 'guest run', what: `VM ${vmid} gets no CPU` };
    const got = machine.settle();
    this.finishResets(expected);
    this.options.watcher?.expects?.(expected, w);
    return compare(expected, got, 'the primary VM');
  }
}
