import { le32 } from '../src/base/index.js';
import { defaultFuzzOptions, Fuzzer } from '../src/fuzz/index.js';
import {
  encodeMemReclaimRequest,
  encodeMemShareRequest,
  encodeVmConfigImageRequest,
  encodeVmStopRequest,
  Msg,
} from '../src/protocol/index.js';
import { parseScenario, Run } from '../src/scenario/index.js';
import { type Figures, figure } from './measure.js';
import { twoVms } from './platform.js';

/** Where the example writes the device tree. */
const TREE = 0x5010_0000;

/** The example as it is, or with nothing but its RM link among the VM's devices. */
function example(devices: boolean): string {
  if (devices) return twoVms();
  const json = JSON.parse(twoVms()) as {
    steps: { tree?: { 'gunyah-vm-config': { vdevices: Record<string, unknown> } } }[];
  };
  for (const { tree } of json.steps) {
    if (tree === undefined) continue;
    const { generate, 'rm-rpc': link } = tree['gunyah-vm-config'].vdevices;
    tree['gunyah-vm-config'].vdevices = { generate, 'rm-rpc': link };
  }
  return JSON.stringify(json);
}

/** The whole life of the VM of an example: everything from VM_ALLOCATE to VM_DEALLOCATE, reset included. */
function lifeOf(scenarioText: string): () => void {
  const scenario = parseScenario(scenarioText);
  const run = new Run(scenario);
  const setUp = scenario.steps.findIndex((s) => s.label === 'running');
  // RM completes the tree in place, so every life begins with a new copy of it.
  const tree = new Uint8Array(0x1000);
  while (run.next < setUp) {
    if (scenario.steps[run.next].kind === 'rpc' && !tree.some((b) => b !== 0)) run.machine.host.readMemory(TREE, tree);
    run.step();
  }
  const { client, host } = run.machine;
  const vm = 128;
  const ok = (id: number, payload: Uint8Array): Uint8Array => {
    const reply = client.request(id, payload);
    if (reply === undefined || reply.error !== 0) throw new Error(`request 0x${id.toString(16)}: ${reply?.error}`);
    return reply.data;
  };
  const ofVm = Uint8Array.of(vm, 0, 0, 0);
  const end = (): void => {
    ok(Msg.VM_STOP, encodeVmStopRequest({ vmid: vm, flags: 1, stopReason: 0 }));
    ok(Msg.VM_RESET, ofVm);
    client.poll();
    client.takeNotifications();
  };
  const parcel = Number(run.scope.vars.get('parcel') ?? 0n);
  end();
  ok(Msg.MEM_RECLAIM, encodeMemReclaimRequest({ handle: parcel, flags: 0 }));
  ok(Msg.VM_DEALLOCATE, ofVm);
  const share = encodeMemShareRequest({
    memType: 0,
    flags: 0,
    label: 0,
    acl: [
      { vmid: 3, rights: 7 },
      { vmid: vm, rights: 7 },
    ],
    sgl: [{ ipa: 0x5000_0000n, size: 0x20_0000n }],
    attr: [],
  });
  return () => {
    host.writeMemory(TREE, tree);
    ok(Msg.VM_ALLOCATE, Uint8Array.of(0, 0, 0, 0));
    const imageHandle = le32(ok(Msg.MEM_SHARE, share), 0);
    ok(
      Msg.VM_CONFIG_IMAGE,
      encodeVmConfigImageRequest({
        vmid: vm,
        authType: 0,
        imageHandle,
        imageOffset: 0n,
        imageSize: 0x10_0000n,
        dtOffset: 0x10_0000n,
        dtSize: 0x1_0000n,
      }),
    );
    ok(Msg.VM_INIT, ofVm);
    ok(Msg.VM_START, ofVm);
    end();
    ok(Msg.MEM_RECLAIM, encodeMemReclaimRequest({ handle: imageHandle, flags: 0 }));
    ok(Msg.VM_DEALLOCATE, ofVm);
  };
}

const times = (life: () => void) => (n: number) => {
  for (let i = 0; i < n; i++) life();
};

/** Besides its RM link the VM has two doorbells and a pair of message queues: each costs RM a dozen hypercalls. */
export const vmLife = (): Figures => ({
  'VM life (allocate .. deallocate), all devices': figure('/s', times(lifeOf(example(true)))),
});

/** Not in the process of the other: the second machine of a process is a third slower, whatever it does. */
export const plainVmLife = (): Figures => ({
  'VM life (allocate .. deallocate), RM link only': figure('/s', times(lifeOf(example(false)))),
});

const FUZZ_SEQUENCES = 50;
const FUZZ_ROUNDS = 40;

/** Commands of the fuzzer, the invariants of the whole machine after each: the best of many runs of the same sequences. */
export function fuzz(): Figures {
  let best = 0;
  for (let round = 0; round < FUZZ_ROUNDS; round++) {
    const fuzzer = new Fuzzer({ ...defaultFuzzOptions(), corpus: false });
    const start = performance.now();
    for (let i = 0; i < FUZZ_SEQUENCES; i++)
      if (fuzzer.step() !== undefined) throw new Error('the fuzzer found a failure');
    best = Math.max(best, (fuzzer.totals.commands * 1000) / (performance.now() - start));
  }
  return { 'fuzz commands, all invariants after each': { rate: best, unit: '/s', ratioToLimit: 0 } };
}
