/** The blob of a tree laid out as the device tree compiler lays it out: no gaps, names in the order of their first use. */
import { align4, cString, HEADER_SIZE, Head, MAGIC, putBe32, putBe64, Tag } from './blob.js';
import { findBytes } from './edit.js';
import type { FdtNode, FdtTree } from './tree.js';

/** Structure and strings as they grow. */
interface Output {
  readonly words: number[];
  names: Uint8Array;
  namesLength: number;
  readonly known: Map<string, number>;
}

function pushBytes(words: number[], bytes: Uint8Array): void {
  const padded = new Uint8Array(align4(bytes.length));
  padded.set(bytes);
  for (let i = 0; i < padded.length; i += 4) {
    words.push(((padded[i] << 24) | (padded[i + 1] << 16) | (padded[i + 2] << 8) | padded[i + 3]) >>> 0);
  }
}

function nameOffset(o: Output, name: string): number {
  const known = o.known.get(name);
  if (known !== undefined) return known;
  const bytes = cString(name);
  let at = findBytes(o.names, 0, o.namesLength, bytes);
  if (at < 0) {
    at = o.namesLength;
    if (at + bytes.length > o.names.length) {
      const larger = new Uint8Array((at + bytes.length) * 2);
      larger.set(o.names);
      o.names = larger;
    }
    o.names.set(bytes, at);
    o.namesLength += bytes.length;
  }
  o.known.set(name, at);
  return at;
}

function writeNode(o: Output, n: FdtNode): void {
  o.words.push(Tag.BEGIN_NODE);
  pushBytes(o.words, cString(n.name));
  for (const p of n.props) {
    o.words.push(Tag.PROP, p.value.length, nameOffset(o, p.name));
    pushBytes(o.words, p.value);
  }
  for (const c of n.children) writeNode(o, c);
  o.words.push(Tag.END_NODE);
}

/** The blob `dtc -O dtb` makes of the tree (without its options for gaps and symbols). */
export function compileFdt(tree: FdtTree): Uint8Array {
  const o: Output = { words: [], names: new Uint8Array(256), namesLength: 0, known: new Map() };
  writeNode(o, tree.root);
  o.words.push(Tag.END);
  const structAt = HEADER_SIZE + (tree.reservations.length + 1) * 16;
  const stringsAt = structAt + o.words.length * 4;
  const out = new Uint8Array(stringsAt + o.namesLength);
  const head: readonly (readonly [number, number])[] = [
    [Head.MAGIC, MAGIC],
    [Head.TOTALSIZE, out.length],
    [Head.OFF_STRUCT, structAt],
    [Head.OFF_STRINGS, stringsAt],
    [Head.OFF_RSVMAP, HEADER_SIZE],
    [Head.VERSION, 17],
    [Head.LAST_COMP, 16],
    [Head.BOOT_CPU, tree.bootCpu],
    [Head.SIZE_STRINGS, o.namesLength],
    [Head.SIZE_STRUCT, o.words.length * 4],
  ];
  for (const [field, value] of head) putBe32(out, field, value);
  tree.reservations.forEach(([address, size], i) => {
    putBe64(out, HEADER_SIZE + i * 16, address);
    putBe64(out, HEADER_SIZE + i * 16 + 8, size);
  });
  o.words.forEach((word, i) => {
    putBe32(out, structAt + i * 4, word);
  });
  out.set(o.names.subarray(0, o.namesLength), stringsAt);
  return out;
}
