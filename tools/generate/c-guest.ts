/** Emits clients/c/example_guest.h: the smallest guest and the device tree of an example scenario, as C arrays. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { put32 } from '../../src/base/index.js';
import { assemble } from '../../src/guest/assemble.js';
import { treeBlob } from '../../src/scenario/tree.js';
import type { Json, JsonObject } from '../../src/scenario/values.js';

const EXAMPLE = 'examples/two-vms.json';
const GUEST = ['idle:', 'wfi', 'b idle'];

function array(name: string, doc: string, bytes: Uint8Array): string {
  const rows: string[] = [];
  for (let at = 0; at < bytes.length; at += 16)
    rows.push(`  ${[...bytes.subarray(at, at + 16)].map((b) => `0x${b.toString(16).padStart(2, '0')}`).join(', ')},`);
  return `/* ${doc} */\nstatic const uint8_t ${name}[${bytes.length}] = {\n${rows.join('\n')}\n};\n`;
}

export function cGuest(root: string): string {
  const scenario = JSON.parse(readFileSync(join(root, EXAMPLE), 'utf8')) as { steps: { tree?: JsonObject }[] };
  const tree: Json | undefined = scenario.steps.find((s) => s.tree !== undefined)?.tree;
  const words = assemble(GUEST, '$guest');
  const image = new Uint8Array(words.length * 4);
  words.forEach((w, i) => {
    put32(image, i * 4, w);
  });
  const blob = treeBlob(tree, { vars: new Map(), dry: false }, '$.tree');
  return `/* Generated from ${EXAMPLE} by tools/generate.ts. */
#ifndef EXAMPLE_GUEST_H
#define EXAMPLE_GUEST_H

#include <stdint.h>

${array('example_image', `A guest that only waits: ${GUEST.slice(1).join('; ')}.`, image)}
${array('example_tree', 'Its device tree: what RM is to create for it.', blob)}
#endif
`;
}
