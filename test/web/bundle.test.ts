/** The core as a browser gets it: bundled, and run where there is nothing of node. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import vm from 'node:vm';
import { build } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseScenario, Run } from '../../src/scenario/index.js';
import { stateDigest } from '../../src/sim/index.js';

const root = new URL('../../', import.meta.url);
const examples = readdirSync(new URL('examples/', root)).filter((f) => f.endsWith('.json'));
const textOf = (file: string): string => readFileSync(new URL(`examples/${file}`, root), 'utf8');

async function bundled(source: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: fileURLToPath(root), loader: 'ts' },
    bundle: true,
    platform: 'browser',
    format: 'iife',
    globalName: 'core',
    write: false,
    logLevel: 'silent',
  });
  return outputFiles[0].text;
}

const CORE = `
  import { parseScenario, Run } from './src/scenario/index.js';
  import { stateDigest } from './src/sim/index.js';
  export function digestOf(text: string): string {
    const run = new Run(parseScenario(text));
    run.finish();
    return run.failures.map((f) => f.text).join() + stateDigest(run.sim);
  }`;

describe('the core in a browser', () => {
  /** All that it may use of the world beside the language. */
  const world = vm.createContext({ TextEncoder, TextDecoder });
  beforeAll(async () => {
    vm.runInContext(await bundled(CORE), world);
  });

  it.each(examples)('ends %s in the same state as here', (file) => {
    const run = new Run(parseScenario(textOf(file)));
    run.finish();
    expect(vm.runInContext(`core.digestOf(${JSON.stringify(textOf(file))})`, world)).toBe(stateDigest(run.sim));
  });

  it('would be missed by what is of node', async () => {
    await expect(bundled(`import 'node:fs';`)).rejects.toThrow('Could not resolve "node:fs"');
    expect(() => vm.runInContext('process.version', world)).toThrow('process is not defined');
  });
});
