/** How single values of messages are written for people: numbers with their names. */
import { toHex } from '../base/index.js';
import { ENUM_NAMES, FLAG_NAMES } from './enums.js';
import type { FieldLayout } from './layouts.js';
import { Platform } from './platform.js';

const hexOf = (v: number | bigint): string => `0x${v.toString(16)}`;

/** VMID with the names of the VMs that always exist. */
export function vmidText(vmid: number): string {
  if (vmid === Platform.VMID_HLOS) return '3 (HLOS)';
  if (vmid === Platform.VMID_RM) return '255 (RM)';
  return String(vmid);
}

/** Names of the set bits and what is left over, for example `FORCE | 0x80`. */
function flagsText(of: string, value: number): string {
  const names: string[] = [];
  let rest = value >>> 0;
  for (const [name, bit] of FLAG_NAMES[of] ?? []) {
    if ((rest & bit) === 0) continue;
    names.push(name);
    rest = (rest & ~bit) >>> 0;
  }
  if (rest !== 0) names.push(hexOf(rest));
  return names.length === 0 ? '0' : names.join(' | ');
}

/** The value of a field as text. */
export function valueText(f: FieldLayout, value: number | bigint | Uint8Array): string {
  if (value instanceof Uint8Array) return toHex(value);
  if (f.enum !== undefined) {
    const name = ENUM_NAMES[f.enum]?.[Number(value)];
    return name === undefined ? `${value} (not a ${f.enum})` : `${name} (${value})`;
  }
  if (f.flags !== undefined) return flagsText(f.flags, Number(value));
  switch (f.kind) {
    case 'vmid':
      return vmidText(Number(value));
    case 'handle':
      return Number(value) === Platform.INVALID_HANDLE ? '0xffffffff (none)' : String(value);
    case 'irq':
      return Number(value) === Platform.VIRQ_NONE ? '0xffffffff (none)' : String(value);
    case 'hex':
    case 'ipa':
    case 'size':
    case 'cap':
      return hexOf(value);
    default:
      return String(value);
  }
}

/** Bytes as text when all of them are printable, otherwise as hex. */
export function bytesText(bytes: Uint8Array): string {
  for (const b of bytes) if (b !== 9 && b !== 10 && b !== 13 && (b < 32 || b > 126)) return toHex(bytes);
  let s = '';
  for (const b of bytes) s += String.fromCharCode(b);
  return JSON.stringify(s);
}
