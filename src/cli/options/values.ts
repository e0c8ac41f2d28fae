/** Values of options that several commands have. A wrong one is a mistake in usage, whether it would be used or not. */
import { type Command, InvalidArgumentError } from 'commander';
import { nearest } from '../../base/index.js';

/** Decimal or 0x. */
const NUMBER = /^(0x[0-9a-f]+|\d+(\.\d+)?(e\+?\d+)?|Infinity)$/i;

const numberOf = (text: string): number => (NUMBER.test(text) ? Number(text) : Number.NaN);

/** A whole number from `min` to `max`. */
export const whole =
  (min: number, max: number) =>
  (text: string): number => {
    const n = numberOf(text);
    if (!(Number.isInteger(n) && n >= min && n <= max))
      throw new InvalidArgumentError(`give a whole number from ${min} to ${max}`);
    return n;
  };

/** Any number above 0, Infinity too. */
export function positive(text: string): number {
  const n = numberOf(text);
  if (!(n > 0)) throw new InvalidArgumentError('give a number above 0');
  return n;
}

/** Milliseconds, an hour at most. */
export const milliseconds =
  (min: number) =>
  (text: string): number => {
    const n = numberOf(text);
    if (!(n >= min && n <= 3_600_000)) throw new InvalidArgumentError(`give milliseconds, ${min} to 3600000`);
    return n;
  };

/** `--seed`: decimal or 0x. */
export function seed(text: string): number {
  const n = /^(0x[0-9a-f]+|\d+)$/i.test(text) ? Number(text) : Number.NaN;
  if (!(n <= 0xffff_ffff)) throw new InvalidArgumentError('give 0 to 4294967295, decimal or 0x...');
  return n;
}

/** An option that may be repeated. */
export const collect = (value: string, all: string[] | undefined): string[] => [...(all ?? []), value];

/** One that may be repeated, or be given several values with commas in between. */
export const collectWords = (value: string, all: string[] | undefined): string[] => [
  ...(all ?? []),
  ...value.split(','),
];

/** The same where giving nothing means nothing. */
export const collectList = (value: string, all: string[] | undefined): string[] =>
  collectWords(value, all).filter((s) => s !== '');

/** `did you mean NAME? `, or nothing where no name is near. */
export function meant(word: string, names: readonly string[]): string {
  const best = nearest(word, names) ?? names.find((n) => n.includes(word));
  return best === undefined ? '' : `did you mean ${best}? `;
}

/** Those of the named options that stand on the command line, as words of one: for a command that repeats a part of the work. */
export function givenOptions(command: Command, names: readonly string[]): string[] {
  const values = command.optsWithGlobals<Record<string, unknown>>();
  const known = [command, ...(command.parent === null ? [] : [command.parent])].flatMap((c) => c.options);
  return names.flatMap((name) => {
    const flag = known.find((o) => o.attributeName() === name)?.long;
    if (flag == null || command.getOptionValueSourceWithGlobals(name) !== 'cli') return [];
    return [values[name]].flat().flatMap((value) => [flag, String(value)]);
  });
}
