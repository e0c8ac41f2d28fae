import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../../../src/base/index.js';
import { Msg } from '../../../src/protocol/index.js';
import { receiveOne } from '../../../src/rm/link/receive.js';
import { VMID_HLOS } from '../../../src/rm/types.js';
import { drain, type LinkRm, linkRm, packet, runPending } from '../link-rm.js';

const REQUEST = 1;
const CONTINUED = 0;

function deliver(fake: LinkRm, ...packets: Uint8Array[]): string[] {
  const replies: string[] = [];
  for (const bytes of packets) {
    fake.queues.toRm.push(bytes);
    while (receiveOne(fake.rm, fake.link)) {
      // one packet per call
    }
    runPending(fake);
    replies.push(...drain(fake, 8).map(toHex));
  }
  return replies;
}

const hex = (text: string): Uint8Array => fromHex(text) ?? new Uint8Array(0);

describe('RM takes packets', () => {
  test('the worked examples of the wire format are answered byte for byte', () => {
    const fake = linkRm();
    expect(deliver(fake, hex('2101000024000056'))).toEqual(['21020000240000560000000003000000']);
    expect(deliver(fake, hex('210101000100005600000000'))).toEqual(['21020100010000560000000080000000']);
    expect(deliver(fake, hex('2101040033000056'))).toEqual(['2102040033000056ffffffff']);
  });

  test('malformed packets are met with silence and RM lives on', () => {
    const fake = linkRm();
    const bad = ['', '21', '21010000240000', '2001000024000056', '3101000024000056', '11010000240000560000'];
    expect(deliver(fake, ...bad.map(hex))).toEqual([]);
    // 63 additional fragments, a reply, a notification, a continuation without a beginning
    expect(deliver(fake, hex('21fd000024000056'), hex('2102000024000056'), hex('2103000024000056'))).toEqual([]);
    expect(deliver(fake, hex('2100000024000056'))).toEqual([]);
    expect(deliver(fake, hex('2101000024000056'))).toHaveLength(1);
  });

  test('fragments may have any length, also none', () => {
    const fake = linkRm();
    const id = Msg.VM_GET_VMID;
    const nothing = new Uint8Array(0);
    expect(deliver(fake, packet(REQUEST, 2, 7, id, nothing), packet(CONTINUED, 2, 7, id, nothing))).toEqual([]);
    expect(deliver(fake, packet(CONTINUED, 2, 7, id, nothing))).toEqual(['21020700240000560000000003000000']);
  });

  test('a continuation of another message is dropped and the partial message can still be completed', () => {
    const fake = linkRm();
    const id = Msg.VM_GET_VMID;
    const nothing = new Uint8Array(0);
    deliver(fake, packet(REQUEST, 1, 7, id, nothing));
    expect(deliver(fake, packet(CONTINUED, 1, 8, id, nothing), packet(CONTINUED, 2, 7, id, nothing))).toEqual([]);
    expect(deliver(fake, packet(CONTINUED, 1, 7, id, nothing))).toHaveLength(1);
    expect(deliver(fake, packet(CONTINUED, 1, 7, id, nothing))).toEqual([]);
  });

  test('a new request, and any other first packet, cancels a partial message', () => {
    for (const type of [1, 2, 3]) {
      const fake = linkRm();
      const nothing = new Uint8Array(0);
      deliver(fake, packet(REQUEST, 1, 7, Msg.VM_GET_VMID, nothing));
      deliver(fake, packet(type, 0, 9, Msg.VM_GET_OWNER, nothing));
      expect(deliver(fake, packet(CONTINUED, 1, 7, Msg.VM_GET_VMID, nothing))).toEqual([]);
    }
  });
});

/** What the page says, in its own words: rows 1 to 7 of "RM receive, per packet". */
interface Partial {
  type: number;
  id: number;
  seq: number;
  count: number;
  left: number;
  content: number[];
}

class ReceiverModel {
  partial: Partial | undefined;
  readonly delivered: { id: number; seq: number; content: number[] }[] = [];

  packet(bytes: Uint8Array): void {
    if (bytes.length < 8) return;
    const [b0, b1] = bytes;
    const count = b1 >> 2;
    if ((b0 & 15) !== 1 || b0 >> 4 !== 2 || count === 63) return;
    const type = b1 & 3;
    const seq = bytes[2] + 256 * bytes[3];
    const id = new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true);
    const content = [...bytes.subarray(8)];
    if (type !== 0) {
      this.partial = undefined;
      if (count === 0) this.deliver(type, id, seq, content);
      else this.partial = { type, id, seq, count, left: count, content };
      return;
    }
    const p = this.partial;
    if (p === undefined || p.id !== id || p.seq !== seq || p.count !== count) return;
    p.content.push(...content);
    p.left--;
    if (p.left > 0) return;
    this.partial = undefined;
    this.deliver(p.type, id, seq, p.content);
  }

  deliver(type: number, id: number, seq: number, content: number[]): void {
    if (type === 1) this.delivered.push({ id, seq, content });
  }
}

/** Few ids, sequence numbers and counts, so that packets often belong together; VM_SET_CRASH_MSG shows its content. */
const anyPacket = fc.oneof(
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 12 }) },
  {
    weight: 12,
    arbitrary: fc
      .record({
        type: fc.constantFrom(0, 0, 0, 1, 1, 2, 3),
        count: fc.constantFrom(0, 1, 2, 63),
        seq: fc.constantFrom(1, 2),
        id: fc.constantFrom(Msg.VM_SET_CRASH_MSG, Msg.VM_SET_CRASH_MSG, 0x5600ffff),
        content: fc.uint8Array({ maxLength: 40 }),
        length: fc.option(fc.integer({ min: 0, max: 60 }), { nil: undefined }),
      })
      .map(({ type, count, seq, id, content, length }) => {
        const bytes = content.slice();
        if (length !== undefined && bytes.length >= 4) bytes.set([length, 0, 0, 0]);
        return packet(type, count, seq, id, bytes);
      }),
  },
);

/** The error that the request gets, and the message that it leaves behind. */
function crashMessage(content: number[]): { error: number; stored: number[] | undefined } {
  if (content.length < 4) return { error: 4, stored: undefined };
  const length = content[0] + 256 * content[1];
  const wrong = content.length !== 4 + Math.ceil(length / 4) * 4 || content.slice(4 + length).some((b) => b !== 0);
  return wrong ? { error: 4, stored: undefined } : { error: 0, stored: content.slice(4, 4 + Math.min(length, 192)) };
}

test('random packets are reassembled as the page says', () => {
  fc.assert(
    fc.property(fc.array(anyPacket, { maxLength: 30 }), (packets) => {
      const fake = linkRm();
      const model = new ReceiverModel();
      for (const bytes of packets) {
        const before = model.delivered.length;
        model.packet(bytes);
        const replies = deliver(fake, bytes);
        const expected = model.delivered.slice(before).map(({ id, seq, content }) => {
          if (id !== Msg.VM_SET_CRASH_MSG) return toHex(packet(2, 0, seq, id, new Uint8Array(4).fill(255)));
          const { error, stored } = crashMessage(content);
          if (stored !== undefined) expect([...(fake.rm.vms[VMID_HLOS]?.crashMsg ?? [])]).toEqual(stored);
          return toHex(packet(2, 0, seq, id, Uint8Array.of(error, 0, 0, 0)));
        });
        expect(replies).toEqual(expected);
      }
    }),
    { numRuns: 150, seed: 11 },
  );
});
