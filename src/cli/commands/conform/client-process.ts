/**
 * A client under test as a process: its upper tester on stdin and stdout, what it says on stderr, its end. Or a program that is
 * there already: the same lines over a socket, one connection for each check, which begins with `link ADDRESS`.
 */
import { spawn } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import type { Greeting } from '../../../conform/index.js';
import { type Address, parseAddress } from '../../../link/index.js';
import { CliError } from '../../errors.js';
import { reasonOf } from '../../files.js';
import { killGroup } from './cleanup.js';

type Parse = (line: string) => Greeting | undefined;

/** Tells the client that it is under test: such a program serves its upper tester instead of doing what it usually does. */
const UPPER_TESTER_VARIABLE = 'GUNYAH_SIM_UPPER_TESTER';

const STDERR_KEPT = 4000;
const NEEDS_SHELL = /[&|;<>]|^\s*\w+=/;

/** Where a program waits that runs already; undefined: `client` is a command. Throws when it is meant as an address and is none. */
export function addressOf(client: string): Address | undefined {
  if (!/^(unix|tcp):/.test(client)) return undefined;
  const address = parseAddress(client, true);
  if (typeof address === 'string') throw new CliError(`--client: ${address}`);
  return address;
}

/** Where its lines go and come from. */
interface Ends {
  input: Writable;
  output: Readable;
  close: () => void;
}

export class ClientProcess {
  readonly lines: string[] = [];
  greeting: Greeting | undefined;
  /** How it ended. */
  exit: string | undefined;
  stderr = '';
  /** Of its process group; undefined: somebody else has started it. */
  pid: number | undefined;
  /** The client was told something since it was last seen idle, or was never seen idle. */
  told = true;
  private readonly ends: Ends;
  private wake: () => void = () => {};
  private syncs = 0;
  private synced = 0;

  /** `command` is run by the shell; `unix:PATH` or `tcp:HOST:PORT` is where a running program waits for the suite. */
  constructor(
    command: string,
    link: string,
    private readonly parseGreeting: Parse,
  ) {
    const address = addressOf(command);
    this.ends = address === undefined ? this.start(command) : this.attach(command, address);
    let rest = '';
    this.ends.output.setEncoding('utf8');
    this.ends.output.on('data', (text: string) => {
      const parts = (rest + text).split('\n');
      rest = parts.pop() ?? '';
      for (const line of parts) this.line(line);
      this.active();
    });
    this.ends.input.on('error', () => {});
    if (address !== undefined) this.write(`link ${link}`);
  }

  private start(command: string): Ends {
    // The shell stays only where it is needed: the end of the client is then told by its own signal.
    const line = NEEDS_SHELL.test(command) ? command : `exec ${command}`;
    const child = spawn('/bin/sh', ['-c', line], {
      stdio: ['pipe', 'pipe', 'pipe'],
      // A process group, so that all of it can be ended.
      detached: true,
      env: { ...process.env, [UPPER_TESTER_VARIABLE]: '1' },
    });
    this.pid = child.pid;
    child.stderr.setEncoding('utf8');
    child.stderr.on('data', (text: string) => {
      this.stderr = (this.stderr + text).slice(0, STDERR_KEPT);
    });
    child.on('error', (e) => this.ended(e.message));
    // Its streams are read to the end first.
    child.on('close', (code, signal) => this.ended(signal ?? `exit code ${code}`));
    return { input: child.stdin, output: child.stdout, close: () => killGroup(child.pid) };
  }

  private attach(text: string, address: Address): Ends {
    const socket = connectTo(address);
    socket.on('error', (e) => this.ended(`no connection to ${text}: ${reasonOf(e)}`));
    socket.on('close', () => this.ended('it closed the connection'));
    return { input: socket, output: socket, close: () => socket.destroy() };
  }

  private line(text: string): void {
    const line = text.trim();
    const [, synced] = /^synced (\d+)$/.exec(line) ?? [];
    const greeting = this.greeting === undefined && this.lines.length === 0 ? this.parseGreeting(line) : undefined;
    if (synced !== undefined && Number(synced) <= this.syncs) this.synced = Number(synced);
    else if (greeting !== undefined) this.greeting = greeting;
    else if (line !== '') this.lines.push(line);
  }

  private ended(how: string): void {
    this.exit ??= how;
    this.active();
  }

  command(line: string): void {
    this.told = true;
    this.write(line);
  }

  /** Asks the client to say when it is idle. Number of the question. */
  sync(): number {
    this.write(`sync ${++this.syncs}`);
    return this.syncs;
  }

  hasSynced(n: number): boolean {
    return this.synced >= n;
  }

  private pending = '';

  /** Lines of one turn go out together. */
  private write(line: string): void {
    if (this.pending === '') queueMicrotask(() => this.flush());
    this.pending += `${line}\n`;
  }

  private flush(): void {
    if (this.ends.input.writable) this.ends.input.write(this.pending);
    this.pending = '';
  }

  /** Something came from the client. */
  active(): void {
    this.wake();
  }

  /** Waits until something comes from the client. False: nothing did for `ms`. */
  activity(ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), ms);
      this.wake = () => {
        clearTimeout(timer);
        this.wake = () => {};
        resolve(true);
      };
    });
  }

  kill(): void {
    this.ends.close();
  }
}

const connectTo = (a: Address): Socket =>
  connect(a.kind === 'unix' ? { path: a.path } : { host: a.host, port: a.port });
