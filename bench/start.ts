import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { packageFolder } from '../src/cli/files.js';
import type { Figures } from './measure.js';

const COLD_STARTS = 10;

/** From nothing to the end of the first example, as a process. */
export function coldStart(): Figures {
  const main = join(packageFolder(), 'dist', 'src', 'cli', 'main.js');
  const scenario = join(packageFolder(), 'examples', 'first-rpc.json');
  const bestOf = (args: readonly string[], best: number): number => {
    const start = performance.now();
    const r = spawnSync(process.execPath, args);
    if (r.status !== 0) throw new Error(`cold start failed: ${r.stderr.toString()}`);
    return Math.min(best, performance.now() - start);
  };
  let best = Number.POSITIVE_INFINITY;
  let bare = Number.POSITIVE_INFINITY;
  for (let i = 0; i < COLD_STARTS; i++) {
    best = bestOf([main, 'run', '--quiet', scenario], best);
    bare = bestOf(['-e', '0'], bare);
  }
  return {
    'cold start (run first-rpc)': { rate: best / 1000, unit: 's', ratioToLimit: best / bare },
    'cold start of node alone (its limit)': { rate: bare / 1000, unit: 's', ratioToLimit: 0 },
  };
}
