/** What the compiler made of sources that are not there any more: it never removes anything, and all of it would be packed. */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const COMPILED = /\.(js|d\.ts)$/;

/**
 * Removes from `compiled` what no file of `sources` is the source of, with folders that hold nothing else. Only what the compiler
 * makes; returns the names, below `compiled`.
 */
export function removeStale(compiled: string, sources: string): string[] {
  const removed: string[] = [];
  const clean = (below: string): boolean => {
    const left = readdirSync(join(compiled, below), { withFileTypes: true }).filter((entry) => {
      const name = join(below, entry.name);
      const isStale = entry.isDirectory()
        ? clean(name)
        : COMPILED.test(name) && !existsSync(join(sources, name.replace(COMPILED, '.ts')));
      if (isStale && !entry.isDirectory()) removed.push(name);
      if (isStale) rmSync(join(compiled, name), { recursive: true });
      return !isStale;
    });
    return left.length === 0;
  };
  clean('');
  return removed;
}
