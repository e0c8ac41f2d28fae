/** Names of system registers in the architecture's generic form. */

/** op0 (2 bits), op1 (3), CRn (4), CRm (4), op2 (3): bits 20:5 of the MRS and MSR instructions. */
export const sysreg = (op0: number, op1: number, crn: number, crm: number, op2: number): number =>
  (op0 << 14) | (op1 << 11) | (crn << 7) | (crm << 3) | op2;

export const op0Of = (enc: number): number => enc >>> 14;
export const op1Of = (enc: number): number => (enc >>> 11) & 7;
export const crnOf = (enc: number): number => (enc >>> 7) & 0xf;
export const crmOf = (enc: number): number => (enc >>> 3) & 0xf;
export const op2Of = (enc: number): number => enc & 7;

/** "S3_0_C12_C12_0" to its encoding; undefined when it is not of that form. */
export function parseSysreg(text: string): number | undefined {
  const m = /^S([23])_([0-7])_C(\d+)_C(\d+)_([0-7])$/.exec(text);
  return m === null ? undefined : sysreg(Number(m[1]), Number(m[2]), Number(m[3]), Number(m[4]), Number(m[5]));
}

/** ESR_EL1 of an undefined instruction. */
export const ESR_UNDEF = 0x0200_0000;

/** ESR_EL1 with exception class 0x18 for a trapped access: `rt` destination register, `read` MRS. */
export const esrTrappedSysreg = (enc: number, rt: number, read: boolean): number =>
  (0x6200_0000 |
    (op0Of(enc) << 20) |
    (op2Of(enc) << 17) |
    (op1Of(enc) << 14) |
    (crnOf(enc) << 10) |
    (rt << 5) |
    (crmOf(enc) << 1) |
    (read ? 1 : 0)) >>>
  0;
