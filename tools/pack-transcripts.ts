/** Packs transcripts into test/transcripts: `tsx tools/pack-transcripts.ts DIR`.
 *
 * Every folder becomes one <folder>.jsonl.gz that holds its files one after the other, each beginning with its header, in order of
 * name; files directly in DIR become directed.jsonl.gz. The bytes depend on nothing but the content.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const OUT = 'test/transcripts';
const TOP = 'directed';

const [directory] = process.argv.slice(2);
if (directory === undefined) {
  process.stderr.write('error: give the directory with the transcripts\n');
  process.exit(2);
}

const folders = readdirSync(directory, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)
  .sort();

mkdirSync(OUT, { recursive: true });
for (const folder of ['', ...folders]) {
  const path = join(directory, folder);
  const names = readdirSync(path)
    .filter((name) => name.endsWith('.jsonl'))
    .sort();
  if (names.length === 0) continue;
  const parts = names.map((name) => readFileSync(join(path, name), 'utf8').trimEnd());
  const packed = gzipSync(`${parts.join('\n')}\n`, { level: 9 });
  const out = join(OUT, `${folder === '' ? TOP : folder}.jsonl.gz`);
  writeFileSync(out, packed);
  process.stdout.write(`${out}: ${names.length} transcripts, ${packed.length} bytes\n`);
}
