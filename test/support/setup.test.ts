import fc from 'fast-check';
import { expect, it } from 'vitest';

it('property tests draw lists as long as they say', () => {
  const lengths = fc.sample(fc.array(fc.boolean(), { maxLength: 40 }), { numRuns: 200, seed: 1 }).map((l) => l.length);
  expect(Math.max(...lengths)).toBeGreaterThan(35);
});
