/**
 * Reading a guest's device tree at VM_INIT (fact base: rm-boot-and-dt 4): every node in the order of the blob is offered
 * to a list of listeners, the first that takes it wins. Whatever this refuses makes VM_INIT answer MEM_INVALID.
 */
import {
  be32,
  checkHeader,
  type Depth,
  Head,
  hasProp,
  isCompatible,
  listContains,
  nextNode,
  nodeName,
} from '../../board/fdt/index.js';
import { RmDeath } from '../death.js';
import { type CellContext, childContext } from './cells.js';
import { parseMemoryConfig, parseVcpusConfig, parseVmConfigNode, type Refusal } from './parse-config.js';
import { VDEVICE_PARSERS } from './parse-devices.js';
import { parseInterruptsConfig, parseRootGic } from './parse-gic.js';
import { newParseState, type ParseState, toVmConfig } from './parse-state.js';
import type { VmConfig } from './vm-config-types.js';

export type * from './vm-config-types.js';
export { DEFAULT_GENERATE } from './vm-config-types.js';

/** Why a tree was refused; the reply is `error`. */
export interface VmConfigError {
  readonly error: 'MEM_INVALID';
  readonly why: string;
}

export const isVmConfigError = (x: VmConfig | VmConfigError): x is VmConfigError => 'error' in x;

/** A node at this depth (root: 0) is an assertion of RM. */
const MAX_DEPTH = 16;
/** Longest path of a node, with its end. */
const MAX_PATH = 256;

const CONFIG_PATHS = ['/gunyah-vm-config', '/qcom,vm-config'];

/** A node of the walk. */
interface Visit {
  readonly f: Uint8Array;
  readonly at: number;
  readonly path: string;
  readonly name: string;
  readonly depth: number;
  readonly ctx: CellContext;
}

/** The part of `path` below a vm-config node: '' for that node itself; undefined elsewhere. */
function configPart(path: string): string | undefined {
  const prefix = CONFIG_PATHS.find((p) => path.startsWith(p));
  return prefix === undefined ? undefined : path.slice(prefix.length);
}

function visit(s: ParseState, v: Visit): Refusal {
  const { f, at, path, ctx } = v;
  if (listContains(f, at, 'device_type', 'memory')) {
    return v.name === 'memory' && v.depth === 1 ? undefined : 'memory node other than /memory';
  }
  const part = configPart(path);
  if (part === '') return parseVmConfigNode(s, f, at, ctx);
  if (part === '/memory') return parseMemoryConfig(s, f, at, ctx);
  if (part === '/vcpus') return parseVcpusConfig(s, f, at);
  if (hasProp(f, at, 'vdevice-type')) {
    for (const [type, parse] of VDEVICE_PARSERS) {
      if (listContains(f, at, 'vdevice-type', type)) return parse(s, f, at, ctx);
    }
  }
  if (isCompatible(f, at, 'arm,psci-0.2') || isCompatible(f, at, 'arm,psci-1.0')) {
    s.psci = true;
    return undefined;
  }
  if (part === '/interrupts') return parseInterruptsConfig(s, f, at);
  if (path === '/') parseRootGic(s, f, at);
  return undefined;
}

function walk(s: ParseState, f: Uint8Array): Refusal {
  const contexts: CellContext[] = [];
  const names: string[] = [];
  const d: Depth = { depth: 0 };
  let at = 0;
  let before = -1;
  for (;;) {
    const { depth } = d;
    if (depth > before) {
      if (depth >= MAX_DEPTH) throw new RmDeath('ABORT', 'dt-too-deep');
      contexts[depth] = childContext(f, at, depth === 0 ? null : contexts[depth - 1]);
    }
    const name = nodeName(f, at);
    if (typeof name === 'number') return 'damaged tree';
    names.length = depth;
    names[depth] = name;
    const path = depth === 0 && name === '' ? '/' : names.join('/');
    const room = names.reduce((sum, n) => sum + n.length + 1, 0);
    if (room > MAX_PATH) return 'path of a node too long';
    const refusal = visit(s, { f, at, path, name, depth, ctx: contexts[depth] });
    if (refusal !== undefined) return refusal;
    before = depth;
    at = nextNode(f, at, d);
    if (at < 0) return 'damaged tree';
    if (d.depth < 0) return undefined;
  }
}

/**
 * Trees read lately and what they said. A VMM starts many VMs with one tree, and reading it costs more than the rest of
 * VM_INIT; the result depends on nothing but the bytes, and nobody can change it.
 */
const recent: { readonly tree: Uint8Array; readonly result: VmConfig | VmConfigError }[] = [];
const MAX_RECENT = 4;

/** Lists are not frozen, only read: V8 leaves the compiled code for frozen ones. */
function freeze<T>(x: T): T {
  if (typeof x !== 'object' || x === null) return x;
  if (!Array.isArray(x)) Object.freeze(x);
  for (const part of Object.values(x)) freeze(part);
  return x;
}

/** Whether the region starts with these bytes: word by word, as far as both are aligned. */
function startsWith(region: Uint8Array, tree: Uint8Array): boolean {
  const words = (region.byteOffset | tree.byteOffset) % 4 === 0 ? tree.length >> 2 : 0;
  if (words > 0) {
    const a = new Int32Array(region.buffer, region.byteOffset, words);
    const b = new Int32Array(tree.buffer, tree.byteOffset, words);
    for (let i = 0; i < words; i++) if (a[i] !== b[i]) return false;
  }
  for (let i = words * 4; i < tree.length; i++) if (region[i] !== tree[i]) return false;
  return true;
}

/**
 * The configuration a tree asks for, or the refusal. `region` is the device tree area of the VM (`dt_size` bytes).
 * Throws `RmDeath` for the trees that kill RM. A tree without vm-config node is fine here (and has no VCPUs).
 */
export function parseVmConfig(region: Uint8Array): VmConfig | VmConfigError {
  const refuse = (why: string): VmConfigError => ({ error: 'MEM_INVALID', why });
  if (checkHeader(region) !== 0) return refuse('bad header');
  const size = be32(region, Head.TOTALSIZE);
  if (size > region.length) return refuse('tree larger than its area');
  const known = recent.find((r) => r.tree.length === size && startsWith(region, r.tree));
  if (known !== undefined) return known.result;
  const tree = region.slice(0, size);
  const state = newParseState();
  const refusal = walk(state, tree);
  const result = freeze(refusal === undefined ? toVmConfig(state) : refuse(refusal));
  recent.unshift({ tree, result });
  recent.length = Math.min(recent.length, MAX_RECENT);
  return result;
}
