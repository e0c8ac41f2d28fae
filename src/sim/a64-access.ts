/**
 * One data access of a vCPU with everything that a real one goes through: address size, stage-2 memory, the bus, devices, the
 * hypervisor. Stage 1 is taken as off.
 */
import { le16, le32, le64, lo32, put16, put32, put64, toNumber } from '../base/index.js';
import { BUS_END, busAccess } from '../board/index.js';
import { getStored } from '../gic/index.js';
import type { Access } from '../guest/a64/index.js';
import { Fault, type GuestException, type Hypervisor } from '../hyp/index.js';
import { Access as Permission, Platform } from '../protocol/index.js';
import { deviceValue, handleDataAbort, type Vcpu } from '../vcpu/index.js';

export const IPA_LIMIT = 1n << 36n;
/** With stage 1 off, larger addresses are address size faults of level 0, which EL1 takes without the hypervisor. */
export const VA_LIMIT = 1n << 52n;
/** The hypervisor looks only so far for the device of a faulting access, and asserts that nobody asks beyond. */
const DEVICE_LIMIT = 1n << BigInt(Platform.DEVICE_ADDRESS_BITS);
const ESR_SIZE_LOAD = 0x9600_0000;
const ESR_SIZE_STORE = 0x9600_0040;
/** An address that no stage-2 table can hold. */
export const NO_IPA = -1;
const IL = 1 << 25;
const PAGE = 4096;
export const PAGE_MASK = PAGE - 1;

/** One data access of a vCPU, as a value, an exception, or "the vCPU gave up the CPU" (waits for its manager, or halted). */
export type DataResult = { value: bigint } | { exception: GuestException } | 'gone';

export const scratch = new Uint8Array(8);

function valueAt(bytes: Uint8Array, at: number, size: number): bigint {
  if (size === 8) return le64(bytes, at);
  if (size === 4) return BigInt(le32(bytes, at));
  return BigInt(size === 2 ? le16(bytes, at) : bytes[at]);
}

function putValue(bytes: Uint8Array, at: number, size: number, value: bigint): void {
  if (size === 8) put64(bytes, at, value);
  else if (size === 4) put32(bytes, at, lo32(value));
  else if (size === 2) put16(bytes, at, lo32(value));
  else bytes[at] = lo32(value);
}

/** An access to memory that the short way over its page does not reach. */
function accessPhysical(hyp: Hypervisor, pa: number, size: number, write: boolean, value: bigint): DataResult {
  const bytes = scratch.subarray(0, size);
  if (!write) {
    hyp.mem.readPhys(pa, bytes);
    return { value: valueAt(bytes, 0, size) };
  }
  putValue(bytes, 0, size, value);
  hyp.mem.writePhys(pa, bytes);
  return { value: 0n };
}

/** A load or store of 1, 2, 4 or 8 bytes by `v` with everything that a real access goes through. */
export function accessMemory(hyp: Hypervisor, v: Vcpu, va: bigint, access: Access, value: bigint): DataResult {
  const { size, write } = access;
  if (va >= VA_LIMIT) return { exception: { esr: write || access.update ? ESR_SIZE_STORE : ESR_SIZE_LOAD, far: va } };
  if (va >= DEVICE_LIMIT && access.isv) {
    hyp.dead ??= { what: 'assertion: lookup of a device beyond 2^44', rule: 'hyp-device-beyond-limit' };
    return 'gone';
  }
  const ipa = va >= IPA_LIMIT ? NO_IPA : toNumber(va);
  if (ipa !== NO_IPA) {
    const at = ipa & PAGE_MASK;
    if (at + size > PAGE) return accessSplit(hyp, v, va, access, value);
    const page = hyp.mem.ramPage(v.addrspace, ipa, write ? Permission.W : Permission.R);
    if (page !== undefined) {
      if (!write) return { value: valueAt(page, at, size) };
      putValue(page, at, size, value);
      return { value: 0n };
    }
  }
  const pa = ipa === NO_IPA ? Fault.TRANSLATION : hyp.mem.translate(v.addrspace, ipa, write);
  if (pa >= 0) {
    if (pa >= BUS_END) return accessPhysical(hyp, pa, size, write, value);
    if (ipa % size !== 0) return accessSplit(hyp, v, va, access, value);
    const answer = busAccess(pa, size, write);
    return answer === 'abort' ? { exception: { esr: busAbortEsr(write), far: va } } : answer;
  }
  // Devices and VMMIO ranges may lie beyond what a stage-2 table can hold.
  const resolution = handleDataAbort(hyp, v, { ...access, va, ipa: toNumber(va), value }, pa, {
    pc: v.pc,
    vbar: getStored(v, 'VBAR_EL1'),
    fromEl0: false,
  });
  switch (resolution.kind) {
    case 'emulated':
      if (v.monitor != null) v.monitor = null;
      return { value: write ? 0n : deviceValue(resolution.value, access) };
    case 'exception':
      return { exception: resolution.exception };
    default:
      return 'gone';
  }
}

/**
 * An access across a page border, or an unaligned one of a device: the emulated CPU translates every page first, then loads two
 * aligned values and takes its bytes from both, or stores byte by byte.
 */
function accessSplit(hyp: Hypervisor, v: Vcpu, va: bigint, access: Access, value: bigint): DataResult {
  const byte = { ...access, size: 1, isv: false };
  const size = BigInt(access.size);
  const last = va + size - 1n;
  const lastPage = last - (last % BigInt(PAGE));
  for (const at of lastPage > va ? [va, lastPage] : [va]) {
    const mapped = at < IPA_LIMIT && hyp.mem.translate(v.addrspace, Number(at), access.write) >= 0;
    if (!mapped) return accessMemory(hyp, v, at, byte, 0n);
  }
  if (access.write) {
    for (let i = 0n; i < size; i++) {
      const done = accessMemory(hyp, v, va + i, byte, (value >> (8n * i)) & 0xffn);
      if (done === 'gone' || 'exception' in done) return done;
    }
    return { value: 0n };
  }
  const low = va - (va % size);
  const first = accessMemory(hyp, v, low, { ...access, isv: false }, 0n);
  if (first === 'gone' || 'exception' in first) return first;
  const second = accessMemory(hyp, v, low + size, { ...access, isv: false }, 0n);
  if (second === 'gone' || 'exception' in second) return second;
  const both = (second.value << (size * 8n)) | first.value;
  return { value: (both >> ((va % size) * 8n)) & ((1n << (size * 8n)) - 1n) };
}

/** An external abort from the bus, as the hardware reports it: with WnR, unlike an injected one. */
const busAbortEsr = (write: boolean): number => ((0x25 << 26) | IL | (write ? 0x50 : 0x10)) >>> 0;
