/**
 * A sequence of the fuzzer as a scenario: requests with the answers and notifications that the model predicts, images as trees,
 * guests as machine code in their images, a piece for each of their commands, between two yields. Leaves out what a scenario has no step
 * for, by name, and what only the fuzzer compares: invariants, what guests receive.
 */
import { hex, le16, le32, toHex } from '../base/index.js';
import {
  type Command,
  type Expected,
  type Fuzzer,
  GUEST_BASE,
  GUESTS,
  isWritable,
  playable,
  type Request,
  rmLinkOf,
  type Step,
  stepWords,
  TREE_OFFSET,
  type Watcher,
  type World,
} from '../fuzz/index.js';
import {
  Call,
  MESSAGES,
  MemRights,
  Msg,
  messageName,
  Platform,
  RpcType,
  rmErrorName,
  rpcPackets,
  Smccc,
} from '../protocol/index.js';
import { type JsonObject, payloadJson, replyJson, treeJson } from '../scenario/index.js';

/** Where a guest's code finds its packets, from its image: beyond the code, before the tree. */
const PACKETS = 0x8000;
const PACKET_SIZE = 0x100;
const RECEIVED = 0xff00;
const PACKETS_MAX = (RECEIVED - PACKETS) / PACKET_SIZE;
/** Yields after which RM has emptied its queue. */
const RESTS = 4;
const hvc = (call: number): string => `hvc #0x${(Platform.HYPERCALL_BASE + call).toString(16)}`;
const YIELD = ['mov x0, #0', 'mov x1, #0', 'mov x2, #0', 'mov x3, #0', hvc(Call.SCHEDULER_YIELD)];

/** What the guest of one image executes, known when the sequence is over. */
interface Program {
  /** Where its image is written: this is filled in at the end. */
  readonly steps: JsonObject[];
  readonly at: number;
  code: string[];
  packets: JsonObject[];
}

export interface FuzzScenario {
  readonly steps: readonly JsonObject[];
  /** Commands that no step stands for, in words. From the first that matters on nothing is expected any more. */
  readonly left: readonly string[];
}

const requestsOf = (step: Step | undefined): readonly Request[] =>
  step?.kind === 'burst' || step?.kind === 'clients' ? step.requests : step?.kind === 'request' ? [step.request] : [];
const isReply = (m: Expected): boolean => m.type === RpcType.REPLY;

class Writer implements Watcher {
  private readonly steps: (JsonObject | JsonObject[])[] = [];
  readonly left: string[] = [];
  private count = 0;
  /** Something was left out that changes what follows. */
  private astray = false;
  /** Images as they were written last, by address, and the programs of VMs that run. */
  private readonly images = new Map<number, Program>();
  private readonly running = new Map<number, Program>();
  private readonly begun = new Set<Program>();
  private present: Step | undefined;
  private seq = 0;
  private guestSeq = 0;

  constructor(private readonly fuzzer: Fuzzer) {}

  step(command: Command, step: Step, w: World): void {
    this.present = step;
    const words = `${++this.count}. ${stepWords(command, step)}`;
    this.steps.push({ note: words });
    if (!this.guestStep(step, w)) this.leave(words, step.kind !== 'waits');
    if (step.kind === 'noise') for (const packet of step.packets) this.steps.push({ send: toHex(packet) });
    if (step.kind === 'noise') this.rest([]);
    if (step.kind === 'request' && step.image !== undefined && isWritable(w, step.image.at))
      this.image(step.image.at, step.image.guest);
  }

  expects(messages: readonly Expected[], w: World): void {
    const step = this.present;
    const mine = step?.kind === 'request' && step.request.from === Platform.VMID_HLOS ? [step.request] : [];
    if (step?.kind === 'burst') this.burst(step.requests);
    else if (step?.kind === 'clients') this.atOnce(step.requests, w);
    // Whether RM answers before it dies of it, nobody asks.
    else if (w.death !== undefined) this.burst(mine);
    else for (const request of mine) this.request(request, messages);
    if (w.death !== undefined) {
      this.steps.push({ receive: true });
      if (!this.astray) this.steps.push({ dead: w.death });
      return;
    }
    this.rest(messages.filter((m) => !isReply(m)));
    const asked = new Set(requestsOf(step).map(({ from }) => from));
    for (const { vmid } of playable(w)) if (asked.has(vmid)) this.receives(vmid, w);
  }

  /** RM works until it rests. */
  private rest(notifications: readonly Expected[]): void {
    const names = notifications.map((n) => messageName(n.id));
    this.steps.push({ notifications: this.astray ? true : names });
  }

  /** Of the primary VM and of guests. */
  private atOnce(requests: readonly Request[], w: World): void {
    const ours = requests.filter(({ from }) => from === Platform.VMID_HLOS);
    const first = requests[0].from === Platform.VMID_HLOS;
    if (first) this.burst(ours);
    for (const request of requests) {
      if (request.from === Platform.VMID_HLOS || this.sends(request, w)) continue;
      this.leave(`VM ${request.from}: ${messageName(request.id)}`, true);
    }
    if (!first) this.burst(ours);
  }

  /** No step stands for it; `matters`: it changes what follows. */
  private leave(words: string, matters: boolean): void {
    this.left.push(words);
    this.steps.push({ note: 'No step of a scenario does this: it is left out.' });
    this.astray ||= matters;
  }

  /** Sent before RM runs, as far as its queue takes them. */
  private burst(requests: readonly Request[]): void {
    const packets = requests.flatMap((r) => rpcPackets(RpcType.REQUEST, r.id, this.seq++, r.payload) ?? []);
    for (const [i, packet] of packets.entries()) {
      if (i > 0 && i % Platform.RM_QUEUE_DEPTH === 0) this.steps.push({ yield: RESTS });
      this.steps.push({ send: toHex(packet) });
    }
  }

  private request({ id, payload }: Request, messages: readonly Expected[]): void {
    const reply = messages.find(isReply);
    if (id === Msg.VM_START && reply?.answer?.error === 0) this.running.delete(le16(payload, 0));
    const fields = payloadJson(id, payload);
    const content: JsonObject = fields === undefined ? { payload: toHex(payload) } : { fields };
    const rpc = MESSAGES[id]?.kind === 'request' ? messageName(id) : `0x${id.toString(16)}`;
    this.seq++;
    this.steps.push({ rpc, ...content, ...this.expected(id, reply) });
  }

  private expected(id: number, reply: Expected | undefined): JsonObject {
    const answer = reply?.answer;
    if (this.astray || answer === undefined) return { expect: 'any' };
    if (answer.error !== 0) return { expect: rmErrorName(answer.error) };
    const data = answer.data === undefined ? undefined : Uint8Array.of(0, 0, 0, 0, ...answer.data);
    const expect = data === undefined ? {} : replyJson(id, data);
    return Object.keys(expect).length === 0 ? {} : { expect };
  }

  private image(at: number, guest: string): void {
    const steps: JsonObject[] = [];
    const blob = GUESTS[guest].tree;
    const tree = treeJson(blob);
    this.images.set(at, { steps, at, code: [], packets: [] });
    this.steps.push(steps, {
      write: hex(at + TREE_OFFSET),
      ...(tree === undefined ? { bytes: toHex(blob) } : { tree }),
    });
  }

  /** False: a guest's part in it cannot be a step. */
  private guestStep(step: Step, w: World): boolean {
    switch (step.kind) {
      case 'request':
        return step.request.from === Platform.VMID_HLOS || this.sends(step.request, w);
      case 'reads':
        return this.receives(step.vmid, w);
      case 'stops':
        return this.stops(step.vmid, step.reset, w);
      default:
        return step.kind !== 'waits';
    }
  }

  /** What a guest needs for its next piece of code; undefined: it has no code. */
  private guest(vmid: number, w: World) {
    const { sim } = this.fuzzer;
    const link = rmLinkOf(sim, vmid);
    const cap = sim.rm.vms[vmid]?.config?.vcpus[0]?.ownerCap;
    const program = this.program(vmid, w);
    return link === undefined || cap === undefined || program === undefined ? undefined : { link, cap, program };
  }

  private run(cap: bigint): boolean {
    this.steps.push({ vcpu_run: hex(cap), expect: this.astray ? 'any' : 'OK' });
    return true;
  }

  private sends({ from, id, payload }: Request, w: World): boolean {
    const guest = this.guest(from, w);
    // Who gives its own image back has no code any more.
    const goes = id === Msg.MEM_RELEASE && payload.length >= 4 && le32(payload, 0) === w.vms.get(from)?.memHandle;
    const packets = rpcPackets(RpcType.REQUEST, id, this.guestSeq++ & 0xffff, payload) ?? [];
    if (guest === undefined || goes || guest.program.packets.length + packets.length > PACKETS_MAX) return false;
    const { program, link, cap } = guest;
    for (const packet of packets) {
      const at = PACKETS + program.packets.length * PACKET_SIZE;
      program.packets.push({ write: hex(program.at + at), bytes: toHex(packet) });
      const args = [link.tx, packet.length, GUEST_BASE + at, 1].map((v, i) => `mov x${i}, #${hex(v)}`);
      program.code.push(...args, hvc(Call.MSGQUEUE_SEND));
    }
    program.code.push(...YIELD);
    return this.run(cap);
  }

  /** All that waits for it, with RM working afterwards. */
  private receives(vmid: number, w: World): boolean {
    const guest = this.guest(vmid, w);
    if (guest === undefined) return false;
    const { program, link, cap } = guest;
    const again = `receive${program.code.length}`;
    const args = [link.rx, GUEST_BASE + RECEIVED, 240, 0].map((v, i) => `mov x${i}, #${hex(v)}`);
    program.code.push(`${again}:`, ...args, hvc(Call.MSGQUEUE_RECEIVE), `cbz x0, ${again}`, ...YIELD);
    this.run(cap);
    this.rest([]);
    return true;
  }

  private stops(vmid: number, reset: boolean, w: World): boolean {
    const guest = this.guest(vmid, w);
    if (guest === undefined) return false;
    const id = reset ? Smccc.PSCI_SYSTEM_RESET : Smccc.PSCI_SYSTEM_OFF;
    guest.program.code.push(`mov x0, #${hex(id >>> 0)}`, 'smc #0');
    return this.run(guest.cap);
  }

  /** Of this life of the VM. Undefined: its image is not one that the sequence wrote, has a program already, or cannot be executed. */
  private program(vmid: number, w: World): Program | undefined {
    const known = this.running.get(vmid);
    if (known !== undefined) return known;
    const handle = w.vms.get(vmid)?.memHandle;
    const parcel = w.parcels.find((p) => p.handle === handle);
    const image = this.images.get(parcel?.regions[0].ipa ?? -1);
    const rights = parcel?.targets.find((t) => t.vmid === vmid)?.rights;
    if (image === undefined || this.begun.has(image) || rights !== MemRights.RWX) return undefined;
    this.begun.add(image);
    this.running.set(vmid, image);
    return image;
  }

  finish(): FuzzScenario {
    for (const program of this.begun)
      program.steps.push({ write: hex(program.at), asm: program.code }, ...program.packets);
    return { steps: this.steps.flat(), left: this.left };
  }
}

/** Carries the commands out, and writes down what the primary VM and the guests did. */
export function fuzzScenario(fuzzer: Fuzzer, commands: readonly Command[]): FuzzScenario {
  const writer = new Writer(fuzzer);
  fuzzer.replay(commands, writer);
  return writer.finish();
}

/** The file: a step a line. */
export function scenarioText(name: string, about: string, steps: readonly JsonObject[]): string {
  const head = JSON.stringify({ format: 'gunyah-scenario/1', name, about }, undefined, 2).slice(0, -2);
  return `${head},\n  "steps": [\n${steps.map((step) => `    ${JSON.stringify(step)}`).join(',\n')}\n  ]\n}\n`;
}
