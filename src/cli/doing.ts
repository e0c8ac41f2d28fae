/**
 * What a command is about at the moment, for the report of a bug of ours: an assertion alone does not say how to see it again.
 * Commands register facts once; each is asked for only when it comes to a report.
 */
import { commandLine } from './files.js';

type Fact = () => string | number | undefined;

/** What is known at most; shown in this order. `again`: the command that shows it again, where the whole line says too much. */
export type FactName = 'file' | 'step' | 'line' | 'input' | 'check' | 'seed' | 'at' | 'again';
const SHOWN: readonly FactName[] = ['file', 'step', 'line', 'input', 'check', 'seed', 'at'];

let facts: Partial<Record<FactName, Fact>> = {};

/** A command begins: nothing is known of it. */
export function nothingDoing(): void {
  facts = {};
}

/** Adds to what is known, in place of what was. */
export function doing(more: Partial<Record<FactName, Fact>>): void {
  facts = { ...facts, ...more };
}

/** A fact may be about something that is half made. */
function told(name: FactName): string | undefined {
  try {
    return facts[name]?.()?.toString();
  } catch {
    return undefined;
  }
}

/** Virtual time in the form of a fact. */
export const virtualMs = (ns: number): string => `${(ns / 1e6).toFixed(3)} ms of virtual time`;

/** `args`: the command line, without node and program; `more` is known beside what the command has told. */
export function bugReport(error: unknown, args: readonly string[], more: Partial<Record<FactName, Fact>> = {}): string {
  doing(more);
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const known = SHOWN.flatMap((name) => {
    const fact = told(name);
    return fact === undefined ? [] : [`${name} ${fact}`];
  });
  return [
    `this is a bug of gunyah-sim: ${stack}`,
    ...(known.length === 0 ? [] : [`where: ${known.join(', ')}`]),
    `again: ${told('again') ?? commandLine(args)}`,
  ].join('\n');
}
