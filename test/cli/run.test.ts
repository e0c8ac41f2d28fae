import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { CliLines, type Ended } from '../support/cli.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'gunyah-sim-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const lines = new CliLines(root);
afterAll(() => lines.close());
const cli = (...args: string[]): Promise<Ended> => lines.run(...args);

const first = 'examples/first-rpc.json';
const write = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

describe('run', () => {
  test('prints decoded requests and replies, hypercalls and a summary with the seed', async () => {
    const r = await cli('run', first);
    expect(r.status).toBe(0);
    expect(r.out).toContain('HLOS -> RM  request VM_ALLOCATE seq');
    expect(r.out).toContain('RM -> HLOS  reply VM_START');
    expect(r.out).toContain('error VM_STATE (0x14)');
    expect(r.out).toContain('hypervisor_identify() = api_info 0x5100000000008001');
    expect(r.out).toMatch(/first-rpc passed: 15 of 15 steps, .* seed 1, digest [0-9a-f]{16}\n$/);
    expect(r.err).toBe('');
  });

  test('says in one line what is wrong in a scenario, where, and what to do: exit 3', async () => {
    const bad = write('bad.json', '{"format":"gunyah-scenario/1","name":"x","steps":[{"rpc":"VM_GET_IDD"}]}');
    const r = await cli('run', bad);
    expect(r.status).toBe(3);
    expect(r.out).toBe('');
    expect(r.err).toBe(`error: ${bad}: $.steps[0].rpc: RM has no message VM_GET_IDD; did you mean VM_GET_ID?\n`);
    expect((await cli('run', join(folder, 'none.json'))).status).toBe(3);
  });

  test('shows what a vcpu_run came to when its caller has the CPU again', async () => {
    const r = await cli('run', 'examples/proxy.json');
    const calls = r.out.split('\n').filter((line) => /vcpu_run[( ]/.test(line) && /ms {2}HLOS.0/.test(line));
    const later = calls.flatMap((line, i) => (line.includes('gives up the CPU') ? [calls[i + 1]] : []));
    expect(later.length).toBeGreaterThan(3);
    for (const line of later)
      expect(line).toMatch(/vcpu_run returns OK, vcpu_state (READY|EXPECTS_WAKEUP|POWERED_OFF) \(0x[012]\),/);
  });

  test('that fails names the command that explains it, which does', async () => {
    const json =
      '{"format":"gunyah-scenario/1","name":"x","steps":[{"note":"-"},{"rpc":"VM_GET_VMID","expect":"DENIED"}]}';
    const file = write("it's failing.json", json);
    const why = `gunyah-sim explain '${file.replace("'", "'\\''")}' --step 2 --seed 4`;
    const r = await cli('run', file, '--quiet', '--seed', '4');
    expect([r.status, r.out.split('\n').at(-2)]).toEqual([1, `why: ${why}`]);
    expect(JSON.parse((await cli('run', file, '--json', '--seed', '4')).out).why).toBe(why);
    expect((await cli('caps', file, '--seed', '4')).err).toMatch(
      /^error: .*\nwhy: gunyah-sim explain '.*' --step 2 --seed 4\n$/,
    );
    const explained = await cli('explain', file, '--step', '2', '--seed', '4');
    expect([explained.status, explained.out]).toEqual([0, expect.stringContaining('DENIED')]);
    expect((await cli('run', first, '--quiet')).out).not.toContain('why:');
  });

  test('says of a write that failed nothing but that', async () => {
    const steps = '[{"write":"0xf0000000000","bytes":"00"}]';
    const r = await cli('run', write('write.json', `{"format":"gunyah-scenario/1","name":"x","steps":${steps}}`));
    expect(r.status).toBe(1);
    expect(r.out).toContain('FAILED $.steps[0].write: HLOS may not write all of 0xf0000000000, 1 byte\n');
    expect(r.out).not.toContain('wrote');
  });

  test('takes negative numbers for registers, not for fields of messages', async () => {
    const file = (steps: string): string =>
      write('negative.json', `{"format":"gunyah-scenario/1","name":"x","steps":[${steps}]}`);
    const r = await cli('run', file('{"rpc":"VM_ALLOCATE","fields":{"vmid":-1}}'));
    expect(r.status).toBe(3);
    expect(r.err).toContain('$.steps[0].fields.vmid: -1 does not fit into 2 bytes; use 0 to 65535\n');
    const call = await cli('run', file('{"hvc":"doorbell_send","args":{"doorbell":-1,"new_flags":1},"expect":"any"}'));
    expect(call.out).toContain('doorbell_send(doorbell 0xffffffffffffffff, new_flags 0x1)');
  });

  test('exits 1 when an expectation does not hold', async () => {
    const wrong = write(
      'wrong.json',
      '{"format":"gunyah-scenario/1","name":"x","steps":[{"rpc":"VM_GET_OWNER","expect":{"vmid":9}}]}',
    );
    const r = await cli('run', wrong);
    expect(r.status).toBe(1);
    expect(r.out).toContain('$.steps[0].expect.vmid');
  });

  test('is the same run for the same seed, and JSON on request', async () => {
    const a = await cli('run', first, '--json', '--seed', '0x10');
    const b = await cli('run', first, '--json', '--seed', '16');
    expect(a.status).toBe(0);
    expect(a.out).toBe(b.out);
    expect(JSON.parse(a.out)).toMatchObject({ ok: true, seed: 16, steps: 15 });
  });

  test('draws a timeline and writes a trace that Perfetto reads', async () => {
    const trace = join(folder, 'trace.json');
    const r = await cli('run', 'examples/behind-the-back.json', '--no-calls', '--timeline', '--perfetto', trace);
    expect(r.status).toBe(0);
    expect(r.out).toMatch(/^CPU 0 {2}[HRa.]+$/m);
    expect(r.out).toMatch(/^CPU 1 {2}\.+a+$/m);
    expect(r.out).toMatch(/^ {2}a {2}VM 128\.0 .* % of CPU 0, .* % of CPU 1$/m);
    const { traceEvents } = JSON.parse(readFileSync(trace, 'utf8')) as { traceEvents: { ph: string; name: string }[] };
    expect(traceEvents.some((e) => e.ph === 'X' && e.name === 'VM 128.0')).toBe(true);
    expect(traceEvents.filter((e) => e.ph === 'b').length).toBe(traceEvents.filter((e) => e.ph === 'e').length);
  });

  test('writes every packet of the links, and messages between VMs, for Wireshark', async () => {
    const pcap = join(folder, 'two-vms.pcapng');
    expect((await cli('run', '--quiet', '--pcap', pcap, 'examples/two-vms.json')).status).toBe(0);
    const fields = ['direction', 'id', 'vm_allocate.reply.vmid'].flatMap((f) => ['-e', `gunyah_rm.${f}`]);
    const lua = `lua_script:${join(root, 'clients/wireshark/gunyah-rm.lua')}`;
    const rows = spawnSync('tshark', ['-X', lua, '-r', pcap, '-T', 'fields', ...fields], { encoding: 'utf8' }).stdout;
    expect(rows).toMatch(/^0\t0x56000001\t\n1\t0x56000001\t128\n/);
    expect(rows).toMatch(/^2\t\t$/m);
  });

  test('writes a file to stdout alone, what is for people to stderr', async () => {
    const r = await cli('run', first, '--perfetto', '-');
    expect(r.status).toBe(0);
    expect(JSON.parse(r.out)).toHaveProperty('traceEvents');
    expect(r.err).toContain('first-rpc passed: 15 of 15 steps');
  });

  test('never overwrites a file without --force', async () => {
    const file = write('there.rec', 'mine');
    const r = await cli('run', first, '--quiet', '--record', file);
    expect(r.status).toBe(2);
    expect(r.err).toContain('--force');
    expect(readFileSync(file, 'utf8')).toBe('mine');
    expect((await cli('run', first, '--quiet', '--record', file, '--force')).status).toBe(0);
  });
});

describe('replay', () => {
  const record = async (name: string, scenario: string): Promise<{ file: string; bytes: Buffer }> => {
    const file = join(folder, name);
    expect((await cli('run', scenario, '--quiet', '--force', '--record', file)).status).toBe(0);
    return { file, bytes: readFileSync(file) };
  };
  /** Every step is an input: more of them than lie between checkpoints. */
  const long = (): string =>
    write(
      'long.json',
      JSON.stringify({
        format: 'gunyah-scenario/1',
        name: 'x',
        steps: Array(600).fill({ write: '0x50000000', bytes: '00' }),
      }),
    );

  test('repeats a recording', async () => {
    const { file } = await record('run.rec', first);
    const whole = await cli('replay', file);
    expect(whole).toMatchObject({ status: 0, err: '' });
    expect(whole.out).toMatch(/: same run \(31 inputs, 1 state compared, /);
    expect((await cli('replay', first)).status).toBe(3);
  });

  test.each([400, 1000, 2000, 2500])(
    'says of one without a checkpoint that nothing was compared: %i bytes',
    async (n) => {
      const { file, bytes } = await record('short.rec', first);
      writeFileSync(file, bytes.subarray(0, n));
      const cut = await cli('replay', file);
      expect(cut.out).toMatch(
        /: NOTHING COMPARED: there is no checkpoint before its end \(\d+ inputs, 0 states compared, /,
      );
      expect(cut.err).toContain('cut off');
      expect(cut.status).toBe(3);
    },
  );

  test('goes up to the cut, which is fine, or to the damage, which is not', async () => {
    const { file, bytes } = await record('long.rec', long());
    writeFileSync(file, bytes.subarray(0, bytes.length - 3));
    const cut = await cli('replay', file);
    expect(cut.out).toMatch(/: same run up to the cut \(\d+ inputs, 1 state compared, /);
    expect(cut.err).toMatch(/^warning: .*long.rec: the recording is cut off: replayed up to the cut\n$/);
    expect(cut.status).toBe(0);
    bytes[bytes.length - 3] ^= 1;
    writeFileSync(file, bytes);
    const damaged = await cli('replay', file);
    expect(damaged.out).toMatch(/: same run up to the damage \(\d+ inputs, 1 state compared, /);
    expect(damaged.err).toMatch(/^warning: .*long.rec: the recording is damaged: replayed up to the damage\n$/);
    expect(damaged.status).toBe(3);
    expect(JSON.parse((await cli('replay', '--json', file)).out)).toMatchObject({ ok: false, end: 'damaged' });
  });

  test.each([185, 550, 915, 1645, 2375])('knows damage at byte %i', async (n) => {
    const { file, bytes } = await record('damaged.rec', first);
    bytes[n] ^= 0x10;
    writeFileSync(file, bytes);
    const r = await cli('replay', file);
    expect(r.err).toMatch(/damaged/);
    expect(r.status).toBe(3);
  });
});

describe('two recordings', () => {
  const recorded = async (name: string, scenario: string, ...more: string[]): Promise<string> => {
    const r = await cli('run', scenario, '--quiet', '--force', '--record', join(folder, name), ...more);
    expect(r.status).toBe(0);
    return join(folder, name);
  };
  const lend = 'examples/lend-interrupt.json';

  test('that are equal are said to be', async () => {
    const [a, b] = [await recorded('a.rec', first), await recorded('b.rec', first)];
    expect(await cli('replay', a, b)).toEqual({
      status: 0,
      out: '31 inputs and all that came of them are the same\n',
      err: '',
    });
    expect((await cli('replay', a, b, '--inputs')).err).toBe('error: --inputs lists one recording\n');
  });

  test('differ first in an answer: its input, what was asked, and both answers in words', async () => {
    const [a, b] = [await recorded('a.rec', lend), await recorded('b.rec', lend, '--seed', '7')];
    const r = await cli('replay', a, b);
    expect(r.status).toBe(1);
    expect(r.out).toMatch(/^the options differ: seed 1 and 7\nwhat came of input \d+ differs\n {2}the input:\n/);
    expect(r.out).toMatch(/the last packet to RM before:\n +[\d.]+ ms {2}HLOS -> RM {2}request VM_IRQ_LEND seq 6\n/);
    const reply = '[\\d.]+ ms {2}RM -> HLOS {2}reply VM_IRQ_LEND seq 6 OK\\n +handle +0x[0-9a-f]+\\n';
    expect(r.out).toMatch(new RegExp(`a.rec:\\n +${reply} +.*b.rec:\\n +${reply}$`));
    const { same, difference } = JSON.parse((await cli('replay', a, b, '--json')).out);
    expect([same, difference.kind, difference.sides.length]).toEqual([false, 'result', 2]);
  });

  test('differ first in what the driver did', async () => {
    const scenario = (text: string): string =>
      `{"format":"gunyah-scenario/1","name":"x","steps":[{"write":"0x50000000","text":"${text}"}]}`;
    const file = async (name: string, text: string): Promise<string> =>
      recorded(name, write(`${name}.json`, scenario(text)));
    const [a, b] = [await file('a', 'four'), await file('b', 'fore')];
    const r = await cli('replay', a, b);
    expect(r.out).toMatch(/^input 2 differs\n {2}the last that is the same:\n {4}0.000 ms {2}boot\n/);
    expect(r.out).toContain('ms  write 0x50000000, 4 bytes: 666f7572\n');
    // Beyond what a line shows.
    const long = await cli('replay', await file('c', `${'.'.repeat(40)}a`), await file('d', `${'.'.repeat(40)}b`));
    expect(long.out).toMatch(/ {4}\.\.\. .*46,46,97\]\} \.\.\.\n/);
    const [whole, part] = [await recorded('e.rec', first), a];
    expect((await cli('replay', whole, part)).status).toBe(1);
  });

  test('differ in nothing but the state', async () => {
    const [a, b] = [await recorded('a.rec', first), await recorded('b.rec', first, '--seed', '2')];
    const { status, out } = await cli('replay', a, b);
    expect(status).toBe(1);
    expect(out).toMatch(/nothing that the driver did or saw differs; after 31 inputs the state does\n/);
  });
});

describe('what a replay lists', () => {
  test('is named as a run names it', async () => {
    const file = join(folder, 'inputs.rec');
    const step = '{"smccc":"PSCI_VERSION","expect":"any"}';
    const scenario = write('inputs.json', `{"format":"gunyah-scenario/1","name":"x","steps":[${step}]}`);
    expect((await cli('run', scenario, '--quiet', '--record', file)).status).toBe(0);
    const { out } = await cli('replay', '--inputs', file);
    expect(out).toMatch(/^ +[\d.]+ ms {2}call PSCI_VERSION 0x84000000, 0x0/m);
    const two = write('fewer.json', readFileSync(join(root, 'examples/two-vms.json'), 'utf8'));
    expect((await cli('run', two, '--quiet', '--force', '--record', file)).status).toBe(0);
    expect((await cli('replay', '--inputs', file)).out).toMatch(/wrreg S3_0_C4_C6_0 = 0xff$/m);
    // Registers that a driver did not name were 0.
    expect((await cli('replay', '--inputs', file)).out).toMatch(/call vcpu_run\(cap 0x3, resume_data_0 0x0, /);
    expect((await cli('run', first, '--quiet', '--force', '--record', file)).status).toBe(0);
    expect((await cli('replay', '--inputs', file)).out).toMatch(
      /^ +[\d.]+ ms {2}hvc msgqueue_send\(msgqueue 0x0, size 0xc, data 0x[0-9a-f]+, send_flags 0x1\)$/m,
    );
  });
});

describe('caps', () => {
  test('shows every table at three moments of the second VM', async () => {
    const r = await cli(
      'caps',
      'examples/two-vms.json',
      '--at',
      'created',
      '--at',
      'running',
      '--at',
      'gone',
      '--json',
    );
    expect(r.status).toBe(0);
    const { moments } = JSON.parse(r.out) as {
      moments: { tables: { vm: string; rows: { type: string; rights: string[]; others: { vm: string }[] }[] }[] }[];
    };
    expect(moments.map((m) => m.tables.map((t) => t.vm))).toEqual([
      ['RM', 'HLOS', 'VM 128'],
      ['RM', 'HLOS', 'VM 128'],
      ['RM', 'HLOS'],
    ]);
    const hlos = moments[1]?.tables[1]?.rows ?? [];
    const bell = hlos.find((row) => row.type === 'DOORBELL');
    expect(bell?.rights).toEqual(['SEND', 'RECEIVE']);
    expect(bell?.others.map((o) => o.vm)).toEqual(['RM', 'VM 128']);
  });

  test('shows one VM, and what came and went between two moments', async () => {
    const moments = ['--at', 'configured', '--at', 'running', '--at', 'gone'];
    const { out } = await cli('caps', 'examples/two-vms.json', ...moments, '--vm', 'hlos', '--changes');
    const tables = out.split('== ').slice(1);
    expect(tables[0]).toMatch(/^two-vms, after step 8 \(configured\), seed 1\nHLOS: 3 capabilities\n/);
    expect(tables[1]).toMatch(/\nHLOS: 5 came, 0 went\n {2}cap .*\n\+ 0x3 +0:3 +#\d+ +THREAD /);
    expect(tables[2]).toMatch(/\nHLOS: 0 came, 5 went\n {2}cap .*\n- 0x3 +0:3 +#\d+ +THREAD /);
    expect(out).not.toMatch(/^(RM|VM 128):/m);
    const again = await cli('caps', 'examples/two-vms.json', '--at', 'gone', '--at', 'gone', '--vm', '3', '--changes');
    expect(again.out).toContain('HLOS: nothing came or went\n');
  });

  test('names the VMs when one is not there', async () => {
    const r = await cli('caps', 'examples/two-vms.json', '--at', 'gone', '--vm', '128');
    expect(r).toMatchObject({ status: 2, err: 'error: no VM is called 128 then: there are RM, HLOS\n' });
  });

  test('names the labels when one is not there', async () => {
    const r = await cli('caps', 'examples/two-vms.json', '--at', 'nowhere');
    expect(r.status).toBe(2);
    expect(r.err).toContain('running');
  });
});
