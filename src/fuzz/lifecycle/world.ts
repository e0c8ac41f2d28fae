/**
 * The reference model's memory: what a client can know of VMs, parcels and loans, as plainly as possible.
 *
 * It keeps no capabilities, objects or addresses of RM; it only decides what RM must answer (fact base: rm-rpc-messages,
 * rm-state-machines). Leaves out: contents of VM_GET_HYP_RESOURCES, firmware images, devices other than the RM link.
 */
import { Platform, VmState } from '../../protocol/index.js';

export const HLOS = Platform.VMID_HLOS;
export const RM = Platform.VMID_RM;

export interface ModelVm {
  vmid: number;
  peers: number[];
  state: number;
  os: number;
  app: number;
  /** Has a configuration object. */
  config: boolean;
  /** Its space was deleted because of an unknown auth type. */
  broken: boolean;
  auth: number;
  memHandle: number;
  memSize: number;
  dtOffset: number;
  dtSize: number;
  /** VM_SET_FIRMWARE_MEM: parcel and range; size 0: not given. */
  fwHandle: number;
  fwOffset: number;
  fwSize: number;
  /** Marks of the last tree that VM_INIT read. */
  noShutdown: boolean;
  noReset: boolean;
  /** Addresses that the VM reserved itself, for memory that this platform does not have. */
  reserved: number[];
  console: { self: boolean; owner: boolean } | undefined;
  crash: Uint8Array | undefined;
  /** Handles that it accepted, in RM's order. */
  accepted: number[];
  /** A reset has been completed: the next one cleans nothing. */
  wasReset: boolean;
}

export interface ModelTarget {
  vmid: number;
  rights: number;
  shared: boolean;
  mapped: boolean;
  /** Accepted in parts: how many mappings have an address; -1: none was ever accepted. */
  placed: number;
  contiguous: boolean;
}

export interface ModelParcel {
  handle: number;
  owner: number;
  state: number;
  memType: number;
  transType: number;
  label: number;
  tag: number;
  tagSet: boolean;
  sanitized: boolean;
  targets: ModelTarget[];
  attrs: { attr: number; vmid: number }[];
  regions: { ipa: number; size: number }[];
  size: number;
}

export interface ModelLoan {
  borrower: number;
  /** 1 offered, 2 accepted. */
  state: number;
  label: number;
}

/** A message that RM must send. */
export interface ModelMessage {
  to: number;
  id: number;
  payload: Uint8Array;
}

export interface World {
  vms: Map<number, ModelVm>;
  /** VMIDs with an RM link. */
  links: Set<number>;
  parcels: ModelParcel[];
  nextHandle: number;
  /** Pages that are not HLOS's, by page address: who has them. */
  taken: Map<number, string>;
  loans: Map<number, ModelLoan>;
  irqBase: number;
  milestone: boolean;
  /** Size of the firmware image that RM holds; 0: none. */
  firmware: number;
  /** What the image area at an address holds: name of the guest in guests.ts. */
  images: Map<number, string>;
  /** Areas whose tree RM has patched since it was written. */
  patched: Set<number>;
  /** Notifications of the request at hand, in order. */
  out: ModelMessage[];
  /** RM must die of the request at hand, by the name of its trigger. */
  death: string | undefined;
  /** VMs whose reset goes on after the requests at hand. */
  resetting: number[];
  /** The model does not know what RM answers: why. */
  lost: string | undefined;
  /** The model knew the answer but does not follow RM from here on: why. */
  over: string | undefined;
}

export const newWorld = (irqBase: number): World => ({
  vms: new Map([
    [RM, newVm(RM, VmState.LOAD)],
    [HLOS, newVm(HLOS, VmState.RUNNING)],
  ]),
  links: new Set([HLOS]),
  parcels: [],
  nextHandle: 0,
  taken: new Map(),
  loans: new Map(),
  irqBase,
  milestone: false,
  firmware: 0,
  images: new Map(),
  patched: new Set(),
  out: [],
  death: undefined,
  resetting: [],
  lost: undefined,
  over: undefined,
});

export const newVm = (vmid: number, state: number): ModelVm => ({
  vmid,
  peers: [],
  state,
  os: 0,
  app: 0,
  config: vmid === HLOS || vmid === RM,
  broken: false,
  auth: 0,
  memHandle: -1,
  memSize: 0,
  dtOffset: 0,
  dtSize: 0,
  fwHandle: -1,
  fwOffset: 0,
  fwSize: 0,
  noShutdown: false,
  noReset: false,
  reserved: [],
  console: undefined,
  crash: undefined,
  accepted: [],
  wasReset: false,
});

/** Little-endian bytes of fields given as [width in bytes, value]. */
export function bytes(...fields: readonly (readonly [number, number])[]): Uint8Array {
  let size = 0;
  for (let i = 0; i < fields.length; i++) size += fields[i][0];
  const out = new Uint8Array(size);
  let at = 0;
  for (let i = 0; i < fields.length; i++) {
    const width = fields[i][0];
    const value = fields[i][1];
    // Shifts see the low 32 bits; the rest follows by division.
    for (let j = 0, rest = value | 0; j < width && j < 4; j++, rest >>>= 8) out[at + j] = rest;
    if (width > 4) for (let j = 4, rest = Math.floor(value / 2 ** 32); j < width; j++, rest >>>= 8) out[at + j] = rest;
    at += width;
  }
  return out;
}

/** A field of a payload; beyond its end: zeros. */
export function num(b: Uint8Array, at: number, width: number): number {
  if (width === 2 && at + 2 <= b.length) return b[at] | (b[at + 1] << 8);
  let value = 0;
  for (let i = width - 1; i >= 0; i--) value = value * 256 + (b[at + i] ?? 0);
  return value;
}

export const ownerOf = (vmid: number): number => (vmid === HLOS || vmid === RM ? RM : HLOS);
export const isSelfOwnerPeer = (vm: ModelVm, from: number): boolean =>
  from === vm.vmid || from === ownerOf(vm.vmid) || vm.peers.includes(from);
export const isDynamic = (vmid: number): boolean => vmid >= 0x80 && vmid <= 0xbe;

export const notify = (w: World, to: number, id: number, payload: Uint8Array): void => {
  w.out.push({ to, id, payload });
};

/** VM_STATUS to every peer that runs and has a link. */
export function status(w: World, vm: ModelVm): void {
  let payload: Uint8Array | undefined;
  for (const peer of vm.peers) {
    if (!w.links.has(peer) || w.vms.get(peer)?.state !== VmState.RUNNING) continue;
    payload ??= bytes([2, vm.vmid], [2, 0], [1, vm.state], [1, vm.os], [2, vm.app]);
    notify(w, peer, 0x5610_0008, payload);
  }
}

export function setState(w: World, vm: ModelVm, state: number): void {
  vm.state = state;
  status(w, vm);
}

/** An answer: the error, and what follows it in the reply if that is known. */
export interface Answer {
  error: number;
  data?: Uint8Array;
  /** Looks at data that are only partly known: what is wrong, or undefined. */
  check?: (data: Uint8Array) => string | undefined;
}

export const answer = (error: number, data?: Uint8Array): Answer => ({ error, data: data ?? new Uint8Array(0) });
/** Only the error code is known. */
export const anything = (error: number): Answer => ({ error });

export type Rule = (w: World, from: number, p: Uint8Array) => Answer;
