/**
 * ID registers of the 3_0_C0_C1..C7 block, which always trap. A pinned vCPU (the primary VM's) sees the emulated CPU's own values
 * with some fields hidden; any other one sees values that Gunyah makes from its build configuration.
 * Source: fact base vcpu-and-scheduler 11 and "Corrections"; registers of the block that are not listed read 0.
 */
import { sysreg } from './encoding.js';

const id = (crm: number, op2: number): number => sysreg(3, 0, 0, crm, op2);

/** [register, pinned, not pinned] */
const ROWS: readonly (readonly [enc: number, pinned: bigint, migratable: bigint])[] = [
  [id(1, 0), 0x0101_0131n, 0x0001_0131n], // ID_PFR0_EL1
  [id(1, 1), 0x1001_1001n, 0x1001_0000n], // ID_PFR1_EL1
  [id(1, 2), 0x0600_0009n, 0x0001_0000n], // ID_DFR0_EL1
  [id(1, 4), 0x1010_1105n, 0x1020_1105n], // ID_MMFR0_EL1
  [id(1, 5), 0x4000_0000n, 0x4000_0000n], // ID_MMFR1_EL1
  [id(1, 6), 0x0126_0000n, 0x0126_0000n], // ID_MMFR2_EL1
  [id(1, 7), 0x0212_2211n, 0x0212_2211n], // ID_MMFR3_EL1
  [id(2, 0), 0x0210_1110n, 0x0200_1110n], // ID_ISAR0_EL1
  [id(2, 1), 0x1311_2111n, 0x1311_2110n], // ID_ISAR1_EL1
  [id(2, 2), 0x2123_2042n, 0x2123_2042n], // ID_ISAR2_EL1
  [id(2, 3), 0x0111_2131n, 0x0111_2131n], // ID_ISAR3_EL1
  [id(2, 4), 0x0001_1142n, 0x0001_0142n], // ID_ISAR4_EL1
  [id(2, 5), 0x1101_1121n, 0x0101_1121n], // ID_ISAR5_EL1
  [id(2, 6), 0x0001_1110n, 0x0002_1110n], // ID_MMFR4_EL1
  [id(2, 7), 0x0111_1111n, 0x0000_0010n], // ID_ISAR6_EL1
  [id(3, 0), 0x1011_0222n, 0x1011_0222n], // MVFR0_EL1
  [id(3, 1), 0x1321_1111n, 0x1321_1111n], // MVFR1_EL1
  [id(3, 2), 0x0000_0043n, 0x0000_0043n], // MVFR2_EL1
  [id(3, 4), 0x0000_0001n, 0x0000_0001n], // ID_PFR2_EL1
  [id(4, 0), 0x1101_0001_0111_1112n, 0x1100_0000_0100_1112n], // ID_AA64PFR0_EL1
  [id(4, 1), 0x21n, 0x0n], // ID_AA64PFR1_EL1
  [id(4, 4), 0x0110_1101_0011_0021n, 0x0n], // ID_AA64ZFR0_EL1
  [id(5, 0), 0x1030_5609n, 0x1030_5609n], // ID_AA64DFR0_EL1
  [id(6, 0), 0x1221_1111_1021_2120n, 0x2000_1000_1021_0120n], // ID_AA64ISAR0_EL1
  [id(6, 1), 0x0011_0111_0021_1002n, 0x1n], // ID_AA64ISAR1_EL1
  [id(7, 0), 0x0323_1020_1126n, 0x0f00_1121n], // ID_AA64MMFR0_EL1
  [id(7, 1), 0x0110_1021_1122n, 0x1021_2120n], // ID_AA64MMFR1_EL1
  [id(7, 2), 0x1021_0110_1001_1011n, 0x1011n], // ID_AA64MMFR2_EL1
];

const byEncoding = new Map(ROWS.map(([enc, pinned, migratable]) => [enc, [pinned, migratable] as const]));

export function idRegister(enc: number, pinned: boolean): bigint {
  const row = byEncoding.get(enc);
  return row === undefined ? 0n : row[pinned ? 0 : 1];
}

/** MIDR_EL1: the emulated CPU, or a synthetic one (implementer 0, part 0x48). */
export const midr = (pinned: boolean): bigint => (pinned ? 0x000f_0510n : 0x000f_0480n);
