import { defineConfig } from 'vitest/config';

// One process, many threads, no isolation: forty files start in well under a second this way.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'threads',
    isolate: false,
    maxWorkers: '100%',
    testTimeout: 30_000,
    setupFiles: process.env.GUNYAH_COVERAGE === undefined ? [] : ['test/support/coverage-setup.ts'],
  },
});
