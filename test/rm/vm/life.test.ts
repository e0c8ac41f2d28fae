import { describe, expect, test } from 'vitest';
import { toHex } from '../../../src/base/index.js';
import { node } from '../../../src/board/fdt/index.js';
import { Msg, RmError, VmState } from '../../../src/protocol/index.js';
import { guest } from '../dt/samples.js';
import {
  allocate,
  bytes,
  errorOf,
  IMAGE,
  lend,
  makeVm,
  notifications,
  type RmHost,
  rmHost,
  vmidPayload,
  vmState,
} from '../rm-host.js';

const { OK } = RmError;
const status = (vmid: number, state: number): string => toHex(bytes([16, vmid], [16, 0], [8, state], [8, 0], [16, 0]));
const notes = (h: RmHost): string[] =>
  notifications(h).map(({ id, payload }) => `${Object.entries(Msg).find(([, v]) => v === id)?.[0]} ${toHex(payload)}`);
const stop = (vmid: number, force: boolean): Uint8Array => bytes([16, vmid], [8, force ? 1 : 0], [8, 0], [32, 7]);
const rpc = node('rpc', { 'vdevice-type': 'rm-rpc', generate: '/hypervisor/rm' });
const bell = (label: number, source = false) =>
  node(`bell-${label}`, {
    'vdevice-type': source ? 'doorbell-source' : 'doorbell',
    label,
    'peer-default': true,
    generate: `/hypervisor/bell-${label}`,
  });

describe('life of a VM', () => {
  test('each step tells the owner before its reply', () => {
    const h = rmHost();
    const { vmid, errors } = makeVm(h);
    expect(errors).toEqual([OK, OK, OK]);
    const states = [VmState.INIT, VmState.READY, VmState.RUNNING];
    expect(notes(h)).toEqual(states.map((s) => `N_VM_STATUS ${status(vmid, s)}`));
  });

  test('a forced stop ends in EXITED with type 7, then a reset gives everything back', () => {
    const h = rmHost();
    const before = h.sim.rm.vms[3]?.irq?.map.filter((m) => m !== null).length;
    const { vmid, handle } = makeVm(h, guest({ vdevices: [rpc, bell(4), bell(5, true)] }));
    notes(h);
    expect(errorOf(h, Msg.MEM_RECLAIM, bytes([32, handle], [32, 0]))).toBe(RmError.MEM_INUSE);
    expect(errorOf(h, Msg.VM_STOP, stop(vmid, true))).toBe(OK);
    expect(notes(h)).toEqual([
      `N_VM_STATUS ${status(vmid, VmState.EXITED)}`,
      `N_VM_EXITED ${toHex(bytes([16, vmid], [16, 7], [32, 4], [32, 0]))}`,
    ]);
    expect(errorOf(h, Msg.VM_RESET, vmidPayload(vmid))).toBe(OK);
    expect(notes(h)).toEqual([
      `N_VM_STATUS ${status(vmid, VmState.RESETTING)}`,
      `N_MEM_RELEASED ${toHex(bytes([32, handle], [16, vmid], [16, 0], [32, 0]))}`,
      `N_VM_STATUS ${status(vmid, VmState.RESET)}`,
    ]);
    expect(errorOf(h, Msg.MEM_RECLAIM, bytes([32, handle], [32, 0]))).toBe(OK);
    expect(errorOf(h, Msg.VM_DEALLOCATE, vmidPayload(vmid))).toBe(OK);
    expect(h.sim.rm.vms[vmid]).toBeNull();
    expect(h.sim.rm.links[vmid]).toBeNull();
    expect(h.sim.rm.vms[3]?.irq?.map.filter((m) => m !== null).length).toBe(before);
    expect(h.sim.rm.vms[3]?.peers).toEqual([]);
  });

  test('a VM that never ran can be reset: RM kills vCPUs that were never on', () => {
    const h = rmHost();
    const { vmid } = makeVm(h, undefined, 'ready');
    expect(errorOf(h, Msg.VM_RESET, vmidPayload(vmid))).toBe(OK);
    notes(h);
    expect(h.sim.rm.vms[vmid]?.state).toBe(VmState.RESET);
  });

  test('a stop without force only sends VM_SHUTDOWN, and kills RM when the VM has no link', () => {
    const h = rmHost();
    const linked = makeVm(h, guest({ vdevices: [rpc] }));
    expect(errorOf(h, Msg.VM_STOP, stop(linked.vmid, false))).toBe(OK);
    expect(vmState(h, linked.vmid)).toBe(VmState.RUNNING);
    const plain = makeVm(h, undefined, 'running', IMAGE + 0x100_0000);
    expect(errorOf(h, Msg.VM_STOP, stop(plain.vmid, false))).toBe('silence');
    expect(h.sim.rm.dead).toEqual({ kind: 'ABORT', trigger: 'vm-stop-without-link' });
  });

  test('the second reset of a VMID cleans nothing, and its third VM_INIT kills RM', () => {
    const h = rmHost();
    const { vmid, handle } = makeVm(h, undefined, 'ready');
    const again = (): (number | 'silence')[] => {
      const config = bytes(
        [16, vmid],
        [16, 0],
        [32, handle],
        [64, 0],
        [64, 0x20_0000],
        [64, 0x20_0000],
        [64, 0x1_0000],
      );
      return [errorOf(h, Msg.VM_CONFIG_IMAGE, config), errorOf(h, Msg.VM_INIT, vmidPayload(vmid))];
    };
    errorOf(h, Msg.VM_RESET, vmidPayload(vmid));
    notes(h);
    expect(again()).toEqual([OK, OK]);
    // No peers any more: nobody is told.
    expect(notes(h)).toEqual([]);
    errorOf(h, Msg.VM_RESET, vmidPayload(vmid));
    notes(h);
    expect(h.sim.rm.vms[vmid]?.state).toBe(VmState.RESET);
    expect(h.sim.rm.vms[vmid]?.config).not.toBeNull();
    expect(again()).toEqual([OK, 'silence']);
    expect(h.sim.rm.dead?.trigger).toBe('third-init-of-reset-vmid');
  });
});

describe('resources of a VM', () => {
  const entries = (h: RmHost, vmid: number): { type: number; label: number; cap: number; virq: number }[] => {
    const data = h.client.request(Msg.VM_GET_HYP_RESOURCES, vmidPayload(vmid))?.data ?? new Uint8Array(4);
    const view = new DataView(data.buffer, data.byteOffset);
    return Array.from({ length: view.getUint32(0, true) }, (_, i) => ({
      type: data[4 + 44 * i],
      label: view.getUint32(12 + 44 * i, true),
      cap: view.getUint32(16 + 44 * i, true),
      virq: view.getUint32(28 + 44 * i, true),
    }));
  };

  test('vCPUs first, then devices in creation order; capabilities and numbers count up from 3 and 962', () => {
    const h = rmHost();
    const { vmid } = makeVm(h, guest({ vdevices: [rpc, bell(4), bell(5, true)] }), 'ready');
    expect(entries(h, vmid)).toEqual([
      { type: 4, label: 0, cap: 3, virq: 962 },
      { type: 0, label: 4, cap: 4, virq: 0 },
      { type: 1, label: 5, cap: 5, virq: 963 },
    ]);
  });

  test("RM's own vCPU is listed for the primary VM, nothing for itself", () => {
    const h = rmHost();
    expect(entries(h, 255)).toEqual([{ type: 4, label: 0, cap: 2, virq: 0 }]);
    expect(entries(h, 3)).toEqual([]);
  });

  test('two VMs that name each other share one pair of queues', () => {
    const h = rmHost();
    const pair = (peer: string) =>
      node('pair', {
        'vdevice-type': 'message-queue-pair',
        label: 9,
        peer: `vm-name:${peer}`,
        generate: '/hypervisor/q',
      });
    const a = makeVm(h, guest({ config: { 'image-name': 'a' }, vdevices: [pair('b')] }), 'ready');
    const b = makeVm(h, guest({ config: { 'image-name': 'b' }, vdevices: [pair('a')] }), 'ready', IMAGE + 0x100_0000);
    expect(b.errors).toEqual([OK, OK]);
    expect(h.sim.rm.vms[a.vmid]?.peers).toContain(b.vmid);
    const handles = [a, b].map(({ vmid }) => h.sim.rm.vms[vmid]?.config?.devices[0].handle);
    expect(handles).toEqual([0, 0]);
  });
});

describe('refusals of VM_INIT', () => {
  const initError = (parts: Parameters<typeof guest>[0]): number | 'silence' =>
    makeVm(rmHost(), guest(parts), 'ready').errors[1];

  test('a base address that is not page aligned is MEM_INVALID', () => {
    expect(initError({ memory: { 'base-address': [0, 0x8000_0001] } })).toBe(RmError.MEM_INVALID);
  });

  test('crash-fatal and direct mapping need a trusted tree: ARGUMENT_INVALID', () => {
    expect(initError({ config: { 'vm-attrs': 'crash-fatal' } })).toBe(RmError.ARGUMENT_INVALID);
    expect(initError({ memory: { 'is-direct': true } })).toBe(RmError.ARGUMENT_INVALID);
  });

  test('scheduling at or above the owner, and doorbells on the same number, are NORESOURCE', () => {
    expect(initError({ vcpus: { affinity: 'static', 'sched-timeslice': 1000, 'affinity-map': [1] } })).toBe(
      RmError.NORESOURCE,
    );
    const given = (label: number) =>
      node(`b${label}`, { 'vdevice-type': 'doorbell', label, 'peer-default': true, interrupts: [0, 4, 1] });
    expect(initError({ vdevices: [given(1), given(2)] })).toBe(RmError.NORESOURCE);
  });

  test('an rm-rpc node without a path, two of them, two consoles', () => {
    const h = rmHost();
    expect(makeVm(h, guest({ vdevices: [node('r', { 'vdevice-type': 'rm-rpc' })] }), 'ready').errors[1]).toBe(
      'silence',
    );
    expect(h.sim.rm.dead?.trigger).toBe('dt-rm-rpc-without-generate');
    const two = rmHost();
    const second = node('rpc2', { 'vdevice-type': 'rm-rpc', generate: '/hypervisor/rm2' });
    const { vmid, errors } = makeVm(two, guest({ vdevices: [rpc, second] }), 'ready');
    expect(errors).toEqual([OK, OK]);
    errorOf(two, Msg.VM_RESET, vmidPayload(vmid));
    notes(two);
    expect(two.sim.rm.dead?.trigger).toBe('two-rm-rpc-nodes-reset');
  });
});

/** Outcomes of the real system for trees that few people write, each recorded from it. */
describe('VM_INIT with unusual trees', () => {
  /** The result of VM_INIT of one VM after another, and what stopped. */
  const outcome = (...trees: Parameters<typeof guest>[0][]): [number | 'silence', string | undefined] => {
    const h = rmHost();
    let error: number | 'silence' = OK;
    trees.forEach((parts, i) => {
      error = makeVm(h, guest(parts), 'ready', IMAGE + i * 0x100_0000).errors[1];
    });
    return [error, h.sim.rm.dead?.trigger ?? h.sim.hyp.dead?.rule];
  };
  const many = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));
  test('the owner runs out of interrupt numbers', () => {
    const pair = (label: number) =>
      node(`p${label}`, {
        'vdevice-type': 'message-queue-pair',
        label,
        'peer-default': true,
        'message-size': 240,
        'queue-depth': 8,
        generate: `/hypervisor/p${label}`,
      });
    expect(outcome({ vdevices: many(60, (i) => bell(i, true)) })).toEqual(['silence', 'vdevice-without-peer']);
    expect(outcome({ vdevices: many(40, pair) })).toEqual(['silence', 'vdevice-without-peer']);
    expect(outcome({ vdevices: many(60, (i) => bell(i)) })).toEqual([OK, undefined]);
  });

  test('none is left for the wake-up interrupt of a proxy-scheduled vCPU', () => {
    const first = outcome({ vdevices: many(57, (i) => bell(i, true)) });
    expect(first).toEqual([OK, undefined]);
    expect(outcome({ vdevices: many(57, (i) => bell(i, true)) }, {})).toEqual(['silence', 'virq-not-mapped']);
  });

  test('a peer that is only the kind of a name', () => {
    const to = (peer: string) => node('b', { 'vdevice-type': 'doorbell', label: 1, peer, generate: '/hypervisor/b' });
    for (const kind of ['vm-name', 'vm-uri', 'vm-guid', ':vm-name'])
      expect(outcome({ vdevices: [to(kind)] })).toEqual(['silence', 'peer-without-value']);
    expect(outcome({ vdevices: [to('vm-name:')] })[1]).toBeUndefined();
    expect(outcome({ vdevices: [to('name')] })[1]).toBeUndefined();
  });

  test('a redistributor stride that is no power of two matters where RM looks for the address', () => {
    const far = [0, 0x3fff_0000, 0, 0x1_0000, 0, 0x9000_0000, 0, 0x4_0000];
    const stride = { 'redistributor-stride': [0, 0x3_0000] };
    expect(outcome({ gic: { ...stride, reg: far } })).toEqual(['silence', 'gic-stride']);
    expect(outcome({ gic: stride })).toEqual([OK, undefined]);
    expect(outcome({ gic: { 'redistributor-stride': [0, 0x4_0000], reg: far } })).toEqual([OK, undefined]);
  });

  test('all ones as address of the distributor mean anywhere', () => {
    const reg = [0xffff_ffff, 0xffff_ffff, 0, 0x1_0000, 0, 0x3ffb_0000, 0, 0x4_0000];
    expect(outcome({ gic: { reg } })).toEqual([OK, undefined]);
  });

  test('a virtio-mmio device without queues stops the hypervisor', () => {
    const device = (queues: number) =>
      node(
        'v',
        { 'vdevice-type': 'virtio-mmio', 'peer-default': true, 'vqs-num': queues, generate: '/hypervisor/v' },
        node('memory', { label: 2, 'allocate-base': true }),
      );
    expect(outcome({ vdevices: [device(1)] })).toEqual([OK, undefined]);
    expect(outcome({ vdevices: [device(0)] })[1]).toBe('hyp-virtio-without-queues');
  });
});

describe('ways to kill RM', () => {
  test.each([
    ['vm-deallocate-unknown', Msg.VM_DEALLOCATE, vmidPayload(0x90)],
    ['vm-deallocate-unknown', Msg.VM_DEALLOCATE, vmidPayload(0)],
    ['vm-deallocate-unknown', Msg.VM_DEALLOCATE, vmidPayload(256)],
    ['vm-reset-without-configuration', Msg.VM_RESET, vmidPayload(4)],
    ['irq-empty-payload', Msg.VM_IRQ_LEND, new Uint8Array(0)],
    ['console-write-empty', Msg.VM_CONSOLE_WRITE, new Uint8Array(0)],
  ])('%s', (trigger, id, payload) => {
    const h = rmHost();
    allocate(h, 4);
    expect(errorOf(h, id, payload)).toBe('silence');
    expect(h.sim.rm.dead?.trigger).toBe(trigger);
    expect(h.sim.rm.state).toBe('dead');
  });

  test('a reset after a bad authentication type is answered first and kills RM later', () => {
    const h = rmHost();
    const vmid = allocate(h);
    const handle = lend(h, vmid, IMAGE, 0x40_0000);
    const config = bytes([16, vmid], [16, 9], [32, handle], [64, 0], [64, 0], [64, 0], [64, 0x1000]);
    expect(errorOf(h, Msg.VM_CONFIG_IMAGE, config)).toBe(RmError.ARGUMENT_INVALID);
    expect(errorOf(h, Msg.VM_RESET, vmidPayload(vmid))).toBe(OK);
    notes(h);
    expect(h.sim.rm.dead?.trigger).toBe('vm-reset-after-bad-auth-type');
  });
});
