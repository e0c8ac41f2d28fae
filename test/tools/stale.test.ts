import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { removeStale } from '../../tools/stale.js';

it('a build removes what the compiler made of files that have gone, and nothing else', () => {
  const root = mkdtempSync(join(tmpdir(), 'gunyah-stale-'));
  const write = (...names: string[]): void => {
    for (const name of names) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), '');
    }
  };
  write('src/a.ts', 'src/kept/b.ts');
  write('dist/a.js', 'dist/a.d.ts', 'dist/bundle.cjs', 'dist/bundle.cjs.cache', 'dist/kept/b.js', 'dist/kept/b.d.ts');
  write('dist/old.js', 'dist/old.d.ts', 'dist/kept/c.js', 'dist/gone/deep/d.js', 'dist/gone/deep/d.d.ts');
  const removed = removeStale(join(root, 'dist'), join(root, 'src')).sort();
  const left = readdirSync(join(root, 'dist'), { recursive: true }).sort();
  const hasSources = existsSync(join(root, 'src/kept/b.ts'));
  rmSync(root, { recursive: true });
  expect(removed).toEqual(['gone/deep/d.d.ts', 'gone/deep/d.js', 'kept/c.js', 'old.d.ts', 'old.js']);
  expect(left).toEqual(['a.d.ts', 'a.js', 'bundle.cjs', 'bundle.cjs.cache', 'kept', 'kept/b.d.ts', 'kept/b.js'].sort());
  expect(hasSources).toBe(true);
});

it('nothing stale is in what is built', () => {
  const root = join(import.meta.dirname, '../..');
  const sourceOf = (name: string): string => join(root, 'src', name.replace(/\.(js|d\.ts)$/, '.ts'));
  const built = readdirSync(join(root, 'dist/src'), { recursive: true, encoding: 'utf8' });
  expect(built.filter((name) => /\.(js|d\.ts)$/.test(name) && !existsSync(sourceOf(name)))).toEqual([]);
});
