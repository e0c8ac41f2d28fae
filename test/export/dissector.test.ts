import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/base/index.js';
import { type LinkPacket, pcapngHeader, pcapngPacket } from '../../src/export/index.js';
import { encodeMemLendRequest } from '../../src/protocol/codec/memparcel.js';
import { encodeVmGetHypResourcesReply } from '../../src/protocol/codec/resources.js';
import { Msg, ResourceType, RpcType, rpcPackets } from '../../src/protocol/index.js';

const lua = fileURLToPath(new URL('../../clients/wireshark/gunyah-rm.lua', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'gunyah-pcap-'));
afterAll(() => rmSync(folder, { recursive: true }));

const TO_RM = { vmid: 3, direction: 'toRm', queue: 7 } as const;
const FROM_RM = { vmid: 3, direction: 'fromRm', queue: 8 } as const;
type Place = Omit<LinkPacket, 'at' | 'packet'>;

const packets: [Place, Uint8Array][] = [];
const add = (place: Place, ...list: Uint8Array[]): void => {
  for (const packet of list) packets.push([place, packet]);
};

/** The pieces of a message. */
const message = (type: RpcType, id: number, seq: number, payload: Uint8Array): Uint8Array[] =>
  rpcPackets(type, id, seq, payload) ?? [];

const lend = encodeMemLendRequest({
  memType: 0,
  flags: 0,
  label: 0x51,
  acl: [{ vmid: 0x80, rights: 7 }],
  sgl: Array.from({ length: 20 }, (_, i) => ({ ipa: BigInt(0x5000_0000 + i * 0x1_0000), size: 0x1000n })),
});
const resource = (i: number) => ({
  type: ResourceType.DOORBELL,
  partnerVmid: 3,
  resourceHandle: 0,
  label: i,
  capId: BigInt(0x100 + i),
  virqHandle: 0,
  virq: 32 + i,
  base: 0n,
  size: 0n,
});
const resources = encodeVmGetHypResourcesReply({ resources: Array.from({ length: 332 }, (_, i) => resource(i)) });

interface Frame {
  number: number;
  info: string;
  first: string;
  reassembled: string;
  length: string;
  ipas: string[];
  caps: string[];
  experts: string;
}
let frames: Frame[] = [];
let verbose = '';

function tshark(...args: string[]): string {
  const command = ['-X', `lua_script:${lua}`, '-r', join(folder, 'a.pcapng'), ...args];
  return execFileSync('tshark', command, { stdio: 'pipe', encoding: 'utf8' });
}

const FIELDS = [
  'frame.number',
  '_ws.col.Info',
  'gunyah_rm.fragment.first',
  'gunyah_rm.reassembled_in',
  'gunyah_rm.message.length',
  'gunyah_rm.sgl.ipa',
  'gunyah_rm.resource.cap_id',
  '_ws.expert.message',
];

beforeAll(() => {
  const [first, second] = message(RpcType.REQUEST, Msg.MEM_LEND, 5, lend);
  const big = message(RpcType.REPLY, Msg.VM_GET_HYP_RESOURCES, 6, resources);
  add(TO_RM, first);
  // The other direction, and another VM's link, go on in between.
  add(FROM_RM, ...big.slice(0, 30));
  add({ ...TO_RM, vmid: 0x80, queue: 9 }, ...message(RpcType.REQUEST, Msg.VM_GET_VMID, 5, new Uint8Array(0)));
  add(TO_RM, second);
  add(FROM_RM, ...big.slice(30));
  // Broken ones: a continuation of nothing, one of another message, a beginning in the middle, a header of another version.
  add(TO_RM, second, first, message(RpcType.REQUEST, Msg.MEM_LEND, 9, lend)[1]);
  add(TO_RM, ...message(RpcType.REQUEST, Msg.VM_GET_VMID, 10, new Uint8Array(0)));
  const strange = second.slice();
  strange[0] = 0x22;
  add(TO_RM, strange, first.slice(0, 4));
  add({ vmid: 0x80, direction: 'vm', queue: 12 }, Uint8Array.of(1, 2, 3));
  // The last one is never finished.
  add(TO_RM, first);
  const list = packets.map(([place, packet], i) => pcapngPacket({ ...place, at: i * 1000, packet }));
  writeFileSync(join(folder, 'a.pcapng'), concatBytes(pcapngHeader(), ...list));
  const rows = tshark('-2', '-T', 'fields', ...FIELDS.flatMap((f) => ['-e', f]), '-E', 'separator=|').trimEnd();
  frames = rows.split('\n').map((row) => {
    const [number, info, begin, reassembled, length, ipas, caps, experts] = row.split('|');
    const listOf = (text: string): string[] => (text === '' ? [] : text.split(','));
    return {
      number: Number(number),
      info,
      first: begin,
      reassembled,
      length,
      ipas: listOf(ipas),
      caps: listOf(caps),
      experts,
    };
  });
  verbose = tshark('-V', '-Y', 'gunyah_rm.message.length');
});

const frame = (n: number): Frame => frames[n - 1];

describe('the Wireshark dissector', () => {
  it('puts two fragments together, past what came in between', () => {
    expect(frame(1)).toMatchObject({ reassembled: '33', length: '', ipas: [], experts: '' });
    expect(frame(33)).toMatchObject({ first: '1', length: String(lend.length), experts: '' });
    expect(frame(33).ipas).toHaveLength(20);
    expect(frame(33).ipas[19]).toBe('0x0000000050130000');
    expect(frame(33).info).toBe('CONTINUED MEM_LEND seq 5 [2 of 2]');
  });

  it('puts 63 fragments together and shows all 332 resources', () => {
    expect(frame(2).reassembled).toBe('66');
    expect(frame(66)).toMatchObject({ first: '2', length: '14616', experts: '' });
    expect(frame(66).info).toBe('CONTINUED VM_GET_HYP_RESOURCES seq 6 [63 of 63] OK');
    expect(frame(66).caps).toHaveLength(332);
    expect(frame(66).caps[331]).toBe('0x000000000000024b');
    expect(frames.slice(1, 65).flatMap((f) => f.caps)).toEqual([]);
  });

  it('shows the tree of a message that was put together', () => {
    expect(verbose).toMatch(/Reassembled message: [0-9a-f]+/);
    expect(verbose).toMatch(/label: 0x00000051/);
    expect(verbose).toMatch(/resources 331\n\s+type: DOORBELL \(1\)/);
  });

  it('says what is wrong with fragments that do not fit', () => {
    expect(frame(67)).toMatchObject({ experts: 'A continuation without a beginning', length: '' });
    expect(frame(69)).toMatchObject({ experts: 'A continuation of another message', first: '68', length: '' });
    expect(frame(70).experts).toBe('The message before this one is not complete');
    expect(frame(71).experts).toBe('Not a header that RM looks at');
    expect(frame(72)).toMatchObject({ experts: 'Bytes are missing', info: 'too short' });
    expect(frame(74).experts).toBe('The rest of this message never came');
    expect(frame(68).experts).toBe('The rest of this message never came');
  });

  it('leaves queues between VMs undecoded', () => {
    expect(frame(73)).toMatchObject({ info: '3 bytes', experts: '' });
  });
});
