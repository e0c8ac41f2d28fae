import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RmClient } from '../src/guest/rm-client.js';
import { Msg } from '../src/protocol/index.js';
import { HostPackets, HostVcpu, Simulator } from '../src/sim/index.js';

const ROOT = resolve(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

describe('README', () => {
  it('shows library code that works as it stands', () => {
    const code = /```ts\n([\s\S]*?)```/.exec(read('README.md'))?.[1] ?? '';
    const body = code.replace(/^import .*$/gm, '');
    const printed: unknown[][] = [];
    const run = new Function('RmClient', 'Msg', 'HostPackets', 'HostVcpu', 'Simulator', 'console', body);
    run(RmClient, Msg, HostPackets, HostVcpu, Simulator, { log: (...args: unknown[]) => printed.push(args) });
    expect(printed).toEqual([[0, new Uint8Array([3, 0, 0, 0])]]);
  });

  it('links only to files that exist', () => {
    const missing: string[] = [];
    for (const file of ['README.md', 'ARCHITECTURE.md']) {
      for (const m of read(file).matchAll(/\]\(([^)#]+)\)/g)) {
        if (!m[1].startsWith('http') && !existsSync(join(ROOT, dirname(file), m[1]))) missing.push(`${file}: ${m[1]}`);
      }
    }
    expect(missing).toEqual([]);
  });
});
