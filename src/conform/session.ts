/** The reference client and its machine, in this process. */
import { Bench } from './bench.js';
import type { BenchImage } from './bench-image.js';
import { BenchPort } from './client/bench-port.js';
import { UpperTester } from './client/upper.js';
import { parseGreeting } from './greeting.js';
import { Tester } from './tester.js';
import type { Case, Until } from './types.js';

/** How one client is driven through one step of a script. */
export interface Session {
  bench: Bench;
  tester: Tester;
  /** Lets client and machine work until the step is over. */
  drive(step: Until): void;
}

/** The reference client, in process. */
export function builtinSession(image: BenchImage, bugs: ReadonlySet<string>, c?: Case): Session {
  const bench = new Bench(image);
  c?.prepare?.(bench);
  const upper = new UpperTester(new BenchPort(bench), bugs);
  const tester = new Tester(bench, { command: (line) => upper.command(line) });
  upper.attach();
  tester.greeting = parseGreeting(upper.take()[0]) ?? tester.greeting;
  const drive = (step: Until): void => {
    const limit = bench.now() + step.limitNs;
    for (;;) {
      const worked = upper.pump();
      tester.hear(upper.take());
      if (step.done()) return;
      if (!bench.advance(limit) && !worked) return;
      if (bench.now() > limit) return;
    }
  };
  return { bench, tester, drive };
}
