/** Steps that write and read the memory of the primary VM. */
import { counted, hex, toHex } from '../base/index.js';
import { AssemblyError, assemble } from '../guest/assemble.js';
import { mailboxImage, wordBytes } from './mailbox.js';
import { EMPTY_RESULT, numbersResult } from './outcome.js';
import { ended, type StepKind } from './step-kind.js';
import { treeBlob } from './tree.js';
import {
  address,
  hexBytes,
  isArray,
  type Json,
  type JsonObject,
  number,
  ScenarioError,
  type Scope,
  signedOrNot,
  sized,
} from './values.js';

const SOURCES = ['bytes', 'text', 'words', 'asm', 'image', 'tree', 'zero'] as const;

/** Replaces `$name` in assembler lines by its value. */
function substituted(v: Json | undefined, scope: Scope, path: string): string[] {
  if (!isArray(v)) throw new ScenarioError(path, 'not a list', 'write one string for each instruction');
  return v.map((line, i) => {
    if (typeof line !== 'string') throw new ScenarioError(`${path}[${i}]`, 'not an instruction', 'write a string');
    return line.replace(/\$[A-Za-z_]\w*/g, (name) => String(number(name, scope, `${path}[${i}]`)));
  });
}

export function codeWords(o: JsonObject, scope: Scope, path: string): number[] {
  if (o.words !== undefined) {
    if (!isArray(o.words)) throw new ScenarioError(`${path}.words`, 'not a list', 'write ["0xd503201f", ...]');
    return o.words.map((w, i) => Number(sized(w, 4, scope, `${path}.words[${i}]`)));
  }
  try {
    return assemble(substituted(o.asm, scope, `${path}.asm`), `${path}.asm`);
  } catch (error) {
    if (error instanceof AssemblyError) throw new ScenarioError(error.path, error.what, error.fix);
    throw error;
  }
}

function content(step: JsonObject, scope: Scope, path: string): Uint8Array {
  const given = SOURCES.filter((s) => step[s] !== undefined);
  if (given.length !== 1) {
    throw new ScenarioError(
      path,
      given.length === 0 ? 'nothing to write' : `${given.join(' and ')} at once`,
      `give one of ${SOURCES.join(', ')}`,
    );
  }
  switch (given[0]) {
    case 'bytes':
      return hexBytes(step.bytes, `${path}.bytes`);
    case 'text':
      return Uint8Array.from(String(step.text), (c) => c.charCodeAt(0) & 0xff);
    case 'words':
    case 'asm':
      return wordBytes(codeWords(step, scope, path));
    case 'image':
      if (step.image !== 'mailbox')
        throw new ScenarioError(`${path}.image`, `there is no image ${String(step.image)}`, 'use "mailbox", or "asm"');
      return mailboxImage();
    case 'tree':
      return treeBlob(step.tree, scope, `${path}.tree`);
    case 'zero': {
      const size = Number(number(step.zero, scope, `${path}.zero`));
      if (!(size > 0 && size <= 0x100_0000))
        throw new ScenarioError(`${path}.zero`, `${size} bytes`, 'use 1 to 16 MiB');
      return new Uint8Array(size);
    }
  }
}

const WIDTHS = [1, 2, 4, 8];

function widthOf(step: JsonObject, scope: Scope, path: string): number {
  const width = Number(number(step.width, scope, `${path}.width`));
  if (!WIDTHS.includes(width)) throw new ScenarioError(`${path}.width`, `${width} bytes`, 'use 1, 2, 4 or 8');
  return width;
}

export const write: StepKind = {
  keys: [...SOURCES, 'value', 'width'],
  check(step, scope, path) {
    address(step.write, scope, `${path}.write`);
    if (step.width !== undefined) signedOrNot(step.value, widthOf(step, scope, path), scope, `${path}.value`);
    else content(step, scope, path);
  },
  run(run, step, path) {
    const at = address(step.write, run.scope, `${path}.write`);
    if (step.width !== undefined) {
      const width = widthOf(step, run.scope, path);
      const value = signedOrNot(step.value, width, run.scope, `${path}.value`);
      const bad = ended(run.machine.host.access(BigInt(at), width, true, value), run);
      if (bad !== undefined) run.fail(`${path}.write`, bad);
      else run.say(`stored ${hex(value)} (${counted(width, 'byte')}) at ${hex(at)}`);
      return EMPTY_RESULT;
    }
    const bytes = content(step, run.scope, path);
    if (!run.machine.host.writeMemory(at, bytes))
      run.fail(`${path}.write`, `HLOS may not write all of ${hex(at)}, ${counted(bytes.length, 'byte')}`);
    else run.say(`wrote ${counted(bytes.length, 'byte')} at ${hex(at)}`);
    return EMPTY_RESULT;
  },
  title: (step) => `write ${String(step.write)}`,
};

export const peek: StepKind = {
  keys: ['size', 'width'],
  names: () => ['value', 'bytes'],
  check(step, scope, path) {
    address(step.peek, scope, `${path}.peek`);
    if (step.width !== undefined) widthOf(step, scope, path);
    const size = Number(number(step.size ?? 8, scope, `${path}.size`));
    if (!(size > 0 && size <= 0x1_0000)) throw new ScenarioError(`${path}.size`, `${size} bytes`, 'use 1 to 65536');
  },
  run(run, step, path) {
    const at = address(step.peek, run.scope, `${path}.peek`);
    if (step.width !== undefined) {
      const outcome = run.machine.host.access(BigInt(at), widthOf(step, run.scope, path), false);
      const bad = ended(outcome, run);
      if (bad !== undefined) run.fail(`${path}.peek`, bad);
      else run.say(`loaded ${hex(outcome.value ?? 0n)} from ${hex(at)}`);
      return numbersResult({ value: outcome.value });
    }
    const bytes = new Uint8Array(Number(number(step.size ?? 8, run.scope, `${path}.size`)));
    if (!run.machine.host.readMemory(at, bytes)) {
      run.fail(`${path}.peek`, `HLOS may not read all of ${hex(at)}, ${counted(bytes.length, 'byte')}`);
      return EMPTY_RESULT;
    }
    run.say(`${hex(at)}: ${toHex(bytes.subarray(0, 32))}${bytes.length > 32 ? ` and ${bytes.length - 32} more` : ''}`);
    let value = 0n;
    for (let i = Math.min(bytes.length, 8) - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]);
    return {
      values: new Map([
        ['value', { value, text: hex(value) }],
        ['bytes', { value: bytes, text: toHex(bytes) }],
      ]),
      lists: new Map(),
    };
  },
  title: (step) => `peek ${String(step.peek)}`,
};
