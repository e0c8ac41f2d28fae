/** What people see of a moment: the steps, why something was refused, the story of an object, tables, time. */
import type { Moment, ObjectStory, Row, ScenarioView, Table, TraceEntry } from '../index.js';
import { type Child, h } from './dom.js';

/** What the reader has chosen to see. */
export interface Choices {
  /** RM's hypercalls too. */
  readonly details: boolean;
  /** Only rows of tables that changed in this step. */
  readonly changes: boolean;
  /** Number of the selected object. */
  readonly object: number | undefined;
}

type Select = (object: number) => void;

const ms = (ns: number): string => `${(ns / 1_000_000).toFixed(3)} ms`;

function traceEntry(e: TraceEntry, { object }: Choices, select: Select, at: number): HTMLElement {
  const touches = object !== undefined && e.objects.includes(object);
  const objects = e.objects.flatMap((id) => [
    ' ',
    h('button', { 'data-key': `trace ${at} ${id}`, onclick: () => select(id) }, `#${id}`),
  ]);
  // A terminal has more room for what stands under the time.
  const text = e.lines.map((line, i) => line.replace(i === 0 ? /^ +/ : /^ {12}/, '').trimEnd()).join('\n');
  return h('pre', { class: `${e.kind}${touches ? ' touches' : ''}` }, text, ...objects);
}

/** The list of steps; the one that was done last with its trace. */
export function stepList(
  scenario: ScenarioView,
  moment: Moment,
  choices: Choices,
  go: (step: number) => void,
  select: Select,
): Child[] {
  return scenario.steps.map(({ title, note }, i) => {
    const step = i + 1;
    const current = step === moment.step;
    const failed = current && moment.failed;
    const classes = [note && 'note', current && 'current', step > moment.step && 'ahead', failed && 'failed'];
    const shown = moment.trace.filter((e) => (choices.details || !e.detail) && !(note && e.kind === 'note'));
    return h(
      'li',
      { class: classes.filter(Boolean).join(' '), 'aria-current': current && 'step' },
      h('button', { 'data-key': `step ${step}`, onclick: () => go(step) }, h('b', {}, `${step}`), ` ${title}`),
      current && h('div', { class: 'trace' }, ...shown.map((e, at) => traceEntry(e, choices, select, at))),
    );
  });
}

/** Why something was refused, failed or died in the last step. */
export function whyPanel({ why, dead }: Moment): Child[] {
  return [
    dead !== undefined && h('p', { class: 'failed' }, `RM or the hypervisor has stopped: ${dead}`),
    why.length === 0
      ? h('p', { class: 'quiet' }, 'Nothing was refused in this step.')
      : h('div', {}, ...why.map((lines) => h('pre', {}, lines.join('\n')))),
  ];
}

/** Everything that holds the object, and what touched it. */
export function storyPanel(
  story: ObjectStory | undefined,
  tables: readonly Table[],
  go: (step: number) => void,
): Child[] {
  if (story === undefined)
    return [h('p', { class: 'quiet' }, 'Choose a capability or an object in a table: who holds it, what touched it.')];
  const holders = tables.flatMap((t) => {
    const rows = t.id.startsWith('caps ') ? t.rows.filter((r) => r.object === story.object && r.change !== '-') : [];
    return rows.map(({ cells: [cap, , , , , kind, , rights] }) => h('li', {}, `${t.owner} ${cap}: ${kind}, ${rights}`));
  });
  const calls = story.calls.map(({ step, text }, i) =>
    h('li', {}, h('button', { 'data-key': `call ${i}`, onclick: () => go(step) }, `step ${step}`), ` ${text}`),
  );
  return [
    h('h3', {}, story.title),
    holders.length === 0 ? h('p', {}, 'Nobody holds a capability of it.') : h('ul', { class: 'holders' }, ...holders),
    h('p', {}, calls.length === 0 ? 'No hypercall has named it since the boot.' : 'Hypercalls that named it:'),
    h('ol', { class: 'calls' }, ...calls),
  ];
}

function tableRow(row: Row, { object }: Choices, select: Select): HTMLElement {
  const cells = row.cells.map((text, i) => {
    const id = row.object;
    const key = `${row.key} ${text}`;
    const inside =
      i === 0 && id !== undefined ? h('button', { 'data-key': key, onclick: () => select(id) }, text) : text;
    return h('td', { class: row.changed?.includes(i) === true ? 'changed' : '' }, inside);
  });
  const selected = row.object !== undefined && row.object === object;
  const classes = [
    row.change === '+' && 'came',
    row.change === '-' && 'went',
    row.change === '~' && 'other',
    selected && 'selected',
  ];
  return h('tr', { class: classes.filter(Boolean).join(' ') }, h('td', { class: 'mark' }, row.change ?? ''), ...cells);
}

const countOf = (table: Table, change: Row['change'], word: string): string[] => {
  const n = table.rows.filter((r) => r.change === change).length;
  return n === 0 ? [] : [`${n} ${word}`];
};

/** Tables that were closed stay closed. */
const closed = new Set<string>();

export function tablePanels(tables: readonly Table[], choices: Choices, select: Select): Child[] {
  return tables.map((table) => {
    const rows = choices.changes ? table.rows.filter((r) => r.change !== undefined) : table.rows;
    const counts = [...countOf(table, '+', 'came'), ...countOf(table, '-', 'went'), ...countOf(table, '~', 'changed')];
    const head = h('tr', {}, h('th', { class: 'mark' }), ...table.columns.map((c) => h('th', { scope: 'col' }, c)));
    const body = rows.map((row) => tableRow(row, choices, select));
    const toggled = (e: Event): void => {
      if ((e.target as HTMLDetailsElement).open) closed.delete(table.id);
      else closed.add(table.id);
    };
    return h(
      'details',
      { open: !closed.has(table.id), ontoggle: toggled, 'data-table': table.id },
      h('summary', { 'data-key': table.id }, table.title, h('span', { class: 'counts' }, counts.join(', '))),
      rows.length > 0 && h('div', { class: 'scroll' }, h('table', {}, h('thead', {}, head), h('tbody', {}, ...body))),
    );
  });
}

/** One lane for each CPU, from the first step until now; the last step is marked. */
export function timeline({ spans, startNs, fromNs, nowNs }: Moment): Child[] {
  const total = nowNs - startNs;
  if (spans.length === 0 || total <= 0) return [h('p', { class: 'quiet' }, 'No vCPU has given up its CPU yet.')];
  const place = (element: HTMLElement, from: number, to: number): HTMLElement => {
    element.style.left = `${((from - startNs) / total) * 100}%`;
    element.style.width = `${((to - from) / total) * 100}%`;
    return element;
  };
  const names = [...new Set(spans.map((s) => s.who))];
  const color = (who: string): string => `who${names.indexOf(who) % 8}`;
  const lanes = [...new Set(spans.map((s) => s.cpu))]
    .sort((a, b) => a - b)
    .map((cpu) => {
      const bars = spans
        .filter((s) => s.cpu === cpu)
        .map((s) => {
          const title = `${s.who}: ${ms(s.from)} to ${ms(s.to)}`;
          return place(h('div', { class: `bar ${color(s.who)}`, title }), s.from, s.to);
        });
      return h(
        'div',
        { class: 'lane' },
        h('b', {}, `CPU ${cpu}`),
        h('div', { class: 'bars' }, ...bars, place(h('div', { class: 'now' }), fromNs, nowNs)),
      );
    });
  const legend = names.map((who) => {
    const sum = spans.reduce((all, s) => (s.who === who ? all + s.to - s.from : all), 0);
    return h(
      'li',
      {},
      h('span', { class: `key ${color(who)}` }),
      `${who}: ${ms(sum)}, ${((sum / total) * 100).toFixed(1)} %`,
    );
  });
  return [
    ...lanes,
    h('ul', { class: 'legend' }, ...legend, h('li', { class: 'quiet' }, `${ms(startNs)} to ${ms(nowNs)}`)),
  ];
}
