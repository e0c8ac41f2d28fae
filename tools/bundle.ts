/**
 * `npm run build`, second part: the command line in one file with its code cache (src/cli/bundle.ts), the benchmarks in one file,
 * the web explorer in one file; and what the first part made of sources that have gone is removed.
 */
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { BUNDLE_NAME, EPILOGUE, loadBundle, MARK_LENGTH, PROLOGUE } from '../src/cli/bundle.js';
import { explorerPage } from './explorer.js';
import { notices } from './notices.js';
import { removeStale } from './stale.js';

const { values } = parseArgs({ options: { out: { type: 'string', default: 'dist' } } });
const root = new URL('..', import.meta.url);
const folder = new URL(`${values.out}/src/cli/`, pathToFileURL(`${process.cwd()}/`));
const outfile = fileURLToPath(new URL(BUNDLE_NAME, folder));

removeStale(fileURLToPath(new URL('..', folder)), fileURLToPath(new URL('src', root)));

// `npx gunyah-sim` in a checkout starts the file itself; npm makes only installed commands executable.
chmodSync(new URL('main.js', folder), 0o755);

/** Whole or not at all: somebody may be starting the old one. */
function replace(path: string, bytes: Uint8Array): void {
  writeFileSync(`${path}.new`, bytes);
  renameSync(`${path}.new`, path);
}

const common = {
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  // One byte per character is read fastest.
  charset: 'ascii',
  define: { 'import.meta.url': '__moduleUrl' },
  logLevel: 'warning',
} as const;

// What `npm run bench` measures is compiled as what users run: in one file.
await build({
  ...common,
  entryPoints: [fileURLToPath(new URL('bench/main.ts', root))],
  outfile: fileURLToPath(new URL('../../bench/main.cjs', folder)),
  banner: { js: 'const __moduleUrl = require("node:url").pathToFileURL(__filename).href;' },
});

const web = new URL('../../web/', folder);
mkdirSync(web, { recursive: true });
replace(fileURLToPath(new URL('explorer.html', web)), Buffer.from(await explorerPage()));

const { outputFiles, metafile } = await build({
  ...common,
  metafile: true,
  entryPoints: [fileURLToPath(new URL('src/cli/program.ts', root))],
  write: false,
  banner: { js: PROLOGUE },
  footer: { js: EPILOGUE },
});
const { text } = outputFiles[0];
const mark = createHash('sha256').update(text).digest('hex').slice(0, MARK_LENGTH);
replace(outfile, Buffer.from(`${text}// ${mark}`));

replace(
  fileURLToPath(new URL('../../THIRD-PARTY-LICENSES.txt', folder)),
  Buffer.from(notices(Object.keys(metafile.inputs))),
);

// The cache holds what one run compiles: what most commands need.
const bundle = loadBundle(folder.href);
if (bundle === undefined) throw new Error(`${outfile} is not there`);
const example = fileURLToPath(new URL('examples/first-rpc.json', root));
process.stdout.write = () => true;
await bundle.program.main(['node', 'gunyah-sim', 'run', '--quiet', example]);
replace(`${outfile}.cache`, Buffer.concat([Buffer.from(mark), bundle.script.createCachedData()]));
