/**
 * Ctrl-C, or the end asked for by a CI system, while a command works for long: it stops and shows what it has so far. A second
 * signal ends it at once. Commands that keep nothing do without: the signal ends them.
 */
import { Exit } from './errors.js';

export interface Interrupt {
  /** Exit code that goes with the signal; undefined: none has come. */
  readonly code: Exit | undefined;
  readonly happened: Promise<void>;
}

const SIGNALS = [
  ['SIGINT', Exit.INTERRUPTED],
  ['SIGTERM', Exit.TERMINATED],
] as const;

export function onInterrupt(): Interrupt {
  let code: Exit | undefined;
  const happened = new Promise<void>((resolve) => {
    for (const [signal, exit] of SIGNALS) {
      process.on(signal, () => {
        if (code !== undefined) process.exit(exit);
        code = exit;
        resolve();
      });
    }
  });
  return {
    get code() {
      return code;
    },
    happened,
  };
}
