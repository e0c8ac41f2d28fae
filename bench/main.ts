/**
 * Speed of the simulator: each figure with its ratio to a hand-written loop over the same bytes, measured in the same run.
 * `--json` prints `{name: {rate, unit, ratioToLimit}}`.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageFolder } from '../src/cli/files.js';
import { benchCrowd, benchLink } from './link.js';
import type { Figure } from './measure.js';
import { curves, type Figures, heap, hypercalls, ipc, machines, rpc, scheduling, snapshots, vmLife } from './parts.js';

const json = process.argv.includes('--json');
const root = packageFolder();
const twoVms = readFileSync(join(root, 'examples', 'two-vms.json'), 'utf8');

const COLD_STARTS = 10;

function coldStart(): Figures {
  const main = join(root, 'dist', 'src', 'cli', 'main.js');
  const scenario = join(root, 'examples', 'first-rpc.json');
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

const round = (n: number): string =>
  n >= 100 ? Math.round(n).toLocaleString('en-US').replaceAll(',', ' ') : n.toPrecision(3);

function show(name: string, f: Figure): void {
  const ratio = f.ratioToLimit === 0 ? '' : `${f.ratioToLimit.toPrecision(3)} of the limit`;
  console.log(`${name.padEnd(48)} ${round(f.rate).padStart(12)} ${f.unit.padEnd(6)} ${ratio}`);
}

const parts: readonly (() => Figures)[] = [
  rpc,
  hypercalls,
  () => ipc(twoVms),
  scheduling,
  machines,
  () => snapshots(twoVms),
  () => vmLife(twoVms),
  coldStart,
];
async function main(): Promise<void> {
  const all: Figures = {};
  for (const part of parts) {
    for (const [name, f] of Object.entries(part())) {
      all[name] = f;
      if (!json) show(name, f);
    }
  }
  for (const part of [benchLink, benchCrowd]) {
    for (const [name, f] of Object.entries(await part())) {
      all[name] = f;
      if (!json) show(name, f);
    }
  }
  const memory = heap(json ? 100_000 : 300_000);
  all['heap of an idle platform'] = { rate: memory.idle / 1e6, unit: 'MB', ratioToLimit: 0 };
  all['heap growth over the RPCs'] = { rate: memory.growth / 1e6, unit: 'MB', ratioToLimit: 0 };
  const lines = curves(twoVms);
  if (json) {
    for (const c of lines)
      for (const p of c.points) all[`${c.name}: ${p.at}`] = { rate: p.rate, unit: '/s', ratioToLimit: 0 };
    console.log(JSON.stringify(all, undefined, 2));
  } else {
    show('heap of an idle platform', all['heap of an idle platform']);
    show('heap growth over the RPCs', all['heap growth over the RPCs']);
    for (const c of lines) console.log(`${c.name}: ${c.points.map((p) => `${p.at}: ${round(p.rate)}`).join(', ')}`);
  }
}

void main();
