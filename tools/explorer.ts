/** The web explorer as one file: the page, its worker, and the examples in it. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { embedded, filled } from '../src/web/fill.js';
import { notices } from './notices.js';

const root = new URL('..', import.meta.url);

async function script(entry: string): Promise<{ text: string; inputs: string[] }> {
  const { outputFiles, metafile } = await build({
    bundle: true,
    platform: 'browser',
    format: 'iife',
    target: 'es2022',
    minify: true,
    metafile: true,
    write: false,
    logLevel: 'warning',
    entryPoints: [fileURLToPath(new URL(`src/web/page/${entry}`, root))],
  });
  return { text: outputFiles[0].text, inputs: Object.keys(metafile.inputs) };
}

/** Scenario files that the page offers, the first one first. */
function examples(): { name: string; text: string }[] {
  const folder = new URL('examples/', root);
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  const first = 'first-rpc.json';
  return [first, ...names.filter((name) => name !== first).sort()].map((name) => ({
    name: basename(name, '.json'),
    text: readFileSync(new URL(name, folder), 'utf8'),
  }));
}

export async function explorerPage(): Promise<string> {
  const [worker, page] = await Promise.all([script('worker.ts'), script('main.ts')]);
  const template = readFileSync(new URL('src/web/page/explorer.html', root), 'utf8');
  const parts = [
    ['notices', notices([...worker.inputs, ...page.inputs])],
    ['files', embedded(examples())],
    ['worker', worker.text],
    ['page', page.text],
  ];
  return parts.reduce((html, [id, text]) => filled(html, id, text), template);
}
