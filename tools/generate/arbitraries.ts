/**
 * Emits fast-check arbitraries for every message: valid ones as values, and their bytes spoiled on purpose; and for the arguments
 * of every hypercall.
 */
import { parseArg } from './calls.js';
import { camel, pascal } from './codecs.js';
import { HEAD } from './ids.js';
import { type Data, type Field, type Layout, layouts, listLayouts, type Payload } from './layout.js';
import type { CallEntry, Spec } from './spec.js';

const visible = (fields: Field[]): Field[] => fields.filter((f) => !f.ignored && !f.zero && !f.lenOf && !f.countOf);

/** Values with the edges of their kind more often than chance would give. */
function arbitraryOf(f: Field): string {
  if (f.enum) return `enumValue('${f.enum}', ${f.size})`;
  if (f.flags) return `flagBits('${f.flags}', ${f.size})`;
  if (f.type === 'bytes16') return 'guid';
  if (f.kind === 'vmid') return f.size === 4 ? 'vmid.map(Number)' : 'vmid';
  if (f.kind === 'handle') return 'handle';
  if (f.kind === 'irq') return 'irq';
  if (f.kind === 'ipa' || f.kind === 'size') return f.size === 8 ? 'address' : 'u32';
  return `u${f.size * 8}`;
}

function dataOf(d: Data): string {
  if (d.kind === 'bytes') return 'shortBytes';
  if (d.kind === 'special') return d.special === 'ids' ? 'idEntries' : 'ipaRanges';
  return `fc.array(${camel(d.list ?? '')}Entry, { maxLength: 6 })`;
}

/** Bytes of a message with empty lists and nothing optional. */
const bareSize = (p: Payload): number =>
  Math.max(0, ...p.fields.filter((f) => !f.optional).map((f) => f.off + f.size)) +
  4 * p.data.filter((d) => d.kind === 'list' && !d.optional).length;

function record(p: Payload): string {
  const optional = p.fields.some((f) => f.optional);
  const members = visible(p.fields).map((f): [string, string, boolean] => [camel(f.name), arbitraryOf(f), f.optional]);
  for (const d of p.data) {
    members.push([camel(d.name), dataOf(d), optional || d.optional]);
    if (d.second) members.push([camel(d.second), 'vmid', false]);
  }
  const build = (some: [string, string, boolean][]): string =>
    `fc.record({ ${some.map(([k, v]) => `${k}: ${v}`).join(', ')} })`;
  const required = members.filter(([, , o]) => !o);
  if (required.length === members.length) return build(members);
  // Without its optional lists a message may be too short, unless the others have entries.
  const filled = required.map(([k, v, o]): [string, string, boolean] => [
    k,
    v.replace('{ maxLength', '{ minLength: 1, maxLength'),
    o,
  ]);
  return `fc.oneof(${build(members)}, ${required.length > 0 ? build(bareSize(p) < p.min ? filled : required) : 'fc.constant({})'})`;
}

/** IPA_RESERVE: the type field must say which form the ranges have. */
const ipaReserve = `fc
  .oneof(
    fc.record({ type: fc.constant(0), ranges: fc.array(ipaFixedEntry, { maxLength: 6 }) }),
    fc.record({ type: fc.constant(1), ranges: fc.array(ipaAllocEntry, { minLength: 1, maxLength: 6 }) }),
  )
  .chain((r) =>
    fc.record({
      type: fc.constant(r.type),
      genericConstraints: flagBits('IpaConstraint', 4),
      platformConstraints: u32,
      ranges: fc.constant<readonly P.IpaRange[]>(r.ranges),
    }),
  )`;

/** Arguments that accept far less than their width, by name: numbers at random would hardly ever get past their check. */
const NARROW: Record<string, string> = {
  affinity: 'affinityArg',
  virq: 'virqArg',
  map_attrs: 'mapAttrsArg',
  access_attrs: 'mapAttrsArg',
  attributes: 'extentAttrsArg',
  create_info: 'queueInfoArg',
  nanoseconds: 'timesliceArg',
  not_empty_holdoff: 'holdoffArg',
  not_full_holdoff: 'holdoffArg',
};

function callArgument(call: CallEntry, text: string): string {
  const { name, type, width } = parseArg(text);
  if (type === 'reserved') return `reservedArg(${name === 'res0' ? '0n' : '0xffff_ffff_ffff_ffffn'})`;
  const looked = call.check?.find((c) => c.lookup === name);
  if (type === 'cap' || looked !== undefined) {
    // Both sides of a donation share their lookups.
    const types = call.name === 'memextent_donate' ? 'MEMEXTENT/PARTITION' : (looked?.type ?? 'ANY');
    return `capArg(${types
      .split('/')
      .map((t) => `'${t}'`)
      .join(', ')})`;
  }
  return NARROW[name] ?? (['size', 'va', 'ipa', 'pa'].includes(type) ? `${type}Arg` : `wordArg(${width})`);
}

const callSamples = (spec: Spec): string[] =>
  spec.hypercalls.call.map(
    (c) => `  callSample(P.Call.${c.name.toUpperCase()}${c.in.map((text) => `, ${callArgument(c, text)}`).join('')}),`,
  );

export function arbitrariesTs(spec: Spec): string {
  const all = layouts(spec).filter((l) => l.message.implemented !== false);
  const lists = [...listLayouts(spec).values()].filter(({ entry }) => entry.size > 0);
  const hasValue = (p: Payload): boolean => visible(p.fields).length + p.data.length > 0;
  const body: string[] = [];
  const rows: string[] = [];
  const one = (name: string, p: Payload): void => {
    const gen = name === 'IpaReserveRequest' ? ipaReserve : record(p);
    body.push(`export const ${camelName(name)}: fc.Arbitrary<P.${name}> = ${hasValue(p) ? gen : 'fc.constant({})'};\n`);
  };
  const emit = (l: Layout): void => {
    const P = pascal(l.message.name);
    const suffix = l.kind === 'request' ? 'Request' : 'Notification';
    const key = `Msg.${l.kind === 'request' ? '' : 'N_'}${l.message.name}`;
    if (hasValue(l.payload)) {
      one(`${P}${suffix}`, l.payload);
      rows.push(
        `  sample(P.${key}, '${l.kind}', '${P}${suffix}', ${camelName(`${P}${suffix}`)}, P.encode${P}${suffix}, P.decode${P}${suffix}),`,
      );
    } else rows.push(`  empty(P.${key}, '${l.kind}', '${P}${suffix}'),`);
    if (l.reply) {
      one(`${P}Reply`, l.reply);
      rows.push(
        `  sample(P.${key}, 'reply', '${P}Reply', ${camelName(`${P}Reply`)}, P.encode${P}Reply, P.decode${P}Reply),`,
      );
    }
  };
  for (const l of all) emit(l);
  return [
    HEAD(
      'Arbitraries for every RM message and every hypercall: valid values, boundary values, and ones broken on purpose.',
    ),
    `import fc from 'fast-check';\nimport * as P from '../../src/protocol/index.js';\nimport { address, enumValue, flagBits, guid, handle, idEntries, irq, shortBytes, u8, u16, u32, u64, vmid } from '../support/values-arbitrary.js';\nimport { affinityArg, type CallSample, callSample, capArg, extentAttrsArg, holdoffArg, ipaArg, mapAttrsArg, paArg, queueInfoArg, reservedArg, sizeArg, timesliceArg, vaArg, virqArg, wordArg } from '../support/call-sample.js';\nimport { empty, type MessageSample, sample } from '../support/message-sample.js';\n`,
    ...lists.map(
      ({ entry, fields }) =>
        `export const ${camel(entry.name)}Entry: fc.Arbitrary<P.${pascal(entry.name)}Entry> = fc.record({ ${visible(
          fields,
        )
          .map((f) => `${camel(f.name)}: ${arbitraryOf(f)}`)
          .join(', ')} });\n`,
    ),
    ...body,
    `/** Every message with code behind it, with its codecs. */
export const SAMPLES: readonly MessageSample[] = [\n${rows.join('\n')}\n];\n`,
    `/** Every hypercall with its arguments. */
export const CALL_SAMPLES: readonly CallSample[] = [\n${callSamples(spec).join('\n')}\n];\n`,
  ].join('\n');
}

const camelName = (s: string): string => s[0].toLowerCase() + s.slice(1);
