/**
 * Directed sequences: together they get every answer that can be got and take every transition that can be taken. A run of the
 * fuzzer starts with them, so that its coverage table does not depend on luck; random sequences follow.
 *
 * One line each: commands with their arguments; missing arguments are 0.
 */
import { SEQUENCES } from './corpus-data.js';
import { COMMANDS, type Command } from './lifecycle/commands.js';

export function parseSequence(text: string): Command[] {
  return text.split(',').map((part) => {
    const [name, ...args] = part.trim().split(' ');
    const { limits } = COMMANDS[name];
    return { name, args: limits.map((_, i) => Number(args[i] ?? 0)) };
  });
}

/** Without arguments that are 0 at the end. */
export const sequenceText = (commands: readonly Command[]): string =>
  commands.map(({ name, args }) => [name, ...args].join(' ').replace(/( 0)+$/, '')).join(', ');

export const corpus = (): Command[][] => SEQUENCES.map(parseSequence);
