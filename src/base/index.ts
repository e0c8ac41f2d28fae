/** Bottom of the import order: integers, bytes, assertion, seeded randomness. Imports nothing. */
export { assert, SimBug } from './assert.js';
export { bytesOfDigits, concatBytes, fromHex, le16, le32, le64, put16, put32, put64, tailOf, toHex } from './bytes.js';
export { insertAt, removeAt } from './lists.js';
export { named } from './named.js';
export { nearest } from './near.js';
export { arrayPool, giveBytes, takeBytes } from './pool.js';
export { nextU32, nextU64, type Prng, prng } from './prng.js';
export { hex, hi32, lo16, lo32, sumExceeds, toNumber, toU64, U64_MAX, u64 } from './u64.js';
export { counted } from './words.js';
