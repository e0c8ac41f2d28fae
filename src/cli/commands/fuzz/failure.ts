/** A failure of `fuzz` or `explore`: its file, and what is said of it. */
import { existsSync } from 'node:fs';
import { counted } from '../../../base/index.js';
import { FAULTS, type FuzzFailure } from '../../../fuzz/index.js';
import { DEATHS, Msg } from '../../../protocol/index.js';
import { INVARIANTS } from '../../../sim/index.js';
import { CliError } from '../../errors.js';
import { shellWord } from '../../files.js';
import { meant } from '../../options/values.js';
import { print, writeOutput } from '../../output.js';

/** Ways to die and a fault, as options give them: each must exist. */
export function checkNames(excuse: readonly string[], fault: string): void {
  for (const id of excuse) {
    if (id !== 'all' && !Object.hasOwn(DEATHS, id))
      throw new CliError(
        `--excuse ${id}: no such way to die; ${meant(id, Object.keys(DEATHS))}"gunyah-sim explain deaths" lists them, "all" means every one`,
      );
  }
  if (fault !== '' && !Object.hasOwn(FAULTS, fault))
    throw new CliError(
      `--fault: no fault is called ${fault}: ${meant(fault, Object.keys(FAULTS))}there are ${Object.keys(FAULTS).join(', ')}`,
    );
}

/** Name of a new recording in the working directory. */
export function freeName(stem: string, force: boolean): string {
  const name = (n: number): string => `${stem}${n === 1 ? '' : `-${n}`}.json`;
  let n = 1;
  while (!force && existsSync(name(n))) n++;
  return name(n);
}

/** Hours may have gone into it: where its file cannot be written any more, it is printed. Returns whether there is a file. */
export function keep(file: string, text: string, force: boolean): boolean {
  try {
    writeOutput(file, text, force);
    return file !== '-';
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    process.stderr.write(`error: ${error.message}; the recording is printed instead\n`);
    print(text);
    return false;
  }
}

/** What `explain` knows about a failure: the invariant, the way to die, or the message. */
function explained(tag: string): string | undefined {
  if (Object.hasOwn(INVARIANTS, tag) || Object.hasOwn(DEATHS, tag)) return tag;
  return tag.split(/[^A-Z_]+/).find((word) => Object.hasOwn(Msg, word) || Object.hasOwn(Msg, `N_${word}`));
}

/** `from`: where the commands come from. `file`: where the recording is; undefined: it was printed. */
export function failureLines(failure: FuzzFailure, from: string, file: string | undefined): string[] {
  const about = explained(failure.tag);
  return [
    `FAILED (${failure.kind}): ${failure.what}`,
    `${counted(failure.commands.length, 'command')}, ${from}:`,
    ...failure.words.map((w, i) => `  ${i + 1}. ${w}`),
    ...(about === undefined ? [] : [`what was checked: gunyah-sim explain ${about}`]),
    file === undefined
      ? 'replay: put the recording above into a FILE, then gunyah-sim fuzz --replay FILE'
      : `replay: gunyah-sim fuzz --replay ${shellWord(file)}`,
    'with its packets: --trace; as a scenario: --scenario FILE',
  ];
}
