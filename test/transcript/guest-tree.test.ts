import { expect, test } from 'vitest';
import { fromHex } from '../../src/base/index.js';
import { withoutKaslrSeed } from '../../src/transcript/guest-tree.js';

const word = (n: number): string => n.toString(16).padStart(8, '0');
const NAME = '6b61736c722d7365656400';

/** A tree with one node that holds kaslr-seed. */
function tree(seed: string): Uint8Array {
  const body = [word(1), '00000000', word(3), word(8), word(0), seed, word(2), word(9)].join('');
  const header = [0xd00dfeed, 40 + body.length / 2 + 11, 40, 40 + body.length / 2, 0, 17, 16, 0, 11, body.length / 2];
  return fromHex(header.map(word).join('') + body + NAME) ?? new Uint8Array();
}

test('two trees that differ in kaslr-seed only become equal', () => {
  const [a, b] = [tree('0123456789abcdef'), tree('fedcba9876543210')];
  expect(a).not.toEqual(b);
  expect(withoutKaslrSeed(a)).toEqual(withoutKaslrSeed(b));
});

test('bytes that are no tree, or a broken one, stay as they are', () => {
  expect(withoutKaslrSeed(new Uint8Array([1, 2, 3]))).toEqual(new Uint8Array([1, 2, 3]));
  const cut = tree('0123456789abcdef').subarray(0, 50);
  expect(withoutKaslrSeed(cut)).toEqual(cut);
});
