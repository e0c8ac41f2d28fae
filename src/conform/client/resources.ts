/** The answer to VM_GET_HYP_RESOURCES, and doorbells (fact base: clients 10, 12). */
import { le32, le64 } from '../../base/index.js';
import { Call, Platform } from '../../protocol/index.js';
import { ClientCrash } from './call.js';
import type { VmManager } from './vm.js';
import type { ManagedVm } from './vm-types.js';

const RESOURCE_SIZE = Platform.RESOURCE_ENTRY_SIZE;
const BELL_TX = 0;

export function parseResources(m: VmManager, vm: ManagedVm, data: Uint8Array): string | undefined {
  if (data.length < 4) {
    if (m.bug('resources-unchecked')) throw new ClientCrash('count read behind the reply');
    return 'VM_GET_HYP_RESOURCES: empty';
  }
  const n = m.bug('resource-count-ignored') ? Math.floor((data.length - 4) / RESOURCE_SIZE) : le32(data, 0);
  if (n === 0 && m.bug('empty-list-refused')) return 'VM_GET_HYP_RESOURCES: no resources';
  const fits = m.bug('resource-count-ignored') || 4 + n * RESOURCE_SIZE === data.length;
  if (!fits && !m.bug('resources-unchecked')) return 'VM_GET_HYP_RESOURCES: count and length do not agree';
  if (!fits && 4 + n * RESOURCE_SIZE > data.length) throw new ClientCrash('entries read behind the reply');
  const seen = new Set<string>();
  for (let i = 0; i < n; i++) {
    const at = 4 + i * RESOURCE_SIZE;
    const r = {
      type: data[at],
      label: le32(data, at + 8),
      virqHandle: le32(data, at + 20),
      cap: m.bug('caps-32-bit') ? BigInt(le32(data, at + 12)) : le64(data, at + 12),
      virq: le32(data, at + (m.bug('virq-from-handle') ? 20 : 24)),
    };
    if (r.type > 10 && m.bug('unknown-resource-fails')) return 'VM_GET_HYP_RESOURCES: unknown type';
    if (r.virq === 0 && m.bug('virq-0-refused')) return 'VM_GET_HYP_RESOURCES: no interrupt';
    if (r.virq === 0xffffffff && m.bug('no-virq-fails')) return 'VM_GET_HYP_RESOURCES: no interrupt';
    if (r.virq >= 5120 && r.virq !== 0xffffffff && m.bug('virq-unchecked'))
      throw new ClientCrash('interrupt table overrun');
    const key = `${r.type}.${r.label}`;
    if (seen.has(key)) {
      if (m.bug('duplicate-resource-crash')) throw new ClientCrash('resource freed twice');
      continue;
    }
    seen.add(key);
    vm.resources.push(r);
    m.emit(`resource ${vm.name} ${r.type} ${r.label} ${r.cap.toString(16)} ${r.virq}`);
  }
  return undefined;
}

const bellOf = (m: VmManager, vm: ManagedVm, label: number) =>
  vm.resources.find((r) => r.type === BELL_TX && (r.label === label || m.bug('bell-label-ignored')));

/** Doorbells that stand for a level are enabled and acknowledged by whoever rings: the masks say so, once. */
export function maskBells(m: VmManager, vm: ManagedVm): void {
  for (const b of vm.plan.bells) {
    const r = bellOf(m, vm, b.label);
    if (r === undefined || !b.level || m.bug('level-bell-without-mask')) continue;
    for (let i = 0; i < (m.bug('level-bell-masked-twice') ? 2 : 1); i++) m.port.hvc(Call.DOORBELL_MASK, r.cap, 1n, 1n);
  }
}

/** Rings the doorbell of an interrupt line. */
export function ring(m: VmManager, vm: ManagedVm, label: number): string {
  const r = bellOf(m, vm, label);
  if (r === undefined || vm.stage !== 'running') return 'error no such doorbell';
  m.port.hvc(Call.DOORBELL_SEND, r.cap, m.bug('bell-flag-is-label') ? BigInt(label) : 1n);
  return 'ok';
}
