import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  answer,
  corrupt,
  delay,
  drop,
  duplicate,
  emit,
  notification,
  parseRule,
  type Rule,
  RuleSet,
  reply,
  request,
  truncate,
  withhold,
} from '../../src/conform/interfere/index.js';
import { Msg, type RpcMessage, RpcType } from '../../src/protocol/index.js';

const message = (payload: Uint8Array, type: number = RpcType.REPLY): RpcMessage => ({
  type,
  id: Msg.VM_START,
  seq: 7,
  payload,
});
const long = message(new Uint8Array(500));

const apply = (
  ...rules: Parameters<RuleSet['add']>
): ((m: ReturnType<typeof message>) => ReturnType<RuleSet['message']>) => {
  const set = new RuleSet();
  set.add(...rules);
  return (m) => set.message('reply', m);
};

describe('changes of a message', () => {
  it('cuts a message as RM does', () => {
    expect(emit(long).map((e) => e.bytes.length)).toEqual([240, 240, 44]);
  });

  it('compose from left to right', () => {
    const out = apply(reply(Msg.VM_START).becomes(truncate(2), duplicate, delay(5)))(long);
    expect(out?.map((e) => [e.bytes.length, e.delayNs])).toEqual([
      [240, 5],
      [240, 5],
      [240, 5],
      [240, 5],
    ]);
  });

  it('leave the packets that they were given alone', () => {
    const before = emit(long);
    corrupt(0, 3, 0xff)(before, long);
    expect(before).toEqual(emit(long));
  });
});

describe('rules', () => {
  it('hit only their messages, after and as often as told', () => {
    const run = apply(reply(Msg.VM_START).after(1).times(2).becomes(drop));
    expect([1, 2, 3, 4].map(() => run(message(new Uint8Array(4)))?.length)).toEqual([undefined, 0, 0, undefined]);
    expect(run({ ...message(new Uint8Array(4)), id: Msg.VM_STOP })).toBeUndefined();
  });

  it('answer a request with its own id and number', () => {
    const set = new RuleSet();
    set.add(request(Msg.VM_START).becomes(answer(3)));
    const out = set.message('request', message(new Uint8Array(4), RpcType.REQUEST));
    expect(out?.map((e) => [...e.bytes])).toEqual([[0x21, 2, 7, 0, 4, 0, 0, 0x56, 3, 0, 0, 0]]);
  });

  it('withhold interrupts for as long as told', () => {
    const set = new RuleSet();
    set.add(withhold('rx', 0, 2));
    expect([set.edges('rx'), set.edges('tx'), set.edges('rx'), set.edges('rx')]).toEqual([0, 1, 0, 1]);
  });
});

describe('rules as text', () => {
  it('are read', () => {
    expect(parseRule('reply VM_START error=NORESOURCE once')).toMatchObject({
      on: 'reply',
      ids: [Msg.VM_START],
      times: 1,
    });
    expect(parseRule('notification VM_STATUS delay=5ms after=2')).toMatchObject({ ids: [Msg.N_VM_STATUS], skip: 2 });
    expect(parseRule('withhold rx')).toMatchObject({ kind: 'interrupt', line: 'rx' });
    expect(parseRule('request * drop')).toMatchObject({ on: 'request', ids: [] });
    expect(parseRule('repeat tx after=1')).toMatchObject({ kind: 'interrupt', line: 'tx', edges: 2, skip: 1 });
    expect(parseRule('stall 3')).toMatchObject({ kind: 'stall', depth: 3 });
    expect(parseRule('rewrite VM_GET_ID payload=0300 once')).toMatchObject({ ids: [Msg.VM_GET_ID], times: 1 });
  });

  it('are read as the guide writes them', () => {
    const guide = readFileSync(join(import.meta.dirname, '../../docs/conformance.md'), 'utf8');
    const lines = /```rules\n([\s\S]*?)```/.exec(guide)?.[1].trim().split('\n') ?? [];
    expect(lines.length).toBeGreaterThan(9);
    expect(lines.map((line) => parseRule(line)).filter((rule) => typeof rule === 'string')).toEqual([]);
  });

  it('are refused in words', () => {
    expect(parseRule('reply VM_NONSENSE drop')).toMatch(/no such message/);
    expect(parseRule('reply constructor drop')).toMatch(/no such message/);
    expect(parseRule('reply VM_START error=toString')).toMatch(/no such error/);
    expect(parseRule('reply VM_START sing')).toMatch(/not a change/);
    expect(parseRule('packet VM_START drop')).toMatch(/not reply/);
    expect(parseRule('reply VM_START payload=123')).toMatch(/not pairs of hexadecimal digits/);
    expect(parseRule('rewrite VM_GET_ID drop')).toMatch(/payload=HEX is missing/);
    expect(parseRule('rewrite * payload=00')).toMatch(/no such message/);
    expect(parseRule('stall rx')).toMatch(/not a number/);
    expect(parseRule('stall 3 once')).toMatch(/until the rules end/);
    expect(parseRule('repeat all')).toMatch(/rx or tx/);
  });

  it('put other payloads and further packets in', () => {
    const set = new RuleSet();
    set.add(parseRule('reply VM_START payload=07000000 before=AA behind=bbcc') as Rule);
    const out = set.message('reply', message(new Uint8Array(4)));
    expect(out?.map((e) => e.bytes.length)).toEqual([1, 12, 2]);
    expect([...(out?.[1].bytes ?? [])].slice(8)).toEqual([7, 0, 0, 0]);
  });

  it('act like built ones', () => {
    const rule = parseRule('notification VM_EXITED drop');
    if (typeof rule === 'string') throw new Error(rule);
    const set = new RuleSet();
    set.add(rule);
    expect(set.message('notification', { ...message(new Uint8Array(8)), type: 3, id: Msg.N_VM_EXITED })).toEqual([]);
    expect(notification(Msg.N_VM_EXITED).becomes(drop).ids).toEqual(rule.kind === 'message' ? rule.ids : []);
  });
});
