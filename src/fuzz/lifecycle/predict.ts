/** One request against the model: the answer it must get, and what else it causes. */
import { RmError } from '../../protocol/index.js';
import { memRules } from './rules-mem.js';
import { smallRules } from './rules-small.js';
import { vmRules } from './rules-vm.js';
import { type Answer, answer, type ModelParcel, type ModelVm, type Rule, type World } from './world.js';

const RULES: Readonly<Record<number, Rule>> = { ...vmRules, ...memRules, ...smallRules };

/** Changes the world as RM must change, and says what RM must answer. Unknown ids: UNIMPLEMENTED. */
export function predict(w: World, from: number, id: number, payload: Uint8Array): Answer {
  const rule = RULES[id];
  return rule === undefined ? answer(RmError.UNIMPLEMENTED) : rule(w, from, payload);
}

function cloneMap<T>(map: ReadonlyMap<number, T>, clone: (value: T) => T): Map<number, T> {
  const out = new Map<number, T>();
  for (const [key, value] of map) out.set(key, clone(value));
  return out;
}

export const cloneWorld = (w: World): World => ({
  ...w,
  vms: cloneMap(w.vms, cloneVm),
  links: new Set(w.links),
  parcels: w.parcels.map(cloneParcel),
  taken: new Map(w.taken),
  loans: cloneMap(w.loans, (loan) => ({ ...loan })),
  images: new Map(w.images),
  patched: new Set(w.patched),
  out: [],
  resetting: [...w.resetting],
});

const cloneVm = (vm: ModelVm): ModelVm => ({
  ...vm,
  peers: vm.peers.slice(),
  accepted: vm.accepted.slice(),
  reserved: vm.reserved.slice(),
  console: vm.console === undefined ? undefined : { ...vm.console },
});

const cloneParcel = (p: ModelParcel): ModelParcel => ({
  ...p,
  targets: p.targets.map((t) => ({ ...t })),
  attrs: p.attrs.slice(),
  regions: p.regions.slice(),
});
