/** States of an exploration: where a run stands between two commands, and when two of them are the same. */
import { vmStateName } from '../../protocol/index.js';
import { secondary } from '../lifecycle/command-parts.js';
import type { ModelVm, World } from '../lifecycle/world.js';
import type { SavedRun } from '../run-types.js';

/** The model's half of it. */
export type Place = Pick<SavedRun, 'w' | 'inbox'>;

/**
 * A name for each state of the model. What only counts up is left out, and what cannot be told apart any more: parcels go by their
 * place in the list instead of by handle, messages that wait for a guest by id, and an image counts while a parcel holds it (an area
 * is written anew before it is shared again).
 */
export function placeName({ w, inbox }: Place): string {
  const { parcels } = w;
  const places = new Map(parcels.map((p, i) => [p.handle, i]));
  const place = (handle: number): number => places.get(handle) ?? -1;
  const named = (vm: ModelVm): unknown => ({
    ...vm,
    memHandle: vm.config ? place(vm.memHandle) : -1,
    fwHandle: place(vm.fwHandle),
    accepted: vm.accepted.map(place),
    crash: vm.crash === undefined ? undefined : [...vm.crash],
  });
  const held = new Set(parcels.flatMap((p) => p.regions.map(({ ipa }) => ipa)));
  const holders = new Set(parcels.map((p) => `parcel ${p.handle}`));
  const canonical: Record<keyof World, unknown> = {
    ...w,
    nextHandle: undefined,
    vms: byNumber([...w.vms]).map(([, vm]) => named(vm)),
    links: [...w.links].sort((a, b) => a - b),
    parcels: parcels.map((p, i) => ({ ...p, handle: i })),
    // Pages of parcels are where the parcels say.
    taken: byNumber([...w.taken].filter(([, holder]) => !holders.has(holder))),
    loans: byNumber([...w.loans]),
    images: byNumber([...w.images].filter(([at]) => held.has(at))),
    patched: [...w.patched].filter((at) => held.has(at)).sort((a, b) => a - b),
  };
  const waiting = byNumber([...inbox]).map(([vmid, messages]) => [vmid, ...messages.map(({ id }) => id)]);
  return JSON.stringify([canonical, waiting.filter(({ length }) => length > 1)]);
}

const byNumber = <T>(entries: [number, T][]): [number, T][] => entries.sort(([a], [b]) => a - b);

/** Its kind, for people: the states of its VMs. */
export function placeKind({ w }: Place): string {
  const states = secondary(w).map((vm) => vmStateName(vm.state));
  return states.length === 0 ? 'no VM' : states.sort().join(' + ');
}
