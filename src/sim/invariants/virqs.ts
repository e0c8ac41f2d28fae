/** Invariants of interrupt sources and the controllers that they are bound to (fact base: ipc 1). */
import type { Doorbell } from '../../doorbell/index.js';
import type { Hwirq, Vic } from '../../gic/index.js';
import { type HypObject, NO_OBJECT, type VirqSource } from '../../hyp/index.js';
import type { MsgQueue } from '../../msgq/index.js';
import { ObjectType, Platform } from '../../protocol/index.js';
import type { Vcpu, VpmGroup } from '../../vcpu/index.js';
import type { VirtioMmio } from '../../virtio/index.js';
import type { Fail } from './index.js';
import type { Population } from './population.js';

const INTIDS = 1024;
/** Numbers from here on are shared, and marked as bound by their VIC. */
const SHARED = Platform.SPI_FIRST;

/**
 * Which numbers of which VIC have a source: `round * IDS + object id`, by slot of the VIC and number. Entries of earlier rounds
 * count for nothing, so that nothing has to be cleared.
 */
let owners = new Float64Array(16 * INTIDS);
const IDS = 2 ** 20;
let round = 0;
/** By object id of a VIC: its slot, and how many of its shared numbers have a source. */
const slots: number[] = [];
const known: number[] = [];

const nameOf = (id: number, source: VirqSource): string => `source ${source.kind} of object ${id}`;

type Objects = readonly (HypObject | undefined)[];

function checkSource(p: Population, objects: Objects, id: number, s: VirqSource, fail: Fail): void {
  const { vic, virq } = s;
  if (vic === NO_OBJECT) return;
  if (!p.is(vic, ObjectType.VIC)) {
    fail('virqs-agree', `${nameOf(id, s)} is bound to object ${vic}, which is no VIC`);
    return;
  }
  const at = slots[vic] * INTIDS + virq;
  const before = owners[at] - round * IDS;
  owners[at] = round * IDS + id;
  if (before >= 0)
    fail('virqs-agree', `${nameOf(id, s)} and one of object ${before} are both bound to ${virq} of VIC ${vic}`);
  if (virq < SHARED) return;
  if (before < 0) known[vic]++;
  if ((objects[vic] as Vic).bound[virq - SHARED] !== 1)
    fail('virqs-agree', `${nameOf(id, s)} is bound to ${virq}, which VIC ${vic} holds for free`);
}

/** Marks of a VIC. Most are 0: four are looked at at once where that is possible. */
function countBound(bound: Uint8Array): number {
  let n = 0;
  let i = 0;
  if ((bound.byteOffset & 3) === 0) {
    const words = new Int32Array(bound.buffer, bound.byteOffset, bound.length >> 2);
    for (let w = 0; w < words.length; w++) {
      if (words[w] === 0) continue;
      for (let k = w * 4; k < w * 4 + 4; k++) if (bound[k] === 1) n++;
    }
    i = words.length * 4;
  }
  for (; i < bound.length; i++) if (bound[i] === 1) n++;
  return n;
}

/** How many shared numbers a VIC, by object id, held for bound in the last check. */
export const boundNumbers: number[] = [];

function checkHwirqs(p: Population, objects: Objects, fail: Fail): void {
  const hwirqs = p.of<Hwirq>(ObjectType.HWIRQ);
  for (let i = 0; i < hwirqs.length; i++) {
    const { source } = hwirqs[i];
    if (source.vic !== NO_OBJECT) checkSource(p, objects, hwirqs[i].id, source, fail);
  }
}

export function sourceFaults(p: Population, objects: Objects, fail: Fail): void {
  const vics = p.of<Vic>(ObjectType.VIC);
  if (vics.length * INTIDS > owners.length) owners = new Float64Array(vics.length * 2 * INTIDS);
  round++;
  for (let i = 0; i < vics.length; i++) {
    slots[vics[i].id] = i;
    known[vics[i].id] = 0;
  }
  checkHwirqs(p, objects, fail);
  for (const { id, source } of p.of<Doorbell>(ObjectType.DOORBELL)) checkSource(p, objects, id, source, fail);
  for (const { id, sendSource, receiveSource } of p.of<MsgQueue>(ObjectType.MSGQUEUE)) {
    checkSource(p, objects, id, sendSource, fail);
    checkSource(p, objects, id, receiveSource, fail);
  }
  for (const { id, haltVirq, wakeupVirq } of p.of<Vcpu>(ObjectType.THREAD)) {
    checkSource(p, objects, id, haltVirq, fail);
    checkSource(p, objects, id, wakeupVirq, fail);
  }
  for (const { id, suspendVirq } of p.of<VpmGroup>(ObjectType.VPM_GROUP))
    checkSource(p, objects, id, suspendVirq, fail);
  for (const { id, backend, frontend } of p.of<VirtioMmio>(ObjectType.VIRTIO_MMIO)) {
    checkSource(p, objects, id, backend, fail);
    checkSource(p, objects, id, frontend, fail);
  }
  for (const { id, bound } of vics) {
    const marked = countBound(bound);
    boundNumbers[id] = marked;
    if (marked !== known[id])
      fail('virqs-agree', `VIC ${id} holds ${marked} numbers for bound, sources say ${known[id]}`);
  }
}
