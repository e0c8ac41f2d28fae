/**
 * `explain FILE --step N`: which check of a call or request refused in that step of a scenario, and what would have passed; what
 * the step expected and did not get; what it killed.
 */
import { deathOf, type RunEvent, whyBlocks, whyOf } from '../../scenario/index.js';
import { CliError } from '../errors.js';
import { type GlobalOptions, print, printJson } from '../output.js';
import { inFile, startRun } from './scenario-file.js';

export function explainStep(file: string, step: number, options: GlobalOptions): number {
  const seen: RunEvent[] = [];
  const playing = startRun(file, { seed: options.seed, calls: 'guests', listener: (e) => seen.push(e) });
  const { steps } = playing.scenario;
  if (step > steps.length) {
    throw new CliError(`${file} has steps 1 to ${steps.length}; --step ${step} is none of them`);
  }
  let deadBefore = deathOf(playing.sim);
  inFile(file, () => {
    while (playing.next < step && !playing.done) {
      seen.length = 0;
      deadBefore = deathOf(playing.sim);
      playing.step();
    }
  });
  if (playing.next < step) {
    throw new CliError(
      `step ${step} of ${file} is not reached: step ${playing.next} fails; --step ${playing.next} tells why`,
    );
  }
  const why = whyOf(playing, seen, deadBefore);
  if (options.json === true) {
    printJson(why);
    return 0;
  }
  const blocks = whyBlocks(why);
  if (blocks.length === 0) blocks.push([`nothing was refused in step ${step}`]);
  print(blocks.map((block) => block.join('\n')).join('\n\n'));
  return 0;
}
