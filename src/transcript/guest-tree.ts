/**
 * Finds the random part of a guest device tree: the eight bytes of `kaslr-seed`. Fact base: transcript format 7. Recordings hold pieces of
 * trees too, so the walk is its own: the library's (src/board/fdt) trusts the lengths of the header beyond the end of the bytes.
 */
import { be32, Head, latin1, MAGIC, Tag } from '../board/fdt/index.js';

/** A copy of `bytes` with every `kaslr-seed` value set to zero; anything but a flattened tree is returned as it is. */
export function withoutKaslrSeed(bytes: Uint8Array): Uint8Array {
  if (be32(bytes, Head.MAGIC) !== MAGIC) return bytes;
  const out = bytes.slice();
  const strings = be32(bytes, Head.OFF_STRINGS);
  let at = be32(bytes, Head.OFF_STRUCT);
  while (at > 0 && at + 4 <= bytes.length) {
    const token = be32(bytes, at);
    at += 4;
    if (token === Tag.BEGIN_NODE) {
      at = (endOfText(bytes, at) + 4) & ~3;
    } else if (token === Tag.PROP) {
      const length = be32(bytes, at);
      const name = strings + be32(bytes, at + 4);
      if (latin1(bytes, name, endOfText(bytes, name)) === 'kaslr-seed') out.fill(0, at + 8, at + 8 + length);
      at = (at + 8 + length + 3) & ~3;
    } else if (token !== Tag.END_NODE && token !== Tag.NOP) break;
  }
  return out;
}

function endOfText(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && bytes[at] !== 0) at++;
  return at;
}
