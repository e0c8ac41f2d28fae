/** Clients with one bug each: the defects of the reference client, or what a program of its own offers with `--mutants`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { Defect } from '../../../conform/index.js';
import { CliError, Exit } from '../../errors.js';
import { killGroup, untilExit } from './cleanup.js';

/** A client with one bug, and every check that it must fail. */
export type Mutant = Readonly<Defect>;

export const mutantsCommand = (client: string): string => client.replace('{link}', '--mutants');

/**
 * What `CLIENT --mutants` says: name, what is wrong, checks; separated by tabs. One that does not know the option may wait for a
 * link instead.
 */
export async function readMutants(client: string, startMs: number): Promise<Mutant[]> {
  const command = mutantsCommand(client);
  const child = spawn('/bin/sh', ['-c', `exec ${command}`], { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const close = untilExit(() => killGroup(child.pid));
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    close();
  }, startMs);
  const [out, err, [code, signal]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  clearTimeout(timer);
  close();
  if (code !== 0) {
    const why = late
      ? `no answer within ${startMs} ms (--start-timeout)`
      : err.trim().split('\n')[0] || (signal ?? `exit code ${code}`);
    throw new CliError(`--self: '${command}' does not list mutants: ${why}`, Exit.TRANSPORT);
  }
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [name, what, fails] = line.split('\t');
      if (fails === undefined) throw new CliError(`--mutants of the client: not NAME, TEXT and CHECKS: ${line}`);
      return { name, what, fails: fails.split(' ').filter((s) => s !== '') };
    });
}

export const mutantCommand = (client: string, m: Mutant): string =>
  client.replace('{link}', `--mutant ${m.name} {link}`);
