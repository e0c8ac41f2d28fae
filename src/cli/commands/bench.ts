/** `bench`: starts the bundled benchmarks, as `npm run bench` does once it has built them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { benchParts } from '../bench-parts.js';
import { CliError, Exit } from '../errors.js';
import { packageFolder } from '../files.js';
import type { GlobalOptions } from '../output.js';

const ENDED_BY: Readonly<Record<string, Exit>> = { SIGINT: Exit.INTERRUPTED, SIGTERM: Exit.TERMINATED };

type End = readonly [code: number | null, signal: NodeJS.Signals | null];

/** A process of its own: what this one has compiled so far must not count. Its output is ours. */
async function run(args: readonly string[]): Promise<End> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  return (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
}

/** `start`: runs node with these arguments. */
export async function bench(names: readonly string[], options: GlobalOptions, start = run): Promise<Exit> {
  const parts = benchParts(names);
  const program = join(packageFolder(), 'dist', 'bench', 'main.cjs');
  if (!existsSync(program)) throw new CliError(`${program} is not there: "npm run build" makes it`, Exit.INPUT);
  const args = [program, ...(options.json === true ? ['--json'] : []), ...parts];
  const [code, signal] = await start(args);
  if (signal !== null) return ENDED_BY[signal] ?? Exit.FAILED;
  return code === 0 ? Exit.OK : Exit.FAILED;
}
