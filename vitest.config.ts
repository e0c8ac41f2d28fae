import { readdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { defineConfig, type Plugin } from 'vitest/config';

const SRC = join(import.meta.dirname, 'src');
const DIST = join(import.meta.dirname, 'dist/src');
const coverage = process.env.GUNYAH_COVERAGE !== undefined;

/** Nothing in src/ has changed since `npm run build`, which writes the bundle last. */
function isBuilt(): boolean {
  const built = statSync(join(DIST, 'cli/bundle.cjs'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return readdirSync(SRC, { recursive: true }).every((name) => statSync(join(SRC, String(name))).mtimeMs <= built);
}

/**
 * Gives tests the compiled modules, which node loads as they are: vitest's own way of importing sources makes every use of an
 * import a call, and the simulator half as fast.
 */
const compiledModules: Plugin = {
  name: 'compiled-modules',
  enforce: 'pre',
  resolveId(source, importer) {
    const path = importer !== undefined && source.startsWith('.') ? resolve(dirname(importer), source) : '';
    return path.startsWith(SRC) ? { id: DIST + path.slice(SRC.length), external: true } : undefined;
  },
};

// One process, many threads, no isolation: forty files start in well under a second this way.
export default defineConfig({
  plugins: !coverage && isBuilt() ? [compiledModules] : [],
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'threads',
    isolate: false,
    maxWorkers: '100%',
    testTimeout: 30_000,
    server: { deps: { external: [/\/dist\/src\//] } },
    setupFiles: ['test/support/setup.ts', ...(coverage ? ['test/support/coverage-setup.ts'] : [])],
  },
});
