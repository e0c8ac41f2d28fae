/** `decode`: one RM RPC packet per run of hex digits, or the raw bytes of a file. */
import { existsSync } from 'node:fs';
import { fromHex } from '../../base/index.js';
import { decodePacket, describePacket } from '../../protocol/decode.js';
import { CliError, Exit } from '../errors.js';
import { readInput } from '../files.js';
import { type GlobalOptions, print, printJson } from '../output.js';

interface DecodeOptions extends GlobalOptions {
  readonly hex?: string;
}

/** The largest packet is 240 bytes; anything far beyond is no packet but a mistake. */
const RAW_LIMIT = 1024;
/** Characters of a wrong text that a message repeats. */
const SHOWN = 60;

/** Why `text` is no list of bytes. */
function whyNoHex(text: string): string {
  const odd = /[^0-9a-fx\s,:]/i.exec(text)?.[0];
  return odd === undefined
    ? `half a byte is left over: ${text.slice(0, SHOWN)}`
    : `'${odd}' is no hex digit: ${text.slice(0, SHOWN)}`;
}

export function decode(words: readonly string[], options: DecodeOptions): number {
  if (words.length > 0 === (options.hex !== undefined)) {
    throw new CliError('give the bytes in hex, or a file with one packet, or --hex FILE with lines of hex');
  }
  const packets = packetsOf(words, options);
  const decoded = packets.map(decodePacket);
  if (options.json === true) printJson(decoded.length === 1 ? decoded[0] : decoded);
  else print(decoded.map(describePacket).join('\n\n'));
  return decoded.every((p) => p.valid) ? Exit.OK : Exit.FAILED;
}

/** `0x2` in a list is a whole byte. */
const bytesOf = (text: string): Uint8Array | undefined => fromHex(text.replace(/\b0x([0-9a-f])\b/gi, '0$1'));

function packetsOf(words: readonly string[], options: DecodeOptions): Uint8Array[] {
  if (options.hex === undefined) {
    const [first] = words;
    const isFile = words.length === 1 && (first === '-' || (bytesOf(first) === undefined && existsSync(first)));
    if (isFile) return [rawPacket(first)];
    const text = words.join(' ');
    const bytes = bytesOf(text);
    if (bytes === undefined) throw new CliError(`no such file, and no bytes either: ${whyNoHex(text)}`);
    return [bytes];
  }
  const lines = new TextDecoder().decode(readInput(options.hex)).split('\n');
  const packets = lines.map((line) => line.replace(/#.*/, '').trim()).filter((line) => line !== '');
  if (packets.length === 0) throw new CliError(`${options.hex} holds no bytes`, Exit.INPUT);
  return packets.map((line, i) => {
    const bytes = bytesOf(line);
    if (bytes !== undefined) return bytes;
    throw new CliError(`packet ${i + 1} of ${options.hex}: ${whyNoHex(line)}`, Exit.INPUT);
  });
}

function rawPacket(path: string): Uint8Array {
  const bytes = readInput(path);
  if (bytes.length > RAW_LIMIT) throw new CliError(`${path} has ${bytes.length} bytes: no packet`, Exit.INPUT);
  if (bytes.length > 1 && bytesOf(new TextDecoder().decode(bytes)) !== undefined)
    throw new CliError(`${path} holds hex digits: give --hex ${path}`, Exit.INPUT);
  return bytes;
}
