/** Results go to stdout, progress to stderr: one live line on a terminal, plain lines otherwise, nothing when quiet. */
import { accessSync, closeSync, constants, openSync, realpathSync, statSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { CliError, Exit } from './errors.js';
import { reasonOf } from './files.js';

export interface GlobalOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly color?: boolean;
  readonly seed?: number;
}

export const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

/** What is for people while stdout carries a file. */
export const printBeside = (text: string): void => {
  process.stderr.write(`${text}\n`);
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

type Paint = (text: string) => string;

export function paints(options: GlobalOptions): { red: Paint; green: Paint; yellow: Paint; bold: Paint } {
  const on = useColor(options);
  const paint =
    (code: number): Paint =>
    (text) =>
      on ? `\u001b[${code}m${text}\u001b[0m` : text;
  return { red: paint(31), green: paint(32), yellow: paint(33), bold: paint(1) };
}

export interface Progress {
  /** What begins, said at once. */
  begin(text: string): void;
  update(text: string): void;
  done(): void;
}

/** Plain lines come at most this often. */
const PLAIN_EVERY_MS = 2000;

export function progress(options: GlobalOptions): Progress {
  if (options.quiet === true) return { begin() {}, update() {}, done() {} };
  const begin = (text: string): void => void process.stderr.write(`${text}\n`);
  if (process.stderr.isTTY === true) {
    return {
      begin,
      update: (text) => void process.stderr.write(`\r\u001b[K${text.slice(0, (process.stderr.columns ?? 80) - 1)}`),
      done: () => void process.stderr.write('\r\u001b[K'),
    };
  }
  let last = Date.now();
  return {
    begin,
    update(text) {
      if (Date.now() - last < PLAIN_EVERY_MS) return;
      last = Date.now();
      process.stderr.write(`${text}\n`);
    },
    done() {},
  };
}

let needsReader = true;

/** For commands that write files beside what they print: they go on when nobody reads stdout any more. */
export function goOnUnread(): void {
  needsReader = false;
}

/** The reader of a pipe has seen enough, or a disk is full. */
export function stdoutFailed(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') {
    if (needsReader) process.exit(process.exitCode ?? Exit.OK);
    return;
  }
  process.stderr.write(`error: cannot write to stdout: ${reasonOf(error)}\n`);
  process.exit(Exit.INPUT);
}

const cannotWrite = (path: string, error: unknown): CliError => {
  const { code } = error as NodeJS.ErrnoException;
  return new CliError(`cannot write ${path}: ${code === 'ENOENT' ? 'no such folder' : reasonOf(error)}`, Exit.INPUT);
};

/**
 * For a file that is written when the work is done: finds out now that it could not be, and lets the work go on when nobody reads
 * stdout any more. `-` is stdout.
 */
export function prepareOutput(path: string | undefined, force: boolean): void {
  if (path === undefined || path === '-') return;
  goOnUnread();
  checkOutput(path, force);
}

/** Returns whether there is something by that name. An empty file or a device loses nothing, and needs no force. */
function checkOutput(path: string, force: boolean): boolean {
  if (path === '') throw new CliError('a file to write has no name: give a path, or - for stdout');
  try {
    const there = statSync(path, { throwIfNoEntry: false });
    if (there?.isDirectory() === true) throw new CliError(`cannot write ${path}: it is a directory`, Exit.INPUT);
    const holdsSomething = there?.isFile() === true && there.size > 0;
    if (holdsSomething && !force) throw new CliError(`${path} exists: give --force to overwrite it`);
    accessSync(there === undefined ? dirname(path) : path, constants.W_OK);
    return there !== undefined;
  } catch (error) {
    throw error instanceof CliError ? error : cannotWrite(path, error);
  }
}

/** Equal for two names of one file, there or not yet; undefined: nothing is lost when it is named twice, as with /dev/null. */
function identity(path: string): string | undefined {
  try {
    const there = statSync(path, { throwIfNoEntry: false });
    if (there === undefined) return join(realpathSync(dirname(path)), basename(path));
    return there.isFile() ? `${there.dev} ${there.ino}` : undefined;
  } catch {
    // Who opens it says why not.
    return undefined;
  }
}

/**
 * Throws when two outputs of a command are one file, or one is an input, before anything is lost by it. Outputs by option; `-` is
 * stdout for an output, stdin for an input.
 */
export function checkDistinct(outputs: Readonly<Record<string, string | undefined>>, inputs: readonly string[]): void {
  const read = new Set(inputs.filter((path) => path !== '-').map(identity));
  const taken = new Map<string, string>();
  for (const [option, path] of Object.entries(outputs)) {
    if (path === undefined || path === '') continue;
    const file = path === '-' ? path : identity(path);
    if (file === undefined) continue;
    if (read.has(file)) throw new CliError(`${option} ${path} is what is read: give another file`);
    const other = taken.get(file);
    if (other !== undefined)
      throw new CliError(
        path === '-'
          ? `${other} and ${option} are both stdout: give one of them, or a file`
          : `${other} and ${option} are both ${path}: give each a file of its own`,
      );
    taken.set(file, option);
  }
}

/** Throws when two reports would be mixed on stdout. */
export const checkReports = (o: { junit?: string; tap?: boolean; json?: boolean }): void =>
  checkDistinct({ '--json': o.json ? '-' : undefined, '--tap': o.tap ? '-' : undefined, '--junit': o.junit }, []);

/** Opens a file for writing; one with something in it only with `force`. */
export function openOutput(path: string, force: boolean): number {
  const there = checkOutput(path, force);
  try {
    return openSync(path, there || force ? 'w' : 'wx');
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

/** Writes all of `bytes`. */
export function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}

/** Writes a file that must hold nothing yet unless `force`; `-` is stdout. */
export function writeOutput(path: string, content: string | Uint8Array, force: boolean): void {
  if (path === '-') {
    process.stdout.write(content);
    return;
  }
  const fd = openOutput(path, force);
  try {
    writeAll(fd, typeof content === 'string' ? Buffer.from(content) : content);
  } catch (error) {
    throw cannotWrite(path, error);
  } finally {
    closeSync(fd);
  }
}
