/**
 * The command line under test. Starting node costs ten times what most commands do, so lines that need no process of their own
 * (no signals, no pipes that break) share one.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { vi } from 'vitest';

export interface Ended {
  status: number | null;
  out: string;
  err: string;
}

/** One process that carries out line after line, in order. Ends with {@link close}. */
export class CliLines {
  private readonly child: ChildProcess;
  private readonly died: Promise<never>;
  private last: Promise<unknown> = Promise.resolve();

  constructor(cwd: string) {
    this.child = fork(join(import.meta.dirname, 'cli-lines.mjs'), { cwd, execArgv: [] });
    this.died = once(this.child, 'exit').then(([code]) => {
      throw new Error(`the process of the command lines ended: ${code}`);
    });
    // Only who waits for an answer minds.
    this.died.catch(() => {});
  }

  run(...args: string[]): Promise<Ended> {
    const ended = this.last.then(async () => {
      const answer = once(this.child, 'message') as Promise<[Ended]>;
      this.child.send(args);
      return (await Promise.race([answer, this.died]))[0];
    });
    this.last = ended.catch(() => {});
    return ended;
  }

  close(): void {
    this.child.disconnect();
  }
}

/** Keeps stdout from now on, of commands called in this process, until `vi.restoreAllMocks`. Take what was printed with `text`. */
export function keepStdout(): { text: string } {
  const kept = { text: '' };
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    kept.text += String(text);
    return true;
  });
  return kept;
}
