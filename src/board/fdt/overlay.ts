/**
 * Applying an overlay blob to a tree (the format of `dtc -@`: fragments with `target` or `target-path`, `__overlay__`,
 * `__local_fixups__`, `__fixups__`, `__symbols__`). The overlay's phandles are raised above the highest one of the base.
 * The overlay is changed in the process.
 */
import { be32, cString, FdtErr, firstProp, latin1, nextProp, putBe32 } from './blob.js';
import { addSubnode, type FdtEdit, setProp } from './edit.js';
import {
  ancestors,
  children,
  getProp,
  maxPhandle,
  nodeByPhandle,
  nodeName,
  pathOffset,
  phandleOf,
  propName,
  propValue,
  subnodeOffset,
} from './read.js';

function raisePhandle(o: Uint8Array, node: number, name: string, delta: number): number {
  const v = getProp(o, node, name);
  if (typeof v === 'number') return v === FdtErr.NOTFOUND ? 0 : v;
  if (v.length !== 4) return FdtErr.BADPHANDLE;
  const raised = be32(v, 0) + delta;
  if (raised >= 0xffff_ffff) return FdtErr.NOPHANDLES;
  putBe32(v, 0, raised);
  return 0;
}

function raisePhandles(o: Uint8Array, node: number, delta: number): number {
  let err = raisePhandle(o, node, 'phandle', delta);
  if (err === 0) err = raisePhandle(o, node, 'linux,phandle', delta);
  for (const child of err === 0 ? children(o, node) : []) {
    err = raisePhandles(o, child, delta);
    if (err !== 0) break;
  }
  return err;
}

/** Adds delta to the places which `__local_fixups__` names. */
function raiseReferences(o: Uint8Array, node: number, fixups: number, delta: number): number {
  for (let p = firstProp(o, fixups); p >= 0; p = nextProp(o, p)) {
    const name = propName(o, p);
    if (typeof name === 'number') return name;
    const places = propValue(o, p);
    if (places.length % 4 !== 0) return FdtErr.BADOVERLAY;
    const value = getProp(o, node, name);
    if (typeof value === 'number') return value === FdtErr.NOTFOUND ? FdtErr.BADOVERLAY : value;
    for (let i = 0; i < places.length; i += 4) {
      const at = be32(places, i);
      if (at + 4 > value.length) return FdtErr.BADOVERLAY;
      putBe32(value, at, be32(value, at) + delta);
    }
  }
  for (const child of children(o, fixups)) {
    const name = nodeName(o, child);
    if (typeof name === 'number') return name;
    const target = subnodeOffset(o, node, name);
    if (target < 0) return target === FdtErr.NOTFOUND ? FdtErr.BADOVERLAY : target;
    const err = raiseReferences(o, target, child, delta);
    if (err !== 0) return err;
  }
  return 0;
}

/** One `path:property:offset` of a `__fixups__` property: the phandle of the base node that `label` names goes there. */
function fixReference(f: Uint8Array, o: Uint8Array, symbols: number, label: string, place: string): number {
  const parts = place.split(':');
  if (parts.length !== 3 || parts[1] === '' || !/^\d+$/.test(parts[2])) return FdtErr.BADOVERLAY;
  if (symbols < 0) return symbols;
  const path = getProp(f, symbols, label);
  if (typeof path === 'number') return path;
  const end = path.indexOf(0);
  const node = pathOffset(f, latin1(path, 0, end < 0 ? path.length : end));
  if (node < 0) return node;
  const phandle = phandleOf(f, node);
  if (phandle === 0) return FdtErr.NOTFOUND;
  const user = pathOffset(o, parts[0]);
  if (user < 0) return user === FdtErr.NOTFOUND ? FdtErr.BADOVERLAY : user;
  const value = getProp(o, user, parts[1]);
  if (typeof value === 'number') return value;
  const at = Number(parts[2]);
  if (at + 4 > value.length) return FdtErr.NOSPACE;
  putBe32(value, at, phandle);
  return 0;
}

function fixReferences(f: Uint8Array, o: Uint8Array): number {
  const fixups = pathOffset(o, '/__fixups__');
  if (fixups < 0) return fixups === FdtErr.NOTFOUND ? 0 : fixups;
  const symbols = pathOffset(f, '/__symbols__');
  if (symbols < 0 && symbols !== FdtErr.NOTFOUND) return symbols;
  for (let p = firstProp(o, fixups); p >= 0; p = nextProp(o, p)) {
    const label = propName(o, p);
    if (typeof label === 'number') return label;
    const value = propValue(o, p);
    for (let at = 0; at < value.length; ) {
      const end = value.indexOf(0, at);
      if (end < 0) return FdtErr.BADOVERLAY;
      const err = fixReference(f, o, symbols, label, latin1(value, at, end));
      if (err !== 0) return err;
      at = end + 1;
    }
  }
  return 0;
}

/** The node of the base that a fragment changes, or an error. */
function targetOf(f: Uint8Array, o: Uint8Array, fragment: number): number {
  const phandle = getProp(o, fragment, 'target');
  if (typeof phandle !== 'number') {
    if (phandle.length !== 4 || be32(phandle, 0) === 0xffff_ffff) return FdtErr.BADPHANDLE;
    if (be32(phandle, 0) !== 0) return nodeByPhandle(f, be32(phandle, 0));
  }
  const path = getProp(o, fragment, 'target-path');
  if (typeof path === 'number') return path === FdtErr.NOTFOUND ? FdtErr.BADOVERLAY : path;
  const end = path.indexOf(0);
  return pathOffset(f, latin1(path, 0, end < 0 ? path.length : end));
}

function merge(e: FdtEdit, target: number, o: Uint8Array, node: number): number {
  for (let p = firstProp(o, node); p >= 0; p = nextProp(o, p)) {
    const name = propName(o, p);
    if (typeof name === 'number') return name;
    const err = setProp(e, target, name, propValue(o, p));
    if (err !== 0) return err;
  }
  for (const child of children(o, node)) {
    const name = nodeName(o, child);
    if (typeof name === 'number') return name;
    let into = addSubnode(e, target, name);
    if (into === FdtErr.EXISTS) into = subnodeOffset(e.f, target, name);
    const err = into < 0 ? into : merge(e, into, o, child);
    if (err !== 0) return err;
  }
  return 0;
}

/** Copies the overlay's symbols, with their paths in the merged tree. */
function mergeSymbols(e: FdtEdit, o: Uint8Array): number {
  const from = subnodeOffset(o, 0, '__symbols__');
  if (from < 0) return 0;
  let into = subnodeOffset(e.f, 0, '__symbols__');
  if (into === FdtErr.NOTFOUND) into = addSubnode(e, 0, '__symbols__');
  if (into < 0) return into;
  for (let p = firstProp(o, from); p >= 0; p = nextProp(o, p)) {
    const name = propName(o, p);
    if (typeof name === 'number') return name;
    const value = propValue(o, p);
    if (value.length < 1 || value.indexOf(0) !== value.length - 1 || value[0] !== 0x2f) return FdtErr.BADVALUE;
    const m = /^\/([^/]+)\/__overlay__(?:\/(.*))?$/.exec(latin1(value, 0, value.length - 1));
    if (m === null) continue;
    const fragment = subnodeOffset(o, 0, m[1]);
    if (fragment < 0 || subnodeOffset(o, fragment, '__overlay__') < 0) return FdtErr.BADOVERLAY;
    const target = targetOf(e.f, o, fragment);
    if (target < 0) return target;
    const given = getProp(o, fragment, 'target');
    let path: string;
    if (typeof given === 'number') {
      const text = getProp(o, fragment, 'target-path');
      path = typeof text === 'number' ? '' : latin1(text, 0, text.length - 1);
    } else {
      const chain = ancestors(e.f, target);
      if (typeof chain === 'number') return chain;
      path = chain.map((n) => nodeName(e.f, n)).join('/');
    }
    const err = setProp(e, into, name, cString(`${path === '/' ? '' : path}/${m[2] ?? ''}`));
    if (err !== 0) return err;
    into = subnodeOffset(e.f, 0, '__symbols__');
  }
  return 0;
}

/** Applies `overlay` to the tree. 0, or an error: then the tree is left half changed, as the C library leaves it. */
export function applyOverlay(e: FdtEdit, overlay: Uint8Array): number {
  const delta = maxPhandle(e.f);
  if (delta < 0) return delta;
  let err = raisePhandles(overlay, 0, delta);
  if (err !== 0) return err;
  const fixups = pathOffset(overlay, '/__local_fixups__');
  if (fixups < 0 && fixups !== FdtErr.NOTFOUND) return fixups;
  if (fixups >= 0) err = raiseReferences(overlay, 0, fixups, delta);
  if (err === 0) err = fixReferences(e.f, overlay);
  for (const fragment of err === 0 ? children(overlay, 0) : []) {
    const node = subnodeOffset(overlay, fragment, '__overlay__');
    if (node === FdtErr.NOTFOUND) continue;
    const target = node < 0 ? node : targetOf(e.f, overlay, fragment);
    err = target < 0 ? target : merge(e, target, overlay, node);
    if (err !== 0) return err;
  }
  return err !== 0 ? err : mergeSymbols(e, overlay);
}
