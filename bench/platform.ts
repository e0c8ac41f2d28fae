/** Machines that the parts measure on. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageFolder } from '../src/cli/files.js';
import { Msg, RpcType, rpcPacket } from '../src/protocol/index.js';
import { parseScenario, Run } from '../src/scenario/index.js';
import { HostPackets, HostVcpu, Simulator } from '../src/sim/index.js';

/** The example in which the primary VM makes a second one. */
export const twoVms = (): string => readFileSync(join(packageFolder(), 'examples', 'two-vms.json'), 'utf8');

export interface Platform {
  sim: Simulator;
  host: HostVcpu;
  packets: HostPackets;
}

export function boot(): Platform {
  const sim = new Simulator();
  sim.bootPrimary();
  const v = sim.primaryVcpu();
  if (v === undefined) throw new Error('no boot');
  const host = new HostVcpu(sim, v.id);
  return { sim, host, packets: new HostPackets(host) };
}

export const VM_GET_ID = rpcPacket(RpcType.REQUEST, Msg.VM_GET_ID, 1, 0, Uint8Array.of(3, 0, 0, 0));
export const REPLY_BYTES = 52;

/** One VM_GET_ID and its reply. */
export function rpcOnce(p: Platform): void {
  p.packets.send(VM_GET_ID);
  for (;;) {
    const rests = !p.packets.wait();
    if (p.packets.receive() !== undefined) return;
    if (rests) throw new Error('no answer');
  }
}

export const rpcs =
  (p: Platform) =>
  (n: number): void => {
    for (let i = 0; i < n; i++) rpcOnce(p);
  };

/** A platform with `count` VMs reserved and, for the first ones, created. */
export function withVms(count: number): Run {
  // The example's creation steps, once for each VM, each in memory of its own.
  const json = JSON.parse(twoVms()) as { steps: Record<string, unknown>[]; vars: Record<string, unknown> };
  const creation = json.steps.slice(
    0,
    json.steps.findIndex((s) => s.label === 'running'),
  );
  const vms = Array.from({ length: count }, (_, i) =>
    creation.map((s) => {
      const copy = JSON.parse(
        JSON.stringify(s).replaceAll('$image', `0x${(0x5000_0000 + i * 0x20_0000).toString(16)}`),
      ) as Record<string, unknown>;
      delete copy.label;
      return copy;
    }),
  );
  const run = new Run(parseScenario(JSON.stringify({ ...json, steps: [{ note: `${count} VMs` }, ...vms.flat()] })));
  run.finish();
  if (run.failures.length > 0) throw new Error(run.failures[0]?.text);
  return run;
}
