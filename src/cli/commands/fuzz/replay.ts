/** `fuzz --replay FILE`: a recorded failure again, or as a scenario. */
import { fuzzScenario, scenarioText } from '../../../export/index.js';
import { Fuzzer, type FuzzRecording, parseRecording, stepWords, type Watcher } from '../../../fuzz/index.js';
import { Machine, parseScenario, Run, textTrace } from '../../../scenario/index.js';
import { CliError, Exit } from '../../errors.js';
import { misplaced } from '../../file-kind.js';
import { readInput, shellWord } from '../../files.js';
import {
  checkDistinct,
  type GlobalOptions,
  prepareOutput,
  print,
  printBeside,
  printJson,
  useColor,
  writeOutput,
} from '../../output.js';

export interface FuzzReplayOptions extends GlobalOptions {
  readonly force?: boolean;
  /** Packets and hypercalls of every command. */
  readonly trace?: boolean;
  /** Where the sequence is written as a scenario; `-` is stdout. */
  readonly scenario?: string;
}

/** The sequence as a scenario: what it says of itself, in lines. It is played once, to tell what it shows. */
function writeScenario(to: string, { options, failure }: FuzzRecording, force: boolean): string[] {
  const { steps, left } = fuzzScenario(new Fuzzer(options), failure.commands);
  const text = scenarioText('fuzz', `A sequence of the fuzzer. ${failure.kind}: ${failure.what.split('\n')[0]}`, steps);
  writeOutput(to, text, force);
  const [failed] = new Run(parseScenario(text)).finish();
  return [
    ...(to === '-' ? [] : [`scenario: gunyah-sim run ${shellWord(to)}`]),
    ...left.map((words) => `  left out, a scenario has no step for it: ${words}`),
    ...(options.fault === '' ? [] : [`  the fault ${options.fault} is not in it`]),
    ...(failure.kind === 'invariant'
      ? [`  a scenario does not check invariants: look at the state, as with caps`]
      : []),
    failed === undefined ? '  every step is as the model says' : `  fails at ${failed.path}: ${failed.text}`,
  ];
}

export function replayFile(file: string, o: FuzzReplayOptions): Exit {
  const { json, trace, scenario } = o;
  checkDistinct({ '--scenario': scenario, '--json': json === true ? '-' : undefined }, [file]);
  prepareOutput(scenario, o.force === true);
  const bytes = readInput(file);
  const recording = parseRecording(new TextDecoder().decode(bytes));
  if (recording === undefined)
    throw new CliError(`${file}: ${misplaced('not a recording made by fuzz', bytes, 'fuzz')}`, Exit.INPUT);
  const fuzzer = new Fuzzer(recording.options);
  const say = scenario === '-' ? printBeside : print;
  let n = 0;
  const told: Watcher = { step: (command, step) => say(`${++n}. ${stepWords(command, step)}`) };
  if (trace === true) new Machine(fuzzer.sim, textTrace({ print: say, calls: true, color: useColor(o) }));
  const again = fuzzer.replay(recording.failure.commands, trace === true ? told : undefined);
  const { kind, tag } = recording.failure;
  const written = scenario === undefined ? [] : writeScenario(scenario, recording, o.force === true);
  if (json === true) printJson({ file, failed: again !== undefined, failure: again, scenario: written });
  else if (again === undefined) say(`passes now: ${recording.failure.commands.length} commands of ${file}`);
  else {
    const same = again.kind === kind && again.tag === tag ? 'fails as recorded' : 'FAILS IN ANOTHER WAY';
    say(`${same} (${again.kind}): ${again.what}`);
    if (trace !== true) for (const [i, w] of again.words.entries()) say(`  ${i + 1}. ${w}`);
  }
  if (json !== true) for (const line of written) say(line);
  return again === undefined ? Exit.OK : Exit.FAILED;
}
