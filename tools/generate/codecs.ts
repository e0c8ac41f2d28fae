/** Emits straight-line encoders and decoders, one file per service, plus the entry lists they share. */
import { HEAD } from './ids.js';
import { type Data, type Field, type Layout, layouts, listLayouts, type Payload } from './layout.js';
import type { Spec } from './spec.js';

export const pascal = (s: string): string =>
  s
    .toLowerCase()
    .split('_')
    .map((w) => w[0].toUpperCase() + w.slice(1))
    .join('');
export const camel = (s: string): string => {
  const p = pascal(s);
  return p[0].toLowerCase() + p.slice(1);
};

const tsType = (f: Field): string => (f.type === 'u64' ? 'bigint' : f.type === 'bytes16' ? 'Uint8Array' : 'number');

/** Fields that a caller supplies: not padding, and not a count that follows from the data. */
const visible = (fields: Field[]): Field[] => fields.filter((f) => !f.ignored && !f.zero && !f.lenOf && !f.countOf);

const put = (f: Field, at: string, value: string): string => {
  if (f.type === 'u8') return `b[${at}] = ${value};`;
  if (f.type === 'bytes16') return `b.set(${value}, ${at});`;
  return `put${f.size * 8}(b, ${at}, ${value});`;
};
const get = (f: Field, at: string): string => {
  if (f.type === 'u8') return `b[${at}]`;
  if (f.type === 'bytes16') return `b.slice(${at}, ${at} + 16)`;
  return `le${f.size * 8}(b, ${at})`;
};
const plus = (base: string, off: number): string => (off === 0 ? base : `${base} + ${off}`);

function listsTs(spec: Spec): string {
  const parts = [
    HEAD('List entries of RM messages: counted lists (u16 count, u16 second half) and bare entry arrays.'),
    `import { le16, le32, le64, put16, put32, put64 } from '../../base/index.js';\n`,
    `/** Result of reading entries: the entries, the offset behind them, and the second half of the list header. */
export interface Entries<T> {
  entries: T[];
  next: number;
  second: number;
}
`,
  ];
  for (const { entry, fields } of listLayouts(spec).values()) {
    if (entry.size === 0) continue;
    const T = `${pascal(entry.name)}Entry`;
    const vis = visible(fields);
    parts.push(`/** ${entry.about} ${entry.size} bytes. */
export interface ${T} {
${vis.map((f) => `${f.about ? `  /** ${f.about} */\n` : ''}  ${camel(f.name)}: ${tsType(f)};`).join('\n')}
}

export const ${entry.name}_ENTRY_SIZE = ${entry.size};

export function put${T}(b: Uint8Array, at: number, e: ${T}): void {
${vis.map((f) => `  ${put(f, plus('at', f.off), `e.${camel(f.name)}`)}`).join('\n')}
}

export const get${T} = (b: Uint8Array, at: number): ${T} => ({
${vis.map((f) => `  ${camel(f.name)}: ${get(f, plus('at', f.off))},`).join('\n')}
});

/** Bare entries, one after the other. */
export function encode${pascal(entry.name)}Entries(entries: readonly ${T}[]): Uint8Array {
  const b = new Uint8Array(entries.length * ${entry.size});
  for (let i = 0; i < entries.length; i++) put${T}(b, i * ${entry.size}, entries[i]);
  return b;
}

/** \`count\` entries at \`at\`; undefined when they do not fit. */
export function decode${pascal(entry.name)}Entries(b: Uint8Array, at: number, count: number): Entries<${T}> | undefined {
  const next = at + count * ${entry.size};
  if (next > b.length) return undefined;
  const entries: ${T}[] = [];
  for (let i = 0; i < count; i++) entries.push(get${T}(b, at + i * ${entry.size}));
  return { entries, next, second: 0 };
}

/** Counted list: u16 count, u16 \`second\`, entries. */
export function encode${pascal(entry.name)}List(entries: readonly ${T}[], second = 0): Uint8Array {
  const b = new Uint8Array(4 + entries.length * ${entry.size});
  put16(b, 0, entries.length);
  put16(b, 2, second);
  for (let i = 0; i < entries.length; i++) put${T}(b, 4 + i * ${entry.size}, entries[i]);
  return b;
}

/** Counted list at \`at\`; undefined when the header or the entries do not fit. */
export function decode${pascal(entry.name)}List(b: Uint8Array, at: number): Entries<${T}> | undefined {
  if (at + 4 > b.length) return undefined;
  const list = decode${pascal(entry.name)}Entries(b, at + 4, le16(b, at));
  if (list !== undefined) list.second = le16(b, at + 2);
  return list;
}
`);
  }
  return parts.join('\n');
}

/** Type of the member of the message interface that carries a data part. */
function dataType(d: Data): string {
  if (d.kind === 'bytes') return 'Uint8Array';
  if (d.kind === 'special') return d.special === 'ids' ? 'readonly IdEntry[]' : 'readonly IpaRange[]';
  return `readonly ${pascal(d.list ?? '')}Entry[]`;
}

interface Emitted {
  code: string;
}

function emit(name: string, p: Payload, about: string, start: number): Emitted {
  const vis = visible(p.fields);
  const members = [
    ...vis.map(
      (f) => `${f.about ? `  /** ${f.about} */\n` : ''}  ${camel(f.name)}${f.optional ? '?' : ''}: ${tsType(f)};`,
    ),
    ...p.data.flatMap((d) => [
      `  ${d.about ? `/** ${d.about} */\n  ` : ''}${camel(d.name)}${d.optional || p.fields.some((f) => f.optional) ? '?' : ''}: ${dataType(d)};`,
      ...(d.second ? [`  ${camel(d.second)}?: number;`] : []),
    ]),
  ];
  const empty = members.length === 0;
  const out: string[] = [];
  if (p.size !== undefined) out.push(`export const ${constName(name)}_SIZE = ${p.size};\n`);
  if (empty) {
    out.push(`/** ${about} */\nexport const encode${name} = (): Uint8Array => new Uint8Array(${p.size ?? 0});\n`);
    return { code: out.join('\n') };
  }
  out.push(`/** ${about} */\nexport interface ${name} {\n${members.join('\n')}\n}\n`);
  out.push(encoder(name, p, start));
  out.push(decoder(name, p, start));
  return { code: out.join('\n') };
}

const constName = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();

function encoder(name: string, p: Payload, start: number): string {
  const fixedEnd = p.fields.reduce((n, f) => Math.max(n, f.off + f.size), start);
  const optional = p.fields.filter((f) => f.optional);
  const body: string[] = [];
  const lines = (fs: Field[]): string[] =>
    fs
      .filter((f) => !f.ignored && !f.zero)
      .map((f) => {
        const d = p.data.find((x) => x.name === (f.lenOf ?? f.countOf));
        const value = d ? `m.${camel(d.name)}.length` : `m.${camel(f.name)}`;
        return `  ${put(f, String(f.off), value)}`;
      });
  if (optional.length > 0) {
    const requiredEnd = optional[0].off;
    const key = optionalKey(p);
    body.push(`  if (m.${key} === undefined) {`);
    body.push(`    const b = new Uint8Array(${requiredEnd});`);
    body.push(...lines(p.fields.filter((f) => !f.optional)));
    body.push(`    return b;`, `  }`);
  }
  body.push(`  const b = new Uint8Array(${fixedEnd});`);
  body.push(...lines(p.fields).map((l) => defaults(l, p)));
  if (p.data.length === 0) body.push(`  return b;`);
  else body.push(`  return concatBytes(b, ${p.data.map((d) => dataEncode(d, p)).join(', ')});`);
  return `export function encode${name}(m: ${name}): Uint8Array {\n${body.join('\n')}\n}\n`;
}

/** Member whose absence means that the optional tail is missing. */
function optionalKey(p: Payload): string {
  const first = p.fields.find((f) => f.optional && !f.ignored && !f.zero && !f.lenOf && !f.countOf);
  const counted = p.fields.find((f) => f.optional && (f.countOf ?? f.lenOf));
  const name = counted?.countOf ?? counted?.lenOf ?? first?.name;
  return name === undefined ? '' : camel(name);
}

/** Optional members other than the key read as 0 when missing. */
function defaults(line: string, p: Payload): string {
  let out = line;
  const key = optionalKey(p);
  for (const f of visible(p.fields)) {
    if (!f.optional || camel(f.name) === key) continue;
    out = out.replace(`m.${camel(f.name)})`, `m.${camel(f.name)} ?? ${f.type === 'u64' ? '0n' : '0'})`);
    out = out.replace(`= m.${camel(f.name)};`, `= m.${camel(f.name)} ?? 0;`);
  }
  return out;
}

function dataEncode(d: Data, p: Payload): string {
  const v = `m.${camel(d.name)}`;
  const opt = d.optional && !p.fields.some((f) => f.optional);
  let call: string;
  if (d.kind === 'bytes') call = d.pad > 1 ? `padded(${v})` : v;
  else if (d.kind === 'special') call = d.special === 'ids' ? `encodeIds(${v})` : `encodeIpaRanges(${v})`;
  else if (d.kind === 'list')
    call = `encode${pascal(d.list ?? '')}List(${v}${d.second ? `, m.${camel(d.second)}` : ''})`;
  else call = `encode${pascal(d.list ?? '')}Entries(${v})`;
  return opt ? `...(${v} === undefined ? [] : [${call}])` : call;
}

function decoder(name: string, p: Payload, start: number): string {
  const fixedEnd = p.fields.reduce((n, f) => Math.max(n, f.off + f.size), start);
  const optional = p.fields.filter((f) => f.optional);
  const requiredEnd = optional.length > 0 ? optional[0].off : fixedEnd;
  const members = (fs: Field[]): string[] => visible(fs).map((f) => `${camel(f.name)}: ${get(f, String(f.off))}`);
  const body: string[] = [];
  const ret = (extra: string[], optionalToo: boolean): string =>
    `return { ${[...members(optionalToo ? p.fields : p.fields.filter((f) => !f.optional)), ...extra].join(', ')} };`;
  if (p.data.length === 0) {
    if (optional.length > 0) {
      body.push(`  if (b.length === ${requiredEnd}) ${ret([], false)}`);
    }
    body.push(`  if (b.length ${p.trailing ? '<' : '!=='} ${fixedEnd}) return undefined;`, `  ${ret([], true)}`);
  } else {
    if (optional.length > 0) body.push(`  if (b.length === ${requiredEnd}) ${ret([], false)}`);
    body.push(`  if (b.length < ${fixedEnd}) return undefined;`);
    const extra: string[] = [];
    let at = String(fixedEnd);
    p.data.forEach((d, i) => {
      const c = camel(d.name);
      if (d.kind === 'bytes') {
        const len = p.fields.find((f) => f.lenOf === d.name);
        body.push(`  const ${c}End = ${at} + ${len ? get(len, String(len.off)) : '0'};`);
        const end = d.pad > 1 ? `roundUp4(${c}End)` : `${c}End`;
        body.push(`  if (b.length !== ${end}) return undefined;`);
        extra.push(`${c}: b.slice(${at}, ${c}End)`);
        return;
      }
      if (d.kind === 'special') {
        const cnt = p.fields.find((f) => f.countOf === d.name);
        const n = cnt ? get(cnt, String(cnt.off)) : '0';
        body.push(
          d.special === 'ids'
            ? `  const ${c} = decodeIds(b, ${at}, ${n});`
            : `  const ${c} = decodeIpaRanges(b, ${at}, b[0], ${n} & 0xffff);`,
          `  if (${c} === undefined) return undefined;`,
        );
        extra.push(c);
        return;
      }
      const dec =
        d.kind === 'list'
          ? `decode${pascal(d.list ?? '')}List(b, ${at})`
          : `decode${pascal(d.list ?? '')}Entries(b, ${at}, ${get(
              p.fields.find((f) => f.countOf === d.name) ?? p.fields[0],
              String((p.fields.find((f) => f.countOf === d.name) ?? p.fields[0]).off),
            )})`;
      const last = i === p.data.length - 1;
      if (d.optional && last) {
        body.push(`  if (b.length === ${at}) ${ret(extra, true)}`);
      }
      body.push(`  const ${c} = ${dec};`, `  if (${c} === undefined) return undefined;`);
      if (last && !p.trailing) body.push(`  if (${c}.next !== b.length) return undefined;`);
      extra.push(`${c}: ${c}.entries`);
      if (d.second) extra.push(`${camel(d.second)}: ${c}.second`);
      at = `${c}.next`;
    });
    body.push(`  ${ret(extra, true)}`);
  }
  return `/** The message in \`b\`, or undefined when \`b\` is not one. */\nexport function decode${name}(b: Uint8Array): ${name} | undefined {\n${body.join('\n')}\n}\n`;
}

/** file name -> source, for src/protocol/codec/. */
export function codecFiles(spec: Spec): Map<string, string> {
  const all = layouts(spec);
  const out = new Map<string, string>([['lists.ts', listsTs(spec)]]);
  for (const service of spec.messages.service) {
    const parts: string[] = [];
    const mine = all.filter((l) => l.message.service === service.id && l.message.implemented !== false);
    const ordered = [...mine.filter((l) => !l.message.same_as), ...mine.filter((l) => l.message.same_as)];
    for (const l of ordered) parts.push(...messageCode(l));
    const body = parts.join('\n');
    const need = (names: string[]): string[] => names.filter((n) => new RegExp(`\\b${n}\\b`).test(body));
    const base = need(['concatBytes', 'le16', 'le32', 'le64', 'put16', 'put32', 'put64']);
    const special = need(['decodeIds', 'decodeIpaRanges', 'encodeIds', 'encodeIpaRanges', 'padded', 'roundUp4']);
    const specialTypes = need(['IdEntry', 'IpaRange']).map((n) => `type ${n}`);
    const lists = [...listLayouts(spec).values()].flatMap(({ entry }) => {
      if (entry.size === 0) return [];
      const n = entry.name;
      const P = pascal(n);
      return [
        ...need([`decode${P}Entries`, `decode${P}List`, `encode${P}Entries`, `encode${P}List`]),
        ...need([`${P}Entry`]).map((t) => `type ${t}`),
      ];
    });
    const imports = [
      base.length ? `import { ${base.join(', ')} } from '../../base/index.js';` : '',
      lists.length ? `import { ${lists.join(', ')} } from './lists.js';` : '',
      special.length + specialTypes.length
        ? `import { ${[...special, ...specialTypes].join(', ')} } from '../special.js';`
        : '',
    ].filter((x) => x !== '');
    out.set(
      `${service.id}.ts`,
      [
        HEAD(
          `Codecs of the ${service.title.toLowerCase()} messages. Reply codecs are of successful replies, code included at offset 0.`,
        ),
        imports.join('\n'),
        '',
        body,
      ].join('\n'),
    );
  }
  out.set(
    'index.ts',
    `${HEAD('Codecs of every RM message.')}${['lists', ...spec.messages.service.map((s) => s.id)]
      .map((f) => `export * from './${f}.js';`)
      .join('\n')}\n`,
  );
  return out;
}

function messageCode(l: Layout): string[] {
  const m = l.message;
  const P = pascal(m.name);
  const suffix = l.kind === 'request' ? 'Request' : 'Notification';
  if (m.same_as !== undefined) {
    const B = pascal(m.same_as);
    const both = (s: string): string =>
      `export type ${P}${s} = ${B}${s};\nexport const encode${P}${s} = encode${B}${s};\nexport const decode${P}${s} = decode${B}${s};\n`;
    return [`/** ${m.name}: ${m.about} Laid out as ${m.same_as}. */\n${both('Request')}`, both('Reply')];
  }
  const out = [emit(`${P}${suffix}`, l.payload, `${m.name} ${suffix.toLowerCase()}: ${m.about}`, 0).code];
  if (l.reply) out.push(emit(`${P}Reply`, l.reply, `Successful reply to ${m.name}.`, 4).code);
  return out;
}
