import { put16, put32, put64 } from '../../src/base/index.js';
import { type Reply, RmClient } from '../../src/guest/rm-client.js';
import { AuthType, Msg, RmError, type RpcMessage } from '../../src/protocol/index.js';
import { HostPackets, HostVcpu, type SimOptions, Simulator } from '../../src/sim/index.js';
import type { Vcpu } from '../../src/vcpu/index.js';
import { guest } from './dt/samples.js';

export const IMAGE = 0x5000_0000;
export const IMAGE_SIZE = 0x40_0000;
const DT_OFFSET = 0x20_0000;
const DT_SIZE = 0x1_0000;
const HLOS_OPTION = 1n << 63n;

/** The primary VM of a booted machine, talking to RM. */
export interface RmHost {
  sim: Simulator;
  host: HostVcpu;
  client: RmClient;
}

export function rmHost(options: SimOptions = {}): RmHost {
  const sim = new Simulator(options);
  sim.runUntil(() => sim.rm.state !== 'booting');
  // HLOS's boot vCPU is the first of its threads: RM makes it before the secondaries.
  const boot = sim.hyp.objects.find((o) => ((o as Vcpu | undefined)?.options ?? 0n) & HLOS_OPTION);
  const host = new HostVcpu(sim, boot?.id ?? -1);
  return { sim, host, client: new RmClient(new HostPackets(host)) };
}

/** Payload builder: pairs of width and value. */
export function bytes(...fields: readonly (readonly [bits: 8 | 16 | 32 | 64, value: number | bigint])[]): Uint8Array {
  const out = new Uint8Array(fields.reduce((n, [bits]) => n + bits / 8, 0));
  let at = 0;
  for (const [bits, value] of fields) {
    if (bits === 8) out[at] = Number(value);
    else if (bits === 16) put16(out, at, Number(value));
    else if (bits === 32) put32(out, at, Number(value));
    else put64(out, at, BigInt(value));
    at += bits / 8;
  }
  return out;
}

/** `u16 vmid, u16 0`. */
export const vmidPayload = (vmid: number): Uint8Array => bytes([16, vmid], [16, 0]);

/** Error of the reply; 'silence' when RM does not answer. */
export const errorOf = (h: RmHost, id: number, payload?: Uint8Array): number | 'silence' =>
  h.client.request(id, payload)?.error ?? 'silence';

/** Allocates a VM: the VMID. */
export function allocate(h: RmHost, vmid = 0): number {
  const reply = h.client.request(Msg.VM_ALLOCATE, vmidPayload(vmid)) as Reply;
  return vmid !== 0 ? vmid : reply.data[0] | (reply.data[1] << 8);
}

/** Lends memory of HLOS to a VM: the handle. */
export function lend(h: RmHost, vmid: number, ipa: number, size: number, rights = 7): number {
  const reply = h.client.request(
    Msg.MEM_LEND,
    bytes([32, 0], [32, 0], [16, 1], [16, 0], [16, vmid], [8, rights], [8, 0], [16, 1], [16, 0], [64, ipa], [64, size]),
  ) as Reply;
  return reply.error === RmError.OK ? reply.data[0] | (reply.data[1] << 8) : -1;
}

export const configImage = (vmid: number, auth: number, handle: number): Uint8Array =>
  bytes([16, vmid], [16, auth], [32, handle], [64, 0], [64, DT_OFFSET], [64, DT_OFFSET], [64, DT_SIZE]);

/** A VM with this tree, brought as far as `upTo` says. Errors on the way are in `errors`. */
export function makeVm(
  h: RmHost,
  tree: Uint8Array = guest(),
  upTo: 'configured' | 'ready' | 'running' = 'running',
  at = IMAGE,
): { vmid: number; handle: number; errors: (number | 'silence')[] } {
  const vmid = allocate(h);
  h.host.writeMemory(at + DT_OFFSET, tree);
  const handle = lend(h, vmid, at, IMAGE_SIZE);
  const errors = [errorOf(h, Msg.VM_CONFIG_IMAGE, configImage(vmid, AuthType.NONE, handle))];
  if (upTo !== 'configured') errors.push(errorOf(h, Msg.VM_INIT, vmidPayload(vmid)));
  if (upTo === 'running') errors.push(errorOf(h, Msg.VM_START, vmidPayload(vmid)));
  return { vmid, handle, errors };
}

/** VM_GET_STATE: the state, or the error as a negative number. */
export function vmState(h: RmHost, vmid: number): number {
  const reply = h.client.request(Msg.VM_GET_STATE, vmidPayload(vmid)) as Reply;
  return reply.error === RmError.OK ? reply.data[0] : -reply.error;
}

/** Notifications that came meanwhile, as id and payload. */
export function notifications(h: RmHost): RpcMessage[] {
  h.client.poll();
  return h.client.takeNotifications();
}
