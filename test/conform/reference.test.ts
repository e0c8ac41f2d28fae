import { describe, expect, it } from 'vitest';
import { bootBench, CATALOG, DEFECTS, runBuiltin } from '../../src/conform/index.js';

const image = bootBench();
/** Seconds of CPU; many times that on a busy machine. */
const LIMIT_MS = 240_000;
const byId = new Map(CATALOG.map((c) => [c.id, c]));

describe('the reference client', () => {
  it(
    'passes every check that does not take seconds',
    () => {
      const failed = CATALOG.filter((c) => c.slow !== true)
        .map((c) => runBuiltin(c, image))
        .filter((v) => v.verdict !== 'PASS')
        .map((v) => `${v.id} ${v.verdict}: ${v.reasons.join('; ')}`);
      expect(failed).toEqual([]);
    },
    LIMIT_MS,
  );

  it('gives the same verdict, in the same virtual time, twice', () => {
    const c = byId.get('TEAR-1');
    if (c === undefined) throw new Error('TEAR-1 is gone');
    const [a, b] = [0, 1].map(() => runBuiltin(c, image));
    expect([a.verdict, a.virtualNs]).toEqual([b.verdict, b.virtualNs]);
    expect(a.session.bench.log).toEqual(b.session.bench.log);
  });
});

describe('every implemented check', () => {
  it('is failed by some defect', () => {
    const bitten = new Set(DEFECTS.flatMap((d) => d.fails));
    expect(CATALOG.filter((c) => !bitten.has(c.id)).map((c) => c.id)).toEqual([]);
  });

  // The whole matrix takes minutes: npm run conform:self. Here each second defect is tried on the last check that it must fail:
  // the first one of a client that loops takes longest.
  it(
    'fails the client that has its defect',
    () => {
      const passed: string[] = [];
      for (const d of DEFECTS.filter((_, i) => i % 2 === 0)) {
        const c = d.fails.map((id) => byId.get(id)).findLast((x) => x !== undefined && x.slow !== true);
        if (c !== undefined && runBuiltin(c, image, new Set([d.name])).verdict === 'PASS')
          passed.push(`${d.name} passes ${c.id}`);
      }
      expect(passed).toEqual([]);
    },
    LIMIT_MS,
  );

  it('appears once, in the order of the catalog, with a sentence', () => {
    const ids = CATALOG.map((c) => c.id);
    expect(new Set(ids).size).toBe(219);
    expect(ids).toHaveLength(219);
    for (const c of CATALOG) expect(c.must).toMatch(/^[A-Z0-9].*\.$/);
  });
});
