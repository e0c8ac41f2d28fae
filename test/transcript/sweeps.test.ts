import { describe, expect, it } from 'vitest';
import { pack } from '../support/recordings.js';
import { differences } from '../support/replay.js';

describe('recorded sweeps: payload lengths, requests in every VM state, device tree variants', () => {
  for (const name of ['b2', 'c5', 'c8']) {
    it(`${name}: all are repeated`, () => {
      expect(pack(name).flatMap(differences)).toEqual([]);
    });
  }
});
