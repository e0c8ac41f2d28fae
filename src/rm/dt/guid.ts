/** GUIDs as RM reads them, in `vm-guid` of a VM's tree and in a `peer` string (fact base: rm-boot-and-dt 4.3, 6.3). */

/** No white space but that of the C library; a NUL or a byte above 127 is none. */
const SPACE = /^[ \t\n\v\f\r]+/;
/** One number within four characters: `0x` must be followed by a digit, a zero before anything else is a number. */
const NUMBER = /^([+-]?)(?:0[xX]|(?!0[xX]))([0-9a-fA-F]+)/;

/**
 * Eight groups of up to four characters, as the C library's `scanf` reads "%04x%04x-%04x-%04x-%04x-%04x%04x%04x": white space
 * and a sign may precede a number, sign and `0x` count among the four characters, a dash must be where the format has one
 * and right behind the number, anything may follow. Sixteen bytes, or undefined.
 */
export function parseGuid(text: string): number[] | undefined {
  const bytes: number[] = [];
  let rest = text;
  for (let group = 0; group < 8; group++) {
    if (group >= 2 && group <= 5) {
      if (!rest.startsWith('-')) return undefined;
      rest = rest.slice(1);
    }
    rest = rest.replace(SPACE, '');
    const m = NUMBER.exec(rest.slice(0, 4));
    if (m === null) return undefined;
    rest = rest.slice(m[0].length);
    const value = Number.parseInt(m[2], 16) * (m[1] === '-' ? -1 : 1);
    bytes.push((value >> 8) & 0xff, value & 0xff);
  }
  return bytes;
}
