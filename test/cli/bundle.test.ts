import { mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  BUNDLE_NAME,
  type Bundle,
  COMPILED,
  EPILOGUE,
  loadBundle,
  MARK_LENGTH,
  PROLOGUE,
} from '../../src/cli/bundle.js';

let dist = '';
let folder = '';
beforeAll(() => {
  dist = mkdtempSync(join(tmpdir(), 'gunyah-bundle-'));
  folder = join(dist, 'src', 'cli');
  mkdirSync(folder, { recursive: true });
});
afterAll(() => rmSync(dist, { recursive: true }));

const write = (value: number, mark: string): void =>
  writeFileSync(
    join(folder, BUNDLE_NAME),
    `${PROLOGUE}exports.main = () => [${value}, __moduleUrl];${EPILOGUE}// ${mark.padEnd(MARK_LENGTH)}`,
  );
const load = (): Bundle | undefined => loadBundle(`${pathToFileURL(folder)}/`);
const value = (b: Bundle | undefined): unknown =>
  (b?.program as unknown as { main(): unknown[] } | undefined)?.main()[0];

describe('the bundle of the command line', () => {
  it('is not missed where it has not been made', () => {
    expect(loadBundle(import.meta.url)).toBeUndefined();
  });

  it('uses the code cache that was made from it, and no other', () => {
    write(1, 'first');
    const first = load();
    expect(value(first)).toBe(1);
    const cache = first?.script.createCachedData() ?? Buffer.alloc(0);
    writeFileSync(
      join(folder, `${BUNDLE_NAME}.cache`),
      Buffer.concat([Buffer.from('first'.padEnd(MARK_LENGTH)), cache]),
    );
    expect(load()?.script.cachedDataRejected).toBe(false);
    // As long as the first one: V8 would believe that they are the same.
    write(2, 'other');
    const second = load();
    expect(second?.script.cachedDataRejected).toBeUndefined();
    expect(value(second)).toBe(2);
  });

  it('runs with a damaged cache', () => {
    write(3, 'third');
    writeFileSync(join(folder, `${BUNDLE_NAME}.cache`), `${'third'.padEnd(MARK_LENGTH)}not what V8 wrote`);
    expect(value(load())).toBe(3);
  });

  it('is left alone when modules were compiled after it was made', () => {
    write(4, 'fourth');
    const record = join(folder, COMPILED);
    writeFileSync(record, '');
    const { mtimeMs } = statSync(join(folder, BUNDLE_NAME));
    utimesSync(record, 0, mtimeMs / 1000 - 1);
    expect(value(load())).toBe(4);
    utimesSync(record, 0, mtimeMs / 1000 + 1);
    expect(load()).toBeUndefined();
  });

  it('is compared with what the build really writes', () => {
    const built = join(import.meta.dirname, '../../dist/src/cli/');
    const times = [COMPILED, 'main.js', BUNDLE_NAME].map((name) => statSync(join(built, name)).mtimeMs);
    expect([...times].sort((a, b) => a - b).at(-1)).toBe(times[2]);
  });
});
