/** Timing of small loops: the best of many short rounds, so that other load on the machine disturbs some of them only. */

export interface Figure {
  /** Per second, or the unit's own measure. */
  rate: number;
  unit: string;
  /** rate / limit: how close to a hand-written loop over the same bytes; 0 when there is no limit. */
  ratioToLimit: number;
}

/** By name. */
export type Figures = Record<string, Figure>;

const ROUNDS = 48;
const ROUND_MS = 25;
const WARM_UP_MS = 400;
/** Code that runs once per unit is compiled after thousands of units; so long, within reason, the warm-up of large units lasts. */
const WARM_UP_UNITS = 12_000;
const WARM_UP_MAX_MS = 8000;

/** Units of `work` that fill a round. */
function unitsPerRound(work: (n: number) => void, roundMs: number): number {
  for (let n = 1; ; n *= 4) {
    const start = performance.now();
    work(n);
    const took = performance.now() - start;
    if (took > roundMs / 4) return Math.max(1, Math.ceil((n * roundMs) / took));
  }
}

/** Until the work is compiled. */
function warmUp(work: (n: number) => void, part: number): void {
  const start = performance.now();
  for (let units = 0, ms = 0; ms < WARM_UP_MS || (units < WARM_UP_UNITS && ms < WARM_UP_MAX_MS); units += part) {
    work(part);
    ms = performance.now() - start;
  }
}

/** Units per second of each `work(n)`, which does n units. Their rounds alternate: what is measured later is no warmer. */
export function ratesOf(works: readonly ((n: number) => void)[], roundMs = ROUND_MS): number[] {
  const units = works.map((work) => {
    const n = unitsPerRound(work, roundMs);
    warmUp(work, Math.max(1, n >> 2));
    return n;
  });
  const best = works.map(() => 0);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, work] of works.entries()) {
      const start = performance.now();
      work(units[i]);
      best[i] = Math.max(best[i], (units[i] * 1000) / (performance.now() - start));
    }
  }
  return best;
}

/** Units per second of `work(n)`, which does n units. */
export const rateOf = (work: (n: number) => void, roundMs = ROUND_MS): number => ratesOf([work], roundMs)[0];

/** A rate beside its limit, both measured now. */
export function figure(unit: string, work: (n: number) => void, limit?: (n: number) => void): Figure {
  const rate = rateOf(work);
  return { rate, unit, ratioToLimit: limit === undefined ? 0 : rate / rateOf(limit) };
}

/** Heap after collection, in bytes; needs --expose-gc to be exact. */
export function heapUsed(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return process.memoryUsage().heapUsed;
}
