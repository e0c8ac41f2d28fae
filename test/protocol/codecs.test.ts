import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/base/index.js';
import {
  decodeMemAcceptRequest,
  decodeVmExitedNotification,
  encodeMemLendRequest,
  encodeVmConfigImageRequest,
  LAYOUTS,
  Msg,
  Platform,
  RESOURCE_ENTRY_SIZE,
} from '../../src/protocol/index.js';
import { SAMPLES } from '../generated/arbitraries.js';

describe('message codecs', () => {
  it('decode what they encode, for every message', () => {
    for (const s of SAMPLES) {
      fc.assert(
        fc.property(s.roundTrip, ({ value, decoded }) => {
          expect(decoded, s.name).toEqual(value);
        }),
        { numRuns: 15, seed: 1 },
      );
    }
  });

  it('encode messages of fixed layout to exactly the size of the specification', () => {
    for (const s of SAMPLES) {
      const layout = s.kind === 'reply' ? LAYOUTS[s.id].reply : LAYOUTS[s.id].payload;
      fc.assert(
        fc.property(s.bytes, (b) => {
          if (layout?.size !== undefined) expect(b.length, s.name).toBe(layout.size);
          else expect(b.length, s.name).toBeGreaterThanOrEqual(Math.min(layout?.min ?? 0, 4));
        }),
        { numRuns: 5, seed: 2 },
      );
    }
  });

  it('cover every message that RM has code for', () => {
    const covered = new Set(SAMPLES.filter((s) => s.kind !== 'reply').map((s) => s.id));
    expect([...covered].sort()).toEqual(Object.keys(LAYOUTS).map(Number).sort());
  });

  it('produce the worked bytes of a loan of 128 MiB', () => {
    const bytes = encodeMemLendRequest({
      memType: 0,
      flags: 0,
      label: 0,
      acl: [{ vmid: 0x80, rights: 7 }],
      sgl: [{ ipa: 0x6000_0000n, size: 0x800_0000n }],
      attr: [],
    });
    expect(toHex(bytes)).toBe(
      '0000000000000000010000008000070001000000000000600000000000000008000000000000000000000000'.slice(0, 80),
    );
  });

  it('produce the worked bytes of an image configuration', () => {
    const bytes = encodeVmConfigImageRequest({
      vmid: 0x80,
      authType: 0,
      imageHandle: 0,
      imageOffset: 0n,
      imageSize: 0x200_0000n,
      dtOffset: 0x7e0_0000n,
      dtSize: 0x1_0000n,
    });
    expect(toHex(bytes)).toBe(
      '80000000000000000000000000000000000000020000000000 00e00700000000 0000010000000000'.replaceAll(' ', ''),
    );
  });

  it('read a long exit reason', () => {
    const m = decodeVmExitedNotification(
      Uint8Array.from('80 00 03 00 10 00 00 00 00 80 00 00 00 00 00 80 44 33 22 11 88 77 66 55'.split(' '), (x) =>
        Number.parseInt(x, 16),
      ),
    );
    expect(m).toMatchObject({ exitType: 3, exitFlags: 0x8000, resetType: 0x8000_0000, cookie: 0x5566_7788_1122_3344n });
  });

  it('refuse a list that is longer than the payload', () => {
    const b = new Uint8Array(24);
    b[12] = 3;
    expect(decodeMemAcceptRequest(b)).toBeUndefined();
  });

  it('agree with the platform constants', () => {
    expect(RESOURCE_ENTRY_SIZE).toBe(Platform.RESOURCE_ENTRY_SIZE);
    expect(LAYOUTS[Msg.N_VM_STATUS].payload.size).toBe(8);
  });
});
