import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Recorder, Simulator } from '../../src/sim/index.js';
import { CliLines, type Ended } from '../support/cli.js';

const ROOT = join(import.meta.dirname, '../..');
const MAIN = join(ROOT, 'dist/src/cli/main.js');
const SCENARIO = join(ROOT, 'examples/first-rpc.json');

let folder = '';
let lines: CliLines;
const taken = createServer();
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gunyah-mistakes-'));
  mkdirSync(join(folder, 'dir'));
  writeFileSync(join(folder, 'empty'), '');
  writeFileSync(join(folder, 'half.json'), '{');
  symlinkSync('half.json', join(folder, 'link.json'));
  writeFileSync(join(folder, 'list.json'), '[]');
  writeFileSync(join(folder, 'fuzz.json'), '{\n "format": "gunyah-fuzz/1"\n}\n');
  writeFileSync(join(folder, 'cut.jsonl'), '{"format":"gunyah-transcript/1","name":"x","title":"y"}\n{"ev":"no');
  writeFileSync(join(folder, 'packet.hex'), '21 02 00 00 24 00 00 56\n');
  writeFileSync(join(folder, 'big'), new Uint8Array(2000));
  new Recorder(new Simulator(), { version: '0', about: 'x' }, (part) => appendFileSync(join(folder, 'run.rec'), part));
  writeFileSync(join(folder, 'noise'), Uint8Array.of(0x1b, 0x5b, 0x33, 0x31, 0x6d, 0, 0xff));
  taken.listen(join(folder, 'taken'));
  lines = new CliLines(folder);
});
afterAll(() => {
  lines.close();
  taken.close();
  rmSync(folder, { recursive: true });
});

const start = (args: readonly string[], stdout: number | 'pipe' = 'pipe'): ChildProcess =>
  spawn(process.execPath, [MAIN, ...args], { cwd: folder, stdio: ['ignore', stdout, 'pipe'] });

async function ended(child: ChildProcess): Promise<Ended> {
  let out = '';
  let err = '';
  child.stdout?.on('data', (text) => {
    out += text;
  });
  child.stderr?.on('data', (text) => {
    err += text;
  });
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, out, err };
}

/** Command line, exit code, the one line on stderr. */
const MISTAKES: readonly (readonly [string, number, RegExp])[] = [
  ['frob', 2, /unknown command 'frob'.*"gunyah-sim --help" tells more/],
  ['rum', 2, /unknown command 'rum' \(Did you mean run\?\)/],
  ['run', 2, /missing required argument 'file'; "gunyah-sim run --help" tells more/],
  ['run SCENARIO more', 2, /too many arguments/],
  ['run SCENARIO --frob', 2, /unknown option '--frob'/],
  ['run SCENARIO --seed -1', 2, /'-1' is invalid. give 0 to 4294967295/],
  ['run SCENARIO --seed 4294967296', 2, /give 0 to 4294967295/],
  ['run SCENARIO --seed x', 2, /; "gunyah-sim run --help" tells more/],
  ['--seed x conform rm', 2, /; "gunyah-sim conform rm --help" tells more/],
  ['conform rm --timeout x', 2, /; "gunyah-sim conform rm --help" tells more/],
  ...['verify', 'decode 00', 'conform FRAG-1', 'conform rm', 'explain 0x35', 'replay x', 'demo', 'bench'].map(
    (line) => [`${line} --seed 3`, 2, /--seed has no effect on [a-z ]+: leave it out/] as const,
  ),
  ['run missing', 3, /cannot read missing: no such file$/m],
  ['run dir', 3, /cannot read dir: it is a directory$/m],
  ['run /dev/zero', 3, /cannot read \/dev\/zero: it does not end within 256 MiB/],
  ['run empty', 3, /empty: \$: not JSON/],
  ['run half.json', 3, /half.json: line 1, column 2: not JSON/],
  ['run list.json', 3, /list.json: \$: not a scenario; write/],
  ['run SCENARIO --pcap dir', 3, /cannot write dir: it is a directory/],
  ['run SCENARIO --record nowhere/x', 3, /cannot write nowhere\/x: no such folder/],
  ['run SCENARIO --perfetto half.json', 2, /half.json exists: give --force/],
  ['run SCENARIO --record new --pcap new', 2, /--pcap and --record are both new: give each a file of its own/],
  ['run SCENARIO --record new --perfetto ./dir/../new', 2, /--perfetto and --record are both new/],
  ['run SCENARIO --record - --pcap -', 2, /--pcap and --record are both stdout/],
  ['run SCENARIO --json --perfetto -', 2, /--perfetto and --json are both stdout: give one of them/],
  ['run half.json --force --record half.json', 2, /--record half.json is what is read: give another file/],
  ['run link.json --force --perfetto half.json', 2, /--perfetto half.json is what is read/],
  ['serve --listen unix:./s --record new --pcap new', 2, /--record and --pcap are both new/],
  ['verify noise --force --junit noise', 2, /--junit noise is what is read/],
  ['caps SCENARIO --at ', 2, /no step with label '': there are no labels/],
  ['caps SCENARIO --at 999', 2, /step 999 of 15: give a number up to 15, or a label/],
  ['replay noise', 3, /noise: not a recording: make one with "run --record"/],
  ['run run.rec', 3, /run.rec: this is a recording: "gunyah-sim replay" repeats it/],
  ['caps fuzz.json', 3, /fuzz.json: this is a failure that fuzz recorded: "gunyah-sim fuzz --replay" repeats it/],
  ['run cut.jsonl', 3, /cut.jsonl: this is a transcript of the real system: "gunyah-sim verify" replays it/],
  ['replay SCENARIO', 3, /: this is a scenario: "gunyah-sim run" plays it/],
  ['verify SCENARIO', 3, /: this is a scenario/],
  ['verify cut.jsonl', 3, /cut.jsonl: line 2 is not a JSON object: the file is cut off/],
  ['fuzz --replay x --fault leaked-cap', 2, /--fault does not go with --replay: what is recorded is repeated with its/],
  ['fuzz --seed 3 --replay x', 2, /--seed does not go with --replay/],
  ['fuzz --scenario x', 2, /--scenario makes a scenario of a --replay/],
  ['fuzz --replay SCENARIO', 3, /: this is a scenario/],
  ['explain SCENARIO', 2, /is a file: with --step N of a scenario/],
  ['explain xq', 2, /nothing is called 'xq'; give a name or number/],
  ['decode packet.hex', 3, /packet.hex holds hex digits: give --hex packet.hex/],
  ['decode big', 3, /big has 2000 bytes: no packet/],
  ['replay noise noise', 3, /noise: not a recording/],
  ['verify missing', 3, /cannot read missing: no such file/],
  ['verify dir', 3, /dir is a directory: "verify -r dir" takes all transcripts in it/],
  ['verify -r missing', 3, /cannot read missing: no such file/],
  ['verify empty --junit nowhere/x', 3, /cannot write nowhere\/x: no such folder/],
  ['decode zz', 2, /no such file, and no bytes either: 'z' is no hex digit: zz/],
  ['decode --hex noise', 3, /packet 1 of noise: .* is no hex digit/],
  ['explain rm.VM_RESET.99', 2, /nothing is called 'rm.VM_RESET.99'; near it: rm.VM_RESET.1, rm.VM_RESET.2/],
  ['explain hvc.msgqueue_sned.1', 2, /near it: hvc.msgqueue_send.0, hvc.msgqueue_send.1/],
  ['explain xyzzy', 2, /nothing is called 'xyzzy'; give a name or number/],
  ['explain SCENARIO --step NaN', 2, /'NaN' is invalid. give a whole number from 1/],
  ['explain SCENARIO --step 16', 2, /has steps 1 to 15; --step 16 is none of them/],
  ['bench rcp', 2, /no part is called rcp: did you mean (rpc|ipc)\? there are rpc, hypercalls/],
  ['bench rpc nope', 2, /no part is called nope: there are rpc, hypercalls, .*, fullness$/m],
  ['completion', 2, /for which shell: choose bash, zsh or fish/],
  ['completion --words x', 2, /--words x: there are checks, defects, faults, deaths, commands, names/],
  ['completion constructor', 2, /no completion for 'constructor'/],
  ['completion tcsh', 2, /no completion for 'tcsh': choose bash, zsh or fish/],
  ['fuzz --jobs 1e99', 2, /give a whole number from 1 to 256/],
  ['fuzz --seconds -1', 2, /give a number above 0/],
  ['fuzz --length NaN', 2, /give a whole number from 1 to 1000000/],
  ['fuzz --record nowhere/x', 3, /cannot write nowhere\/x: no such folder/],
  ['fuzz --replay list.json', 3, /list.json: not a recording made by fuzz/],
  ['serve', 2, /give --listen ADDRESS: unix:PATH or tcp:HOST:PORT/],
  ['serve --lisen unix:./s', 2, /unknown option '--lisen' \(Did you mean --listen\?\)/],
  ['serve --listen tcp:127.0.0.1:99999', 2, /tcp:127.0.0.1:99999: there is no port 99999, give one up to 65535/],
  ['serve --listen tcp:256.0.0.1:1', 2, /tcp:256.0.0.1:1: 256.0.0.1 is no IP address/],
  ['serve --listen unix:./nowhere/s', 4, /cannot listen on unix:.\/nowhere\/s: no such folder$/m],
  [
    'serve --listen unix:./s --interfere withhold+rx',
    2,
    /'withhold' works in scenarios \("interfere", docs\/scenarios.md\); rules of a server are about replies and not/,
  ],
  ['serve --listen unix:./a --listen unix:./b', 2, /one address only/],
  ['serve --listen unix:./taken', 4, /cannot listen on unix:.\/taken: it is in use/],
  ['serve --listen unix:./dir', 4, /cannot listen on unix:.\/dir: something that is no socket is there already/],
  ['serve --listen unix:./s --grace-ms abc', 2, /give milliseconds, 0 to 3600000/],
  [
    'serve --listen unix:./s --interfere foo',
    2,
    /--interfere 'foo': .*; write for example 'reply VM_START error=NORESOURCE' \(docs\/link.md\)/,
  ],
  ['help ren', 2, /no command is called ren; did you mean run\?/],
  ['help conform ram', 2, /no command is called conform ram; did you mean rm\?/],
  ['help run rm', 2, /no command is called run rm: run has no commands of its own/],
  ['conform --defect nope', 2, /no defect is called nope: --list-defects shows all/],
  ['conform --defect first-twice-crush', 2, /: did you mean first-twice-crash\? --list-defects shows all/],
  ['conform --self --mutant nope', 2, /no mutant is called nope: --list-defects shows all/],
  ['conform --self --mutant first-twice-crush', 2, /: did you mean first-twice-crash\? --list-defects/],
  ['conform NOPE', 2, /nothing matched: no check is called NOPE: --list shows all/],
  ['conform FRAGG', 2, /nothing matched: no check is called FRAGG: did you mean FRAG\?/],
  ['conform ', 2, /nothing matched: an id is empty: rmclient is every check, --list shows all/],
  ['conform rn', 2, /no check is called rn: did you mean the command conform rm\?/],
  ['conform --list --tap', 2, /--list runs no checks, so --tap has no results: leave one of them out/],
  ['conform --dryrun --junit x', 2, /--dryrun runs no checks, so --junit has no results/],
  ['conform --list-defects --junit x', 2, /--list-defects runs no checks/],
  ['conform --markdown --json', 2, /--markdown and --json are two forms of the catalog: give one of them/],
  ['conform --self --list', 2, /--list and --self do different things: give one of them/],
  ['conform --self --tap --json', 2, /--json and --tap are both stdout/],
  ['conform --self --junit nowhere/x', 3, /cannot write nowhere\/x: no such folder/],
  ['conform rm --list --tap', 2, /--list runs no checks, so --tap has no results/],
  ['verify --tap --json', 2, /--json and --tap are both stdout/],
  ['conform FRAG-99', 2, /no check is called FRAG-99: did you mean FRAG-\d/],
  [
    'fuzz --fault leakd-cap',
    2,
    /no fault is called leakd-cap: did you mean leaked-cap\? there are lost-mem-released, /,
  ],
  ['fuzz --excuse irq-empty', 2, /--excuse irq-empty: no such way to die; did you mean irq-empty-payload\? "/],
  ['conform FRAG-1 --expect-fail NOPE', 2, /--expect-fail: no check is called NOPE: --list shows all/],
  ['conform FRAG-1 --expect-fail FRAGG', 2, /no check is called FRAGG: did you mean FRAG\? --list shows all/],
  ['conform FRAG-1 --quiet --client ./none+{link}', 4, /error: the client cannot be started: .\/none: not found$/m],
  ['conform FRAG-1 --timeout abc', 2, /give milliseconds, 1 to 3600000/],
  ['conform FRAG-1 --tap --json', 2, /--json and --tap are both stdout: give one of them, or a file/],
  ['conform FRAG-1 --tap --junit -', 2, /--tap and --junit are both stdout/],
  ['conform rm --junit - --json', 2, /--json and --junit are both stdout/],
  ['verify --junit - --json', 2, /--json and --junit are both stdout/],
  ['conform FRAG-1 --jobs 0', 2, /give a whole number from 1 to 64/],
  ['conform FRAG-1 --mutant x', 2, /--mutant goes with --self/],
  ['conform FRAG-1 --client true', 2, /--client: {link} has to stand for the address/],
  ['conform FRAG-1 --client true{link} --defect first-twice-crash', 2, /--defect is about the reference client/],
  ['conform FRAG-1 --quiet --client unix:./none', 4, /no connection to unix:.\/none: no such file/],
  ['conform FRAG-1 --junit nowhere/x', 3, /cannot write nowhere\/x: no such folder/],
  ['conform --self --quiet --client /none/{link}', 4, /'\/none\/--mutants' does not list mutants: .*not found/],
  ['conform rm', 2, /give --server ADDRESS or --server-command 'PROGRAM {link}'/],
  ['conform rm b2_payload_length_011 --server unix:./none', 4, /there is no server at unix:.\/none: no such file$/m],
];

/** `+` is a space in a word. */
const words = (line: string): string[] =>
  line.split(' ').map((word) => (word === 'SCENARIO' ? SCENARIO : word.replaceAll('+', ' ')));

describe('a mistake of the user is one line that says what, where and what to do', () => {
  it.each(MISTAKES)('%s: exit code %i', async (line, code, message) => {
    const r = await lines.run(...words(line));
    expect(r.err).toMatch(message);
    expect(r.err).toMatch(/^error: .*\n$/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal would obey
    expect(r.err).not.toMatch(/[\u0000-\u0009\u001b]/);
    expect(r.out).toBe('');
    expect(r.status).toBe(code);
  });

  it.each([2, 3, 4])('is the same line in a process of its own: exit code %i', async (code) => {
    const [line] = MISTAKES.find((m) => m[1] === code) ?? [''];
    expect(await ended(start(words(line)))).toEqual(await lines.run(...words(line)));
  });
});

/** Starts a command and interrupts it as soon as it has said something. */
async function interrupted(signal: 'SIGINT' | 'SIGTERM', ...args: string[]): Promise<Ended> {
  const child = start(args);
  const end = ended(child);
  await Promise.race([once(child.stdout ?? child, 'data'), once(child.stderr ?? child, 'data'), once(child, 'exit')]);
  child.kill(signal);
  return end;
}

describe.concurrent('who is interrupted', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('by %s while checking a client reports what was found so far: exit code %i', async (signal, code) => {
    const junit = `junit-${signal}`;
    const r = await interrupted(signal, 'conform', 'FRAG', 'LIFE', 'MEM', '--junit', junit);
    expect(r.status).toBe(code);
    expect(r.err).toMatch(/^interrupted: \d+ checks were not run to their end$/m);
    expect(r.out).toMatch(/\d+ passed, 0 failed/);
    expect(readFileSync(join(folder, junit), 'utf8')).toMatch(/<\/testsuites>\n$/);
  });

  it.each(['1', '2'])('while fuzzing in %s thread(s) is shown the totals', async (jobs) => {
    const r = await interrupted('SIGINT', 'fuzz', '--jobs', jobs, '--length', '20');
    expect(r.out).toMatch(/nothing failed before it was interrupted\n$/);
    expect(r.status).toBe(130);
  });

  it('while exploring is shown the tables', async () => {
    const r = await interrupted('SIGINT', 'explore', '--vms', '3', '--parcels', '3');
    expect(r.out).toMatch(/^eventually: not known, in \d+ states? not everything has been tried\n/m);
    expect(r.out).toMatch(/nothing failed before it was interrupted\n$/);
    expect(r.status).toBe(130);
  });

  it('while verifying is shown what was compared', async () => {
    const r = await interrupted('SIGINT', 'verify', '--junit', 'verified');
    expect(r.out).toMatch(/^\d+ events: \d+ matched, 0 mismatched/m);
    expect(r.err).toMatch(/interrupted/);
    expect(r.status).toBe(130);
    expect(existsSync(join(folder, 'verified'))).toBe(true);
  });
});

describe.concurrent('a reader that has seen enough', () => {
  it('ends a command that does nothing but print', async () => {
    const child = start(['run', SCENARIO]);
    child.stdout?.once('data', () => child.stdout?.destroy());
    expect(await ended(child)).toMatchObject({ status: 0, err: '' });
  });

  it('does not cost the files of one that writes some', async () => {
    const child = start(['conform', 'FRAME', '--junit', 'unread']);
    child.stdout?.once('data', () => child.stdout?.destroy());
    expect((await ended(child)).status).toBe(0);
    expect(readFileSync(join(folder, 'unread'), 'utf8')).toMatch(/<\/testsuites>\n$/);
  });

  it('is not the same as a full disk', async () => {
    const full = openSync('/dev/full', 'w');
    const r = await ended(start(['run', SCENARIO], full));
    closeSync(full);
    expect(r).toMatchObject({ status: 3, err: 'error: cannot write to stdout: no space left on the device\n' });
  });
});
