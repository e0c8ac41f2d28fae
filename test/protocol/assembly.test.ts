import { describe, expect, it } from 'vitest';
import {
  collectPacket,
  type RpcAssembly,
  RpcType,
  rpcAssembly,
  rpcMessage,
  rpcPacket,
  rpcPackets,
} from '../../src/protocol/index.js';

const LONG = Uint8Array.from({ length: 600 }, (_, i) => i);
const cut = (seq: number, payload: Uint8Array, type: RpcType = RpcType.REPLY): Uint8Array[] =>
  rpcPackets(type, 0x5600_0001, seq, payload) ?? [];

/** What each packet gives: the message, or the word. */
const fed = (packets: readonly Uint8Array[], a: RpcAssembly = rpcAssembly()) =>
  packets.map((packet) => {
    const got = collectPacket(a, packet);
    return typeof got === 'string' ? got : rpcMessage(got);
  });

describe('packets of RM', () => {
  it('are put together to the message that was cut', () => {
    for (const payload of [new Uint8Array(0), LONG.slice(0, 232), LONG.slice(0, 233), LONG]) {
      const got = fed(cut(3, payload));
      expect(got.pop()).toEqual({ type: RpcType.REPLY, id: 0x5600_0001, seq: 3, payload });
      expect(got.every((g) => g === 'more')).toBe(true);
    }
  });

  it('of one message may have a whole other one in between', () => {
    const [first, ...rest] = cut(3, LONG);
    const [note] = cut(0, LONG.slice(0, 4), RpcType.NOTIFICATION);
    const got = fed([first, note, ...rest]);
    expect(got).toMatchObject(['more', { type: RpcType.NOTIFICATION }, 'more', { seq: 3, payload: LONG }]);
  });

  it('that begin another message end the one under way', () => {
    const [a, b] = [cut(3, LONG), cut(4, LONG)];
    expect(fed([a[0], ...b, a[1]])).toMatchObject(['more', 'more', 'more', { seq: 4 }, 'stray']);
  });

  it('belong to nothing with a broken header, or with a number, id or count of no message under way', () => {
    const [first, second, third] = cut(3, LONG);
    const content = second.subarray(8);
    const strays = [
      rpcPacket(RpcType.CONTINUED, 0x5600_0001, 4, 2, content),
      rpcPacket(RpcType.CONTINUED, 0x5600_0002, 3, 2, content),
      rpcPacket(RpcType.CONTINUED, 0x5600_0001, 3, 3, content),
      rpcPacket(RpcType.REPLY, 0x5600_0001, 3, 63, content),
      Uint8Array.of(0x22, ...second.subarray(1)),
      second.subarray(0, 7),
    ];
    expect(fed([second, first, ...strays, second, third])).toMatchObject([
      'stray',
      'more',
      ...strays.map(() => 'stray'),
      'more',
      { payload: LONG },
    ]);
  });

  it('may lie in a buffer that is used again', () => {
    const buffer = new Uint8Array(240);
    const a = rpcAssembly();
    const got = cut(3, LONG).flatMap((packet) => {
      buffer.set(packet);
      return fed([buffer.subarray(0, packet.length)], a);
    });
    expect(got[2]).toMatchObject({ payload: LONG });
  });
});
