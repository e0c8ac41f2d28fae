/** `explore`: every state within a bound, until something fails, all is tried or the time is over. */
import { setImmediate } from 'node:timers/promises';
import { counted } from '../../../base/index.js';
import {
  answersBy,
  COMMAND_SETS,
  defaultExploreOptions,
  EXPLORED,
  type Exploration,
  type ExploreOptions,
  Explorer,
  explorationLines,
  neverSeen,
  pathText,
  unexplained,
} from '../../../fuzz/explore/index.js';
import { type FuzzFailure, recordingText } from '../../../fuzz/index.js';
import { CliError, Exit } from '../../errors.js';
import { commandLine } from '../../files.js';
import { onInterrupt } from '../../interrupt.js';
import { meant } from '../../options/values.js';
import { type GlobalOptions, goOnUnread, prepareOutput, print, printJson, progress } from '../../output.js';
import { againLine } from '../../suite.js';
import { checkNames, failureLines, freeName, keep } from './failure.js';

export interface ExploreCliOptions extends GlobalOptions {
  readonly vms: number;
  readonly parcels: number;
  readonly depth?: number;
  readonly commands?: string[];
  readonly seconds?: number;
  readonly excuse?: string[];
  readonly record?: string;
  readonly force?: boolean;
  readonly fault?: string;
  /** What was given of that which decides the result, as words of a command line. */
  readonly given?: readonly string[];
}

const SLICE_MS = 250;

function exploreOptions(o: ExploreCliOptions): ExploreOptions {
  const { vms, parcels, excuse = [], fault = '' } = o;
  const standard = defaultExploreOptions();
  const { commands = standard.commands, depth = standard.depth } = o;
  const known = [...Object.keys(COMMAND_SETS), ...EXPLORED];
  for (const name of commands)
    if (!known.includes(name))
      throw new CliError(
        `--commands: no set or command is called ${name}: ${meant(name, known)}there are the sets ${Object.keys(COMMAND_SETS).join(', ')} and the commands ${EXPLORED.join(', ')}`,
      );
  if (commands.length === 0) throw new CliError('--commands names none: leave it out, or give sets and commands');
  checkNames(excuse, fault);
  return { ...standard, vms, parcels, commands, depth, excuse, fault };
}

const beginning = ({ vms, parcels, commands }: ExploreOptions): string =>
  `exploring ${commands.join(', ')}: ${counted(vms, 'VM')}, ${counted(parcels, 'parcel')}; Ctrl-C ends it early`;

/** What a run has done so far, in one line; `since`: when it began, milliseconds since the epoch. */
function totalsLine({ states, edges, depth, left }: Explorer['size'], since: number): string {
  const seconds = Math.max((Date.now() - since) / 1000, 0.001);
  const open = left === 0 ? '' : ` (${left} left)`;
  return `${seconds.toFixed(0)} s: ${states} states${open}, ${edges} edges (${Math.round(edges / seconds)}/s), depth ${depth}`;
}

/** What else is wrong, in lines: nothing that a sequence of commands could show. */
function wrongLines(e: Exploration): string[] {
  const trap = unexplained(e);
  return [
    ...neverSeen(e).map((name) => `FAILED (sometimes): ${name} never came, though the commands can lead to it`),
    ...(trap === undefined
      ? []
      : [
          `FAILED (eventually): from ${counted(trap.states, 'state')} there is no way back to the start, as after ${pathText(trap.path)}`,
        ]),
  ];
}

const json = (e: Exploration): object => ({
  ...e,
  ...answersBy(e.counts),
  ends: e.ends.map((end) => ({ ...end, path: pathText(end.path) })),
  traps: e.traps?.map((trap) => ({ ...trap, path: pathText(trap.path) })),
});

export async function explore(o: ExploreCliOptions): Promise<Exit> {
  const options = exploreOptions(o);
  prepareOutput(o.record, o.force === true);
  goOnUnread();
  const since = Date.now();
  const until = since + (o.seconds ?? Number.POSITIVE_INFINITY) * 1000;
  const live = progress(o);
  const interrupt = onInterrupt();
  live.begin(beginning(options));
  const explorer = new Explorer(options);
  for (let more = true; more && interrupt.code === undefined && Date.now() < until; ) {
    const end = Math.min(Date.now() + SLICE_MS, until);
    while (more && Date.now() < end) more = explorer.step();
    live.update(totalsLine(explorer.size, since));
    // Lets signals through.
    await setImmediate();
  }
  live.done();
  return report(explorer, o, since, interrupt.code);
}

/** Shows what a run has come to; the exit code that goes with it. */
function report(explorer: Explorer, o: ExploreCliOptions, since: number, interrupted: Exit | undefined): Exit {
  const result = explorer.result();
  const failure: FuzzFailure | undefined = explorer.failure();
  const wrong = failure === undefined ? wrongLines(result) : [];
  const ok = failure === undefined && wrong.length === 0;
  const file = o.record ?? freeName('explore', o.force === true);
  const kept = failure !== undefined && keep(file, recordingText(explorer.replayOptions, failure), o.force === true);
  if (o.json === true) {
    const { vms, parcels, commands, excuse, fault } = explorer.options;
    printJson({
      ok,
      interrupted: interrupted !== undefined,
      complete: result.left === 0,
      seconds: (Date.now() - since) / 1000,
      bound: { vms, parcels, depth: o.depth, commands, excuse, fault },
      ...json(result),
      wrong,
      failure,
      recording: kept ? file : undefined,
    });
  } else {
    if (o.quiet !== true && failure === undefined) for (const l of explorationLines(result)) print(l);
    if (failure !== undefined)
      for (const l of failureLines(failure, 'no sequence is shorter', kept ? file : undefined)) print(l);
    for (const l of wrong) print(l);
    if (wrong.length > 0) print(againLine(commandLine(['explore', ...(o.given ?? [])])));
    const early = interrupted === undefined ? '' : ' before it was interrupted';
    print(`${totalsLine(explorer.size, since)}; ${ok ? 'nothing failed' : '1 failed'}${early}`);
  }
  return ok ? (interrupted ?? Exit.OK) : Exit.FAILED;
}
