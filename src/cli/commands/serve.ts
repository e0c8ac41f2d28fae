import { closeSync, openSync, writeSync } from 'node:fs';
import { disturbLink, parseLinkRule } from '../../conform/disturb-link.js';
import type { Rule } from '../../conform/interfere/index.js';
import { pcapngHeader, pcapngPacket, tapLinks } from '../../export/index.js';
import { type LinkServer, parseAddress, serveLink } from '../../link/index.js';
import { Recorder, restoreSnapshot, Simulator, takeSnapshot } from '../../sim/index.js';
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
  readonly fresh?: boolean;
  readonly interfere: string[];
  readonly force?: boolean;
}

/** Inputs between key frames of a recording: a client's every call is an input, so they come often. */
const FRAME_EVERY = 50_000;

export async function serve(options: ServeCommandOptions): Promise<Exit> {
  const address = parseAddress(options.listen, options.allowRemote);
  if (typeof address === 'string') throw new CliError(address);
  if (options.fresh === true && options.record !== undefined)
    throw new CliError('--record keeps one run: it does not go with --fresh, which begins a new one for every client');
  if (options.interfere.length > 0 && options.record !== undefined)
    throw new CliError('--record does not go with --interfere: a replay knows no rules');
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
  const restartRules = options.interfere.length > 0 ? disturbLink(sim, options.interfere.map(ruleOf)) : undefined;
  if (!sim.bootPrimary()) throw new Error(`the primary VM did not start: ${sim.rm.dead?.trigger ?? 'RM waits'}`);
  const log = (line: string): void => {
    if (options.quiet !== true) process.stderr.write(`${line}\n`);
  };
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

function ruleOf(text: string): Rule {
  const rule = parseLinkRule(text);
  if (typeof rule === 'string') throw new CliError(`--interfere '${text}': ${rule}`);
  return rule;
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
