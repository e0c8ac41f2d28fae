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

const ITS_TRANSLATION = 0x1_0000;
const GITS_TYPER = 0x8;
const GITS_BASER0 = 0x100;
const GITS_BASER1 = 0x108;
/** Words of the control frame that are not 0. */
const ITS_REGISTERS: Readonly<Record<number, bigint>> = {
  // GITS_CTLR (quiescent) and GITS_IIDR.
  0: 0x8000_0000n,
  4: 0x43bn,
  [GITS_TYPER]: 0x1_efb1n,
  [GITS_TYPER + 4]: 0x1fn,
  // The tables of devices and of collections.
  [GITS_BASER0]: 0x200n,
  [GITS_BASER0 + 4]: 0x107_0000n,
  [GITS_BASER1]: 0x200n,
  [GITS_BASER1 + 4]: 0x407_0000n,
  // GITS_PIDR4, GITS_PIDR0 to 2, GITS_CIDR0 to 3.
  65488: 0x44n,
  65504: 0x94n,
  65508: 0xb4n,
  65512: 0x3bn,
  65520: 0x0dn,
  65524: 0xf0n,
  65528: 0x05n,
  65532: 0xb1n,
};
/** Those of them that answer 64 bits too; the others are 0 then. */
const ITS_WIDE: readonly number[] = [GITS_TYPER, GITS_BASER0, GITS_BASER1];

/** Interrupt translation service: the control frame takes 32 and 64 bits, the translation frame 16 and 32 (recorded). */
function its(offset: number, size: number): BusResult {
  if (offset >= ITS_TRANSLATION) return size === 2 || size === 4 ? { value: 0n } : 'abort';
  if (size === 4) return { value: ITS_REGISTERS[offset] ?? 0n };
  if (size !== 8) return 'abort';
  return { value: ITS_WIDE.includes(offset) ? (ITS_REGISTERS[offset + 4] << 32n) | ITS_REGISTERS[offset] : 0n };
}

/** Arm PrimeCell: identification in the last eight words of the page, other registers idle as given. */
function primeCell(id: number, registers: Readonly<Record<number, bigint>> = {}) {
  const cell = [0x0d, 0xf0, 0x05, 0xb1];
  return (offset: number): BusResult => {
    if (offset >= 0xff0) return { value: BigInt(cell[(offset - 0xff0) >> 2]) };
    if (offset >= 0xfe0) return { value: BigInt((id >>> (8 * ((offset - 0xfe0) >> 2))) & 0xff) };
    return { value: registers[offset] ?? 0n };
  };
}

const PL011_FLAGS = 0x18;
const PL011_EMPTY = 0x90n;
const VIRTIO_STRIDE = 0x200;
/** Transports without a device: magic "virt", legacy version, vendor "QEMU". */
const VIRTIO_REGISTERS: Readonly<Record<number, bigint>> = { 0: 0x7472_6976n, 4: 1n, 12: 0x554d_4551n };
/** Host bridge at 0:0.0, and nothing else: vendor and device, class, subsystem. */
const ECAM_REGISTERS: Readonly<Record<number, bigint>> = { 0: 0x0008_1b36n, 8: 0x0600_0000n, 44: 0x1100_1af4n };
const ECAM_FUNCTION = 0x1000;

const virtio = (offset: number, size: number): BusResult => ({
  value: size === 4 ? (VIRTIO_REGISTERS[offset % VIRTIO_STRIDE] ?? 0n) : 0n,
});

function ecam(offset: number, size: number): BusResult {
  if (offset >= ECAM_FUNCTION) return ones(offset, size);
  const word = ECAM_REGISTERS[offset & ~3] ?? 0n;
  return { value: BigInt.asUintN(8 * size, word >> BigInt(8 * (offset & 3))) };
}

const WINDOWS: readonly Window[] = [
  { base: 0x0000_0000, end: 0x0800_0000, read: zero }, // flash
  { base: 0x0808_0000, end: 0x080a_0000, read: its },
  { base: 0x0900_0000, end: 0x0900_1000, read: primeCell(0x0014_1011, { [PL011_FLAGS]: PL011_EMPTY }) }, // PL011
  { base: 0x0901_0000, end: 0x0901_1000, read: primeCell(0x0004_1031) }, // PL031, time not kept
  { base: 0x0902_0000, end: 0x0902_0018, read: zero }, // fw_cfg
  { base: 0x0903_0000, end: 0x0903_1000, read: primeCell(0x0004_1061) }, // PL061
  { base: 0x0a00_0000, end: 0x0a00_4000, read: virtio },
  { base: 0x1000_0000, end: 0x3eff_0000, read: ones }, // PCI memory
  { base: 0x3eff_0000, end: 0x3f00_0000, read: ones }, // PCI I/O
  { base: 0x3f00_0000, end: 0x4000_0000, read: ecam }, // PCI configuration
];

/** End of the addresses that belong to devices of the emulated board; memory begins here. */
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
