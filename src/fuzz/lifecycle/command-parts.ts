/** What commands are made of: picking VMs and parcels by small numbers, and the lists of a payload. */
import { Msg, VmState } from '../../protocol/index.js';
import { GUESTS } from './guests.js';
import { bytes, HLOS, type ModelParcel, type ModelVm, RM, type World } from './world.js';

export interface Command {
  name: string;
  args: number[];
}

/** A request with its sender. */
export interface Request {
  from: number;
  id: number;
  payload: Uint8Array;
}

/** What a command comes to in a state of the model. */
export type Step =
  | { kind: 'request'; request: Request; image?: { at: number; guest: string } }
  /** Sent one after the other before RM runs. */
  | { kind: 'burst'; requests: Request[] }
  /** The same, of several clients. */
  | { kind: 'clients'; requests: Request[] }
  /** Packets that RM ignores. */
  | { kind: 'noise'; packets: readonly Uint8Array[]; why: string }
  | { kind: 'stops'; vmid: number; reset: boolean }
  /** Waits for an interrupt until something wakes it. */
  | { kind: 'waits'; vmid: number }
  | { kind: 'reads'; vmid: number };

export interface CommandKind {
  /** How often it is chosen. */
  weight: number;
  /** Exclusive upper limit of each argument. */
  limits: readonly number[];
  /** Undefined: makes no sense in this state. */
  build(w: World, a: readonly number[]): Step | undefined;
}

export function secondary(w: World): ModelVm[] {
  const out: ModelVm[] = [];
  for (const vm of w.vms.values()) if (vm.vmid !== HLOS && vm.vmid !== RM) out.push(vm);
  return out;
}
export const PICK = 40;
/** Picks from here on take any, whether it fits or not. */
export const ANY = PICK - 10;
/** One in ten picks is none of the VMs. */
const STRANGE = [0x90, HLOS, RM, 0, 300, 5];

/** A VM to name: one that exists, or a strange number. */
export function pick(w: World, a: number, suits: (vm: ModelVm) => boolean = () => true): number | undefined {
  if (a >= PICK - 4) return STRANGE[(a + secondary(w).length) % STRANGE.length];
  const all = secondary(w);
  const fitting = all.filter(suits);
  // Mostly one that fits, sometimes any: wrong states are part of the game.
  const from = fitting.length > 0 && a < ANY ? fitting : all;
  return from.length === 0 ? undefined : from[a % from.length].vmid;
}

export const inState =
  (...states: number[]) =>
  (vm: ModelVm): boolean =>
    states.includes(vm.state);

export const parcelOf = (
  w: World,
  a: number,
  suits: (p: ModelParcel) => boolean = () => true,
): ModelParcel | undefined => {
  const fitting = w.parcels.filter(suits);
  const from = fitting.length > 0 && a < ANY ? fitting : w.parcels;
  return from.length === 0 ? undefined : from[a % from.length];
};
export const handleOf = (w: World, a: number, suits?: (p: ModelParcel) => boolean): number =>
  a >= PICK - 3 ? 0x1000 + a : (parcelOf(w, a, suits)?.handle ?? 0);

export const from3 = (id: number, payload: Uint8Array): Step => ({
  kind: 'request',
  request: { from: HLOS, id, payload },
});

/** Requests with nothing to choose but a VM, for queries and bursts. */
const QUERIES = [
  Msg.VM_GET_STATE,
  Msg.VM_GET_ID,
  Msg.VM_GET_HYP_RESOURCES,
  Msg.VM_GET_CRASH_MSG,
  Msg.VM_GET_VMID,
  Msg.VM_GET_PEERS,
  Msg.VM_GET_OWNER,
  Msg.VM_HOST_GET_TYPE,
] as const;

export function query(w: World, q: number, a: number): [number, Uint8Array] {
  const id = QUERIES[q % QUERIES.length];
  const vmid = pick(w, a) ?? HLOS;
  return [id, q % QUERIES.length < 4 ? bytes([2, vmid], [2, 0]) : new Uint8Array(0)];
}

export const vmRequest = (
  weight: number,
  id: number,
  suits: (vm: ModelVm) => boolean,
  rest: readonly [number, number][] = [[2, 0]],
): CommandKind => ({
  weight,
  limits: [PICK],
  build: (w, [a]) => {
    const vmid = pick(w, a, suits);
    return vmid === undefined ? undefined : from3(id, bytes([2, vmid], ...rest));
  },
});

export const AREAS = 6;
export const areaAt = (area: number): number => 0x5000_0000 + area * 0x20_0000;
export const pageAt = (slot: number): number => 0x5800_0000 + slot * 4096;
export const GUEST_NAMES = Object.keys(GUESTS);

/** Who gets a parcel made by `id`: a shared one names its owner too. */
export const targets = (id: number, ...list: [number, number][]): [number, number][] =>
  id === Msg.MEM_SHARE ? [...list, [HLOS, 6]] : list;

export function acl(...list: [number, number][]): (readonly [number, number])[] {
  const fields: [number, number][] = [
    [2, list.length],
    [2, 0],
  ];
  for (const [vmid, rights] of list) fields.push([2, vmid], [1, rights], [1, 0]);
  return fields;
}
export function sgl(...list: [number, number][]): (readonly [number, number])[] {
  const fields: [number, number][] = [
    [2, list.length],
    [2, 0],
  ];
  for (const [ipa, size] of list) fields.push([8, ipa], [8, size]);
  return fields;
}

export const CREATE = [Msg.MEM_SHARE, Msg.MEM_LEND, Msg.MEM_DONATE] as const;

/** Guests that can be played: running, with a link, and their image readable and writable at its place. */
export const playable = (w: World): ModelVm[] =>
  secondary(w).filter((vm) => {
    if (vm.state !== VmState.RUNNING || !w.links.has(vm.vmid)) return false;
    const target = w.parcels.find((p) => p.handle === vm.memHandle)?.targets.find((t) => t.vmid === vm.vmid);
    return target?.mapped === true && (target.rights & 6) === 6;
  });

export const byGuest = (
  weight: number,
  limits: readonly number[],
  make: (w: World, vm: ModelVm, a: readonly number[]) => [number, Uint8Array] | undefined,
): CommandKind => ({
  weight,
  limits: [PICK, ...limits],
  build: (w, [a, ...rest]) => {
    const guests = playable(w);
    if (guests.length === 0) return undefined;
    const vm = guests[a % guests.length];
    const made = make(w, vm, rest);
    return made === undefined
      ? undefined
      : { kind: 'request', request: { from: vm.vmid, id: made[0], payload: made[1] } };
  },
});

export const loanHandle = (w: World, a: number): number => {
  const irqs = [...w.loans.keys()];
  return (w.irqBase + (a >= PICK - 4 || irqs.length === 0 ? 77 : irqs[a % irqs.length])) >>> 0;
};
