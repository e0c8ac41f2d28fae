/** Emits the id tables: result codes, object types and rights, enumerations, platform constants, deaths. */
import type { Spec } from './spec.js';

export const hexNum = (n: number): string => (n < 0 || n < 10 ? String(n) : `0x${n.toString(16)}`);
export const q = (s: string): string => `'${s.replace(/\\/g, '\\\\').replace(/'/g, "\\'")}'`;

export const HEAD = (what: string): string =>
  `/** ${what}\n *\n * Generated from spec/ by tools/generate.ts; edit the specification, not this file.\n */\n`;

const constObject = (name: string, doc: string, entries: [string, string, string?][]): string =>
  `/** ${doc} */\nexport const ${name} = {\n${entries
    .map(([k, v, d]) => `${d ? `  /** ${d} */\n` : ''}  ${k}: ${v},`)
    .join('\n')}\n} as const;\n`;

const valueType = (name: string): string => `export type ${name} = (typeof ${name})[keyof typeof ${name}];\n`;

const nameTable = (constName: string, of: string, doc: string): string =>
  `/** ${doc} */\nexport const ${constName}: Readonly<Record<number, string>> = Object.freeze(\n  Object.fromEntries(Object.entries(${of}).map(([name, value]) => [value, name])),\n);\n`;

export function errorsTs(spec: Spec): string {
  const { hyp, rm, hyp_to_rm } = spec.errors;
  return [
    HEAD('Result codes of hypercalls and of Resource Manager replies. Fact base: hypercall-abi 2, rm-rpc-transport 4.'),
    constObject(
      'HypError',
      'Result of a hypercall: a signed 32-bit number in w0.',
      hyp.map((e) => [e.name, String(e.value), e.meaning]),
    ),
    valueType('HypError'),
    constObject(
      'RmError',
      'First word of every reply of the Resource Manager.',
      rm.map((e) => [e.name, hexNum(e.value), e.meaning]),
    ),
    valueType('RmError'),
    nameTable('HYP_ERROR_NAMES', 'HypError', 'Name of a hypercall result.'),
    nameTable('RM_ERROR_NAMES', 'RmError', 'Name of a reply code.'),
    `/** The result code in a raw x0 (its upper half is not part of it). */
export const hypErrorOf = (x0: bigint): number => Number(BigInt.asIntN(32, x0));
`,
    `/** Name of a hypercall result, or its number when it has none. */
export const hypErrorName = (code: number): string => HYP_ERROR_NAMES[code | 0] ?? String(code);
`,
    `/** Name of a reply code, or its number when it has none. */
export const rmErrorName = (code: number): string => RM_ERROR_NAMES[code >>> 0] ?? \`0x\${(code >>> 0).toString(16)}\`;
`,
    `const HYP_TO_RM: Readonly<Record<number, RmError>> = {\n${Object.entries(hyp_to_rm)
      .map(([h, r]) => `  [HypError.${h}]: RmError.${r},`)
      .join('\n')}\n};\n`,
    `/** How RM answers when a hypercall it made failed; errors without a row of their own become DENIED. */
export const rmErrorOfHyp = (code: number): RmError => HYP_TO_RM[code | 0] ?? RmError.DENIED;
`,
  ].join('\n');
}

export function objectsTs(spec: Spec): string {
  const o = spec.objects;
  const all = (t: (typeof o.type)[number]): number =>
    (Object.values(t.rights).reduce((a, b) => a | b, 0) | o.object_activate) >>> 0;
  return [
    HEAD('Object types, capability rights, object and capability states. Fact base: capabilities 5, 6, 7.5.'),
    constObject(
      'ObjectType',
      'Type of a hypervisor object. Internal to the hypervisor: no call returns it.',
      o.type.map((t) => [t.name, String(t.value), t.about]),
    ),
    valueType('ObjectType'),
    nameTable('OBJECT_TYPE_NAMES', 'ObjectType', 'Name of an object type.'),
    constObject(
      'ObjectState',
      'Life of an object. FAILED and DESTROYING are terminal.',
      Object.entries(o.states).map(([k, v]) => [k, String(v)]),
    ),
    valueType('ObjectState'),
    nameTable('OBJECT_STATE_NAMES', 'ObjectState', 'Name of an object state.'),
    constObject(
      'CapState',
      'State of a capability slot.',
      Object.entries(o.cap_states).map(([k, v]) => [k, String(v)]),
    ),
    valueType('CapState'),
    `/** Rights by object type. OBJECT_ACTIVATE exists on every type and also authorises configuration while INIT. */
export const Rights = {
  OBJECT_ACTIVATE: ${hexNum(o.object_activate)},
${o.type
  .map(
    (t) =>
      `  ${t.name}: { ${Object.entries(t.rights)
        .map(([k, v]) => `${k}: ${hexNum(v)}`)
        .join(', ')} },`,
  )
  .join('\n')}
} as const;
`,
    `/** Every right of a type, indexed by ObjectType: what a master capability carries. */
export const ALL_RIGHTS: readonly number[] = [${o.type.map((t) => hexNum(all(t))).join(', ')}];
`,
    `/** Names of the rights in a mask, in bit order; unknown bits as hex. */
export function rightNames(type: number, mask: number): string[] {
  const names: string[] = [];
  let rest = mask >>> 0;
  const table = RIGHT_TABLE[type] ?? [];
  for (const [name, bit] of table) {
    if ((rest & bit) === 0) continue;
    names.push(name);
    rest = (rest & ~bit) >>> 0;
  }
  if ((rest & Rights.OBJECT_ACTIVATE) !== 0) {
    names.push('OBJECT_ACTIVATE');
    rest = (rest & ~Rights.OBJECT_ACTIVATE) >>> 0;
  }
  if (rest !== 0) names.push(\`0x\${rest.toString(16)}\`);
  return names;
}
`,
    `const RIGHT_TABLE: readonly (readonly (readonly [string, number])[])[] = [
${o.type
  .map(
    (t) =>
      `  [${Object.entries(t.rights)
        .map(([k, v]) => `['${k}', ${hexNum(v)}]`)
        .join(', ')}],`,
  )
  .join('\n')}
];
`,
  ].join('\n');
}

export function enumsTs(spec: Spec): string {
  const parts = [HEAD('Enumerations and flag words of messages, registers and device trees.')];
  for (const e of spec.enums.enum) {
    parts.push(
      constObject(
        e.name,
        `${e.doc} Fact base: ${e.source}.`,
        Object.entries(e.values).map(([k, v]) => [k, hexNum(v)]),
      ),
      valueType(e.name),
    );
  }
  for (const e of spec.enums.flags) {
    parts.push(
      constObject(
        e.name,
        `${e.doc} Fact base: ${e.source}.`,
        Object.entries(e.values).map(([k, v]) => [k, e.bits64 ? `${hexNum64(1n << BigInt(v))}n` : hexNum(v)]),
      ),
    );
  }
  parts.push(
    `/** Names of the values of every enumeration, by enumeration name. */
export const ENUM_NAMES: Readonly<Record<string, Readonly<Record<number, string>>>> = {
${spec.enums.enum
  .map(
    (e) =>
      `  ${e.name}: { ${Object.entries(e.values)
        .map(([k, v]) => `${v}: '${k}'`)
        .join(', ')} },`,
  )
  .join('\n')}
};
`,
    `/** Bits of every 32-bit flag word, by name. */
export const FLAG_NAMES: Readonly<Record<string, readonly (readonly [string, number])[]>> = {
${spec.enums.flags
  .filter((e) => !e.bits64)
  .map(
    (e) =>
      `  ${e.name}: [${Object.entries(e.values)
        .map(([k, v]) => `['${k}', ${v}]`)
        .join(', ')}],`,
  )
  .join('\n')}
};
`,
    `/** Name of a value of an enumeration, or its number when it has none. */
export const enumName = (of: string, value: number): string => ENUM_NAMES[of]?.[value] ?? String(value);
`,
    `export const vmStateName = (value: number): string => enumName('VmState', value);\n`,
  );
  return parts.join('\n');
}

export const hexNum64 = (n: bigint): string => (n < 10n ? n.toString() : `0x${n.toString(16)}`);

export function platformTs(spec: Spec): string {
  return [
    HEAD(
      'Constants of the qemu platform and limits of the hypervisor and RM on it. Bytes unless the name says otherwise.',
    ),
    constObject('Platform', 'Platform constants and limits.', [
      ...spec.platform.constant.map((c): [string, string, string] => [
        c.name,
        c.value >= 4096 ? hexNum(c.value) : String(c.value),
        `${c.about} Fact base: ${c.source}.`,
      ]),
      ...spec.platform.constant64.map((c): [string, string, string] => [
        c.name,
        `${c.value.toLowerCase()}n`,
        `${c.about} Fact base: ${c.source}.`,
      ]),
    ]),
  ].join('\n');
}

export function deathsTs(spec: Spec): string {
  return [
    HEAD('Inputs that stop the Resource Manager, or the hypervisor, for good.'),
    `export type DeathKind = 'ABORT' | 'FAULT' | 'HYP';\n`,
    `/** Id of a death trigger, as used by RmDeath and by reports. */\nexport type DeathId =\n${spec.deaths.death.map((d) => `  | '${d.id}'`).join('\n')};\n`,
    `export interface DeathInfo {
  readonly id: DeathId;
  /** ABORT: RM stops answering. FAULT: RM touches an unmapped address. HYP: the hypervisor stops. */
  readonly kind: DeathKind;
  /** Request that triggers it, if one does. */
  readonly message?: string;
  readonly trigger: string;
  readonly source: string;
  /** False when no client of this platform can get there. */
  readonly reachable: boolean;
}
`,
    `export const DEATHS: Readonly<Record<DeathId, DeathInfo>> = {\n${spec.deaths.death
      .map(
        (d) =>
          `  '${d.id}': { id: '${d.id}', kind: '${d.kind}', ${d.message ? `message: ${q(d.message)}, ` : ''}trigger: ${q(d.trigger)}, source: ${q(d.source)}, reachable: ${d.reachable !== false} },`,
      )
      .join('\n')}\n};\n`,
  ].join('\n');
}

export function smcccTs(spec: Spec): string {
  const { call, psci_results, uid } = spec.smccc;
  return [
    HEAD('Function ids of the calls through HVC #0 and SMC #0 that this build answers. Fact base: hypercall-abi 6.'),
    constObject(
      'Smccc',
      'Function ids by name; the 64-bit form has the suffix _64.',
      call.flatMap((c): [string, string, string][] => [
        [c.name, hexNum(c.id), c.about],
        ...(c.id64 === undefined ? [] : ([[`${c.name}_64`, hexNum(c.id64), c.about]] as [string, string, string][])),
      ]),
    ),
    nameTable('SMCCC_NAMES', 'Smccc', 'Name of a function id.'),
    `/** Vendor hypervisor call n is this plus n: fast, SMC64. */
export const SMCCC_HYPERCALL_BASE = 0xc6008000;
`,
    `/** UUID ${uid.uuid} as returned in four registers. */
export const SMCCC_UID: readonly number[] = [${uid.words.map(hexNum).join(', ')}];
`,
    constObject(
      'PsciResult',
      'Results of PSCI calls; 32-bit ids return them in w0, 64-bit ids sign-extended.',
      Object.entries(psci_results).map(([k, v]) => [k, String(v)]),
    ),
  ].join('\n');
}
