/** The `vm-config` node and its `memory` and `vcpus` (fact base: rm-boot-and-dt 4.3 to 4.5). Each returns the reason of a refusal. */
import { U64_MAX } from '../../base/index.js';
import {
  be32,
  children,
  FdtErr,
  firstString,
  getProp,
  getU32,
  hasProp,
  nodePath,
  pathOffset,
  stringList,
} from '../../board/fdt/index.js';
import { type CellContext, getNumber, readCells } from './cells.js';
import { parseGuid } from './guid.js';
import { PAGE, type ParseState } from './parse-state.js';

/** undefined: fine. Else why VM_INIT refuses the tree. */
export type Refusal = string | undefined;

/** Names and URIs are at most 79 bytes. */
const MAX_NAME = 80;

const ATTRS: Readonly<Record<string, (a: ParseState['attrs']) => void>> = {
  'ras-error-handler': (a) => {
    a.rasErrorHandler = true;
  },
  'amu-counting-disabled': (a) => {
    a.amuCountingDisabled = true;
  },
  'crash-fatal': (a) => {
    a.crashFatal = true;
    a.noShutdown = true;
    a.noReset = true;
  },
  'context-dump': (a) => {
    a.contextDump = true;
  },
  'no-shutdown': (a) => {
    a.noShutdown = true;
  },
  'no-reset': (a) => {
    a.noReset = true;
  },
};

function parseIomemRanges(s: ParseState, f: Uint8Array, node: number, ctx: CellContext): Refusal {
  const v = getProp(f, node, 'iomemory-ranges');
  if (typeof v === 'number') return undefined;
  const words = Math.floor(v.length / 4);
  const perRange = (ctx.addr * 2 + ctx.size + 1) % 0x1_0000_0000;
  if (words === 0 || perRange === 0 || words % perRange !== 0) return 'iomemory-ranges: bad length';
  for (let at = 0; at < words; at += perRange) {
    const phys = readCells(v, at, ctx.addr);
    const ipa = readCells(v, at + ctx.addr, ctx.addr);
    const size = readCells(v, at + ctx.addr * 2, ctx.size);
    if (phys % PAGE !== 0n || ipa % PAGE !== 0n || size % PAGE !== 0n) return 'iomemory-ranges: not page aligned';
    const access = be32(v, (at + perRange - 1) * 4) & 0xffff;
    if (access > 6) return 'iomemory-ranges: unknown access';
    s.iomemRanges.push({ phys, ipa, size, access });
  }
  return undefined;
}

export function parseVmConfigNode(s: ParseState, f: Uint8Array, node: number, ctx: CellContext): Refusal {
  const attrs = stringList(f, node, 'vm-attrs');
  if (attrs === FdtErr.BADVALUE) return 'vm-attrs: malformed list';
  for (const name of typeof attrs === 'number' ? [] : attrs) if (Object.hasOwn(ATTRS, name)) ATTRS[name](s.attrs);
  const name = firstString(f, node, 'image-name');
  if (typeof name === 'number' || name.length >= MAX_NAME) return 'image-name: missing or too long';
  s.name = name;
  const uri = firstString(f, node, 'vm-uri');
  if (typeof uri !== 'number' && uri.length < MAX_NAME) s.uri = uri;
  const guid = firstString(f, node, 'vm-guid');
  s.guid = null;
  if (typeof guid !== 'number') {
    s.guid = parseGuid(guid) ?? null;
    if (s.guid === null) return 'vm-guid: not eight groups';
  }
  const bad = parseIomemRanges(s, f, node, ctx);
  if (bad !== undefined) return bad;
  const irqs = getProp(f, node, 'gic-irq-ranges');
  for (let at = 0; typeof irqs !== 'number' && at + 8 <= irqs.length; at += 8) {
    s.irqRanges.push({ hwirq: be32(irqs, at), virq: be32(irqs, at + 4) });
  }
  if (hasProp(f, node, 'qcom,sensitive')) {
    s.attrs.sensitive = true;
    s.attrs.amuCountingDisabled = true;
  }
  return undefined;
}

const aligned = (n: bigint): boolean => n % PAGE === 0n;

/** Up to two u32; null when missing, undefined when too long or not a multiple of four bytes. */
export function getPair(f: Uint8Array, node: number, name: string): [number, number] | null | undefined {
  const v = getProp(f, node, name);
  if (typeof v === 'number') return null;
  if (v.length > 8 || v.length % 4 !== 0) return undefined;
  return [v.length >= 4 ? be32(v, 0) : 0, v.length === 8 ? be32(v, 4) : 0];
}

export function parseMemoryConfig(s: ParseState, f: Uint8Array, node: number, ctx: CellContext): Refusal {
  if (hasProp(f, node, 'is-direct')) {
    s.isDirect = true;
    s.sizeMax = U64_MAX;
  }
  const base = getNumber(f, node, 'base-address', ctx.addr);
  if (base !== undefined) {
    if (!aligned(base)) return 'base-address: not page aligned';
    s.base = BigInt.asUintN(64, (base + 0x1f_ffffn) & ~0x1f_ffffn);
    s.sizeMax = BigInt.asUintN(64, -s.base);
  }
  const sizeMin = getNumber(f, node, 'size-min', ctx.size);
  if (sizeMin !== undefined) {
    s.sizeMin = sizeMin;
    if (!aligned(sizeMin)) return 'size-min: not page aligned';
  }
  const sizeMax = getNumber(f, node, 'size-max', ctx.size);
  if (sizeMax !== undefined) {
    s.sizeMax = sizeMax;
    if (!aligned(sizeMax)) return 'size-max: not page aligned';
    if (s.base + sizeMax > U64_MAX) return 'size-max: overflow';
  }
  const firmwareBase = getNumber(f, node, 'firmware-address', ctx.addr);
  if (firmwareBase !== undefined) {
    s.firmwareBase = firmwareBase;
    if (!aligned(firmwareBase)) return 'firmware-address: not page aligned';
  }
  const firmwareSizeMax = getNumber(f, node, 'firmware-size-max', ctx.size);
  if (firmwareSizeMax !== undefined) {
    s.firmwareSizeMax = firmwareSizeMax;
    if (!aligned(firmwareSizeMax)) return 'firmware-size-max: not page aligned';
    if (s.firmwareBase + firmwareSizeMax > U64_MAX) return 'firmware-size-max: overflow';
  }
  const constraints = getPair(f, node, 'base-mem-constraints');
  if (constraints === undefined) return 'base-mem-constraints: bad length';
  s.constraints = constraints;
  return undefined;
}

const AFFINITIES = ['static', 'sticky', 'pinned', 'proxy'] as const;

function parseScheduling(s: ParseState, f: Uint8Array, node: number): Refusal {
  s.timesliceUs = getU32(f, node, 'sched-timeslice') ?? s.timesliceUs;
  const priority = getU32(f, node, 'sched-priority');
  if (priority !== undefined) s.priorityOffset = priority | 0;
  const map = getProp(f, node, 'affinity-map');
  if (typeof map === 'number') return 'affinity-map: missing';
  s.affinityMap = Array.from({ length: Math.floor(map.length / 4) }, (_, i) => be32(map, i * 4) & 0xffff);
  return undefined;
}

/** Whether a CPU runs from the start; null: the CPU is broken and skipped; undefined: unknown status. */
function bootStatus(status: string | number, isFirst: boolean): boolean | null | undefined {
  if (typeof status === 'number') return isFirst;
  if (status === 'okay') return true;
  if (status === 'disabled') return false;
  return status === 'fail' || status.startsWith('fail-') ? null : undefined;
}

/** Longest path of a CPU node, with its end. */
const MAX_CPU_PATH = 128;

export function parseVcpusConfig(s: ParseState, f: Uint8Array, node: number): Refusal {
  const affinity = firstString(f, node, 'affinity');
  s.affinity = AFFINITIES.find((a) => a === affinity) ?? 'static';
  const bad = s.affinity === 'proxy' ? undefined : parseScheduling(s, f, node);
  if (bad !== undefined) return bad;
  const path = firstString(f, node, 'config');
  const config = pathOffset(f, typeof path === 'number' ? '/cpus' : path);
  if (config < 0) return 'vcpus: no node at config';
  const defaultMethod = firstString(f, config, 'enable-method');
  let bootCount = 0;
  let psciCount = 0;
  let idleCount = 0;
  for (const cpu of children(f, config)) {
    if (firstString(f, cpu, 'device_type') !== 'cpu') continue;
    const boot = bootStatus(firstString(f, cpu, 'status'), bootCount === 0);
    if (boot === null) continue;
    if (boot === undefined) return 'cpu: unknown status';
    const own = firstString(f, cpu, 'enable-method');
    const method = typeof own === 'number' ? defaultMethod : own;
    if (hasProp(f, cpu, 'cpu-idle-states')) idleCount++;
    if (boot) bootCount++;
    else if (method === 'psci') psciCount++;
    else if (method !== 'qcom,gunyah-hvc') return 'cpu: secondary without known enable-method';
    const cpuPath = nodePath(f, cpu, MAX_CPU_PATH);
    if (typeof cpuPath === 'number') return 'cpu: path too long';
    s.vcpus.push({ path: cpuPath, boot });
  }
  if (bootCount === 0) return 'vcpus: no boot CPU';
  const proxy = s.affinity === 'proxy';
  if (!proxy && s.vcpus.length !== s.affinityMap.length) return 'affinity-map: not one entry per CPU';
  if (psciCount !== 0 || idleCount !== 0) s.psci = true;
  if (s.psci && !proxy && idleCount !== s.vcpus.length) return 'vcpus: PSCI without cpu-idle-states on every CPU';
  return undefined;
}
