import { closeSync, openSync, writeSync } from 'node:fs';
import { pcapngHeader, pcapngPacket, tapLinks } from '../../export/index.js';
import { type LinkServer, parseAddress, serveLink } from '../../link/index.js';
import { Recorder, Simulator } from '../../sim/index.js';
import { CliError, Exit } from '../errors.js';
import { packageVersion } from '../files.js';
import { type GlobalOptions, print, printJson, writeOutput } from '../output.js';

/** `serve`: boots, listens, and ends on SIGTERM (exit code 0) or SIGINT (130). The address in use is the line on stdout. */

export interface ServeCommandOptions extends GlobalOptions {
  readonly listen: string;
  readonly allowRemote?: boolean;
  readonly record?: string;
  readonly pcap?: string;
  readonly graceMs?: number;
  readonly force?: boolean;
}

/** Inputs between key frames of a recording: a client's every call is an input, so they come often. */
const FRAME_EVERY = 50_000;

export async function serve(options: ServeCommandOptions): Promise<Exit> {
  const address = parseAddress(options.listen, options.allowRemote);
  if (typeof address === 'string') throw new CliError(address);
  const sim = new Simulator({ seed: options.seed });
  const recorder =
    options.record === undefined
      ? undefined
      : new Recorder(sim, { version: packageVersion(), about: `serve ${options.listen}` }, FRAME_EVERY);
  const pcap = options.pcap === undefined ? undefined : openPcap(options.pcap, options.force === true);
  if (pcap !== undefined) {
    writeSync(pcap, pcapngHeader());
    tapLinks(sim, (p) => writeSync(pcap, pcapngPacket(p)));
  }
  if (!sim.bootPrimary()) throw new Error(`the primary VM did not start: ${sim.rm.dead?.trigger ?? 'RM waits'}`);
  const log = (line: string): void => {
    if (options.quiet !== true) process.stderr.write(`${line}\n`);
  };
  let server: LinkServer;
  try {
    server = await serveLink(sim, address, { log, graceMs: options.graceMs });
  } catch (error) {
    throw new CliError(`cannot listen on ${options.listen}: ${(error as Error).message}`, Exit.TRANSPORT);
  }
  const code = signalled();
  if (options.json === true) printJson({ listen: server.address });
  else print(`listening on ${server.address}`);
  const exit = await code;
  await server.close();
  if (pcap !== undefined) closeSync(pcap);
  if (recorder !== undefined && options.record !== undefined)
    writeOutput(options.record, recorder.finish(), options.force === true);
  return exit;
}

function openPcap(path: string, force: boolean): number {
  try {
    return openSync(path, force ? 'w' : 'wx');
  } catch (error) {
    const exists = (error as NodeJS.ErrnoException).code === 'EEXIST';
    throw new CliError(
      exists ? `${path} exists; --force to overwrite it` : `cannot write ${path}: ${(error as Error).message}`,
    );
  }
}

/** The exit code of the first signal that ends us. A second one ends at once. */
function signalled(): Promise<Exit> {
  return new Promise((resolve) => {
    process.removeAllListeners('SIGINT');
    const end = (code: Exit) => () => {
      resolve(code);
      process.once('SIGINT', () => process.exit(Exit.INTERRUPTED));
    };
    process.once('SIGTERM', end(Exit.OK));
    process.once('SIGINT', end(Exit.INTERRUPTED));
  });
}
