/** A failure as a file: everything that replaying it needs. */
import type { FuzzFailure, FuzzOptions } from './fuzz.js';
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

/** Undefined: not a recording of the fuzzer, or one with commands that this version does not know. */
export function parseRecording(text: string): FuzzRecording | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const recording = value as Partial<FuzzRecording> | null;
  if (recording?.format !== FORMAT || recording.options === undefined) return undefined;
  const commands = recording.failure?.commands;
  return Array.isArray(commands) && commands.every(isCommand) ? (recording as FuzzRecording) : undefined;
}
