import { closeSync, openSync, writeSync } from 'node:fs';
import { CliError, Exit } from './errors.js';
import { reasonOf } from './files.js';

/** Results go to stdout, progress to stderr: one live line on a terminal, plain lines otherwise, nothing when quiet. */

export interface GlobalOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly color?: boolean;
  readonly seed?: number;
}

export const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

export const printJson = (value: unknown): void => print(JSON.stringify(value, jsonValue, 2));

/** 64-bit values and bytes have no JSON form of their own: hex strings, as in transcripts. */
function jsonValue(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `0x${value.toString(16)}`;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return value;
}

/** Colours: `--color`/`--no-color`, else FORCE_COLOR, NO_COLOR, else whether stdout is a terminal. */
export function useColor(options: GlobalOptions): boolean {
  if (options.color !== undefined) return options.color;
  if (process.env.FORCE_COLOR !== undefined && process.env.FORCE_COLOR !== '0') return true;
  return (process.env.NO_COLOR ?? '') === '' && process.stdout.isTTY === true;
}

export type Paint = (text: string) => string;

export function paints(options: GlobalOptions): { red: Paint; green: Paint; yellow: Paint; bold: Paint } {
  const on = useColor(options);
  const paint =
    (code: number): Paint =>
    (text) =>
      on ? `\u001b[${code}m${text}\u001b[0m` : text;
  return { red: paint(31), green: paint(32), yellow: paint(33), bold: paint(1) };
}

export interface Progress {
  update(text: string): void;
  done(): void;
}

/** Plain lines come at most this often. */
const PLAIN_EVERY_MS = 2000;

export function progress(options: GlobalOptions): Progress {
  if (options.quiet === true) return { update() {}, done() {} };
  if (process.stderr.isTTY === true) {
    return {
      update: (text) => void process.stderr.write(`\r\u001b[K${text.slice(0, (process.stderr.columns ?? 80) - 1)}`),
      done: () => void process.stderr.write('\r\u001b[K'),
    };
  }
  let last = Date.now();
  return {
    update(text) {
      if (Date.now() - last < PLAIN_EVERY_MS) return;
      last = Date.now();
      process.stderr.write(`${text}\n`);
    },
    done() {},
  };
}

/** Opens a file for writing; an existing one only with `force`. */
export function openOutput(path: string, force: boolean): number {
  try {
    return openSync(path, force ? 'w' : 'wx');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw new CliError(`${path} exists: give --force to overwrite it`);
    throw new CliError(`cannot write ${path}: ${code === 'ENOENT' ? 'no such folder' : reasonOf(error)}`, Exit.INPUT);
  }
}

/** Writes all of `bytes`. */
export function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}

/** Writes a file that must not exist yet unless `force`; `-` is stdout. */
export function writeOutput(path: string, content: string | Uint8Array, force: boolean): void {
  if (path === '-') {
    process.stdout.write(content);
    return;
  }
  const fd = openOutput(path, force);
  try {
    writeAll(fd, typeof content === 'string' ? Buffer.from(content) : content);
  } finally {
    closeSync(fd);
  }
}
