/** Seeded generator (splitmix32 steps): the simulator's only source of randomness. State is one number, so it snapshots. */
export interface Prng {
  state: number;
}

export const prng = (seed: number): Prng => ({ state: seed >>> 0 });

/** Next 32 random bits. */
export function nextU32(g: Prng): number {
  g.state = (g.state + 0x9e3779b9) >>> 0;
  let z = g.state;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return (z ^ (z >>> 15)) >>> 0;
}

/** Next 64 random bits. */
export const nextU64 = (g: Prng): bigint => (BigInt(nextU32(g)) << 32n) | BigInt(nextU32(g));
