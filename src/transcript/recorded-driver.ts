/** Facts about the program that made the recordings, for every driver that stands in for it. Fact base: transcript format 2 and 3. */
import { parseSysreg } from '../gic/sysregs/encoding.js';
import type { Header } from './events.js';

/** CPACR_EL1: it enables floating point on every vCPU before anything else. */
export const RECORDER_CPACR = 0x30_0000n;

/** Its packet buffers when the header does not name them. */
const TX_BUFFER = 0x4103_3000;
const RX_BUFFER = 0x4103_b000;

/** Where its packets lie. */
export interface Buffers {
  readonly tx: number;
  readonly rx: number;
}

export const buffersOf = (header: Header): Buffers => ({
  tx: Number(header.txBuffer ?? TX_BUFFER),
  rx: Number(header.rxBuffer ?? RX_BUFFER),
});

/** `S3_0_C12_C12_0` as encoding. Throws on what the reader does not let pass. */
export function registerOf(enc: string): number {
  const parsed = parseSysreg(enc);
  if (parsed === undefined) throw new RangeError(`${enc} does not name a system register`);
  return parsed;
}
