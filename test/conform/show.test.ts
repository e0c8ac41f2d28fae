import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { differenceLines, packetDifference, packetLines } from '../../src/conform/show.js';
import { pattern } from '../../src/conform/tester.js';
import { Msg, RpcType, rpcPacket } from '../../src/protocol/index.js';

const root = join(import.meta.dirname, '../..');

describe('two byte strings that should be equal', () => {
  const whole = pattern(300);

  it('are shown around the first difference, with its place in the fragments of the message', () => {
    const other = whole.slice();
    other[250] ^= 0xff;
    const text = differenceLines(other, whole, 4).join('\n');
    expect(text).toContain('300 bytes expected, 300 came');
    expect(text).toContain('^^ byte 250, byte 22 of the content of fragment 2');
    expect(text).not.toContain('missing');
  });

  it.each([
    ['bytes lost in the middle', [...whole.subarray(0, 228), ...whole.subarray(232)], '4 bytes are missing here'],
    ['bytes too many', [...whole.subarray(0, 8), 1, 2, 3, ...whole.subarray(8)], '3 bytes too many here'],
    ['a lost tail', [...whole.subarray(0, 100)], 'the last 200 bytes are missing'],
    ['a longer tail', [...whole, 9], '1 bytes too many at the end'],
  ])('name %s', (_, actual, says) => {
    expect(differenceLines(Uint8Array.from(actual), whole).join('\n')).toContain(says);
  });
});

describe('a packet that is not as it should be', () => {
  const right = rpcPacket(RpcType.REQUEST, Msg.VM_GET_STATE, 7, 0, Uint8Array.of(3, 0, 0, 0));

  it('is shown beside the right one, field by field, and the first wrong byte has a name', () => {
    const wrong = right.slice();
    wrong[8] = 5;
    const text = packetDifference(wrong, right).join('\n');
    expect(text).toMatch(/expected REQUEST VM_GET_STATE \(0x56000017\) seq 7, 8 \+ 4 bytes/);
    expect(text).toMatch(/vmid {2}3 \(HLOS\)[\s\S]*vmid {2}5/);
    expect(text).toContain('first difference at byte 8: byte 0 of the payload (vmid), 0x03 expected, 0x05 came');
  });

  it('may be wrong in its header, too short, or missing', () => {
    const wrong = right.slice();
    wrong[0] = 0x31;
    expect(packetDifference(wrong, right).join('\n')).toContain('byte 0: API version and header size');
    expect(packetDifference(right.subarray(0, 6), right).join('\n')).toContain('0x00 expected, the end came');
    expect(packetDifference(undefined, right).at(-1)).toBe('actual   nothing');
  });

  it('is shortened when it is long, and numbered within its message', () => {
    const [head, ...lines] = packetLines(rpcPacket(0, 0x5600_7700, 1, 2, pattern(232)), 2);
    expect(head).toBe('CONTINUED message 0x56007700 (of the test) seq 1, fragment 2 of 3, 8 + 232 bytes');
    expect(lines.at(-1)).toBe('  ... 200 bytes more');
  });
});

describe('the adapter guide', () => {
  const adapter = readFileSync(join(root, 'clients/c/adapter.h'), 'utf8');

  it('quotes the adapter as it is, which has less than 100 lines', () => {
    const blocks = [
      ...readFileSync(join(root, 'docs/conformance-adapter.md'), 'utf8').matchAll(/```c\n([\s\S]*?)```/g),
    ];
    expect(blocks.length).toBeGreaterThan(3);
    // The one line that serves a mutant is left out of the guide.
    const plain = adapter.replace(' || rm.bug == GR_BUG_ANY_IRQ_SENDS', '');
    for (const [, code] of blocks) expect(plain).toContain(code);
    expect(adapter.split('\n').length).toBeLessThan(100);
  });
});
