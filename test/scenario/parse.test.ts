import { describe, expect, test } from 'vitest';
import { parseScenario, ScenarioError } from '../../src/scenario/index.js';

const scenario = (...steps: unknown[]): string => JSON.stringify({ format: 'gunyah-scenario/1', name: 't', steps });

function problem(text: string): string {
  try {
    parseScenario(text);
  } catch (error) {
    if (error instanceof ScenarioError) return error.message;
    throw error;
  }
  return 'fine';
}

describe('a mistake in a scenario is one line with place, reason and remedy', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['broken JSON', '{"format": "gunyah-scenario/1",\n "name" 3}', 'line 2, column'],
    ['not an object', '[]', '$: not a scenario'],
    ['another format', '{"format": "x"}', '$.format: "x"; write "gunyah-scenario/1"'],
    ['no steps', '{"format": "gunyah-scenario/1", "name": "t", "steps": []}', '$.steps: no steps'],
    ['an unknown action', scenario({ rcp: 'VM_GET_ID' }), '$.steps[0]: a step without an action; did you mean rpc?'],
    ['two actions', scenario({ rpc: 'VM_GET_OWNER', yield: 1 }), '$.steps[0]: rpc and yield in one step'],
    [
      'an unknown message',
      scenario({ rpc: 'VM_GET_IDD' }),
      '$.steps[0].rpc: RM has no message VM_GET_IDD; did you mean VM_GET_ID?',
    ],
    [
      'a name that every object has',
      scenario({ rpc: 'VM_GET_ID', fields: { vmid: 'constructor' } }),
      '$.steps[0].fields.vmid: "constructor" is not a number',
    ],
    [
      'an instruction that every object has',
      scenario({ guest: '0x41000000', run: 1, asm: ['constructor x0'] }),
      'constructor is not known',
    ],
    [
      'an unknown field',
      scenario({ rpc: 'VM_GET_ID', fields: { vmdi: 3 } }),
      '$.steps[0].fields.vmdi: unknown key; did you mean vmid?',
    ],
    ['a missing field', scenario({ rpc: 'VM_GET_ID' }), '$.steps[0].fields: field vmid is missing; add "vmid"'],
    [
      'a value too large',
      scenario({ rpc: 'VM_GET_ID', fields: { vmid: '0x10000' } }),
      '$.steps[0].fields.vmid: 65536 does not fit into 2 bytes',
    ],
    [
      'an unknown enumeration value',
      scenario({ rpc: 'VM_CONFIG_IMAGE', fields: { vmid: 3, auth_type: 'NON' } }),
      '$.steps[0].fields.auth_type: "NON" is not a number; did you mean NONE?',
    ],
    [
      'a variable without value',
      scenario({ rpc: 'VM_GET_ID', fields: { vmid: '$vm' } }),
      '$.steps[0].fields.vmid: variable $vm has no value',
    ],
    [
      'an unknown hypercall',
      scenario({ hvc: 'doorbel_send' }),
      '$.steps[0].hvc: there is no hypercall doorbel_send; did you mean doorbell_send?',
    ],
    [
      'an unknown argument',
      scenario({ hvc: 'doorbell_send', args: { flags: 1 } }),
      '$.steps[0].args.flags: unknown key',
    ],
    [
      'an unknown result',
      scenario({ rpc: 'VM_GET_OWNER', save: { x: 'vmdi' } }),
      '$.steps[0].save.x: there is no vmdi; did you mean vmid?',
    ],
    ['an unknown key', scenario({ wait: '1ms', lable: 'x' }), '$.steps[0].lable: unknown key; did you mean label?'],
    ['a bad time', scenario({ wait: '5 minutes' }), '$.steps[0].wait: "5 minutes" is not a time'],
    ['half a byte', scenario({ send: 'abc' }), '$.steps[0].send: not a string of hex digits'],
    ['nothing to write', scenario({ write: '0x41000000' }), '$.steps[0]: nothing to write'],
    [
      'a bad instruction',
      scenario({ write: 0, asm: ['nop', 'mvo x0, #1'] }),
      '$.steps[0].asm[1]: "mvo x0, #1": mvo is not known',
    ],
    [
      'a label that is not there',
      scenario({ write: 0, asm: ['b nowhere'] }),
      '$.steps[0].asm[0]: "b nowhere": no label "nowhere"',
    ],
    [
      'a label twice',
      scenario({ yield: 1, label: 'a' }, { yield: 1, label: 'a' }),
      '$.steps[1].label: a is there twice',
    ],
    ['a time without unit', scenario({ wait: 5 }), '$.steps[0].wait: 5 is not a time; write for example "5ms"'],
    [
      'truth for a number',
      scenario({ rpc: 'VM_GET_ID', fields: { vmid: true } }),
      'vmid: a number is needed, not true',
    ],
    [
      'fields and payload',
      scenario({ rpc: 'VM_GET_ID', fields: { vmid: 3 }, payload: '03000000' }),
      '$.steps[0]: fields and payload at once; give one of them',
    ],
    ['a missing list', scenario({ rpc: 'MEM_APPEND', fields: { handle: 1, flags: 0 } }), 'list sgl is missing; add'],
    [
      'a notification as request',
      scenario({ rpc: 'VM_STATUS' }),
      '$.steps[0].rpc: VM_STATUS is a notification; RM sends it; see the step "notifications"',
    ],
    [
      'more registers than there are',
      scenario({ hvc: 18, args: [1, 2, 3, 4, 5, 6, 7, 8, 9] }),
      '$.steps[0].args: 9 values',
    ],
    ['a death that nobody dies', scenario({ dead: 'vm-dealocate-unknown' }), 'did you mean vm-deallocate-unknown?'],
    ['receive with a number', scenario({ receive: 1 }), '$.steps[0].receive: not true; write "receive": true'],
    ['a negative seed', scenario({ yield: 1 }).replace('{', '{"seed": -1,'), '$.seed: -1 does not fit into 4 bytes'],
    [
      'a key twice, where JSON keeps one',
      scenario({ note: 'say "rpc": {', yield: 1 }).replace('"note"', '"rpc": "VM_GET_OWNER",\n "rpc"'),
      'line 2, column 2: "rpc" is there twice in one object',
    ],
    [
      'a tree that is deeper than the stack',
      scenario({ write: 0, tree: '@' }).replace('"@"', `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`),
      'nodes below more than 64 others',
    ],
    ['a bad tree', scenario({ write: 0, tree: { a: null } }), '$.steps[0].tree["a"]: null is not a property'],
  ];
  test.each(cases)('%s', (_name, text, message) => {
    expect(problem(text)).toContain(message);
    expect(problem(text)).not.toContain('\n');
  });
});

test('any JSON is either a scenario or one line of complaint', () => {
  const values: unknown[] = [null, 1, 'x', [], {}, { format: 'gunyah-scenario/1', name: 't', steps: 3 }];
  for (const step of [
    null,
    3,
    [],
    {},
    { rpc: null },
    { rpc: {} },
    { hvc: [] },
    { write: {}, tree: 3 },
    { peek: null },
    { guest: 0 },
  ]) {
    values.push(JSON.parse(scenario(step)));
  }
  for (const v of values) expect(problem(JSON.stringify(v))).toMatch(/^\$.*; /);
});
