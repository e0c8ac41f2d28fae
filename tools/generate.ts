/** Generates everything that is derived from spec/, and pictures of the state machines: `npm run generate`, or `-- --check` to only compare.
 *
 * Output is formatted by Biome so that the committed files are both fresh and conforming.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { arbitrariesTs } from './generate/arbitraries.js';
import { cGuest } from './generate/c-guest.js';
import { cHeader } from './generate/c-header.js';
import { callsTs, messagesTs } from './generate/calls.js';
import { machinesPage } from './generate/charts.js';
import { codecFiles } from './generate/codecs.js';
import { dissectorLua } from './generate/dissector.js';
import { explainTs } from './generate/explain.js';
import { deathsTs, enumsTs, errorsTs, objectsTs, platformTs, smcccTs } from './generate/ids.js';
import { layoutsTs } from './generate/layouts-data.js';
import { linkPage, linkTs, loadLink } from './generate/link.js';
import { referencePages } from './generate/pages.js';
import { loadSpec } from './generate/spec.js';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Path relative to the repository -> content, before formatting. */
async function render(): Promise<Map<string, string>> {
  const spec = loadSpec(root);
  const link = loadLink(root);
  return new Map([
    ['src/protocol/errors.ts', errorsTs(spec)],
    ['src/protocol/objects.ts', objectsTs(spec)],
    ['src/protocol/enums.ts', enumsTs(spec)],
    ['src/protocol/platform.ts', platformTs(spec)],
    ['src/protocol/smccc.ts', smcccTs(spec)],
    ['src/protocol/deaths.ts', deathsTs(spec)],
    ['src/protocol/calls.ts', callsTs(spec)],
    ['src/protocol/messages.ts', messagesTs(spec)],
    ['test/generated/arbitraries.ts', arbitrariesTs(spec)],
    ['src/protocol/layouts.ts', layoutsTs(spec)],
    ['src/protocol/explain-data.ts', explainTs(spec)],
    ['src/link/spec.ts', linkTs(link)],
    ['clients/c/gunyah_ids.h', cHeader(spec, link)],
    ['clients/c/example_guest.h', cGuest(root)],
    ['clients/wireshark/gunyah-rm.lua', dissectorLua(spec)],
    ['docs/reference/link.md', linkPage(link)],
    ['docs/reference/machines.md', await machinesPage(root)],
    ...referencePages(spec),
    ...[...codecFiles(spec)].map(([name, text]): [string, string] => [`src/protocol/codec/${name}`, text]),
  ]);
}

/** Formats TypeScript with the project's own Biome in a scratch folder inside the repository (so its configuration applies). */
function format(files: Map<string, string>): Map<string, string> {
  const scratch = mkdtempSync(join(root, 'tools', '.generate-'));
  try {
    for (const [path, text] of files) {
      const to = join(scratch, path);
      mkdirSync(dirname(to), { recursive: true });
      writeFileSync(to, text);
    }
    const biome = join(root, 'node_modules', '.bin', 'biome');
    const run = spawnSync(biome, ['check', '--write', '--linter-enabled=false', scratch], {
      cwd: root,
      encoding: 'utf8',
    });
    if (run.status !== 0) throw new Error(`biome: ${run.stderr}${run.stdout}`);
    const out = new Map<string, string>();
    for (const path of files.keys()) out.set(path, readFileSync(join(scratch, path), 'utf8'));
    return out;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Files in folders of which all is generated that nothing generates any more. */
function stale(files: Map<string, string>): string[] {
  return [join('docs', 'reference'), join('src', 'protocol', 'codec')]
    .flatMap((folder) => {
      const dir = join(root, folder);
      return existsSync(dir) ? readdirSync(dir).map((name) => join(folder, name)) : [];
    })
    .filter((path) => !files.has(path));
}

const check = process.argv.includes('--check');
const files = format(await render());
const different: string[] = [];
for (const [path, text] of files) {
  const to = join(root, path);
  if (existsSync(to) && readFileSync(to, 'utf8') === text) continue;
  different.push(path);
  if (check) continue;
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, text);
}
for (const path of stale(files)) {
  different.push(path);
  if (!check) rmSync(join(root, path));
}
for (const path of different) console.log(`${check ? 'stale' : 'wrote'}: ${path}`);
console.log(`${files.size} generated files, ${different.length} ${check ? 'stale' : 'changed'}`);
if (check && different.length > 0) process.exitCode = 1;
