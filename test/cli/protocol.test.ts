import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { CliLines, type Ended } from '../support/cli.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'gunyah-sim-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const lines = new CliLines(root);
afterAll(() => lines.close());
const cli = (...args: string[]): Promise<Ended> => lines.run(...args);

/** In a process of its own, which reads this. */
function cliReading(input: string, ...args: string[]): Ended {
  const r = spawnSync(process.execPath, [join(root, 'dist/src/cli/main.js'), ...args], { encoding: 'utf8', input });
  return { status: r.status, out: r.stdout, err: r.stderr };
}

const write = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

const HEADER = '{"format":"gunyah-transcript/1","name":"one","title":"t"}';
const IDENTIFY =
  '{"ev":"hvc","imm":"0x6000","x":[],"r":["0x5100000000008001","0x10000eff","0x0","0x0","0x0","0x0","0x0","0x0"]}';
const good = write('good.jsonl', `${HEADER}\n${IDENTIFY}\n`);
const bad = write('bad.jsonl.gz', gzipSync(`${HEADER}\n${IDENTIFY.replace('eff', 'fff')}\n{"ev":"dance"}\n`));

describe('verify', () => {
  test('passes a transcript that the simulator answers as recorded', async () => {
    const r = await cli('verify', good);
    expect(r).toMatchObject({ status: 0, err: '' });
    expect(r.out.endsWith('1 passed, 0 failed, 0 skipped\n')).toBe(true);
  });

  test('exits 1 with the first difference in words, and names what it cannot replay', async () => {
    const r = await cli('verify', '--quiet', good, bad);
    expect(r.status).toBe(1);
    expect(r.out).toContain('line 2, hvc: r[1] is 0x10000eff, recorded 0x10000fff');
    expect(r.out).toContain('unsupported: dance 1');
    expect(r.out).toMatch(/\nagain: .*\n1 passed, 1 failed, 0 skipped\n/);
  });

  test('--json is one object with totals and the same per file', async () => {
    const report = JSON.parse((await cli('verify', '--json', '-r', folder)).out);
    expect(report).toMatchObject({ events: 3, matched: 1, mismatched: 1, unsupported: 1, excused: 0 });
    expect(report.unsupportedKinds).toEqual({ dance: 1 });
    expect(Object.keys(report.files)).toEqual([bad, good]);
    expect(report.files[bad]).toMatchObject({ events: 2, matched: 0, mismatched: 1, unsupported: 1 });
    expect(report.files[good]).toMatchObject({ events: 1, matched: 1, mismatched: 0, unsupportedKinds: {} });
    const twice = JSON.parse((await cli('verify', '--json', good, good)).out);
    expect(Object.keys(twice.files)).toEqual([good, `${good} (2)`]);
  });

  test('--junit writes XML, over an older report and an empty file, over no other file without --force', async () => {
    const xml = write('out.xml', '');
    expect((await cli('verify', good, bad, '--junit', xml)).status).toBe(1);
    expect(readFileSync(xml, 'utf8')).toContain('tests="2" failures="1" skipped="0"');
    expect((await cli('verify', good, '--junit', xml)).status).toBe(0);
    expect(readFileSync(xml, 'utf8')).toContain('tests="1" failures="0" skipped="0"');
    const other = write('notes.txt', '<testsuit> is misspelt');
    const refused = await cli('verify', good, '--junit', other);
    expect(refused).toMatchObject({ status: 2, out: '' });
    expect(refused.err).toMatch(/^error: .*notes\.txt exists: give --force/);
    expect((await cli('verify', good, '--junit', other, '--force')).status).toBe(0);
    expect((await cli('verify', good, '--junit', '/dev/null')).status).toBe(0);
  });

  test('--tap has a line for every file, with the difference', async () => {
    const r = await cli('verify', good, bad, '--tap');
    expect(r.status).toBe(1);
    const [version, plan, first, second, ...rest] = r.out.split('\n');
    expect([version, plan, first, second]).toEqual(['TAP version 13', '1..2', `ok 1 - ${good}`, `not ok 2 - ${bad}`]);
    expect(rest.join('\n')).toMatch(/^ {2}---\n {2}verdict: FAIL\n {2}reason: ".+"\n {2}\.\.\.\n# 1 passed, 1 failed/);
    expect(r.out.split('\n').at(-2)).toBe(`# again: gunyah-sim verify ${bad}`);
    expect((await cli('verify', bad, good)).out.split('\n').at(-3)).toBe(`again: gunyah-sim verify ${bad}`);
    expect(JSON.parse((await cli('verify', bad, '--json')).out).again).toBe(`gunyah-sim verify ${bad}`);
  });

  test('reads stdin as -', async () => {
    expect(cliReading(`${HEADER}\n${IDENTIFY}\n`, 'verify', '-').status).toBe(0);
  });

  test('an unreadable transcript is exit 3 and one line; an empty folder is exit 2', async () => {
    expect(await cli('verify', join(folder, 'none'))).toMatchObject({ status: 3 });
    const broken = await cli('verify', write('broken.txt', 'hello'));
    expect(broken.status).toBe(3);
    expect(broken.err).toMatch(
      /^error: .*broken\.txt: line 1 is not a JSON object: a transcript has one on every line \(\.jsonl\)\n$/,
    );
    expect((await cli('verify', '-r', mkdtempSync(join(folder, 'empty-')))).status).toBe(2);
  });
});

describe('decode', () => {
  const packet = '2101010101000056';
  test('shows a packet given as hex words, from stdin lines, or as a binary file', async () => {
    expect((await cli('decode', packet, '00000000')).out).toContain('REQUEST VM_ALLOCATE (0x56000001) seq 257');
    const list = '0x21,0x1,0x1,0x1,0x1,0x0,0x0,0x56,0x0,0x0,0x0,0x0';
    expect((await cli('decode', list)).out).toContain('REQUEST VM_ALLOCATE (0x56000001) seq 257');
    expect(cliReading(`${packet} 00000000 # first\n\n${packet} 80000000\n`, 'decode', '--hex', '-').out).toContain(
      '128',
    );
    const file = write('packet.bin', Buffer.from(`${packet}00000000`, 'hex'));
    expect((await cli('decode', file)).out).toContain('VM_ALLOCATE');
  });

  test('a packet that RM would drop is exit 1, text that is no hex exit 2', async () => {
    expect((await cli('decode', '00')).status).toBe(1);
    expect(await cli('decode', 'xyz')).toMatchObject({ status: 2, out: '' });
    expect((await cli('decode')).status).toBe(2);
  });

  test('--json has the fields', async () => {
    const decoded = JSON.parse((await cli('--json', 'decode', `${packet}00000000`)).out);
    expect(decoded.message.name).toBe('VM_ALLOCATE');
  });
});

describe('explain', () => {
  test('knows codes, calls and messages by name and number', async () => {
    expect((await cli('explain', 'MSGQUEUE_FULL')).out).toContain('hypercall result MSGQUEUE_FULL');
    expect((await cli('explain', '0x56000004')).out).toContain('VM_START');
    expect((await cli('explain', 'vcpu_run')).out).toContain('HVC #0x6065');
  });

  test('knows enumerations, flags and their values, with the fields that carry them', async () => {
    const vmState = (await cli('explain', 'vm', 'state')).out;
    expect(vmState).toMatch(/^enumeration VmState\n.*\n {3}0 {2}NONE\n {3}1 {2}INIT\n/m);
    expect(vmState).toContain('in: VM_GET_STATE reply vm_state, VM_STATUS vm_state\n');
    const ready = (await cli('explain', 'ready')).out;
    expect(ready).toContain('READY (2), of the enumeration VmState');
    expect(ready).toContain('READY (0), of the enumeration VcpuRunState');
    expect((await cli('explain', 'VmState.READY')).out).not.toContain('VcpuRunState');
    expect((await cli('explain', 'SANITIZE')).out).toContain('SANITIZE (0x20), of the flags MemAcceptFlag');
    expect((await cli('explain', 'HLOS_VM', '--json')).out).toContain('"0x8000000000000000"');
    expect((await cli('explain', 'enum')).out).toMatch(/^VmState +NONE INIT READY /);
    expect((await cli('explain', 'RELEASE_MEMPARCEL')).err).toContain('near it: RELEASE_MEMPARCELS');
  });

  test('knows SMCCC calls, and result codes by the names that sources give them', async () => {
    for (const word of ['PSCI_CPU_ON', '0x84000003', '0xc4000003'])
      expect((await cli('explain', word)).out).toContain('SMCCC call PSCI_CPU_ON (0x84000003, 0xc4000003), STANDARD\n');
    expect((await cli('explain', 'GH_RM_ERROR_DENIED')).out).toMatch(/^RM reply code DENIED/);
    expect((await cli('explain', 'ERROR_DENIED')).out).toMatch(/^hypercall result DENIED/);
    const both = (await cli('explain', 'DENIED')).out;
    expect(both).toMatch(/^hypercall result DENIED.*\n(.*\n)+RM reply code DENIED/);
  });

  test('an unknown word is exit 2 with names near it', async () => {
    const r = await cli('explain', 'msgq');
    expect(r.status).toBe(2);
    expect(r.err).toMatch(/^error: nothing is called 'msgq'; near it: .*msgqueue_send/);
    expect((await cli('explain', 'VM_STRAT')).err).toContain('near it: VM_START');
  });

  test('lists what there is to explain, topic by topic, and every name of it is known', async () => {
    const topics = JSON.parse((await cli('explain', '--json')).out) as Record<string, string[]>;
    for (const [topic, names] of Object.entries(topics)) {
      const listed = (await cli('explain', topic)).out.trim().split('\n');
      expect(listed.map((line) => line.split(' ')[0])).toEqual(names);
      expect((await cli('explain', ...names)).status).toBe(0);
    }
    expect((await cli('explain')).out).toContain('deaths');
  });

  test('shows what a call and a message take and give, as a scenario names it', async () => {
    const call = (await cli('explain', 'doorbell_send')).out;
    expect(call).toContain('takes: x0 doorbell (cap), x1 new_flags (u64)\ngives: w0 error, x1 old_flags (u64)\n');
    const message = (await cli('explain', 'MEM_SHARE')).out;
    expect(message).toContain('fields (at least 20 bytes):\n  0: u8 mem_type: NORMAL 0, IO 1\n');
    expect(message).toContain('  then: list acl of u16 vmid; u8 rights: R 4, RX 5, RW 6, RWX 7\n');
    expect(message).toContain('reply, behind the code:\n  4: u32 handle\n');
  });

  test('tells the rights of an object type and which calls want them', async () => {
    const { out } = await cli('explain', 'thread');
    expect(out).toMatch(/^object type THREAD\nA vCPU\.\n/);
    expect(out).toMatch(/^ {2}AFFINITY +0x2 +vcpu_set_affinity, vcpu_run$/m);
    expect(out).toMatch(/^ {2}DISABLE +0x200 +vcpu_set_affinity$/m);
    expect(out).toMatch(/^ {2}OBJECT_ACTIVATE +0x80000000 +object_activate, /m);
  });

  test('a name may be typed with spaces', async () => {
    expect((await cli('explain', 'VM', 'START')).out).toContain('request VM_START');
  });

  test('a code that many rules give says how many are left out', async () => {
    expect((await cli('explain', '0x35')).out).toMatch(/given by \d+ rules: .* and \d+ more/);
  });
});

describe('fuzz', () => {
  test('--quiet leaves the verdict alone', async () => {
    const { out, err, status } = await cli(
      'fuzz',
      '--quiet',
      '--from',
      '0',
      '--length',
      '5',
      '--runs',
      '1',
      '--jobs',
      '1',
    );
    expect([status, err]).toEqual([0, '']);
    expect(out.trim().split('\n')).toEqual([
      expect.stringMatching(
        /seed 1, nothing failed; go on: gunyah-sim fuzz --seed 1 --from 1 --length 5 --runs 1 --jobs 1$/,
      ),
    ]);
  });
});

describe('completion and usage', () => {
  test.each(['bash', 'zsh', 'fish'])('there is a %s script that knows the commands', async (shell) => {
    const r = await cli('completion', shell);
    expect(r.status).toBe(0);
    expect(r.out).toContain('verify');
  });

  test('mistakes in usage are one line and exit 2', async () => {
    expect((await cli('completion', 'tcsh')).status).toBe(2);
    expect(await cli('bogus')).toMatchObject({ status: 2, out: '' });
    expect((await cli('verify', '--bogus')).status).toBe(2);
    expect(existsSync(join(root, 'bogus'))).toBe(false);
  });
});
