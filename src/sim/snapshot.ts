/**
 * Key frames: the whole state of a simulator as plain data, and back.
 *
 * In memory a snapshot is a deep copy beside shared, never-written-again memory pages; as bytes it is one packed value.
 * What is derived (indices, caches) is rebuilt, so two simulators with equal snapshots behave equally.
 */
import type { HypObject } from '../hyp/index.js';
import type { PhysSnapshot } from '../hyp/mem/index.js';
import type { Rm } from '../rm/index.js';
import { clonePlain, digest, packPlain, unpackPlain } from './plain.js';
import type { LoopState, Simulator } from './simulator.js';

export interface Snapshot {
  objects: (HypObject | undefined)[];
  freeIds: number[];
  state: Record<string, unknown>;
  now: number;
  dead: Simulator['hyp']['dead'];
  rm: Partial<Rm>;
  loop: LoopState;
  memory: PhysSnapshot;
}

/** RM's state without its hands: hypercalls and environment are the simulator's. */
function rmData(rm: Rm): Partial<Rm> {
  const { hv: _hv, env: _env, ...data } = rm;
  return data;
}

export function takeSnapshot(sim: Simulator): Snapshot {
  const { hyp } = sim;
  return {
    objects: clonePlain(hyp.objects),
    freeIds: hyp.freeIds.slice(),
    state: clonePlain(hyp.state),
    now: hyp.now,
    dead: clonePlain(hyp.dead),
    rm: clonePlain(rmData(sim.rm)),
    loop: clonePlain(sim.loop),
    memory: hyp.mem.savePhys(),
  };
}

/** Puts a simulator of the same options into a saved state. The snapshot can be used again. */
export function restoreSnapshot(sim: Simulator, snapshot: Snapshot): void {
  const { hyp } = sim;
  hyp.objects.length = 0;
  hyp.objects.push(...clonePlain(snapshot.objects));
  hyp.freeIds.length = 0;
  hyp.freeIds.push(...snapshot.freeIds);
  for (const key of Object.keys(hyp.state)) delete hyp.state[key];
  Object.assign(hyp.state, clonePlain(snapshot.state));
  hyp.now = snapshot.now;
  hyp.dead = clonePlain(snapshot.dead);
  Object.assign(sim.rm, clonePlain(snapshot.rm));
  sim.loop = clonePlain(snapshot.loop);
  hyp.mem.restorePhys(snapshot.memory);
  hyp.vic.restored?.();
}

export const encodeSnapshot = (snapshot: Snapshot): Uint8Array => packPlain(snapshot);

/** Throws on bytes that are not an encoded snapshot. */
export const decodeSnapshot = (bytes: Uint8Array): Snapshot => unpackPlain(bytes) as Snapshot;

/** Equal digests: equal state, hence equal future. */
export const stateDigest = (sim: Simulator): string => digest(encodeSnapshot(takeSnapshot(sim)));
