import { describe, expect, it } from 'vitest';
import { pack } from '../support/recordings.js';
import { differences } from '../support/replay.js';

// In two files, so that two workers share the work.
describe('recorded random sequences, part 2 of 2', () => {
  for (const recording of pack('random').filter((_, i) => i % 2 === 1)) {
    it(`${recording.header.name} is repeated`, () => {
      expect(differences(recording)).toEqual([]);
    });
  }
});
