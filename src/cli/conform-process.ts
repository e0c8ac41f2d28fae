/** A client under test as a process: its upper tester on stdin and stdout, what it says on stderr, its end. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Greeting } from '../conform/index.js';

type Parse = (line: string) => Greeting | undefined;

/** Tells the client that it is under test: such a program serves its upper tester instead of doing what it usually does. */
export const UPPER_TESTER_VARIABLE = 'GUNYAH_SIM_UPPER_TESTER';

const STDERR_KEPT = 4000;
const NEEDS_SHELL = /[&|;<>]|^\s*\w+=/;

export class ClientProcess {
  readonly lines: string[] = [];
  greeting: Greeting | undefined;
  /** How it ended. */
  exit: string | undefined;
  stderr = '';
  /** The client was told something since it was last seen idle, or was never seen idle. */
  told = true;
  private readonly child: ChildProcess;
  private wake: () => void = () => {};
  private syncs = 0;
  private synced = 0;

  /** `command` is run by the shell. */
  constructor(
    command: string,
    private readonly parseGreeting: Parse,
  ) {
    // The shell stays only where it is needed: the end of the client is then told by its own signal.
    const line = NEEDS_SHELL.test(command) ? command : `exec ${command}`;
    this.child = spawn('/bin/sh', ['-c', line], {
      stdio: ['pipe', 'pipe', 'pipe'],
      // A process group, so that all of it can be ended.
      detached: true,
      env: { ...process.env, [UPPER_TESTER_VARIABLE]: '1' },
    });
    this.follow();
  }

  private follow(): void {
    let rest = '';
    const { child } = this;
    child.stdout?.setEncoding('utf8');
    child.stdout?.on('data', (text: string) => {
      const parts = (rest + text).split('\n');
      rest = parts.pop() ?? '';
      for (const line of parts) this.line(line);
      this.active();
    });
    child.stderr?.setEncoding('utf8');
    child.stderr?.on('data', (text: string) => {
      this.stderr = (this.stderr + text).slice(0, STDERR_KEPT);
    });
    child.stdin?.on('error', () => {});
    child.on('error', (e) => this.ended(e.message));
    // Its streams are read to the end first.
    child.on('close', (code, signal) => this.ended(signal ?? `exit code ${code}`));
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
    if (this.child.stdin?.writable === true) this.child.stdin.write(this.pending);
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
    const { pid } = this.child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  }
}
