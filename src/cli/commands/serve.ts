/**
 * `serve`: boots, listens, and ends on SIGTERM (exit code 0) or SIGINT (130). The address in use is the line on stdout, or on
 * stderr where stdout carries a recording or a capture.
 */
import { closeSync, existsSync, lstatSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { disturbLink, parseLinkRule } from '../../conform/disturb-link.js';
import type { Rule } from '../../conform/interfere/index.js';
import { pcapngHeader, pcapngPacket, tapLinks } from '../../export/index.js';
import { type Address, type LinkServer, parseAddress, serveLink } from '../../link/index.js';
import { Recorder, restoreSnapshot, Simulator, takeSnapshot } from '../../sim/index.js';
import { doing, virtualMs } from '../doing.js';
import { CliError, Exit } from '../errors.js';
import { commandLine, packageVersion, reasonOf } from '../files.js';
import {
  checkDistinct,
  type GlobalOptions,
  goOnUnread,
  openOutput,
  print,
  printBeside,
  printJson,
  writeAll,
} from '../output.js';

interface ServeCommandOptions extends GlobalOptions {
  readonly listen?: string;
  readonly allowRemote?: boolean;
  readonly record?: string;
  readonly pcap?: string;
  readonly graceMs?: number;
  readonly fresh?: boolean;
  readonly interfere: string[];
  readonly force?: boolean;
}

/** Inputs between checkpoints of a recording: a client's every call is an input, so they come often. */
const FRAME_EVERY = 50_000;
/** What a server that is killed has not written yet is younger than this, ms; as long without inputs, and a checkpoint follows. */
const REST_MS = 100;

export async function serve(options: ServeCommandOptions): Promise<Exit> {
  const { listen } = options;
  if (listen === undefined) throw new CliError('give --listen ADDRESS: unix:PATH or tcp:HOST:PORT');
  const address = parseAddress(listen, options.allowRemote);
  if (typeof address === 'string') throw new CliError(address);
  if (options.fresh === true && options.record !== undefined)
    throw new CliError('--record keeps one run: it does not go with --fresh, which begins a new one for every client');
  if (options.interfere.length > 0 && options.record !== undefined)
    throw new CliError('--record does not go with --interfere: a replay knows no rules');
  const rules = options.interfere.map(ruleOf);
  const log = (line: string): void => {
    if (options.quiet !== true) process.stderr.write(`${line}\n`);
  };
  const streams = [options.record, options.pcap].includes('-');
  checkDistinct(
    { '--record': options.record, '--pcap': options.pcap, '--json': options.json === true ? '-' : undefined },
    [],
  );
  const { record, pcap } = openFiles(options);
  const sim = new Simulator({ seed: options.seed });
  const about = { version: packageVersion(), about: `serve ${listen}` };
  doing({
    seed: () => options.seed ?? 1,
    at: () => virtualMs(sim.hyp.now),
    again: () =>
      options.record === undefined || options.record === '-' ? undefined : commandLine(['replay', options.record]),
  });
  const recorder = record === undefined ? undefined : new Recorder(sim, about, record.write, FRAME_EVERY);
  if (pcap !== undefined) capture(sim, pcap);
  const restartRules = rules.length > 0 ? disturbLink(sim, rules) : undefined;
  if (!sim.bootPrimary()) throw new Error(`the primary VM did not start: ${sim.rm.dead?.trigger ?? 'RM waits'}`);
  const booted = options.fresh === true ? takeSnapshot(sim) : undefined;
  let server: LinkServer;
  const onEmpty = (): void => {
    if (booted === undefined) return;
    restoreSnapshot(sim, booted);
    server.hub.restarted();
    restartRules?.();
  };
  try {
    server = await serveLink(sim, address, { log, graceMs: options.graceMs, onEmpty });
  } catch (error) {
    for (const file of [record, pcap]) file?.discard();
    throw new CliError(`cannot listen on ${listen}: ${whyNot(address, error)}`, Exit.TRANSPORT);
  }
  log(`seed ${sim.options.seed ?? 1}`);
  const end = ended();
  const writing = setInterval(() => recorder?.rest(), REST_MS);
  if (options.json === true) printJson({ listen: server.address, seed: sim.options.seed ?? 1 });
  else (streams ? printBeside : print)(`listening on ${server.address}`);
  try {
    const code = await end;
    return code === Exit.OK && (record?.cut === true || pcap?.cut === true) ? Exit.INPUT : code;
  } finally {
    clearInterval(writing);
    // Also after a crash: the recording is what shows it again.
    recorder?.finish();
    for (const file of [record, pcap]) file?.close();
    await server.close();
  }
}

/** A file that grows while the server runs. */
interface OutputFile {
  /** Never throws: a full disk costs the rest of the file, not the session. */
  write(bytes: Uint8Array): void;
  /** Something could not be written, and nothing behind it was. */
  readonly cut: boolean;
  close(): void;
  /** Closes and removes it. */
  discard(): void;
}

function openFile(option: string, path: string | undefined, force: boolean): OutputFile | undefined {
  if (path === undefined) return undefined;
  if (path === '-') return streamOf(option);
  const fd = openOutput(path, force);
  let cut = false;
  return {
    write(bytes) {
      if (cut) return;
      try {
        writeAll(fd, bytes);
      } catch (error) {
        cut = true;
        process.stderr.write(`error: cannot write ${path}: ${reasonOf(error)}: --${option} ends here\n`);
      }
    },
    get cut() {
      return cut;
    },
    close: () => closeSync(fd),
    discard: () => {
      closeSync(fd);
      unlinkSync(path);
    },
  };
}

/** Stdout as such a file. Its reader may go at any time: that ends the stream, not the session. */
function streamOf(option: string): OutputFile {
  goOnUnread();
  let left = false;
  process.stdout.on('error', () => {
    if (!left) process.stderr.write(`nobody reads stdout any more: --${option} ends here\n`);
    left = true;
  });
  return {
    write(bytes) {
      if (!left) process.stdout.write(bytes);
    },
    cut: false,
    close() {},
    discard() {},
  };
}

/** Opened before anything is done, so that a session is not lost when it ends. */
function openFiles({ record, pcap, force }: ServeCommandOptions) {
  const recording = openFile('record', record, force === true);
  try {
    return { record: recording, pcap: openFile('pcap', pcap, force === true) };
  } catch (error) {
    recording?.discard();
    throw error;
  }
}

function capture(sim: Simulator, file: OutputFile): void {
  file.write(pcapngHeader());
  tapLinks(sim, (p) => file.write(pcapngPacket(p)));
}

const LISTEN_REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'it is in use',
  EACCES: 'permission denied',
  EADDRNOTAVAIL: 'this machine does not have that address',
  ENOTFOUND: 'no such host',
};

function whyNot(address: Address, error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const inTheWay = address.kind === 'unix' ? lstatSync(address.path, { throwIfNoEntry: false }) : undefined;
  if (code === 'EADDRINUSE' && inTheWay?.isSocket() === false) return 'something that is no socket is there already';
  // The system says the same of a folder that is not there.
  if (address.kind === 'unix' && !existsSync(dirname(address.path))) return 'no such folder';
  return LISTEN_REASONS[code ?? ''] ?? message;
}

function ruleOf(text: string): Rule {
  const rule = parseLinkRule(text);
  if (typeof rule === 'string')
    throw new CliError(
      `--interfere '${text}': ${rule}; write for example 'reply VM_START error=NORESOURCE' (docs/link.md)`,
    );
  return rule;
}

/** The exit code of the first signal that ends us. A second one ends at once. Rejects with what nobody has caught. */
function ended(): Promise<Exit> {
  return new Promise((resolve, reject) => {
    process.once('uncaughtException', reject);
    const end = (code: Exit) => () => {
      resolve(code);
      process.once('SIGINT', () => process.exit(Exit.INTERRUPTED));
    };
    process.once('SIGTERM', end(Exit.OK));
    process.once('SIGINT', end(Exit.INTERRUPTED));
  });
}
