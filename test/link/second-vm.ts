/** A second VM, as the primary one creates it. */
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { le32 } from '../../src/base/index.js';
import { RmClient } from '../../src/guest/rm-client.js';
import {
  decodeVmGetHypResourcesReply,
  encodeMemShareRequest,
  encodeVmConfigImageRequest,
  encodeVmInitRequest,
  encodeVmStartRequest,
  Msg,
  ResourceType,
} from '../../src/protocol/index.js';
import { treeBlob } from '../../src/scenario/tree.js';
import { HostPackets, HostVcpu, type Simulator } from '../../src/sim/index.js';

export const VM = 128;
export const IMAGE = 0x5000_0000;
const example = JSON.parse(readFileSync(new URL('../../examples/two-vms.json', import.meta.url), 'utf8')) as {
  steps: { tree?: never }[];
};

/** The example's VM configuration; `linked` false: without its RM link. */
export function vmTree(linked: boolean): Uint8Array {
  const tree = structuredClone(example.steps.find((s) => s.tree !== undefined)?.tree) as unknown;
  const find = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const [name, value] of Object.entries(node)) {
      if (name === 'rm-rpc' && !linked) Reflect.deleteProperty(node, name);
      else find(value);
    }
  };
  find(tree);
  return treeBlob(tree as never, { vars: new Map(), dry: false }, '$');
}

/** The primary VM asks RM, which agrees. */
export function driverOf(sim: Simulator) {
  const host = new HostVcpu(sim, sim.primaryVcpu()?.id ?? -1);
  const rm = new RmClient(new HostPackets(host));
  const ask = (id: number, payload: Uint8Array): Uint8Array => {
    const reply = rm.request(id, payload);
    expect(reply?.error).toBe(0);
    return reply?.payload ?? new Uint8Array();
  };
  return { host, ask, rest: () => rm.poll() };
}

export const vmidOnly = Uint8Array.of(VM, 0, 0, 0);

/** VM 128 up to VM_INIT, configured by `tree`; returns how to start it. */
export function createVm(sim: Simulator, linked = true, image = IMAGE, tree = vmTree(linked)): () => bigint {
  const { host, ask } = driverOf(sim);
  ask(Msg.VM_ALLOCATE, new Uint8Array(4));
  host.writeMemory(image + 0x10_0000, tree);
  const acl = [
    { vmid: 3, rights: 7 },
    { vmid: VM, rights: 7 },
  ];
  const share = encodeMemShareRequest({
    memType: 0,
    flags: 0,
    label: 0,
    acl,
    sgl: [{ ipa: BigInt(image), size: 0x20_0000n }],
    attr: [],
  });
  const imageHandle = le32(ask(Msg.MEM_SHARE, share), 4);
  const sizes = { imageOffset: 0n, imageSize: 0x10_0000n, dtOffset: 0x10_0000n, dtSize: 0x1_0000n };
  ask(Msg.VM_CONFIG_IMAGE, encodeVmConfigImageRequest({ vmid: VM, authType: 0, imageHandle, ...sizes }));
  ask(Msg.VM_INIT, encodeVmInitRequest({ vmid: VM }));
  return () => {
    ask(Msg.VM_START, encodeVmStartRequest({ vmid: VM }));
    const list = decodeVmGetHypResourcesReply(ask(Msg.VM_GET_HYP_RESOURCES, vmidOnly));
    return list?.resources.find((r) => r.type === ResourceType.VIRTUAL_CPU)?.capId ?? -1n;
  };
}
