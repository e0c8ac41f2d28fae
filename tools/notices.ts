/** Notices of the packages that a bundle is a copy of: their licences ask for them. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('..', import.meta.url);

/** `inputs`: paths of the files that were bundled. */
export function notices(inputs: readonly string[]): string {
  const packages = new Set(inputs.flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []));
  const texts = [...packages].sort().map((name) => {
    const at = fileURLToPath(new URL(`node_modules/${name}/`, root));
    const licence = readdirSync(at).find((file) => /^licen[cs]e/i.test(file));
    if (licence === undefined) throw new Error(`${name} comes without a licence file`);
    return `${name}\n\n${readFileSync(at + licence, 'utf8').trim()}\n`;
  });
  return texts.join('\n---\n\n');
}
