import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = new URL('../..', import.meta.url).pathname;

describe('generated files', () => {
  it('are what the generator makes of the specification', () => {
    const tsx = join(root, 'node_modules', '.bin', 'tsx');
    const run = spawnSync(tsx, ['tools/generate.ts', '--check'], { cwd: root, encoding: 'utf8' });
    expect(run.stdout).toContain(', 0 stale');
    expect(run.status).toBe(0);
  }, 60_000);

  it('link only to pages and headings that exist', () => {
    const dir = join(root, 'docs', 'reference');
    const anchors = new Map(
      readdirSync(dir).map((name) => {
        const heads = readFileSync(join(dir, name), 'utf8').matchAll(/^#+ (.+)$/gm);
        return [
          name,
          new Set(
            [...heads].map((m) =>
              m[1]
                .toLowerCase()
                .replace(/[^\w -]/g, '')
                .replaceAll(' ', '-'),
            ),
          ),
        ];
      }),
    );
    const broken: string[] = [];
    for (const name of anchors.keys()) {
      for (const m of readFileSync(join(dir, name), 'utf8').matchAll(/\]\(([\w.-]*)(?:#([\w-]+))?\)/g)) {
        const target = anchors.get(m[1] === '' ? name : m[1]);
        if (target === undefined || (m[2] !== undefined && !target.has(m[2]))) broken.push(`${name}: ${m[0]}`);
      }
    }
    expect(broken).toEqual([]);
  });
});
