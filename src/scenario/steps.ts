/**
 * The steps of a scenario: what each may contain, and what it does. A step is checked by running `check` with placeholder
 * variables before anything executes, so that a mistake in the last line costs nothing.
 */
import { hex, toHex } from '../base/index.js';
import { HYPERCALL_BASE } from '../hyp/index.js';
import {
  decodeMessage,
  HYPERCALLS,
  HypError,
  type HypercallInfo,
  hypErrorOf,
  LAYOUTS,
  MESSAGES,
  messageName,
  Platform,
  Smccc,
} from '../protocol/index.js';
import type { Outcome } from '../sim/index.js';
import { RunState } from '../vcpu/index.js';
import { assemble } from './assemble.js';
import { encodePayload, messageId } from './encode.js';
import { Mailbox, mailboxAt, mailboxImage, mailboxRequest, wordBytes } from './mailbox.js';
import { EMPTY_RESULT, messageResult, numbersResult, type Result } from './outcome.js';
import type { Run } from './run.js';
import { treeBlob } from './tree.js';
import {
  address,
  checkKeys,
  choices,
  duration,
  hexBytes,
  isArray,
  isObject,
  type Json,
  type JsonObject,
  number,
  ScenarioError,
  type Scope,
  sized,
} from './values.js';

export interface StepKind {
  /** Further keys of the step beside its own name, `label`, `comment`, `expect` and `save`. */
  readonly keys: readonly string[];
  /** Names that `expect` and `save` may begin with; undefined: not known beforehand. */
  names?(step: JsonObject, scope: Scope, path: string): readonly string[] | undefined;
  /** Throws {@link ScenarioError}. */
  check(step: JsonObject, scope: Scope, path: string): void;
  run(run: Run, step: JsonObject, path: string): Result;
  /** Holds when the step has no `expect`. */
  readonly normally?: JsonObject;
  title(step: JsonObject): string;
}

const HYP_ERRORS = { error: HypError, x0: HypError };

/** Results of an operation that did not complete. */
function ended(outcome: Outcome, run: Run): string | undefined {
  switch (outcome.kind) {
    case 'done':
      return undefined;
    case 'exception':
      return `took an exception, ESR ${hex(outcome.exception.esr)}`;
    case 'noReturn':
      return 'did not come back: the vCPU is off, blocked or killed';
    case 'restarted':
      return 'was started anew at its entry point';
    case 'dead':
      return `stopped the hypervisor: ${run.sim.hyp.dead?.what ?? ''}`;
  }
}

// ---- rpc ---------------------------------------------------------------------------------------------------------

function payloadOf(step: JsonObject, scope: Scope, path: string): { id: number; payload: Uint8Array } {
  const id = messageId(step.rpc, scope, `${path}.rpc`);
  if (step.payload !== undefined)
    return { id, payload: notTooLong(hexBytes(step.payload, `${path}.payload`), `${path}.payload`) };
  const fields = step.fields ?? {};
  if (!isObject(fields)) throw new ScenarioError(`${path}.fields`, 'not an object', 'write {"field": value}');
  return { id, payload: notTooLong(encodePayload(id, fields, scope, `${path}.fields`), `${path}.fields`) };
}

function notTooLong(payload: Uint8Array, path: string): Uint8Array {
  const max = Platform.RPC_MAX_PAYLOAD;
  if (payload.length <= max) return payload;
  throw new ScenarioError(path, `${payload.length} bytes of payload`, `a request has at most ${max}`);
}

/** Why RM does not answer. */
function silence(run: Run): string {
  const { rm, hyp } = run.sim;
  if (hyp.dead !== undefined) return `the hypervisor stopped (${hyp.dead.rule}: ${hyp.dead.what})`;
  return rm.dead === null ? 'RM does not answer' : `RM died (${rm.dead.trigger})`;
}

const rpc: StepKind = {
  keys: ['fields', 'payload', 'unanswered'],
  names(step, scope, path) {
    const reply = LAYOUTS[messageId(step.rpc, scope, `${path}.rpc`)]?.reply;
    const extra = LAYOUTS[messageId(step.rpc, scope, `${path}.rpc`)]?.errorExtra;
    return [
      'error',
      ...(extra === undefined ? [] : [extra]),
      ...(reply?.fields.map((f) => f.name) ?? []),
      ...(reply?.data.map((d) => d.name) ?? []),
    ];
  },
  check(step, scope, path) {
    payloadOf(step, scope, path);
  },
  run(run, step, path) {
    const { id, payload } = payloadOf(step, run.scope, path);
    const reply = run.machine.client.request(id, payload);
    if (reply === undefined) {
      if (step.unanswered !== true)
        run.fail(`${path}.rpc`, `${silence(run)}; if that is meant, write "unanswered": true`);
      return EMPTY_RESULT;
    }
    if (step.unanswered === true) run.fail(`${path}.unanswered`, 'RM answered');
    return messageResult(decodeMessage(reply.type, reply.id, reply.payload));
  },
  normally: { error: 'OK' },
  title: (step) => `rpc ${typeof step.rpc === 'string' ? step.rpc : messageName(Number(step.rpc))}`,
};

const notifications: StepKind = {
  keys: [],
  check(step, _scope, path) {
    const list = step.notifications;
    if (list !== true && !(isArray(list) && list.every((n) => typeof n === 'string'))) {
      throw new ScenarioError(
        `${path}.notifications`,
        'not a list of names',
        'write ["VM_STATUS", ...], or true for any',
      );
    }
    const known = Object.values(MESSAGES)
      .filter((m) => m.kind === 'notification')
      .map((m) => m.name);
    for (const name of isArray(list) ? list : []) {
      if (!known.includes(String(name)))
        throw new ScenarioError(`${path}.notifications`, `RM sends no ${String(name)}`, choices(String(name), known));
    }
  },
  run(run, step, path) {
    run.machine.client.poll();
    const taken = run.machine.client.takeNotifications();
    const names = taken.map((n) => messageName(n.id));
    run.say(names.length === 0 ? 'no notification' : `notifications: ${names.join(', ')}`);
    if (isArray(step.notifications) && step.notifications.join() !== names.join()) {
      run.fail(
        `${path}.notifications`,
        `received ${names.join(', ') || 'none'}, expected ${step.notifications.join(', ') || 'none'}`,
      );
    }
    const last = taken[taken.length - 1];
    return last === undefined ? EMPTY_RESULT : messageResult(decodeMessage(last.type, last.id, last.payload));
  },
  title: () => 'notifications',
};

const send: StepKind = {
  keys: [],
  names: () => ['error', 'not_full'],
  check(step, _scope, path) {
    hexBytes(step.send, `${path}.send`);
  },
  run(run, step, path) {
    const { host } = run.machine;
    const bytes = hexBytes(step.send, `${path}.send`);
    const buffer = run.packetBuffer();
    host.writeMemory(buffer, bytes);
    const outcome = host.call('hvc', HYPERCALL_BASE + 0x1b, [0n, BigInt(bytes.length), BigInt(buffer), 1n]);
    const bad = ended(outcome, run);
    if (bad !== undefined) run.fail(`${path}.send`, bad);
    return numbersResult({ error: BigInt(hypErrorOf(host.x[0])), not_full: host.x[1] }, HYP_ERRORS);
  },
  normally: { error: 'OK' },
  title: () => 'send a raw packet',
};

const receive: StepKind = {
  keys: [],
  names: () => ['count'],
  check() {},
  run(run) {
    const { client } = run.machine;
    client.poll();
    const count = client.takeNotifications().length;
    return numbersResult({ count: BigInt(count) });
  },
  title: () => 'receive until RM rests',
};

// ---- hypercalls --------------------------------------------------------------------------------------------------

const callNames = Object.values(HYPERCALLS).map((c) => c.name);

function hypercall(v: Json | undefined, scope: Scope, path: string): { num: number; info: HypercallInfo | undefined } {
  if (typeof v === 'string' && /^[a-z]/i.test(v)) {
    const info = Object.values(HYPERCALLS).find((c) => c.name === v.toLowerCase());
    if (info === undefined) throw new ScenarioError(path, `there is no hypercall ${v}`, choices(v, callNames));
    return { num: info.number, info };
  }
  const n = Number(number(v, scope, path));
  const num = n >= HYPERCALL_BASE ? n - HYPERCALL_BASE : n;
  if (num < 0 || num > 0xffff - HYPERCALL_BASE)
    throw new ScenarioError(path, `${hex(n)} is no call number`, 'use 0 to 0x68, or a name');
  return { num, info: HYPERCALLS[num] };
}

function registers(v: Json | undefined, info: HypercallInfo | undefined, scope: Scope, path: string): bigint[] {
  const x = new Array<bigint>(8).fill(0n);
  if (info?.reserved !== undefined) x[info.reserved.index] = info.reserved.value;
  if (v === undefined) return x;
  if (isArray(v)) {
    v.forEach((a, i) => {
      x[i] = sized(a, 8, scope, `${path}[${i}]`);
    });
    return x;
  }
  if (!isObject(v) || info === undefined)
    throw new ScenarioError(path, 'not a list of registers', 'write [x0, x1, ...]');
  checkKeys(
    v,
    info.inputs.map((i) => i.name),
    path,
  );
  info.inputs.forEach((input, i) => {
    const given = v[input.name];
    if (given !== undefined) x[i] = sized(given, 8, scope, `${path}.${input.name}`);
    else if (input.type !== 'reserved')
      throw new ScenarioError(path, `${input.name} is missing`, `add "${input.name}"`);
  });
  return x;
}

const REGISTER_NAMES = Array.from({ length: 18 }, (_, i) => `x${i}`);

function callResult(x: BigUint64Array, info: HypercallInfo | undefined, count: number): Result {
  const values: Record<string, bigint> = {};
  for (let i = 0; i < count; i++) values[`x${i}`] = x[i];
  const first = info?.errorOutput === false ? 0 : 1;
  if (info?.errorOutput !== false) values.error = BigInt(hypErrorOf(x[0]));
  info?.outputs.forEach((o, i) => {
    values[o.name] = x[first + i];
  });
  return numbersResult(values, { ...HYP_ERRORS, vcpu_state: RunState });
}

const hvc: StepKind = {
  keys: ['args'],
  names(step, scope, path) {
    const { info } = hypercall(step.hvc, scope, `${path}.hvc`);
    return ['error', ...(info?.outputs.map((o) => o.name) ?? []), ...REGISTER_NAMES];
  },
  check(step, scope, path) {
    const { info } = hypercall(step.hvc, scope, `${path}.hvc`);
    registers(step.args, info, scope, `${path}.args`);
  },
  run(run, step, path) {
    const { num, info } = hypercall(step.hvc, run.scope, `${path}.hvc`);
    const outcome = run.machine.host.call(
      'hvc',
      HYPERCALL_BASE + num,
      registers(step.args, info, run.scope, `${path}.args`),
    );
    const bad = ended(outcome, run);
    if (bad !== undefined) run.fail(`${path}.hvc`, bad);
    return callResult(run.machine.host.x, info, 8);
  },
  title: (step) => `hypercall ${String(step.hvc)}`,
};

const smccc: StepKind = {
  keys: ['args', 'conduit'],
  names: () => REGISTER_NAMES,
  check(step, scope, path) {
    sized(step.smccc, 4, scope, `${path}.smccc`, Smccc);
    registers(step.args, undefined, scope, `${path}.args`);
    const c = step.conduit ?? 'hvc';
    if (c !== 'hvc' && c !== 'smc')
      throw new ScenarioError(`${path}.conduit`, `${String(c)} is no conduit`, 'use "hvc" or "smc"');
  },
  run(run, step, path) {
    const fn = sized(step.smccc, 4, run.scope, `${path}.smccc`, Smccc);
    const args = registers(step.args, undefined, run.scope, `${path}.args`);
    const outcome = run.machine.host.call(step.conduit === 'smc' ? 'smc' : 'hvc', 0, [fn, ...args]);
    const bad = ended(outcome, run);
    if (bad !== undefined) run.fail(`${path}.smccc`, bad);
    const { x } = run.machine.host;
    run.say(`x0 ${hex(x[0])}, x1 ${hex(x[1])}, x2 ${hex(x[2])}, x3 ${hex(x[3])}`);
    return callResult(x, undefined, 18);
  },
  title: (step) => `SMCCC call ${String(step.smccc)}`,
};

// ---- memory ------------------------------------------------------------------------------------------------------

const SOURCES = ['bytes', 'text', 'words', 'asm', 'image', 'tree', 'zero'] as const;

/** Replaces `$name` in assembler lines by its value. */
function substituted(v: Json | undefined, scope: Scope, path: string): string[] {
  if (!isArray(v)) throw new ScenarioError(path, 'not a list', 'write one string for each instruction');
  return v.map((line, i) => {
    if (typeof line !== 'string') throw new ScenarioError(`${path}[${i}]`, 'not an instruction', 'write a string');
    return line.replace(/\$[A-Za-z_]\w*/g, (name) => String(number(name, scope, `${path}[${i}]`)));
  });
}

function codeWords(o: JsonObject, scope: Scope, path: string): number[] {
  if (o.words !== undefined) {
    if (!isArray(o.words)) throw new ScenarioError(`${path}.words`, 'not a list', 'write ["0xd503201f", ...]');
    return o.words.map((w, i) => Number(sized(w, 4, scope, `${path}.words[${i}]`)));
  }
  return assemble(substituted(o.asm, scope, `${path}.asm`), `${path}.asm`);
}

function content(step: JsonObject, scope: Scope, path: string): Uint8Array {
  const given = SOURCES.filter((s) => step[s] !== undefined);
  if (given.length !== 1) {
    throw new ScenarioError(
      path,
      given.length === 0 ? 'nothing to write' : `${given.join(' and ')} at once`,
      `give one of ${SOURCES.join(', ')}`,
    );
  }
  switch (given[0]) {
    case 'bytes':
      return hexBytes(step.bytes, `${path}.bytes`);
    case 'text':
      return Uint8Array.from(String(step.text), (c) => c.charCodeAt(0) & 0xff);
    case 'words':
    case 'asm':
      return wordBytes(codeWords(step, scope, path));
    case 'image':
      if (step.image !== 'mailbox')
        throw new ScenarioError(`${path}.image`, `there is no image ${String(step.image)}`, 'use "mailbox", or "asm"');
      return mailboxImage();
    case 'tree':
      return treeBlob(step.tree, scope, `${path}.tree`);
    case 'zero': {
      const size = Number(number(step.zero, scope, `${path}.zero`));
      if (!(size > 0 && size <= 0x100_0000))
        throw new ScenarioError(`${path}.zero`, `${size} bytes`, 'use 1 to 16 MiB');
      return new Uint8Array(size);
    }
  }
}

const WIDTHS = [1, 2, 4, 8];

function widthOf(step: JsonObject, scope: Scope, path: string): number {
  const width = Number(number(step.width, scope, `${path}.width`));
  if (!WIDTHS.includes(width)) throw new ScenarioError(`${path}.width`, `${width} bytes`, 'use 1, 2, 4 or 8');
  return width;
}

const write: StepKind = {
  keys: [...SOURCES, 'value', 'width'],
  check(step, scope, path) {
    address(step.write, scope, `${path}.write`);
    if (step.width !== undefined) sized(step.value, widthOf(step, scope, path), scope, `${path}.value`);
    else content(step, scope, path);
  },
  run(run, step, path) {
    const at = address(step.write, run.scope, `${path}.write`);
    if (step.width !== undefined) {
      const width = widthOf(step, run.scope, path);
      const value = sized(step.value, width, run.scope, `${path}.value`);
      const bad = ended(run.machine.host.access(BigInt(at), width, true, value), run);
      if (bad !== undefined) run.fail(`${path}.write`, bad);
      run.say(`stored ${hex(value)} (${width} bytes) at ${hex(at)}`);
      return EMPTY_RESULT;
    }
    const bytes = content(step, run.scope, path);
    if (!run.machine.host.writeMemory(at, bytes))
      run.fail(`${path}.write`, `HLOS may not write all of ${hex(at)}, ${bytes.length} bytes`);
    run.say(`wrote ${bytes.length} bytes at ${hex(at)}`);
    return EMPTY_RESULT;
  },
  title: (step) => `write ${String(step.write)}`,
};

const peek: StepKind = {
  keys: ['size', 'width'],
  names: () => ['value', 'bytes'],
  check(step, scope, path) {
    address(step.peek, scope, `${path}.peek`);
    if (step.width !== undefined) widthOf(step, scope, path);
    const size = Number(number(step.size ?? 8, scope, `${path}.size`));
    if (!(size > 0 && size <= 0x1_0000)) throw new ScenarioError(`${path}.size`, `${size} bytes`, 'use 1 to 65536');
  },
  run(run, step, path) {
    const at = address(step.peek, run.scope, `${path}.peek`);
    if (step.width !== undefined) {
      const outcome = run.machine.host.access(BigInt(at), widthOf(step, run.scope, path), false);
      const bad = ended(outcome, run);
      if (bad !== undefined) run.fail(`${path}.peek`, bad);
      run.say(`loaded ${hex(outcome.value ?? 0n)} from ${hex(at)}`);
      return numbersResult({ value: outcome.value });
    }
    const bytes = new Uint8Array(Number(number(step.size ?? 8, run.scope, `${path}.size`)));
    if (!run.machine.host.readMemory(at, bytes))
      run.fail(`${path}.peek`, `HLOS may not read all of ${hex(at)}, ${bytes.length} bytes`);
    run.say(`${hex(at)}: ${toHex(bytes.subarray(0, 32))}${bytes.length > 32 ? ` and ${bytes.length - 32} more` : ''}`);
    let value = 0n;
    for (let i = Math.min(bytes.length, 8) - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]);
    return {
      values: new Map([
        ['value', { value, text: hex(value) }],
        ['bytes', { value: bytes, text: toHex(bytes) }],
      ]),
      lists: new Map(),
    };
  },
  title: (step) => `peek ${String(step.peek)}`,
};

// ---- vCPUs -------------------------------------------------------------------------------------------------------

/** Time slice of one vcpu_run: the driver's timer brings the CPU back. */
const RUN_MS = '20ms';
const MAX_RUNS = 200;
const RUN_VALUES = ['error', 'vcpu_state', 'state_data_0', 'state_data_1', 'state_data_2', 'runs'];

function runOnce(run: Run, cap: bigint, resume: readonly bigint[], ns: number): Outcome {
  const { machine } = run;
  machine.enableInterrupts();
  machine.takeInterrupts();
  machine.timer(ns);
  const outcome = machine.host.call('hvc', HYPERCALL_BASE + 0x65, [cap, ...resume]);
  const x = machine.host.x.slice(0, 5);
  machine.timer(undefined);
  machine.takeInterrupts();
  machine.host.x.set(x);
  return outcome;
}

const vcpuRun: StepKind = {
  keys: ['resume', 'slice', 'until'],
  names: () => RUN_VALUES,
  check(step, scope, path) {
    number(step.vcpu_run, scope, `${path}.vcpu_run`);
    if (step.slice !== undefined) duration(step.slice, `${path}.slice`);
    if (step.until !== undefined) number(step.until, scope, `${path}.until`, RunState);
    registers(step.resume ?? [], undefined, scope, `${path}.resume`);
  },
  run(run, step, path) {
    const { machine } = run;
    const cap = sized(step.vcpu_run, 8, run.scope, `${path}.vcpu_run`);
    const until = step.until === undefined ? undefined : number(step.until, run.scope, `${path}.until`, RunState);
    const ns = duration(step.slice ?? RUN_MS, `${path}.slice`);
    let resume = registers(step.resume ?? [], undefined, run.scope, `${path}.resume`).slice(0, 3);
    let runs = 0;
    let outcome: Outcome;
    do {
      outcome = runOnce(run, cap, resume, ns);
      resume = [0n, 0n, 0n];
      runs++;
    } while (
      outcome.kind === 'done' &&
      until !== undefined &&
      machine.host.x[0] === 0n &&
      machine.host.x[1] !== until &&
      runs < MAX_RUNS
    );
    const bad = ended(outcome, run);
    if (bad !== undefined) run.fail(`${path}.vcpu_run`, bad);
    const { x } = machine.host;
    const result = numbersResult(
      {
        error: BigInt(hypErrorOf(x[0])),
        vcpu_state: x[1],
        state_data_0: x[2],
        state_data_1: x[3],
        state_data_2: x[4],
        runs: BigInt(runs),
      },
      { ...HYP_ERRORS, vcpu_state: RunState },
    );
    const text = (name: string): string => result.values.get(name)?.text ?? '';
    run.say(
      x[0] === 0n
        ? `state ${text('vcpu_state')}, data ${text('state_data_0')} ${text('state_data_1')} ${text('state_data_2')}${runs > 1 ? ` after ${runs} runs` : ''}`
        : `error ${text('error')}`,
    );
    if (until !== undefined && x[1] !== until)
      run.fail(`${path}.until`, `still ${text('vcpu_state')} after ${runs} runs`);
    return result;
  },
  normally: { error: 'OK' },
  title: (step) => `vcpu_run ${String(step.vcpu_run)}`,
};

interface Guest {
  image: number;
  ipa: bigint;
  vcpu: number;
}

/** Where VMs of the examples see their image. */
const DEFAULT_IPA = '0x80000000';

function guestOf(step: JsonObject, scope: Scope, path: string): Guest {
  const vcpu = Number(number(step.vcpu ?? 0, scope, `${path}.vcpu`));
  if (vcpu < 0 || vcpu > 7) throw new ScenarioError(`${path}.vcpu`, `no vCPU ${vcpu}`, 'use 0 to 7');
  return {
    image: address(step.guest, scope, `${path}.guest`),
    ipa: sized(step.ipa ?? DEFAULT_IPA, 8, scope, `${path}.ipa`),
    vcpu,
  };
}

const guest: StepKind = {
  keys: ['ipa', 'vcpu', 'words', 'asm', 'x', 'run', 'runs'],
  names: () => ['done', 'esr', 'elr', 'far', ...REGISTER_NAMES],
  check(step, scope, path) {
    guestOf(step, scope, path);
    if ((step.words === undefined) === (step.asm === undefined))
      throw new ScenarioError(path, 'what shall the guest execute?', 'give "asm" or "words"');
    codeWords(step, scope, path);
    registers(step.x ?? [], undefined, scope, `${path}.x`);
    if (step.run !== undefined) number(step.run, scope, `${path}.run`);
  },
  run(run, step, path) {
    const { image, ipa, vcpu } = guestOf(step, run.scope, path);
    const { host } = run.machine;
    const x = isArray(step.x) ? step.x.map((a, i) => sized(a, 8, run.scope, `${path}.x[${i}]`)) : [];
    for (const part of mailboxRequest(ipa, vcpu, codeWords(step, run.scope, path), x)) {
      if (!host.writeMemory(image + part.at, part.bytes))
        run.fail(`${path}.guest`, 'HLOS has no access to the mailbox: the image must be shared, not lent');
    }
    const box = new Uint8Array(0x240);
    const word = (at: number): bigint => new DataView(box.buffer).getBigUint64(at, true);
    const limit = Number(number(step.runs ?? 50, run.scope, `${path}.runs`));
    for (let i = 0; i < limit; i++) {
      if (step.run !== undefined) {
        const cap = sized(step.run, 8, run.scope, `${path}.run`);
        if (runOnce(run, cap, [], duration(RUN_MS, path)).kind !== 'done') break;
      } else run.sim.spin(100_000);
      host.readMemory(image + mailboxAt(vcpu), box);
      if (word(Mailbox.DONE) === 1n) break;
    }
    const values: Record<string, bigint> = {
      done: word(Mailbox.DONE),
      esr: word(Mailbox.ESR),
      elr: word(Mailbox.ELR),
      far: word(Mailbox.FAR),
    };
    for (let i = 0; i < 18; i++) values[`x${i}`] = word(Mailbox.RESULT + i * 8);
    run.say(
      values.done !== 1n
        ? 'the guest has not finished'
        : values.esr !== 0n
          ? `the guest took an exception: ESR ${hex(values.esr)} at ${hex(values.elr)}`
          : `the guest's x0..x3: ${[0, 1, 2, 3].map((i) => hex(values[`x${i}`])).join(' ')}`,
    );
    return numbersResult(values, HYP_ERRORS);
  },
  normally: { done: 1 },
  title: (step) => `guest code on vCPU ${String(step.vcpu ?? 0)}`,
};

// ---- time and interrupts -----------------------------------------------------------------------------------------

/** The interrupts taken, as values: how many, and the first. */
const irqResult = (taken: readonly number[]): Result =>
  numbersResult({ count: BigInt(taken.length), irq: taken.length > 0 ? BigInt(taken[0]) : undefined });

const IRQ_VALUES = ['count', 'irq'];

const irqs: StepKind = {
  keys: [],
  names: () => IRQ_VALUES,
  check(step, _scope, path) {
    const list = step.irqs;
    if (list !== true && !(isArray(list) && list.every((n) => typeof n === 'number'))) {
      throw new ScenarioError(`${path}.irqs`, 'not a list of interrupt numbers', 'write [962], or true for any');
    }
  },
  run(run, step, path) {
    run.machine.enableInterrupts();
    const taken = run.machine.takeInterrupts();
    run.say(taken.length === 0 ? 'no interrupt' : `interrupts ${taken.join(', ')}`);
    if (isArray(step.irqs) && step.irqs.join() !== taken.join()) {
      run.fail(`${path}.irqs`, `took ${taken.join(', ') || 'none'}, expected ${step.irqs.join(', ') || 'none'}`);
    }
    return EMPTY_RESULT;
  },
  title: () => 'take interrupts',
};

const yieldStep: StepKind = {
  keys: [],
  check(step, scope, path) {
    const n = number(step.yield, scope, `${path}.yield`);
    if (n < 1n || n > 10_000n) throw new ScenarioError(`${path}.yield`, `${n} times`, 'use 1 to 10000');
  },
  run(run, step, path) {
    const n = Number(number(step.yield, run.scope, `${path}.yield`));
    for (let i = 0; i < n; i++) run.machine.host.call('hvc', HYPERCALL_BASE + 0x3b, []);
    return EMPTY_RESULT;
  },
  title: () => 'yield',
};

const wait: StepKind = {
  keys: [],
  check(step, _scope, path) {
    duration(step.wait, `${path}.wait`);
  },
  run(run, step, path) {
    run.sim.spin(duration(step.wait, `${path}.wait`));
    return EMPTY_RESULT;
  },
  title: (step) => `spin for ${String(step.wait)}`,
};

const wfi: StepKind = {
  keys: [],
  names: () => IRQ_VALUES,
  check(step, _scope, path) {
    duration(step.wfi, `${path}.wfi`);
  },
  run(run, step, path) {
    const { machine } = run;
    const ns = duration(step.wfi, `${path}.wfi`);
    machine.enableInterrupts();
    machine.takeInterrupts();
    machine.timer(ns);
    const bad = ended(machine.host.wfi(ns + 1_000_000_000), run);
    if (bad !== undefined) run.fail(`${path}.wfi`, bad);
    machine.timer(undefined);
    const taken = machine.takeInterrupts();
    run.say(`woken by ${taken.join(', ') || 'nothing'}`);
    return irqResult(taken);
  },
  title: (step) => `wait for an interrupt, timer ${String(step.wfi)} ahead`,
};

const note: StepKind = {
  keys: [],
  check(step, _scope, path) {
    if (typeof step.note !== 'string') throw new ScenarioError(`${path}.note`, 'not text', 'write a string');
  },
  run(run, step) {
    run.note(String(step.note));
    return EMPTY_RESULT;
  },
  title: (step) => String(step.note),
};

const dead: StepKind = {
  keys: [],
  check(step, _scope, path) {
    if (typeof step.dead !== 'string')
      throw new ScenarioError(
        `${path}.dead`,
        'not a name',
        'write the id of a death (docs/reference/deaths.md), or ""',
      );
  },
  run(run, step, path) {
    const { rm, hyp } = run.sim;
    const found = rm.dead?.trigger ?? hyp.dead?.rule;
    run.say(found === undefined ? 'RM and the hypervisor are alive' : `dead: ${found}`);
    if (found === undefined || (step.dead !== '' && step.dead !== found)) {
      run.fail(
        `${path}.dead`,
        `${found === undefined ? 'nothing died' : `died of ${found}`}, expected ${String(step.dead) || 'a death'}`,
      );
    }
    return EMPTY_RESULT;
  },
  title: () => 'is RM dead?',
};

export const STEP_KINDS: Readonly<Record<string, StepKind>> = {
  rpc,
  notifications,
  send,
  receive,
  hvc,
  smccc,
  write,
  peek,
  vcpu_run: vcpuRun,
  guest,
  irqs,
  yield: yieldStep,
  wait,
  wfi,
  note,
  dead,
};
