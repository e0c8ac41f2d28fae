/** Inputs of a recording in words, one line each. */
import { counted, hex, lo32, toHex } from '../../../base/index.js';
import { decodePacket, describePacket, Platform, SMCCC_NAMES } from '../../../protocol/index.js';
import { callText } from '../../../scenario/index.js';
import type { Input } from '../../../sim/index.js';

/** Bytes of a write that a line shows. */
const SHOWN = 16;

/** A call by its name where it has one: of the hypervisor, or of the SMC calling convention (immediate 0). */
function callOf(imm: number, x: readonly bigint[]): string {
  const native = callText(imm - Platform.HYPERCALL_BASE, x);
  if (native !== undefined) return native;
  const name = imm === 0 ? SMCCC_NAMES[lo32(x[0])] : undefined;
  const args = x.map(hex).join(', ');
  return name === undefined ? `#${hex(imm)} ${args}` : `${name} ${args}`;
}

/** A system register as assemblers write it; the bits are those of the instruction. */
const registerText = (enc: number): string =>
  `S${enc >> 14}_${(enc >> 11) & 7}_C${(enc >> 7) & 15}_C${(enc >> 3) & 15}_${enc & 7}`;

/** What a driver writes is often a packet that it will send. */
function contentText(bytes: Uint8Array): string {
  const packet = decodePacket(bytes);
  if (!packet.valid) return `${toHex(bytes.subarray(0, SHOWN))}${bytes.length > SHOWN ? '...' : ''}`;
  return describePacket(packet)
    .split('\n')
    .map((line) => line.trim().replace(/ +/g, ' '))
    .join(', ');
}

function inputText(input: Input): string {
  const { op } = input;
  switch (op) {
    case 'hvc':
      return `${op} ${callOf(input.imm, input.x)}`;
    case 'call':
      return `${op} ${input.conduit === 'smc' ? 'SMC ' : ''}${callOf(input.imm, input.x)}`;
    case 'write':
      return `${op} ${hex(input.ipa)}, ${counted(input.bytes.length, 'byte')}: ${contentText(input.bytes)}`;
    case 'access':
      return `${op} ${input.write ? `store ${hex(input.value)} to` : 'load'} ${hex(input.ipa)} (${counted(input.size, 'byte')})`;
    case 'rdreg':
      return `${op} ${registerText(input.enc)}`;
    case 'wrreg':
      return `${op} ${registerText(input.enc)} = ${hex(input.value)}`;
    case 'raise':
      return `${op} ${input.intid}`;
    case 'spin':
      return `${op} ${input.ns} ns`;
    default:
      return op;
  }
}

/** With the virtual time at which it comes, ns. */
export const inputLine = (at: number, input: Input): string =>
  `${(at / 1e6).toFixed(3).padStart(10)} ms  ${inputText(input)}`;
