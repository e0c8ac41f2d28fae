/**
 * What the examples print, kept whole: a change of any line of a trace or of a capability table has to be looked at.
 * `npx vitest run test/cli/golden.test.ts -u` writes what is printed now.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { CliLines } from '../support/cli.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const examples = readdirSync(join(root, 'examples')).filter((name) => name.endsWith('.json'));
const lines = new CliLines(root);
afterAll(() => lines.close());

test.each(examples.flatMap((name) => (['run', 'caps'] as const).map((command) => [command, name] as const)))(
  '%s examples/%s prints what it printed',
  async (command, name) => {
    const { out, status } = await lines.run(command, `examples/${name}`, '--seed', '7');
    expect(status).toBe(0);
    await expect(out).toMatchFileSnapshot(`../golden/${command}-${name.replace('.json', '')}.txt`);
  },
);
