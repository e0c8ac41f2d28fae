/** Which machine a check starts from. */
import type { BenchImage } from './bench-image.js';
import { bootGuestBench } from './guest-bench.js';
import type { Case } from './types.js';

/** One for each primary image: checks that run at the same time each have machines of their own. */
const guests = new WeakMap<BenchImage, BenchImage>();

/** The machine with the client in the primary VM is given; the one with the client in another VM is made when it is needed. */
export function imageOf(c: Case, primary: BenchImage): BenchImage {
  if (c.level !== 'G') return primary;
  const guest = guests.get(primary) ?? bootGuestBench();
  guests.set(primary, guest);
  return guest;
}
