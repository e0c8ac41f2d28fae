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
  export: [...SIM, 'sim', 'scenario'],
};
/** Shells: may use everything, and node. */
const SHELLS = ['link', 'conform-rm', 'cli'];

interface Import {
  file: string;
  from: string;
  target: string;
}

function imports(): Import[] {
  const found: Import[] = [];
  for (const name of readdirSync(SRC, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts')) continue;
    const text = readFileSync(join(SRC, name), 'utf8');
    for (const m of text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)) {
      found.push({ file: name, from: name.split('/')[0], target: m[1] });
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
  if (to === i.from || SHELLS.includes(i.from)) return undefined;
  const allowed = ALLOWED[i.from];
  if (allowed === undefined) return `folder ${i.from} is not in the import order`;
  const ok = allowed.some((a) => target === a || target.startsWith(`${a}/`));
  return ok ? undefined : `${i.from} may not import ${to}`;
}

/** Files of a folder that can be reached from themselves, by imports of values or types. */
function onCycles(folder: string): string[] {
  const edges = new Map<string, string[]>();
  for (const i of imports()) {
    if (i.from !== folder || !i.target.startsWith('.')) continue;
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
  it('has no cycle in RM', () => {
    expect(onCycles('rm')).toEqual([]);
  });

  it('is kept by every file of src', () => {
    const broken = imports()
      .map((i) => ({ ...i, why: problem(i) }))
      .filter((i) => i.why !== undefined)
      .map((i) => `${i.file}: ${i.target}: ${i.why}`);
    expect(broken).toEqual([]);
  });

  it('would notice a forbidden import', () => {
    expect(problem({ file: 'rm/link.ts', from: 'rm', target: '../hyp/cspace.js' })).toBeDefined();
    expect(problem({ file: 'rm/link.ts', from: 'rm', target: '../hyp/abi.js' })).toBeUndefined();
    expect(problem({ file: 'gic/port.ts', from: 'gic', target: '../vcpu/index.js' })).toBeDefined();
    expect(problem({ file: 'sim/host.ts', from: 'sim', target: 'node:fs' })).toBeDefined();
    expect(problem({ file: 'rm/link.ts', from: 'rm', target: 'xstate' })).toBeDefined();
  });
});
