/** `run FILE`: plays a scenario and prints what happens. */
import { concatBytes } from '../../base/index.js';
import {
  type LinkPacket,
  pcapngHeader,
  pcapngPacket,
  perfettoTrace,
  SpanCollector,
  tapLinks,
  timelineLines,
} from '../../export/index.js';
import { type RunEvent, textTrace } from '../../scenario/index.js';
import { Recorder, stateDigest } from '../../sim/index.js';
import { Exit } from '../errors.js';
import { packageVersion } from '../files.js';
import {
  checkDistinct,
  type GlobalOptions,
  paints,
  prepareOutput,
  print,
  printBeside,
  printJson,
  useColor,
  writeOutput,
} from '../output.js';
import { inFile, startRun, whyCommand } from './scenario-file.js';

interface RunCommandOptions extends GlobalOptions {
  readonly calls?: boolean;
  readonly allCalls?: boolean;
  readonly timeline?: boolean;
  readonly perfetto?: string;
  readonly pcap?: string;
  readonly record?: string;
  readonly force?: boolean;
}

/** Columns of the timeline beside its labels; those of a terminal that does not tell. */
const TIMELINE_MIN = 20;
const TIMELINE_MAX = 160;
const TIMELINE_MARGIN = 8;
const COLUMNS = 110;

export function run(file: string, options: RunCommandOptions): Exit {
  const { perfetto, pcap, record } = options;
  const json = options.json === true ? '-' : undefined;
  checkDistinct({ '--perfetto': perfetto, '--pcap': pcap, '--record': record, '--json': json }, [file]);
  // Who reads a file from stdout wants nothing else there.
  const say = [perfetto, pcap, record].includes('-') ? printBeside : print;
  for (const path of [perfetto, pcap, record]) prepareOutput(path, options.force === true);
  const quiet = options.quiet === true || options.json === true;
  const text = textTrace({ print: say, calls: options.calls !== false, color: useColor(options) });
  const events: RunEvent[] = [];
  const spans = new SpanCollector();
  const packets: Uint8Array[] = [pcapngHeader()];
  const capture = (p: LinkPacket): void => void packets.push(pcapngPacket(p));
  const recording: Uint8Array[] = [];
  let recorder: Recorder | undefined;
  const playing = startRun(file, {
    seed: options.seed,
    calls: options.allCalls === true ? 'all' : 'guests',
    listener: (e) => {
      if (!quiet) text(e);
      spans.add(e);
      if (options.perfetto !== undefined && e.kind !== 'execute') events.push(e);
    },
    prepare: (sim) => {
      if (options.pcap !== undefined) tapLinks(sim, capture);
      if (options.record === undefined) return;
      recorder = new Recorder(sim, { version: packageVersion(), about: file }, (part) => recording.push(part));
    },
  });
  const { sim, scenario } = playing;
  // The run has put its own trace in place of the first tap, which saw the boot.
  if (options.pcap !== undefined) tapLinks(sim, capture);
  const begin = sim.hyp.now;
  const { bold, red, green } = paints(options);
  const seed = sim.options.seed ?? 1;
  if (!quiet) say(bold(`${scenario.name}${scenario.about === '' ? '' : `: ${scenario.about}`}`));
  inFile(file, () => playing.finish());
  const end = sim.hyp.now;
  const drawn = spans.until(end);
  const digest = stateDigest(sim);
  if (options.perfetto !== undefined)
    writeOutput(options.perfetto, perfettoTrace(events, drawn), options.force === true);
  if (options.pcap !== undefined) writeOutput(options.pcap, concatBytes(...packets), options.force === true);
  recorder?.finish();
  if (options.record !== undefined) writeOutput(options.record, concatBytes(...recording), options.force === true);
  const ok = playing.failures.length === 0;
  const why = whyCommand(file, playing, options);
  if (options.json === true) {
    printJson({
      scenario: scenario.name,
      ok,
      steps: playing.next,
      of: scenario.steps.length,
      failures: playing.failures,
      why,
      virtualNs: end - begin,
      seed,
      digest,
      ...(options.timeline === true ? { spans: drawn } : {}),
    });
  } else {
    if (options.timeline === true) {
      const room = (process.stdout.columns || COLUMNS) - TIMELINE_MARGIN;
      const width = Math.max(TIMELINE_MIN, Math.min(room, TIMELINE_MAX));
      for (const line of timelineLines(drawn, begin, end, width)) say(line);
    }
    const verdict = ok ? green('passed') : red('failed');
    say(
      `${scenario.name} ${verdict}: ${playing.next} of ${scenario.steps.length} steps, ${((end - begin) / 1e6).toFixed(3)} ms of virtual time, seed ${seed}, digest ${digest}`,
    );
    for (const f of playing.failures) say(`  ${f.path}: ${f.text}`);
    if (why !== undefined) say(`why: ${why}`);
  }
  return ok ? Exit.OK : Exit.FAILED;
}
