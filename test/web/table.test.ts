import { describe, expect, it } from 'vitest';
import { embedded, filled, found, type Table } from '../../src/web/index.js';
import { changesSince } from '../../src/web/table.js';

const table = (id: string, ...rows: [string, string][]): Table => ({
  id,
  title: id,
  columns: ['name', 'value'],
  rows: rows.map(([key, value]) => ({ key, cells: [key, value] })),
});
const marks = (t: Table | undefined) => t?.rows.map((r) => `${r.change ?? ''}${r.key}${r.changed?.join() ?? ''}`);

describe('changes between two moments', () => {
  it('are what came, what went, in its old place, and which cells are different', () => {
    const before = table('t', ['a', '1'], ['b', '1'], ['c', '1'], ['d', '1'], ['e', '1']);
    const now = table('t', ['b', '1'], ['x', '1'], ['d', '2']);
    expect(marks(changesSince([before], [now])[0])).toEqual(['-a', 'b', '-c', '+x', '~d1', '-e']);
  });

  it('are whole tables when a VM came or went', () => {
    const [a, b] = [table('a', ['r', '1']), table('b', ['r', '1'])];
    expect(changesSince([a], [b]).map(marks)).toEqual([['+r'], ['-r']]);
  });
});

describe('the script elements of the page', () => {
  const html = '<script type="text/plain" id="one"></script><script id="two">old</script>';

  it('are filled as they stand, whatever the text', () => {
    expect(filled(html, 'two', '$& $1')).toBe(html.replace('old', () => '$& $1'));
    const value = { text: '</script><!-- <b>' };
    const page = filled(html, 'one', embedded(value));
    expect(page.match(/<\/script>/g)).toHaveLength(2);
    expect(JSON.parse(found(page, 'one'))).toEqual(value);
    expect(filled(page, 'one', 'new')).toBe(filled(html, 'one', 'new'));
  });

  it('must be there, and cannot hold their own end', () => {
    expect(() => filled(html, 'three', '')).toThrow('no script element three');
    expect(() => filled(html, 'two', 'a</SCRIPT>')).toThrow('two: </SCRIPT cannot stand');
  });
});
