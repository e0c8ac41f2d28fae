/** Steps that talk to RM: rpc, send, receive, notifications. */
import { decodeMessage, hypErrorOf, LAYOUTS, MESSAGES, messageName, Platform } from '../protocol/index.js';
import { encodePayload, messageId } from './encode.js';
import { EMPTY_RESULT, messageResult, numbersResult } from './outcome.js';
import type { Run } from './run.js';
import { ended, HYP_ERRORS, type StepKind } from './step-kind.js';
import { choices, hexBytes, isArray, isObject, type JsonObject, ScenarioError, type Scope } from './values.js';

function payloadOf(step: JsonObject, scope: Scope, path: string): { id: number; payload: Uint8Array } {
  const id = messageId(step.rpc, scope, `${path}.rpc`);
  if (step.payload !== undefined && step.fields !== undefined)
    throw new ScenarioError(path, 'fields and payload at once', 'give one of them');
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

export const rpc: StepKind = {
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

export const notifications: StepKind = {
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

export const send: StepKind = {
  keys: [],
  names: () => ['error', 'not_full'],
  check(step, _scope, path) {
    hexBytes(step.send, `${path}.send`);
  },
  run(run, step, path) {
    const { host } = run.machine;
    const bytes = hexBytes(step.send, `${path}.send`);
    const outcome = run.machine.sendPacket(bytes, run.packetBuffer());
    const bad = ended(outcome, run);
    if (bad !== undefined) run.fail(`${path}.send`, bad);
    return numbersResult({ error: BigInt(hypErrorOf(host.x[0])), not_full: host.x[1] }, HYP_ERRORS);
  },
  normally: { error: 'OK' },
  title: () => 'send a raw packet',
};

export const receive: StepKind = {
  keys: [],
  names: () => ['count'],
  check(step, _scope, path) {
    if (step.receive !== true) throw new ScenarioError(`${path}.receive`, 'not true', 'write "receive": true');
  },
  run(run) {
    const { client } = run.machine;
    client.poll();
    const count = client.takeNotifications().length;
    return numbersResult({ count: BigInt(count) });
  },
  title: () => 'receive until RM rests',
};
