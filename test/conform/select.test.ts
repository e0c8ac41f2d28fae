import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CATALOG, catalogMarkdown, pathOf, select, UnknownIds, whyNothing } from '../../src/conform/index.js';

const none = { ids: [], skip: [], strict: false, hostile: false } as const;
const ids = (s: Partial<Parameters<typeof select>[1]>): string[] => select(CATALOG, { ...none, ...s }).map((c) => c.id);

describe('the selection of checks', () => {
  it('takes what a client must do with an honest server by default', () => {
    const chosen = select(CATALOG, none);
    expect(chosen.every((c) => c.req === 'M' && c.stim !== 'H')).toBe(true);
    expect(chosen.length).toBeGreaterThan(100);
  });

  it('takes everything when strict and hostile', () => {
    expect(ids({ strict: true, hostile: true })).toHaveLength(219);
  });

  it('takes a check that is named in full whatever its class', () => {
    expect(ids({ ids: ['FRAG-10'] })).toEqual(['FRAG-10']);
    expect(ids({ ids: ['rmclient/frag/10'] })).toEqual(['FRAG-10']);
    expect(ids({ ids: ['FRAG-1'] })).toEqual(['FRAG-1']);
  });

  it('takes groups, without what is skipped', () => {
    expect(ids({ ids: ['seq'], skip: ['SEQ-2'], strict: true, hostile: true })).toHaveLength(10);
    expect(ids({ level: 'T' }).some((id) => id.startsWith('LIFE'))).toBe(false);
  });

  it('takes a prefix of the path, up to the whole catalog, whose default classes still hold', () => {
    const everything = { strict: true, hostile: true };
    expect(ids({ ids: ['rmclient/frag'] })).toEqual(ids({ ids: ['FRAG'] }));
    for (const id of ['rmclient', 'rmclient/', 'RMCLIENT']) expect(ids({ ids: [id], ...everything })).toHaveLength(219);
    expect(ids({ ids: ['rmclient'] })).toEqual(ids({}));
    expect(ids({ ids: ['rmclient'], level: 'G' })).toEqual(ids({}));
  });

  it('refuses names that match nothing', () => {
    for (const id of ['FRAG-99', 'rmclients', 'rmclient/nope', '', '/']) {
      expect(() => ids({ ids: [id] })).toThrow(UnknownIds);
      expect(() => ids({ skip: [id] })).toThrow(UnknownIds);
    }
  });
});

describe('reports', () => {
  it('name every check', () => {
    const table = catalogMarkdown(CATALOG);
    expect(table.split('\n')).toHaveLength(221);
    expect(pathOf('FRAG-6')).toBe('rmclient/frag/6');
  });
});

describe('docs/conformance.md', () => {
  it('has the table of the catalog as it is', () => {
    const text = readFileSync(join(import.meta.dirname, '../../docs/conformance.md'), 'utf8');
    expect(text.split('<!-- catalog -->\n')[1].trim()).toBe(catalogMarkdown(CATALOG));
  });
});

describe('a selection of nothing', () => {
  const why = (s: Partial<Parameters<typeof select>[1]>): string => whyNothing(CATALOG, { ...none, ...s });

  it('says which option left everything out', () => {
    expect(why({ ids: ['MEM-1'], level: 'T' })).toBe('--level T leaves out MEM-1: it is for clients of level V');
    expect(why({ ids: ['LOOK', 'MEM-1'], level: 'T' })).toBe(
      '--level T leaves out LOOK, MEM-1: they are for clients of level V and G',
    );
    expect(why({ ids: ['SEQ-4'], skip: ['SEQ'] })).toBe('--skip leaves everything out');
    expect(why({ ids: ['PROXY'], level: 'T' })).toContain('--level T');
  });
});
