/**
 * Messages of queues as a pcapng file (IETF draft-ietf-opsawg-pcapng): link type USER0 (147), 16 bytes of pseudo header before each.
 * Pseudo header, little endian: u8 version 1, u8 direction (0 to RM, 1 from RM, 2 a queue that is no RM link), u16 VMID of the other
 * end (direction 2: of the sender), u32 queue (object number), u64 virtual time in nanoseconds.
 */
import { concatBytes, put16, put32, put64 } from '../base/index.js';

const LINKTYPE_USER0 = 147;
const PSEUDO_HEADER_SIZE = 16;
const PSEUDO_VERSION = 1;

const SECTION = 0x0a0d_0d0a;
const INTERFACE = 1;
const ENHANCED_PACKET = 6;
const BYTE_ORDER = 0x1a2b_3c4d;
const OPTION_NAME = 2;
const OPTION_TSRESOL = 9;
const OPTION_APPLICATION = 4;
const NANOSECONDS = 9;

/** `vm`: between VMs, on a queue that RM made for them. */
export type LinkDirection = 'toRm' | 'fromRm' | 'vm';
const DIRECTIONS: readonly LinkDirection[] = ['toRm', 'fromRm', 'vm'];

export interface LinkPacket {
  /** Virtual time, nanoseconds. */
  at: number;
  /** The VM at the other end of an RM link, the sender of any other queue. */
  vmid: number;
  direction: LinkDirection;
  /** Object number of the queue. */
  queue: number;
  packet: Uint8Array;
}

const pad4 = (n: number): number => (n + 3) & ~3;

function block(type: number, body: Uint8Array): Uint8Array {
  const total = 12 + pad4(body.length);
  const out = new Uint8Array(total);
  put32(out, 0, type);
  put32(out, 4, total);
  out.set(body, 8);
  put32(out, total - 4, total);
  return out;
}

function option(code: number, value: Uint8Array): Uint8Array {
  const out = new Uint8Array(4 + pad4(value.length));
  put16(out, 0, code);
  put16(out, 2, value.length);
  out.set(value, 4);
  return out;
}

const END_OF_OPTIONS = new Uint8Array(4);
const ascii = (s: string): Uint8Array => Uint8Array.from(s, (c) => c.charCodeAt(0));

/** What a file starts with. */
export function pcapngHeader(): Uint8Array {
  const section = new Uint8Array(16);
  put32(section, 0, BYTE_ORDER);
  put16(section, 4, 1);
  // Section length unknown.
  section.fill(0xff, 8);
  const link = new Uint8Array(8);
  put16(link, 0, LINKTYPE_USER0);
  return concatBytes(
    block(SECTION, concatBytes(section, option(OPTION_APPLICATION, ascii('gunyah-sim')), END_OF_OPTIONS)),
    block(
      INTERFACE,
      concatBytes(
        link,
        option(OPTION_NAME, ascii('rm-link')),
        option(OPTION_TSRESOL, Uint8Array.of(NANOSECONDS)),
        END_OF_OPTIONS,
      ),
    ),
  );
}

/** One packet. */
export function pcapngPacket(p: LinkPacket): Uint8Array {
  const size = PSEUDO_HEADER_SIZE + p.packet.length;
  const body = new Uint8Array(20 + size);
  const time = BigInt(Math.floor(p.at));
  put32(body, 4, Number(time >> 32n));
  put32(body, 8, Number(time & 0xffff_ffffn));
  put32(body, 12, size);
  put32(body, 16, size);
  body[20] = PSEUDO_VERSION;
  body[21] = DIRECTIONS.indexOf(p.direction);
  put16(body, 22, p.vmid);
  put32(body, 24, p.queue);
  put64(body, 28, time);
  body.set(p.packet, 20 + PSEUDO_HEADER_SIZE);
  return block(ENHANCED_PACKET, body);
}
