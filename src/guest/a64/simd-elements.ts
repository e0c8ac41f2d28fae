/** Elements of SIMD registers, and floating-point formats as numbers: half and single fit a double. */
import type { A64Cpu } from './cpu.js';

const mask = (scale: number): bigint => (1n << BigInt(8 << scale)) - 1n;

/** Element `index` of 1 << scale bytes. */
export function getElement(cpu: A64Cpu, v: number, index: number, scale: number): bigint {
  const bit = index << (3 + scale);
  return (cpu.simd[2 * v + (bit >> 6)] >> BigInt(bit & 63)) & mask(scale);
}

export function setElement(cpu: A64Cpu, v: number, index: number, scale: number, value: bigint): void {
  const bit = index << (3 + scale);
  const at = 2 * v + (bit >> 6);
  const shift = BigInt(bit & 63);
  cpu.simd[at] = (cpu.simd[at] & ~(mask(scale) << shift)) | ((value & mask(scale)) << shift);
}

/** Writes a whole register; what a narrower result leaves above it is zero. */
export function setVector(cpu: A64Cpu, v: number, low: bigint, high = 0n): void {
  cpu.simd[2 * v] = low;
  cpu.simd[2 * v + 1] = high;
}

/** The same element everywhere. */
export function replicate(value: bigint, scale: number): bigint {
  let whole = value & mask(scale);
  for (let bits = 8 << scale; bits < 64; bits *= 2) whole |= whole << BigInt(bits);
  return whole;
}

const view = new DataView(new ArrayBuffer(8));
const HALF_NAN = 0x1f;

/** Bits of a format (1 half, 2 single, 3 double) as a number. */
export function toNumber(bits: bigint, scale: number): number {
  if (scale === 3) {
    view.setBigUint64(0, bits);
    return view.getFloat64(0);
  }
  const word = Number(bits);
  if (scale === 2) {
    view.setUint32(0, word);
    return view.getFloat32(0);
  }
  const sign = (word & 0x8000) === 0 ? 1 : -1;
  const exponent = (word >> 10) & 0x1f;
  const fraction = word & 0x3ff;
  if (exponent === HALF_NAN) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (fraction + 0x400) * 2 ** (exponent - 25));
}

/** The format that type (23:22) of a scalar instruction names, as the logarithm of its bytes. */
export const scaleOfType = (type: number): number => [2, 3, 3, 1][type];

/** VFPExpandImm: the 8-bit immediate as bits of a format. */
export function expandImmediate(imm8: number, scale: number): bigint {
  const bits = 8 << scale;
  const exponentBits = scale === 1 ? 5 : scale === 2 ? 8 : 11;
  const fractionBits = bits - exponentBits - 1;
  const sign = BigInt(imm8 >> 7);
  const top = (imm8 >> 6) & 1;
  const ones = top === 1 ? (1n << BigInt(exponentBits - 3)) - 1n : 0n;
  const exponent = (BigInt(top ^ 1) << BigInt(exponentBits - 1)) | (ones << 2n) | BigInt((imm8 >> 4) & 3);
  return (
    (sign << BigInt(bits - 1)) | (exponent << BigInt(fractionBits)) | (BigInt(imm8 & 15) << BigInt(fractionBits - 4))
  );
}
