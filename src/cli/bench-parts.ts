/** The parts of the benchmarks: what `gunyah-sim bench` takes, and what bench/main.ts measures, in this order. */
import { CliError } from './errors.js';
import { meant } from './options/values.js';

export const BENCH_PARTS = [
  'rpc',
  'hypercalls',
  'ipc',
  'scheduling',
  'machines',
  'snapshots',
  'life',
  'plain-life',
  'fuzz',
  'start',
  'link',
  'crowd',
  'heap',
  'fullness',
] as const;
export type BenchPart = (typeof BENCH_PARTS)[number];

const isPart = (name: string): name is BenchPart => BENCH_PARTS.some((part) => part === name);

/** The parts of these names, all of them for none. Throws {@link CliError}. */
export function benchParts(names: readonly string[]): readonly BenchPart[] {
  const unknown = names.find((name) => !isPart(name));
  if (unknown !== undefined)
    throw new CliError(
      `no part is called ${unknown || "''"}: ${meant(unknown, BENCH_PARTS)}there are ${BENCH_PARTS.join(', ')}`,
    );
  return names.length === 0 ? BENCH_PARTS : names.filter(isPart);
}
