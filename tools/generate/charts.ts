/** Emits docs/reference/machines.md: a picture of every state machine of the project, made from the object that runs. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type AnyStateMachine, type AnyStateNode, StateMachine } from 'xstate';

interface Source {
  /** Path relative to the repository. */
  path: string;
  /** The comment that opens the file. */
  about: string;
  machines: AnyStateMachine[];
}

/** The first comment of a file as one paragraph. */
function headComment(text: string): string {
  const body = /\/\*\*([\s\S]*?)\*\//.exec(text)?.[1] ?? '';
  return body
    .replace(/^\s*\*\s?/gm, '')
    .replace(/\s+/g, ' ')
    .trim();
}

async function machinesIn(root: string): Promise<Source[]> {
  const paths = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.machine.ts'))
    .sort();
  return Promise.all(
    paths.map(async (name) => {
      const path = join('src', name);
      const exported = (await import(pathToFileURL(join(root, path)).href)) as Record<string, unknown>;
      const machines = Object.values(exported).filter((x): x is AnyStateMachine => x instanceof StateMachine);
      return { path, about: headComment(readFileSync(join(root, path), 'utf8')), machines };
    }),
  );
}

const idOf = (node: AnyStateNode): string => node.path.join('_');
const below = (node: AnyStateNode): AnyStateNode[] => Object.values(node.states) as AnyStateNode[];
const allBelow = (node: AnyStateNode): AnyStateNode[] => below(node).flatMap((n) => [n, ...allBelow(n)]);

interface Arrow {
  from: AnyStateNode;
  to: AnyStateNode;
  label: string;
}

function arrows(node: AnyStateNode): Arrow[] {
  return [...node.transitions].flatMap(([event, transitions]) =>
    transitions.map((t) => {
      const guard = typeof t.guard === 'string' ? ` [${t.guard}]` : transitions.length > 1 ? ' [else]' : '';
      const effects = (t.actions as unknown[]).filter((a) => typeof a === 'string');
      const does = effects.length > 0 ? ` / ${effects.join(', ')}` : '';
      return { from: node, to: (t.target?.[0] ?? node) as AnyStateNode, label: `${event}${guard}${does}` };
    }),
  );
}

/** Arrows between the same two states share a line: pictures with fewer crossings. */
function merged(all: readonly Arrow[]): string[] {
  const labels = new Map<string, string[]>();
  for (const { from, to, label } of all) {
    const ends = `${idOf(from)} --> ${idOf(to)}`;
    labels.set(ends, [...(labels.get(ends) ?? []), label]);
  }
  return [...labels].map(([ends, names]) => `${ends}: ${names.join('<br>')}`);
}

/** Mermaid's lines for the states inside `node`. */
function inside(node: AnyStateNode, indent: string): string[] {
  const first = node.initial?.target?.[0];
  const lines = first === undefined ? [] : [`${indent}[*] --> ${idOf(first as AnyStateNode)}`];
  for (const child of below(node)) {
    if (child.type === 'compound')
      lines.push(`${indent}state ${idOf(child)} {`, ...inside(child, `${indent}  `), `${indent}}`);
    else if (child.key !== idOf(child)) lines.push(`${indent}state "${child.key}" as ${idOf(child)}`);
    if (child.type === 'final') lines.push(`${indent}${idOf(child)} --> [*]`);
  }
  return lines;
}

const NUMBERS = ['value', 'stage'];
const numberOf = (meta: Record<string, unknown>): string =>
  NUMBERS.filter((key) => typeof meta[key] === 'number')
    .map((key) => (key === 'stage' ? `stage ${meta[key]}` : String(meta[key])))
    .join(', ');

/** `about` says what several machines of one file share: it stands before the first. */
function machineSection({ path, about }: Source, machine: AnyStateMachine, first: boolean): string {
  const { root } = machine;
  const states = allBelow(root);
  const rows = states.map((node) => {
    const meta = (node.meta ?? {}) as Record<string, unknown>;
    return `| \`${node.path.join('.')}\` | ${numberOf(meta)} | ${meta.doc ?? ''} |`;
  });
  return [
    `## ${machine.id}\n`,
    first ? `${about} Source: \`${path}\`.\n` : `Source: \`${path}\`.\n`,
    '```mermaid',
    'stateDiagram-v2',
    ...inside(root, '  '),
    ...merged([root, ...states].flatMap(arrows)).map((line) => `  ${line}`),
    '```\n',
    '| State | Number | Meaning |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

export async function machinesPage(root: string): Promise<string> {
  const sources = await machinesIn(root);
  return [
    '<!-- Generated from src/**/*.machine.ts by tools/generate.ts; edit the machines, not this page. -->\n',
    '# State machines\n',
    'Everything with a life cycle is an [XState machine](../adr/0001-machine-backends.md), and these are the objects that run. An arrow names the event, its guard in brackets and the effect behind a slash. An event that has no arrow from a state changes nothing there; the caller turns it into a result code.\n',
    ...sources.flatMap((source) => source.machines.map((machine, i) => machineSection(source, machine, i === 0))),
  ].join('\n');
}
