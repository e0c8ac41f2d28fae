/** A failure as a file: everything that replaying it needs. */
import { FAULTS } from './faults.js';
import { defaultFuzzOptions, type FuzzFailure, type FuzzOptions } from './fuzz.js';
import { COMMANDS, type Command } from './lifecycle/commands.js';

const FORMAT = 'gunyah-fuzz/1';

export interface FuzzRecording {
  format: typeof FORMAT;
  options: FuzzOptions;
  failure: FuzzFailure;
}

export const recordingText = (options: FuzzOptions, failure: FuzzFailure): string =>
  `${JSON.stringify({ format: FORMAT, options, failure } satisfies FuzzRecording, undefined, 1)}\n`;

const isCommand = (c: unknown): c is Command => {
  const { name, args } = (c ?? {}) as Partial<Command>;
  const limits = name === undefined ? undefined : COMMANDS[name]?.limits;
  return limits !== undefined && Array.isArray(args) && args.every((a) => Number.isInteger(a) && a >= 0);
};

/** Recorded options, with the values of today for those that the recording does not have. */
function optionsOf(recorded: Partial<FuzzOptions>): FuzzOptions | undefined {
  const o = { ...defaultFuzzOptions(), ...recorded };
  const known = o.fault === '' || Object.hasOwn(FAULTS, o.fault);
  return known && Array.isArray(o.excuse) && Number.isInteger(o.seed) ? o : undefined;
}

/** Undefined: not a recording of the fuzzer, or one with commands that this version does not know. */
export function parseRecording(text: string): FuzzRecording | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const recording = value as Partial<FuzzRecording> | null;
  if (recording?.format !== FORMAT || typeof recording.options !== 'object') return undefined;
  const options = optionsOf(recording.options ?? {});
  const commands = recording.failure?.commands;
  if (options === undefined || !Array.isArray(commands) || !commands.every(isCommand)) return undefined;
  return { ...(recording as FuzzRecording), options };
}
