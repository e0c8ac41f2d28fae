/**
 * Speed of the simulator: each figure with its ratio to a hand-written loop over the same bytes, measured in the same process.
 * Every part has a process of its own, so that no figure depends on what was compiled for the parts before it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { BENCH_PARTS, type BenchPart, benchParts } from '../src/cli/bench-parts.js';
import { CliError } from '../src/cli/errors.js';
import { hypercalls, ipc } from './hypercalls.js';
import { fuzz, plainVmLife, vmLife } from './life.js';
import { benchCrowd, benchLink } from './link.js';
import type { Figure, Figures } from './measure.js';
import { fullness, heap, rpc } from './rpc.js';
import { machines, scheduling } from './scheduling.js';
import { snapshots } from './snapshots.js';
import { coldStart } from './start.js';

const PARTS: Readonly<Record<BenchPart, () => Figures | Promise<Figures>>> = {
  rpc,
  hypercalls,
  ipc,
  scheduling,
  machines,
  snapshots,
  life: vmLife,
  'plain-life': plainVmLife,
  fuzz,
  start: coldStart,
  link: benchLink,
  crowd: benchCrowd,
  heap,
  fullness,
};

const HELP = `npm run bench -- [--json] [PART ...]
--json prints {name: {rate, unit, ratioToLimit}}. Parts, all of them if none is given: ${BENCH_PARTS.join(' ')}`;

const round = (n: number): string =>
  n >= 100 ? Math.round(n).toLocaleString('en-US').replaceAll(',', ' ') : n.toPrecision(3);

function show(name: string, f: Figure): void {
  const ratio = f.ratioToLimit === 0 ? '' : `${f.ratioToLimit.toPrecision(3)} of the limit`;
  console.log(`${name.padEnd(48)} ${round(f.rate).padStart(12)} ${f.unit.padEnd(6)} ${ratio}`);
}

/** What a part says in its own process. */
async function measured(part: BenchPart): Promise<Figures> {
  const args = ['--expose-gc', fileURLToPath(import.meta.url), '--here', part];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (text) => {
    said += text;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`part ${part} ended with ${code}`);
  return JSON.parse(said) as Figures;
}

async function main(): Promise<void> {
  const options = { json: { type: 'boolean' }, help: { type: 'boolean' }, here: { type: 'string' } } as const;
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  if (values.here !== undefined) {
    for (const part of benchParts([values.here])) console.log(JSON.stringify(await PARTS[part]()));
    return;
  }
  if (values.help === true) {
    console.log(HELP);
    return;
  }
  const all: Figures = {};
  for (const part of benchParts(positionals)) {
    const figures = await measured(part);
    Object.assign(all, figures);
    if (values.json !== true) for (const [name, f] of Object.entries(figures)) show(name, f);
  }
  if (values.json === true) console.log(JSON.stringify(all, undefined, 2));
}

main().catch((error: unknown) => {
  if (!(error instanceof CliError)) throw error;
  console.error(`error: ${error.message}`);
  process.exitCode = error.code;
});
