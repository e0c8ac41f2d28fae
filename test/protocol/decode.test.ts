import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex } from '../../src/base/index.js';
import { decodeMessage, decodePacket, describePacket, RpcType, rpcPackets } from '../../src/protocol/index.js';
import { SAMPLES } from '../generated/arbitraries.js';

const text = (hex: string): string => describePacket(decodePacket(fromHex(hex) ?? new Uint8Array()));

describe('packet decoder', () => {
  it('names an empty request', () => {
    expect(text('21 01 00 00 24 00 00 56')).toBe('REQUEST VM_GET_VMID (0x56000024) seq 0, 0 bytes');
  });

  it('shows the fields of a reply', () => {
    expect(text('21 02 00 00 24 00 00 56 00000000 03000000')).toContain('vmid  3 (HLOS)');
  });

  it('names the code of an error reply', () => {
    expect(text('21 02 03 00 02 00 00 56 03000000')).toContain('error DENIED (0x3)');
  });

  it('shows lists entry by entry', () => {
    const t = text(
      '21 01 05 00 12 00 00 51 0000000000000000 01000000 80000700 01000000 0000006000000000 0000000800000000 00000000',
    );
    expect(t).toContain('[0] vmid 128, rights RWX (7)');
    expect(t).toContain('[0] ipa 0x60000000, size 0x8000000');
    expect(t).not.toContain('!');
  });

  it('shows the extra word of the two requests that have one', () => {
    expect(text('21 02 03 00 30 00 00 56 06000000 1e000000')).toContain('hyp_error  30');
  });

  it('says what RM does with a malformed packet', () => {
    expect(text('21')).toContain('dropped in silence');
    expect(text('11 01 05 00 12 00 00 51')).toContain('header of 1 words');
    expect(text('21 fd 05 00 12 00 00 51')).toContain('fragment count 63');
    expect(text('21 01 04 00 33 00 00 56')).toContain('RM does not know this id');
    expect(text('21 01 04 00 07 00 00 56')).toContain('RM has no code for this id');
    expect(text('21 01 01 00 05 00 00 56 800001ff')).toContain('4 bytes, 8 needed');
  });

  it('does not judge the length of a first fragment', () => {
    expect(text('21 11 08 00 13 00 00 51 0000')).not.toContain('!');
  });

  it('reports bytes behind the last list and entries that are missing', () => {
    expect(text('21 01 05 00 18 00 00 51 00000000 00000000 00000000 00')).toContain('1 bytes after the end');
    expect(text('21 01 05 00 18 00 00 51 00000000 00000000 02000000')).toContain('announces 2 entries, 0 are there');
  });

  it('finds nothing wrong with any valid message', () => {
    for (const s of SAMPLES) {
      const type = s.kind === 'request' ? RpcType.REQUEST : s.kind === 'reply' ? RpcType.REPLY : RpcType.NOTIFICATION;
      fc.assert(
        fc.property(s.bytes, (b) => {
          expect(decodeMessage(type, s.id, b).problems, s.name).toEqual([]);
        }),
        { numRuns: 10, seed: 3 },
      );
    }
  });

  it('never throws, whatever the bytes', () => {
    const any = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      ...SAMPLES.map((s) => s.broken.map((b) => rpcPackets(RpcType.REQUEST, s.id, 1, b)?.[0] ?? b)),
      ...SAMPLES.map((s) => s.broken.map((b) => rpcPackets(RpcType.REPLY, s.id, 1, b)?.[0] ?? b)),
    );
    fc.assert(
      fc.property(any, (b) => {
        expect(typeof describePacket(decodePacket(b))).toBe('string');
      }),
      { numRuns: 1500, seed: 4 },
    );
  });

  it('cuts messages as RM does', () => {
    const packets = rpcPackets(RpcType.REQUEST, 0x51000013, 8, new Uint8Array(1000)) ?? [];
    expect(packets.map((p) => p.length - 8)).toEqual([232, 232, 232, 232, 72]);
    expect(packets.map((p) => p[1])).toEqual([0x11, 0x10, 0x10, 0x10, 0x10]);
    expect(rpcPackets(RpcType.REQUEST, 1, 1, new Uint8Array(14617))).toBeUndefined();
  });
});
