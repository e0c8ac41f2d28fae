/**
 * What answers on the emulated board's bus below RAM: not Gunyah, but visible to the primary VM, which has the device range
 * mapped. Only presence and idle values are modelled (fact base: platform-qemu 4 and its "Corrections"); nothing here acts.
 */

/** `abort`: nothing answers, the access takes an external abort. */
export type BusResult = { value: bigint } | 'abort';

interface Window {
  base: number;
  end: number;
  read(offset: number, size: number): BusResult;
}

const zero = (): BusResult => ({ value: 0n });
const ones = (_offset: number, size: number): BusResult => ({ value: (1n << BigInt(size * 8)) - 1n });

const GITS_CTLR_QUIESCENT = 0x8000_0000n;

/** Interrupt translation service: 32-bit registers; of the 64-bit ones only the first is seen to answer. */
function its(offset: number, size: number): BusResult {
  if (size === 4) return { value: offset === 0 ? GITS_CTLR_QUIESCENT : 0n };
  return size === 8 && offset === 0 ? { value: 0n } : 'abort';
}

const WINDOWS: readonly Window[] = [
  { base: 0x0000_0000, end: 0x0800_0000, read: zero }, // flash
  { base: 0x0808_0000, end: 0x080a_0000, read: its },
  { base: 0x0900_0000, end: 0x0900_1000, read: zero }, // PL011
  { base: 0x0901_0000, end: 0x0901_1000, read: zero }, // PL031
  { base: 0x0902_0000, end: 0x0902_0018, read: zero }, // fw_cfg
  { base: 0x0903_0000, end: 0x0903_1000, read: zero }, // PL061
  { base: 0x0a00_0000, end: 0x0a00_4000, read: zero }, // virtio-mmio
  { base: 0x1000_0000, end: 0x3eff_0000, read: ones }, // PCI memory
  { base: 0x3eff_0000, end: 0x3f00_0000, read: ones }, // PCI I/O
  { base: 0x3f00_0000, end: 0x4000_0000, read: ones }, // PCI configuration
];

export const BUS_END = 0x4000_0000;

/** An access at a physical address below RAM. Writes are accepted where reads are, and do nothing. */
export function busAccess(pa: number, size: number, write: boolean): BusResult {
  for (const w of WINDOWS) {
    if (pa < w.base || pa + size > w.end) continue;
    const read = w.read(pa - w.base, size);
    return write && read !== 'abort' ? { value: 0n } : read;
  }
  return 'abort';
}
