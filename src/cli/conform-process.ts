/**
 * A client under test as a process: its upper tester on stdin and stdout, what it says on stderr, its end. Or a program that is
 * there already: the same lines over a socket, one connection for each check, which begins with `link ADDRESS`.
 */
import { spawn } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import type { Greeting } from '../conform/index.js';
import { reasonOf } from './files.js';

type Parse = (line: string) => Greeting | undefined;

/** Tells the client that it is under test: such a program serves its upper tester instead of doing what it usually does. */
const UPPER_TESTER_VARIABLE = 'GUNYAH_SIM_UPPER_TESTER';

const STDERR_KEPT = 4000;
const NEEDS_SHELL = /[&|;<>]|^\s*\w+=/;

const ATTACHED = /^(unix|tcp):(\S+)$/;

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
    this.ends = ATTACHED.test(command) ? this.attach(command) : this.start(command);
    let rest = '';
    this.ends.output.setEncoding('utf8');
    this.ends.output.on('data', (text: string) => {
      const parts = (rest + text).split('\n');
      rest = parts.pop() ?? '';
      for (const line of parts) this.line(line);
      this.active();
    });
    this.ends.input.on('error', () => {});
    if (ATTACHED.test(command)) this.write(`link ${link}`);
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
    child.stderr.setEncoding('utf8');
    child.stderr.on('data', (text: string) => {
      this.stderr = (this.stderr + text).slice(0, STDERR_KEPT);
    });
    child.on('error', (e) => this.ended(e.message));
    // Its streams are read to the end first.
    child.on('close', (code, signal) => this.ended(signal ?? `exit code ${code}`));
    return { input: child.stdin, output: child.stdout, close: () => killGroup(child.pid) };
  }

  private attach(address: string): Ends {
    const socket = connectTo(address);
    socket.on('error', (e) => this.ended(`no connection to ${address}: ${reasonOf(e)}`));
    socket.on('close', () => this.ended('it closed the connection'));
    return { input: socket, output: socket, close: () => socket.destroy() };
  }

  private line(line: string): void {
    if (line.startsWith('synced ')) {
      this.synced = Number(line.slice('synced '.length));
      return;
    }
    const greeting = this.greeting === undefined ? this.parseGreeting(line) : undefined;
    if (greeting === undefined) this.lines.push(line);
    else this.greeting = greeting;
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

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

function connectTo(address: string): Socket {
  const [, kind, rest] = ATTACHED.exec(address) ?? [];
  if (kind === 'unix') return connect({ path: rest });
  const at = rest.lastIndexOf(':');
  return connect({ host: rest.slice(0, at), port: Number(rest.slice(at + 1)) });
}
