/** Finds the random part of a guest device tree: the eight bytes of `kaslr-seed`. Fact base: transcript format 7. */

const MAGIC = 0xd00dfeed;
const BEGIN_NODE = 1;
const END_NODE = 2;
const PROP = 3;
const NOP = 4;

const be32 = (b: Uint8Array, at: number): number =>
  at + 4 <= b.length ? ((b[at] << 24) | (b[at + 1] << 16) | (b[at + 2] << 8) | b[at + 3]) >>> 0 : 0;

/** A copy of `bytes` with every `kaslr-seed` value set to zero; anything but a flattened tree is returned as it is. */
export function withoutKaslrSeed(bytes: Uint8Array): Uint8Array {
  if (be32(bytes, 0) !== MAGIC) return bytes;
  const out = bytes.slice();
  const strings = be32(bytes, 12);
  let at = be32(bytes, 8);
  while (at > 0 && at + 4 <= bytes.length) {
    const token = be32(bytes, at);
    at += 4;
    if (token === BEGIN_NODE) {
      while (at < bytes.length && bytes[at] !== 0) at++;
      at = (at + 4) & ~3;
    } else if (token === PROP) {
      const length = be32(bytes, at);
      if (textAt(bytes, strings + be32(bytes, at + 4)) === 'kaslr-seed') out.fill(0, at + 8, at + 8 + length);
      at = (at + 8 + length + 3) & ~3;
    } else if (token !== END_NODE && token !== NOP) break;
  }
  return out;
}

function textAt(bytes: Uint8Array, at: number): string {
  let s = '';
  for (let i = at; i < bytes.length && bytes[i] !== 0; i++) s += String.fromCharCode(bytes[i]);
  return s;
}
