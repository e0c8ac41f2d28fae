/** Recorded trees, kept compressed under test/data. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

const unzip = (name: string): Uint8Array => gunzipSync(readFileSync(new URL(`../../data/${name}`, import.meta.url)));

export const fromHex = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));

export const blob = (name: string): Uint8Array => new Uint8Array(unzip(`${name}.dtb.gz`));

/** A tree before and after VM_START. */
export const guestTrees = (): { name: string; base: string; patched: string }[] =>
  JSON.parse(new TextDecoder().decode(unzip('guest-trees.json.gz')));

/** A tree (without trailing zeros), the size of its area, and whether VM_INIT could read it. */
export const guestConfigs = (): { name: string; size: number; tree: string; accepted: boolean }[] =>
  JSON.parse(new TextDecoder().decode(unzip('guest-configs.json.gz')));
