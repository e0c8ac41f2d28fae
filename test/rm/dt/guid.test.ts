import { describe, expect, it } from 'vitest';
import { toHex } from '../../../src/base/index.js';
import { parseGuid } from '../../../src/rm/dt/guid.js';

const read = (text: string): string | undefined => {
  const bytes = parseGuid(text);
  return bytes === undefined ? undefined : toHex(Uint8Array.from(bytes));
};

describe('a GUID is read as scanf does', () => {
  it('eight groups, in upper and lower case, with anything behind', () => {
    expect(read('01234567-89ab-cdef-0123-456789ABCDEF')).toBe('0123456789abcdef0123456789abcdef');
    expect(read('00000000-0000-0000-0000-000000000001 tail')).toBe('00000000000000000000000000000001');
    expect(read('1-2')).toBeUndefined();
    expect(read('')).toBeUndefined();
  });

  it('a group may be short', () => {
    expect(read('00000000-0000-0000-0000-00000000f')).toBe('0000000000000000000000000000000f');
    expect(read('00000000-0000-0000-0000-00000000')).toBeUndefined();
    expect(read('  1  2- 3-4-5-6  7  8')).toBe('00010002000300040005000600070008');
  });

  it('a dash must be right behind its group, and elsewhere is a sign', () => {
    expect(read('0000000000000000-0000-000000000000')).toBeUndefined();
    expect(read('00112233 -4455-6677-8899-aabbccddeeff')).toBeUndefined();
    expect(read('0011-223-4455-6677-8899-aabbccddeeff')).toBe('0011fddd445566778899aabbccddeeff');
    expect(read('-112233-4455-6677-8899-aabbccddeeff')).toBe('feee0233445566778899aabbccddeeff');
    expect(read('+1122233-4455-6677-8899-aabbccddeeff')).toBe('01122233445566778899aabbccddeeff');
  });

  it('0x counts among the four characters and needs a digit', () => {
    expect(read('0x120X34-4455-6677-8899-aabbccddeeff')).toBe('00120034445566778899aabbccddeeff');
    expect(read('-0x12233-4455-6677-8899-aabbccddeeff')).toBe('ffff2233445566778899aabbccddeeff');
    expect(read('00112233-4455-6677-8899-aabbccdd0x')).toBeUndefined();
    expect(read('00112233-4455-6677-8899-aabbccdd0xg')).toBeUndefined();
    expect(read('00112233-4455-6677-8899-aabbccdd00x')).toBe('00112233445566778899aabbccdd0000');
  });

  it('only the white space of the C library is skipped', () => {
    expect(read(' \t\n\v\f\r00112233-4455-6677-8899-aabbccddeeff')).toBe('00112233445566778899aabbccddeeff');
    expect(read('\u00a000112233-4455-6677-8899-aabbccddeeff')).toBeUndefined();
  });
});
