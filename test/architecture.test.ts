import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
const SRC = join(ROOT, 'src');

/** Folder -> folders it may import beside itself. `hyp/abi` is one file that guests may see. */
const CORE = ['base', 'protocol', 'machine'];
const HYP = [...CORE, 'hyp'];
const BOARD = [...HYP, 'msgq', 'doorbell', 'gic', 'vcpu', 'virtio'];
const SIM = [...BOARD, 'board', 'rm', 'guest'];
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  base: [],
  protocol: ['base'],
  machine: ['base'],
  hyp: CORE,
  msgq: HYP,
  doorbell: HYP,
  gic: HYP,
  vcpu: HYP,
  virtio: HYP,
  board: BOARD,
  rm: [...CORE, 'hyp/abi', 'board/fdt'],
  guest: ['base', 'protocol'],
  sim: SIM,
  transcript: [...SIM, 'sim'],
  conform: [...SIM, 'sim'],
  fuzz: [...SIM, 'sim'],
  scenario: [...SIM, 'sim', 'conform'],
  export: [...SIM, 'sim', 'scenario', 'fuzz'],
  // Its page is for browsers: typed with those, and it imports the rest of the folder only.
  web: [...SIM, 'sim', 'scenario', 'export'],
};
/** Shells: may use everything, and node. */
const SHELLS = ['link', 'conform-rm', 'cli'];

interface Import {
  file: string;
  /** Its folder in src. */
  from: string;
  target: string;
  /** Gone after compilation. */
  typeOnly: boolean;
}

/** `clause` stands between `import` or `export` and `from`. */
const imported = (file: string, target: string, clause = ''): Import => ({
  file,
  from: file.split('/')[0],
  target,
  typeOnly: /^\s*(type\s.*|\{(\s*type\s+\w+( as \w+)?\s*,?)+\s*\}\s*)$/s.test(clause),
});

function imports(): Import[] {
  const found: Import[] = [];
  for (const name of readdirSync(SRC, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts')) continue;
    const text = readFileSync(join(SRC, name), 'utf8');
    for (const m of text.matchAll(/^(?:import|export)\s([^;']*?)from\s+'([^']+)'|import\s*\(?\s*'([^']+)'/gm)) {
      const [, clause, from, whole] = m;
      found.push(imported(name, from ?? whole, clause));
    }
  }
  return found;
}

/** `rm/dt/x.ts` importing `../../board/fdt/index.js` -> `board/fdt/index`. */
const resolved = (i: Import): string =>
  relative(SRC, resolve(join(SRC, dirname(i.file)), i.target)).replace(/\.js$/, '');

function problem(i: Import): string | undefined {
  if (!i.target.startsWith('.')) {
    if (i.target === 'xstate' && i.from !== 'machine' && !i.file.endsWith('.machine.ts'))
      return 'xstate outside machines';
    if (i.target.startsWith('node:') && !SHELLS.includes(i.from)) return 'node in the core';
    return undefined;
  }
  const target = resolved(i);
  const to = target.split('/')[0];
  if (i.file.startsWith('web/page/') && to !== 'web') return 'the page may import only web';
  if (to === i.from || SHELLS.includes(i.from)) return undefined;
  const allowed = ALLOWED[i.from];
  if (allowed === undefined) return `folder ${i.from} is not in the import order`;
  const ok = allowed.some((a) => target === a || target.startsWith(`${a}/`));
  return ok ? undefined : `${i.from} may not import ${to}`;
}

/** Files that can be reached from themselves by these imports. */
function onCycles(by: Import[]): string[] {
  const edges = new Map<string, string[]>();
  for (const i of by) {
    if (!i.target.startsWith('.')) continue;
    const file = i.file.replace(/\.ts$/, '');
    edges.set(file, [...(edges.get(file) ?? []), resolved(i)]);
  }
  const reachesItself = (file: string): boolean => {
    const seen = new Set<string>();
    const open = [file];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      for (const next of edges.get(at) ?? []) {
        if (next === file) return true;
        if (!seen.has(next)) open.push(next);
        seen.add(next);
      }
    }
    return false;
  };
  return [...edges.keys()].filter(reachesItself);
}

describe('import order', () => {
  it('has no cycle', () => {
    expect(onCycles(imports().filter((i) => !i.typeOnly))).toEqual([]);
  });

  it('has no cycle in RM, not even by types', () => {
    expect(onCycles(imports().filter((i) => i.from === 'rm'))).toEqual([]);
  });

  it('would notice a cycle, but not one of types', () => {
    const cycle = [
      imported('gic/a.ts', './b.js'),
      imported('gic/b.ts', '../hyp/c.js'),
      imported('hyp/c.ts', '../gic/a.js'),
    ];
    expect(onCycles(cycle)).toEqual(['gic/a', 'gic/b', 'hyp/c']);
    expect(onCycles(cycle.slice(1))).toEqual([]);
    for (const clause of ['{ type A, type B as C } ', 'type { A, B } ', 'type * as a '])
      expect(imported('gic/a.ts', './b.js', clause).typeOnly).toBe(true);
    for (const clause of ['{ a, type B } ', '{ typeOf } ', '* '])
      expect(imported('gic/a.ts', './b.js', clause).typeOnly).toBe(false);
  });

  it('is kept by every file of src', () => {
    const broken = imports()
      .map((i) => ({ ...i, why: problem(i) }))
      .filter((i) => i.why !== undefined)
      .map((i) => `${i.file}: ${i.target}: ${i.why}`);
    expect(broken).toEqual([]);
  });

  it('would notice a forbidden import', () => {
    expect(problem(imported('rm/link/link.ts', '../../hyp/cspace.js'))).toBeDefined();
    expect(problem(imported('rm/link/link.ts', '../../hyp/abi.js'))).toBeUndefined();
    expect(problem(imported('gic/port.ts', '../vcpu/index.js'))).toBeDefined();
    expect(problem(imported('sim/host.ts', 'node:fs'))).toBeDefined();
    expect(problem(imported('web/session.ts', 'node:fs'))).toBeDefined();
    expect(problem(imported('web/session.ts', '../cli/output.js'))).toBeDefined();
    expect(problem(imported('web/page/main.ts', '../../sim/index.js'))).toBeDefined();
    expect(problem(imported('web/page/main.ts', '../index.js'))).toBeUndefined();
    expect(problem(imported('sim/host.ts', '../web/index.js'))).toBeDefined();
    expect(problem(imported('rm/link/link.ts', 'xstate'))).toBeDefined();
  });
});
