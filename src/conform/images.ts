/** Which machine a check starts from. */
import type { BenchImage } from './bench.js';
import { bootGuestBench } from './guest-bench.js';
import type { Case } from './types.js';

let guest: BenchImage | undefined;

/** The machine with the client in the primary VM is given; the one with the client in another VM is made when it is needed. */
export function imageOf(c: Case, primary: BenchImage): BenchImage {
  if (c.level !== 'G') return primary;
  guest ??= bootGuestBench();
  return guest;
}
