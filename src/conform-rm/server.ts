/** A server under test that is started for one case. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Address } from '../link/index.js';

const LOOK_MS = 10;
const STDERR_MAX = 2_000;

/** It does not listen: the message says why. */
export class NoServer extends Error {
  override readonly name = 'NoServer';
}

/** Those that run. They are in groups of their own, so nobody else ends them when this process is interrupted. */
const running = new Set<ServerProcess>();
const stopAll = (): void => {
  for (const server of running) server.stop();
};

export class ServerProcess {
  readonly address: Address;
  /** How it ended, if it has. */
  exit: string | undefined;
  private readonly folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-'));
  private readonly path = join(this.folder, 's');
  private readonly child: ChildProcess;
  private stderr = '';

  /** `{link}` in the command becomes the address. */
  constructor(private readonly command: string) {
    this.address = { kind: 'unix', path: this.path };
    const line = command.replaceAll('{link}', `unix:${this.path}`);
    // A group of its own: a shell in between must not keep the server alive.
    this.child = spawn(line, { shell: true, detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
    this.child.stderr?.on('data', (chunk) => {
      this.stderr = (this.stderr + String(chunk)).slice(-STDERR_MAX);
    });
    if (running.size === 0) process.on('exit', stopAll);
    running.add(this);
    this.child.on('error', (error) => {
      this.exit = error.message;
    });
    this.child.on('exit', (code, signal) => {
      this.exit = signal ?? `exit code ${code}`;
    });
  }

  /** Waits until its socket is there. Throws {@link NoServer}. */
  async ready(startMs: number): Promise<void> {
    const until = performance.now() + startMs;
    while (!existsSync(this.path)) {
      if (this.exit !== undefined) throw new NoServer(`the server ended before it listened: ${this.obituary()}`);
      if (performance.now() > until) {
        const said = this.stderr === '' ? '' : `\n${this.stderr.trimEnd()}`;
        throw new NoServer(
          `the server does not listen at {link} within ${startMs} ms (--start-timeout): ${this.command}${said}`,
        );
      }
      await sleep(LOOK_MS);
    }
  }

  /** Its end and its last words. */
  obituary(): string {
    const last = this.stderr.trimEnd().split('\n').pop() ?? '';
    return `${this.exit ?? 'it runs'}${last === '' ? '' : ` (${last})`}`;
  }

  stop(): void {
    const { pid } = this.child;
    if (pid !== undefined && this.exit === undefined) {
      try {
        process.kill(-pid, 'SIGKILL');
      } catch {
        // It has just ended.
      }
    }
    running.delete(this);
    if (running.size === 0) process.off('exit', stopAll);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
