/** Files that users name, read whole or refused in one line; transcripts below a folder; the program's own folder. */
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { CliError, Exit } from './errors.js';

/** No input is as long; a device may never end. */
const INPUT_MAX = 1 << 28;
const PART = 1 << 16;

/** All that an open file has. Throws when that is no input. */
function readAll(fd: number): Uint8Array {
  const parts: Uint8Array[] = [];
  const part = new Uint8Array(PART);
  for (let size = 0; size <= INPUT_MAX; ) {
    const n = readSync(fd, part);
    if (n === 0) return Buffer.concat(parts);
    parts.push(part.slice(0, n));
    size += n;
  }
  throw new Error('it does not end within 256 MiB');
}

function bytesOf(path: string): Uint8Array {
  // A regular file says its length, and stdin may be anything that readFileSync knows how to wait for.
  if (path === '-' || statSync(path).isFile()) return readFileSync(path === '-' ? 0 : path);
  const fd = openSync(path, 'r');
  try {
    return readAll(fd);
  } finally {
    closeSync(fd);
  }
}

/** Bytes of a file or, for `-`, of stdin. Gunzipped when the bytes say so. */
export function readInput(path: string): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = bytesOf(path);
  } catch (error) {
    throw new CliError(`cannot read ${path}: ${reasonOf(error)}`, Exit.INPUT);
  }
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes);
  } catch {
    throw new CliError(`cannot read ${path}: damaged gzip data`, Exit.INPUT);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EISDIR: 'it is a directory',
  EACCES: 'permission denied',
  ENOTDIR: 'a part of the path is no directory',
  ENOSPC: 'no space left on the device',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'links in a circle',
  EROFS: 'it cannot be written to',
  ECONNREFUSED: 'nobody listens there',
};

/** What went wrong with a file or socket, in words. */
export const reasonOf = (error: unknown): string => {
  const { code, message } = error as NodeJS.ErrnoException;
  return REASONS[code ?? ''] ?? message.replace(/^[A-Z]+: ([^,]+), .*/, '$1');
};

/** All transcripts below a directory, sorted by path. */
export function findTranscripts(directory: string): string[] {
  let names: string[];
  try {
    if (!statSync(directory).isDirectory()) throw new CliError(`${directory} is not a directory`, Exit.INPUT);
    names = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(`cannot read ${directory}: ${reasonOf(error)}`, Exit.INPUT);
  }
  return names
    .filter((name) => /\.jsonl(\.gz)?$/.test(name))
    .sort()
    .map((name) => join(directory, name));
}

/** The folder of the package, in a checkout as well as in the built form. */
export function packageFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json')) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}

/** Version in package.json. */
export function packageVersion(): string {
  const json = JSON.parse(readFileSync(join(packageFolder(), 'package.json'), 'utf8')) as { version: string };
  return json.version;
}

/** A file's name as a shell reads it. */
export const shellWord = (file: string): string =>
  /^[\w./+-]+$/.test(file) ? file : `'${file.replaceAll("'", "'\\''")}'`;

/** The command line that `args` are, as a shell reads it: for whoever wants to see something again. */
export const commandLine = (args: readonly string[]): string => ['gunyah-sim', ...args].map(shellWord).join(' ');
