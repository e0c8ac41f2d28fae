/** Emits docs/reference/: a Markdown page per RM message, RM service and hypercall group, quirks, deaths and an index. */
import { parseArg } from './calls.js';
import { type Field, type Layout, layouts, listLayouts, type Payload } from './layout.js';
import { callRules, lookupErrors, messageRules, type RuleOut } from './rules.js';
import type { CallEntry, Spec } from './spec.js';

const NOTE = '<!-- Generated from spec/ by tools/generate.ts; edit the specification, not this page. -->\n';
const hex = (n: number, width = 0): string => `0x${n.toString(16).padStart(width, '0')}`;
const cell = (s: string): string => s.replace(/\|/g, '\\|');
const table = (head: string[], rows: string[][]): string =>
  [
    `| ${head.join(' | ')} |`,
    `|${head.map(() => ' --- |').join('')}`,
    ...rows.map((r) => `| ${r.map(cell).join(' | ')} |`),
    '',
  ].join('\n');

const ruleResult = (r: RuleOut): string => {
  if (r.death !== undefined) return `RM stops: [${r.death}](deaths.md#${r.death})`;
  if (r.lookup !== undefined) return `errors of [lookup, ${r.lookup}](objects.md#lookup-${r.lookup})`;
  return r.errors.map((e) => `\`${e}\``).join(', ');
};

const rulesTable = (rules: RuleOut[], first = 'Result'): string =>
  table(
    ['Rule', 'When', first],
    rules.map((r) => [`\`${r.id}\``, r.text, ruleResult(r)]),
  );

const fieldNote = (f: Field): string =>
  [
    f.enum ? `[${f.enum}](enums.md#${f.enum.toLowerCase()})` : '',
    f.flags ? `flags [${f.flags}](enums.md#${f.flags.toLowerCase()})` : '',
    f.ignored ? 'ignored' : '',
    f.zero ? 'zero' : '',
    f.optional ? 'optional' : '',
    f.lenOf ? `length of \`${f.lenOf}\` in bytes` : '',
    f.countOf ? `entries of \`${f.countOf}\`` : '',
    f.about ?? '',
  ]
    .filter((x) => x !== '')
    .join('; ');

function payloadTable(p: Payload): string {
  const rows = p.fields.map((f) => [String(f.off), f.type, `\`${f.name}\``, fieldNote(f)]);
  for (const d of p.data) {
    const what =
      d.kind === 'bytes'
        ? `bytes${d.pad > 1 ? `, zero-padded to ${d.pad}` : ''}`
        : `${d.kind === 'list' ? 'counted list of' : 'entries'} [${d.list}](lists.md#${(d.list ?? '').toLowerCase()})`;
    const note = [
      d.optional ? 'may be missing' : '',
      d.second ? `second half of the header: \`${d.second}\`` : '',
      d.about ?? '',
    ]
      .filter((x) => x !== '')
      .join('; ');
    rows.push(['then', what, `\`${d.name}\``, note]);
  }
  return table(['Offset', 'Type', 'Field', 'Meaning'], rows);
}

const serviceLink = (spec: Spec, id: string): string =>
  `[${spec.messages.service.find((s) => s.id === id)?.title ?? id}](rm-${id}.md)`;

function messagePage(spec: Spec, l: Layout): string {
  const m = l.message;
  const parts = [
    NOTE,
    `# ${m.name}\n`,
    `${serviceLink(spec, m.service)}. ${l.kind === 'request' ? 'Request' : 'Notification'} \`${hex(m.id)}\`. ${m.about}\n`,
  ];
  const who = l.kind === 'request' ? 'From' : 'To';
  if (m.caller ?? m.receiver) parts.push(`${who}: ${m.caller ?? m.receiver}. Source: ${m.source}.\n`);
  else parts.push(`Source: ${m.source}.\n`);
  if (m.implemented === false) return [...parts, 'RM answers `UNIMPLEMENTED`.\n'].join('\n');
  if (m.same_as) parts.push(`Layout and rules are those of [${m.same_as}](${m.same_as}.md).\n`);
  else if (l.payload.fields.length + l.payload.data.length === 0) parts.push('Empty payload.\n');
  else {
    const size = l.payload.size;
    parts.push(`Payload${size !== undefined ? `, ${size} bytes` : `, at least ${l.payload.min} bytes`}:\n`);
    parts.push(payloadTable(l.payload));
  }
  if (l.kind === 'request') {
    if (l.reply && !m.same_as) parts.push('Reply after the code `OK` at offset 0:\n', payloadTable(l.reply));
    else if (!m.same_as) parts.push('Reply: the code only.\n');
    if (l.errorExtra) parts.push(`Error replies carry a second word: \`${l.errorExtra}\`.\n`);
    if (!m.same_as) parts.push('Refused, in this order:\n', rulesTable(messageRules(spec, m.name), 'Reply'));
    if (!m.same_as) parts.push(`Then: ${m.effect}\n`);
  }
  return parts.join('\n');
}

function servicePage(spec: Spec, id: string): string {
  const s = spec.messages.service.find((x) => x.id === id);
  const all = layouts(spec).filter((l) => l.message.service === id);
  const mine = [...all.filter((l) => l.kind === 'request'), ...all.filter((l) => l.kind === 'notification')];
  return [
    NOTE,
    `# RM: ${s?.title ?? id}\n`,
    `${s?.about ?? ''}\n`,
    table(
      ['Id', 'Name', 'What'],
      mine.map((l) => [`\`${hex(l.message.id)}\``, `[${l.message.name}](${l.message.name}.md)`, l.message.about]),
    ),
  ].join('\n');
}

function callSection(spec: Spec, c: CallEntry): string {
  const ins = c.in
    .map(parseArg)
    .map((a, i) => [
      `x${i}`,
      `\`${a.name}\``,
      a.type === 'reserved' ? (a.name === 'res0' ? 'must be 0' : 'must be all ones') : a.type,
    ]);
  const first = c.error_output === false ? 0 : 1;
  const outs = c.out.map(parseArg).map((a, i) => [`x${i + first}`, `\`${a.name}\``, a.type]);
  const rules = callRules(spec, c);
  return [
    `## ${c.name}\n`,
    `Number \`${hex(c.number, 2)}\`, \`HVC #${hex(c.number + 0x6000)}\`. ${c.about} Source: ${c.source}.\n`,
    ins.length > 0 ? table(['Register', 'Input', 'Type'], ins) : 'No inputs.\n',
    outs.length > 0 ? table(['Register', 'Output', 'Type'], outs) : 'Output: the result code in w0.\n',
    rules.length > 0 ? `Refused, in this order:\n\n${rulesTable(rules)}` : 'Never refused.\n',
    `Then: ${c.effect}\n`,
  ].join('\n');
}

function groupPage(spec: Spec, id: string): string {
  const g = spec.hypercalls.group.find((x) => x.id === id);
  const mine = spec.hypercalls.call.filter((c) => c.group === id);
  return [
    NOTE,
    `# Hypercalls: ${g?.title ?? id}\n`,
    `${g?.about ?? ''}\n`,
    table(
      ['Number', 'Name', 'What'],
      mine.map((c) => [`\`${hex(c.number, 2)}\``, `[${c.name}](#${c.name})`, c.about]),
    ),
    ...mine.map((c) => callSection(spec, c)),
  ].join('\n');
}

function listsPage(spec: Spec): string {
  return [
    NOTE,
    '# List entries of RM messages\n',
    'A counted list is u16 count, u16 (ignored unless the message gives it a meaning), then the entries.\n',
    ...[...listLayouts(spec).values()].flatMap(({ entry, fields }) => [
      `## ${entry.name}\n`,
      `${entry.about}${entry.size > 0 ? ` ${entry.size} bytes.` : ''}\n`,
      table(
        ['Offset', 'Type', 'Field', 'Meaning'],
        fields.map((f) => [String(f.off), f.type, `\`${f.name}\``, fieldNote(f)]),
      ),
    ]),
  ].join('\n');
}

function errorsPage(spec: Spec): string {
  const row = (e: { name: string; value: number; meaning: string }): string[] => [
    String(e.value),
    `\`${e.name}\``,
    e.meaning,
  ];
  return [
    NOTE,
    '# Result codes\n',
    '## Hypercalls\n',
    'Signed, in w0. Source: hypercall-abi 2.\n',
    table(['Value', 'Name', 'Meaning'], spec.errors.hyp.map(row)),
    '## RM replies\n',
    'First word of every reply. Source: rm-rpc-transport 4.\n',
    table(
      ['Value', 'Name', 'Meaning'],
      spec.errors.rm.map((e) => [hex(e.value), `\`${e.name}\``, e.meaning]),
    ),
    '## From hypervisor to RM\n',
    'When a hypercall that RM makes fails; everything else becomes `DENIED`.\n',
    table(
      ['Hypercall result', 'RM reply'],
      Object.entries(spec.errors.hyp_to_rm).map(([a, b]) => [`\`${a}\``, `\`${b}\``]),
    ),
  ].join('\n');
}

function enumsPage(spec: Spec): string {
  const section = (e: Spec['enums']['enum'][number], bit: boolean): string[] => [
    `## ${e.name}\n`,
    `${e.doc} Source: ${e.source}.\n`,
    table(
      [bit ? 'Bit' : 'Value', 'Name'],
      Object.entries(e.values).map(([k, v]) => [String(v), `\`${k}\``]),
    ),
  ];
  return [
    NOTE,
    '# Enumerations and flags\n',
    ...spec.enums.enum.flatMap((e) => section(e, false)),
    ...spec.enums.flags.flatMap((e) => section(e, e.bits64 === true)),
  ].join('\n');
}

function objectsPage(spec: Spec): string {
  return [
    NOTE,
    '# Objects and rights\n',
    `Every type also has \`OBJECT_ACTIVATE\` (${hex(spec.objects.object_activate)}), which authorises activation and configuration. Source: capabilities 5.\n`,
    table(
      ['Type', 'What', 'Rights'],
      spec.objects.type.map((t) => [
        `\`${t.name}\``,
        t.about,
        Object.entries(t.rights)
          .map(([k, v]) => `${k} ${hex(v)}`)
          .join(', '),
      ]),
    ),
    '## Capability lookups\n',
    "Most calls begin by looking capability ids up in the caller's space. Errors in the order of testing; source: hypercall-abi 3, capabilities 4.\n",
    ...LOOKUP_KINDS.flatMap(([kind, about]) => [
      `### lookup ${kind}\n`,
      `${about}\n`,
      table(
        ['Order', 'Result'],
        lookupErrors({ n: 0, kind, type: 'THREAD' }).map((e, i) => [String(i + 1), `\`${e}\``]),
      ),
    ]),
  ].join('\n');
}

const LOOKUP_KINDS = [
  ['active', 'The object must have the right type, the capability the right, and the object must be ACTIVE.'],
  ['any', 'As active, in any state of the object.'],
  ['activate', 'Configuration and attaching: the right OBJECT_ACTIVATE is tested before the type.'],
] as const;

function smcccPage(spec: Spec): string {
  const calls = spec.smccc.call;
  return [
    NOTE,
    '# SMCCC, PSCI and TRNG calls\n',
    'Through `HVC #0` and `SMC #0`, function id in w0. Anything else: x0 = 64-bit -1, other registers keep their values. PSCI needs a power group.\n',
    table(
      ['Id', '64-bit id', 'Name', 'Result', 'Source'],
      calls.map((c) => [
        `\`${hex(c.id)}\``,
        c.id64 === undefined ? '' : `\`${hex(c.id64)}\``,
        c.name,
        c.about,
        c.source,
      ]),
    ),
    '## Vendor hypervisor range\n',
    table(
      ['Bits 15:14', 'Class', 'Behaviour'],
      spec.smccc.vendor_class.map((c) => [String(c.value), c.name, c.about]),
    ),
  ].join('\n');
}

/** `<file below test/>: <title>` as a link to the file. */
function testLink(test: string): string {
  const [path] = test.split(': ', 1);
  return `[${test.slice(path.length + 2)}](../../test/${path})`;
}

function quirksPage(spec: Spec): string {
  const areas = [...new Set(spec.quirks.quirk.map((k) => k.area))];
  return [
    NOTE,
    '# Quirks\n',
    'Behaviour of the real system that surprises, modelled as it is, and what a client should do about it.\n',
    ...areas.flatMap((area) => [
      `## ${area}\n`,
      ...spec.quirks.quirk
        .filter((k) => k.area === area)
        .map(
          (k) =>
            `### ${k.id}\n\n${k.text}\n\nFor clients: ${k.consequence} Source: ${k.source}. Test: ${testLink(k.test)}.\n`,
        ),
    ]),
  ].join('\n');
}

function deathsPage(spec: Spec): string {
  const titles = {
    ABORT: 'ABORT: RM stops answering, everything else runs on',
    FAULT: 'FAULT: RM touches an unmapped address; the system may stop',
    HYP: 'HYP: the hypervisor itself stops',
  };
  const kinds = ['ABORT', 'FAULT', 'HYP'] as const;
  return [
    NOTE,
    '# What stops the Resource Manager or the hypervisor\n',
    ...kinds.flatMap((kind) => [
      `## ${titles[kind]}\n`,
      ...spec.deaths.death
        .filter((d) => d.kind === kind)
        .map(
          (d) =>
            `### ${d.id}\n\n${d.trigger}${d.reachable === false ? ' No client of this platform can get there.' : ''} Source: ${d.source}.\n`,
        ),
    ]),
  ].join('\n');
}

/** Every call and message, by name. */
function nameIndex(spec: Spec): string[] {
  const calls = spec.hypercalls.call.map((c) => [c.name, `hvc-${c.group}.md#${c.name}`]);
  const messages = layouts(spec).map((l) => [l.message.name, `${l.message.name}.md`]);
  return [...calls, ...messages]
    .sort(([a], [b]) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1))
    .map(([name, at]) => `* [${name}](${at})`);
}

/** Path -> Markdown. */
export function referencePages(spec: Spec): Map<string, string> {
  const out = new Map<string, string>();
  const put = (name: string, text: string): void => {
    out.set(`docs/reference/${name}.md`, `${text.trimEnd()}\n`);
  };
  for (const s of spec.messages.service) put(`rm-${s.id}`, servicePage(spec, s.id));
  for (const l of layouts(spec)) put(l.message.name, messagePage(spec, l));
  for (const g of spec.hypercalls.group) put(`hvc-${g.id}`, groupPage(spec, g.id));
  put('smccc', smcccPage(spec));
  put('lists', listsPage(spec));
  put('errors', errorsPage(spec));
  put('enums', enumsPage(spec));
  put('objects', objectsPage(spec));
  put('quirks', quirksPage(spec));
  put('deaths', deathsPage(spec));
  const { request, notification } = spec.messages;
  put(
    'index',
    [
      NOTE,
      '# Protocol reference\n',
      `${spec.hypercalls.call.length} hypercalls, ${request.length} requests (${request.filter((m) => m.implemented !== false).length} implemented), ${notification.length} notifications. Citations ("memory 4.2", "observations 21") are explained in [sources](../sources.md).\n`,
      '## Resource Manager\n',
      ...spec.messages.service.map((s) => `* [${s.title}](rm-${s.id}.md): ${s.about}`),
      '* [List entries](lists.md)\n',
      '## Hypervisor\n',
      ...spec.hypercalls.group.map((g) => `* [${g.title}](hvc-${g.id}.md): ${g.about}`),
      '* [SMCCC, PSCI, TRNG](smccc.md)',
      '* [Objects and rights](objects.md)\n',
      '## Both\n',
      '* [Result codes](errors.md)',
      '* [Enumerations and flags](enums.md)',
      '* [Quirks](quirks.md)',
      '* [What stops RM or the hypervisor](deaths.md)',
      '* [RPC packets: header, fragments](../rpc.md); [discovery, and trees of VMs](../discovery.md)',
      '* [State machines, drawn](machines.md)',
      '* [Frames of the socket link](link.md)\n',
      '## By name\n',
      ...nameIndex(spec),
    ].join('\n'),
  );
  return out;
}
