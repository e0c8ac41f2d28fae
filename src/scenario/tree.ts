/**
 * Device trees written as JSON: an object is a node, everything else a property.
 *
 * `true` is an empty property, a number or list of numbers 32-bit cells ("0x10" and "$variable" are numbers), a string or list of strings text, `{"hex": "..."}` bytes,
 * `{"u64": [...]}` pairs of cells. Names that hold objects are subnodes; `{}` is an empty node.
 */
import { compileFdt, EMPTY, type FdtNode, type FdtProp, strings, u32s, u64s } from '../board/fdt/index.js';
import { hexBytes, isArray, isObject, type Json, type JsonObject, ScenarioError, type Scope, sized } from './values.js';

const isValueObject = (v: JsonObject): boolean => {
  const keys = Object.keys(v);
  return keys.length === 1 && (keys[0] === 'hex' || keys[0] === 'u64');
};

function cells(v: readonly Json[], scope: Scope, path: string): Uint8Array {
  return u32s(...v.map((c, i) => Number(sized(c, 4, scope, `${path}[${i}]`))));
}

function property(v: Json, scope: Scope, path: string): Uint8Array {
  if (v === true) return EMPTY;
  if (typeof v === 'string' && !/^(\$|0x)/.test(v)) return strings(v);
  if (isArray(v) && v.length > 0 && v.every((s): s is string => typeof s === 'string' && !/^(\$|0x)/.test(s)))
    return strings(...v);
  if (isArray(v)) return cells(v, scope, path);
  if (typeof v === 'number' || typeof v === 'string') return cells([v], scope, path);
  if (isObject(v) && v.hex !== undefined) return hexBytes(v.hex, `${path}.hex`);
  if (isObject(v) && v.u64 !== undefined) {
    const list = isArray(v.u64) ? v.u64 : [v.u64];
    return u64s(...list.map((c, i) => sized(c, 8, scope, `${path}.u64[${i}]`)));
  }
  throw new ScenarioError(
    path,
    `${JSON.stringify(v)} is not a property`,
    'write true, numbers, strings, {"hex": "..."} or {"u64": [...]}',
  );
}

/** Far more than any tree has: deeper ones are mistakes of a generator. */
const MAX_DEPTH = 64;

function treeNode(name: string, o: JsonObject, scope: Scope, path: string, depth = 0): FdtNode {
  if (depth > MAX_DEPTH)
    throw new ScenarioError(path.slice(0, 60), `nodes below more than ${MAX_DEPTH} others`, 'make the tree flatter');
  const props: FdtProp[] = [];
  const children: FdtNode[] = [];
  for (const [key, v] of Object.entries(o)) {
    const at = `${path}["${key}"]`;
    if (isObject(v) && !isValueObject(v)) children.push(treeNode(key, v, scope, at, depth + 1));
    else props.push({ name: key, value: property(v, scope, at) });
  }
  return { name, props, children };
}

/** The blob of a tree; the outer object is the root node. */
export function treeBlob(v: Json | undefined, scope: Scope, path: string): Uint8Array {
  if (!isObject(v)) throw new ScenarioError(path, 'not a tree', 'write the root node as { ... }');
  return compileFdt({ root: treeNode('', v, scope, path), reservations: [], bootCpu: 0 });
}
