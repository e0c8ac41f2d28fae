/** What surprises about VMs as RM manages them (spec/quirks.toml): one test each. */
import { describe, expect, test } from 'vitest';
import { le16, le32, put32 } from '../../../src/base/index.js';
import { node } from '../../../src/board/fdt/index.js';
import { HYPERCALL_BASE } from '../../../src/hyp/index.js';
import {
  AuthType,
  Call,
  ExitCode,
  HypError,
  Msg,
  ObjectType,
  RmError,
  VcpuRunState,
  VmState,
} from '../../../src/protocol/index.js';
import { dispatch } from '../../../src/rm/dispatch.js';
import type { Vcpu } from '../../../src/vcpu/index.js';
import { guest } from '../dt/samples.js';
import { addVm, ask, fakeRm, name, u16 } from '../fake-rm.js';
import {
  allocate,
  bytes,
  configImage,
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

const { OK, DENIED, NORESOURCE, VMID_INVALID, ARGUMENT_INVALID } = RmError;
const DT = 0x20_0000;
const psci = node('psci', { compatible: 'arm,psci-1.0' });
const rpc = node('rpc', { 'vdevice-type': 'rm-rpc', generate: '/hypervisor/rm' });
/** movz w0, #0x8400, lsl #16; movk w0, #8; hvc #0: PSCI SYSTEM_OFF. */
const SYSTEM_OFF = [0x52b0_8000, 0x7280_0100, 0xd400_0002];

const code = (words: readonly number[]): Uint8Array => {
  const out = new Uint8Array(4 * words.length);
  for (const [i, w] of words.entries()) put32(out, 4 * i, w);
  return out;
};
/** A request as it comes from the VM itself. */
const from = (h: RmHost, vmid: number, id: number, payload: Uint8Array): number => {
  const reply = dispatch(h.sim.rm, vmid, id, 0, payload);
  return typeof reply === 'number' ? reply : le32(reply as Uint8Array, 0);
};
const resources = (h: RmHost, vmid: number) => h.client.request(Msg.VM_GET_HYP_RESOURCES, vmidPayload(vmid));
/** Capability of the first vCPU: the first that HLOS gets. */
const vcpuCap = (h: RmHost, vmid: number): bigint => BigInt(le32(resources(h, vmid)?.data ?? new Uint8Array(20), 16));
/** vcpu_run: error, state, data 0. */
const run = (h: RmHost, cap: bigint): number[] => {
  h.host.call('hvc', HYPERCALL_BASE + Call.VCPU_RUN, [cap]);
  return [...h.host.x.subarray(0, 3)].map(Number);
};
const stop = (vmid: number): Uint8Array => bytes([16, vmid], [8, 1], [8, 0], [32, 0]);
const config = (vmid: number, handle: number, image: [number, number], dtSize = 0x1_0000): Uint8Array =>
  bytes([16, vmid], [16, 0], [32, handle], [64, image[0]], [64, image[1]], [64, DT], [64, dtSize]);
const upToStart = (h: RmHost, vmid: number, request: Uint8Array): (number | 'silence')[] => [
  errorOf(h, Msg.VM_CONFIG_IMAGE, request),
  errorOf(h, Msg.VM_INIT, vmidPayload(vmid)),
  errorOf(h, Msg.VM_START, vmidPayload(vmid)),
];

describe('management', () => {
  test('VM_ALLOCATE returns the VMID only when RM chose it', () => {
    const h = rmHost();
    const data = (vmid: number) => [...(h.client.request(Msg.VM_ALLOCATE, vmidPayload(vmid))?.data ?? [-1])];
    expect([data(0), data(5)]).toEqual([[0x80, 0, 0, 0], []]);
  });

  test('a VM that is not configured, or was just reset, must not be reset: RM stops', () => {
    const fresh = rmHost();
    expect(errorOf(fresh, Msg.VM_RESET, vmidPayload(allocate(fresh)))).toBe('silence');
    expect(fresh.sim.rm.state).toBe('dead');
    const h = rmHost();
    const { vmid } = makeVm(h, undefined, 'ready');
    expect(errorOf(h, Msg.VM_RESET, vmidPayload(vmid))).toBe(OK);
    notifications(h);
    expect(h.sim.rm.state).toBe('serving');
    expect(errorOf(h, Msg.VM_RESET, vmidPayload(vmid))).toBe('silence');
    expect(h.sim.rm.state).toBe('dead');
  });

  test('after its reset a VM has no peers: the owner is told nothing of a new life, and the image stays in use', () => {
    const h = rmHost();
    const { vmid, handle } = makeVm(h);
    expect([errorOf(h, Msg.VM_STOP, stop(vmid)), errorOf(h, Msg.VM_RESET, vmidPayload(vmid))]).toEqual([OK, OK]);
    notifications(h);
    expect(h.sim.rm.vms[vmid]?.state).toBe(VmState.RESET);
    h.host.writeMemory(IMAGE + DT, guest());
    expect(upToStart(h, vmid, config(vmid, handle, [0, 0]))).toEqual([OK, OK, OK]);
    expect(errorOf(h, Msg.VM_STOP, stop(vmid))).toBe(OK);
    expect(errorOf(h, Msg.VM_RESET, vmidPayload(vmid))).toBe(OK);
    expect(notifications(h).filter((n) => n.id === Msg.N_VM_STATUS)).toEqual([]);
    expect(h.sim.rm.vms[vmid]?.state).toBe(VmState.RESET);
    expect(errorOf(h, Msg.MEM_RECLAIM, bytes([32, handle], [32, 0]))).toBe(RmError.MEM_INUSE);
  });

  test('an unknown VM is NORESOURCE, VMID_INVALID or ARGUMENT_INVALID, by message', () => {
    const h = rmHost();
    const unknown = vmidPayload(0x99);
    const ids = [Msg.VM_GET_ID, Msg.VM_GET_STATE, Msg.VM_START, Msg.VM_INIT, Msg.VM_RESET, Msg.VM_GET_HYP_RESOURCES];
    expect(ids.map((id) => errorOf(h, id, unknown))).toEqual([
      NORESOURCE,
      NORESOURCE,
      VMID_INVALID,
      VMID_INVALID,
      VMID_INVALID,
      ARGUMENT_INVALID,
    ]);
  });

  test('VM_SET_STATUS is for static VMIDs only', () => {
    const { rm } = fakeRm();
    for (const vmid of [5, 0x80]) addVm(rm, vmid);
    const set = (vmid: number) => name(ask(rm, vmid, Msg.VM_SET_STATUS, u16(0), u16(0)).error);
    expect([set(5), set(0x80), set(3)]).toEqual(['OK', 'DENIED', 'DENIED']);
  });

  test('a crash message, even an empty one, turns the exit code of a halt into SOFTWARE_ERROR', () => {
    const exitCode = (crash: boolean): number => {
      const h = rmHost();
      h.host.writeMemory(IMAGE, code(SYSTEM_OFF));
      const { vmid } = makeVm(h, guest({ last: [psci] }));
      if (crash) expect(from(h, vmid, Msg.VM_SET_CRASH_MSG, bytes([16, 0], [16, 0]))).toBe(OK);
      run(h, vcpuCap(h, vmid));
      const exited = notifications(h).find((n) => n.id === Msg.N_VM_EXITED);
      return le16(exited?.payload ?? new Uint8Array(12), 10);
    };
    expect([exitCode(false), exitCode(true)]).toEqual([ExitCode.NORMAL, ExitCode.SOFTWARE_ERROR]);
  });

  test('after a reset the capabilities of the vCPUs are gone', () => {
    const h = rmHost();
    const { vmid } = makeVm(h);
    const cap = vcpuCap(h, vmid);
    expect(run(h, cap)[0]).toBe(HypError.OK);
    errorOf(h, Msg.VM_STOP, stop(vmid));
    expect(run(h, cap)[0]).toBe(HypError.OK);
    errorOf(h, Msg.VM_RESET, vmidPayload(vmid));
    notifications(h);
    expect(run(h, cap)[0]).toBe(HypError.CSPACE_CAP_NULL);
  });
});

describe('resources', () => {
  test('of VMs of others, and of oneself, are an empty list; of RM its vCPU', () => {
    const h = rmHost();
    const [a, b] = [makeVm(h, undefined, 'ready'), makeVm(h, undefined, 'ready', IMAGE + 0x100_0000)];
    const count = (asker: number, vmid: number): number[] => {
      const reply = dispatch(h.sim.rm, asker, Msg.VM_GET_HYP_RESOURCES, 0, vmidPayload(vmid));
      return typeof reply === 'number' ? [reply] : [le32(reply as Uint8Array, 0), le32(reply as Uint8Array, 4)];
    };
    expect(count(3, a.vmid)).toEqual([OK, 1]);
    expect([count(b.vmid, a.vmid), count(a.vmid, a.vmid), count(3, 3)]).toEqual(new Array(3).fill([OK, 0]));
    expect(count(3, 255)).toEqual([OK, 1]);
  });

  test('without an interrupt say all ones for vCPUs that schedule themselves, 0 for doorbell senders and the vCPU of RM', () => {
    const h = rmHost();
    const bell = node('b', { 'vdevice-type': 'doorbell', label: 4, 'peer-default': true, generate: '/hypervisor/b' });
    const tree = guest({
      vcpus: { affinity: 'static', 'affinity-map': 0x1_0003, 'sched-priority': 0xffff_ffff, 'sched-timeslice': 5000 },
      vdevices: [bell],
    });
    const { vmid, errors } = makeVm(h, tree, 'ready');
    expect(errors).toEqual([OK, OK]);
    const virqs = (vm: number): number[] => {
      const data = resources(h, vm)?.data ?? new Uint8Array(4);
      return Array.from({ length: le32(data, 0) }, (_, i) => le32(data, 28 + 44 * i));
    };
    expect([virqs(vmid), virqs(255)]).toEqual([[0xffff_ffff, 0], [0]]);
  });
});

describe('creation', () => {
  test('looks neither at the image size nor at the entry offset, nor at size-min and size-max of the tree', () => {
    const limits: Record<string, number[]>[] = [
      { 'size-min': [0, 0x1000_0000], 'size-max': [0, 0x1000_0000] },
      { 'size-max': [0, 0x1000] },
    ];
    for (const memory of limits) {
      const h = rmHost();
      const vmid = allocate(h);
      h.host.writeMemory(IMAGE + DT, guest({ memory: { 'base-address': [0, 0x8000_0000], ...memory } }));
      const handle = lend(h, vmid, IMAGE, 0x40_0000);
      expect(upToStart(h, vmid, config(vmid, handle, [0x3f_fffe, 0]))).toEqual([OK, OK, OK]);
    }
  });

  test('finds out at VM_START only that the base lies below 0x40000000', () => {
    const errorsAt = (base: number) => makeVm(rmHost(), guest({ memory: { 'base-address': [0, base] } })).errors;
    expect(errorsAt(0x2000_0000)).toEqual([OK, OK, NORESOURCE]);
    expect(errorsAt(0x6000_0000)).toEqual([OK, OK, OK]);
  });

  test('stops RM at VM_START when the patched tree does not fit into the 4 KiB that it was given', () => {
    const h = rmHost();
    const vmid = allocate(h);
    h.host.writeMemory(IMAGE + DT, guest({ last: [node('pad', { bytes: new Uint8Array(0xc80) })] }));
    const handle = lend(h, vmid, IMAGE, 0x40_0000);
    expect(upToStart(h, vmid, config(vmid, handle, [0, 0], 0x1000))).toEqual([OK, OK, 'silence']);
    expect(h.sim.rm.dead?.trigger).toBe('vm-start-dt-overflow');
  });

  test('denies the start with extra private memory unless the authentication type is PLATFORM', () => {
    const start = (auth: number, extra: boolean): number | 'silence' => {
      const h = rmHost();
      const vmid = allocate(h);
      h.host.writeMemory(IMAGE + DT, guest());
      const handle = lend(h, vmid, IMAGE, 0x40_0000);
      expect(errorOf(h, Msg.VM_CONFIG_IMAGE, configImage(vmid, auth, handle))).toBe(OK);
      if (auth === AuthType.PLATFORM) expect(errorOf(h, Msg.VM_AUTH_IMAGE, vmidPayload(vmid))).toBe(OK);
      expect(errorOf(h, Msg.VM_INIT, vmidPayload(vmid))).toBe(OK);
      if (extra) expect(lend(h, vmid, IMAGE + 0x100_0000, 0x1000)).toBeGreaterThan(0);
      return errorOf(h, Msg.VM_START, vmidPayload(vmid));
    };
    expect(start(AuthType.NONE, false)).toBe(OK);
    expect(start(AuthType.NONE, true)).toBe(DENIED);
    expect(start(AuthType.PLATFORM, true)).toBe(OK);
  });

  test('lets the image parcel be reclaimed in every state before VM_START', () => {
    for (const upTo of ['configured', 'ready', 'running'] as const) {
      const h = rmHost();
      const { handle } = makeVm(h, undefined, upTo);
      const expected = upTo === 'running' ? RmError.MEM_INUSE : OK;
      expect(errorOf(h, Msg.MEM_RECLAIM, bytes([32, handle], [32, 0]))).toBe(expected);
    }
    const h = rmHost();
    const handle = lend(h, allocate(h), IMAGE, 0x40_0000);
    expect(errorOf(h, Msg.MEM_RECLAIM, bytes([32, handle], [32, 0]))).toBe(OK);
  });
});

describe('a VM that runs', () => {
  test('and gives back its own image parcel makes vcpu_run report FAULT', () => {
    const h = rmHost();
    h.host.writeMemory(IMAGE, code([0x1400_0000]));
    const { vmid, handle } = makeVm(h, guest({ vdevices: [rpc] }));
    const cap = vcpuCap(h, vmid);
    expect(run(h, cap)[1]).toBe(VcpuRunState.READY);
    expect(from(h, vmid, Msg.MEM_RELEASE, bytes([32, handle], [32, 0]))).toBe(OK);
    expect(run(h, cap)[1]).toBe(VcpuRunState.FAULT);
  });

  test('and switches itself off is reported off with data 0 first, and with data 1 once RM has killed it', () => {
    const h = rmHost();
    h.host.writeMemory(IMAGE, code(SYSTEM_OFF));
    const { vmid } = makeVm(h, guest({ last: [psci] }));
    const cap = vcpuCap(h, vmid);
    expect(run(h, cap)).toEqual([0, VcpuRunState.POWERED_OFF, 0]);
    notifications(h);
    expect(vmState(h, vmid)).toBe(VmState.EXITED);
    expect(run(h, cap)).toEqual([0, VcpuRunState.POWERED_OFF, 1]);
  });
});

describe('an access of a VM to a device that its manager emulates', () => {
  /** movz x0, #0x1000, lsl #16; movz x1, #0x1234: a device address and a value. */
  const SET_UP = [0xd2a2_0000, 0xd282_4681];
  const DEVICE = 0x1000_0000;
  /** The VM runs these words; the manager answers every stop with `value`. Results of each run, and the first registers. */
  const stops = (words: readonly number[], runs: number, value = 0n) => {
    const h = rmHost();
    h.host.writeMemory(IMAGE, code([...SET_UP, ...words, 0x1400_0000]));
    const { vmid } = makeVm(h);
    const cap = vcpuCap(h, vmid);
    const results = Array.from({ length: runs }, () => {
      h.host.call('hvc', HYPERCALL_BASE + Call.VCPU_RUN, [cap, value]);
      return [...h.host.x.subarray(1, 5)];
    });
    const vcpu = h.sim.hyp.ofType[ObjectType.THREAD].map((id) => h.sim.hyp.get<Vcpu>(id)).at(-1);
    return { results, x: [...(vcpu?.x.subarray(0, 4) ?? [])] };
  };
  const READ = BigInt(VcpuRunState.ADDRSPACE_VMMIO_READ);
  const WRITE = BigInt(VcpuRunState.ADDRSPACE_VMMIO_WRITE);

  test('a byte load takes the whole 32 bits that it is given', () => {
    // ldrb w2, [x0]
    const { results, x } = stops([0x3940_0002], 2, 0x1_2345_6789n);
    expect(results[0]).toEqual([READ, BigInt(DEVICE), 1n, 0n]);
    expect(x[2]).toBe(0x2345_6789n);
  });

  test('a byte store reports the whole register', () => {
    // strb w1, [x0]
    expect(stops([0x3900_0001], 1).results).toEqual([[WRITE, BigInt(DEVICE), 1n, 0x1234n]]);
  });

  test('pairs, write-back, exclusives and cache zeroing abort in the guest', () => {
    // stp x1, x1, [x0]; ldp x2, x3, [x0]; ldr w2, [x0], #4; str w1, [x0, #4]!; ldxr w2, [x0]; dc zva, x0
    for (const word of [0xa900_0401, 0xa940_0c02, 0xb840_4402, 0xb800_4c01, 0x885f_7c02, 0xd50b_7420]) {
      const [[state]] = stops([word], 1).results;
      expect([word.toString(16), Number(state)]).toEqual([word.toString(16), VcpuRunState.FAULT]);
    }
  });
});

describe('interrupts that can be lent', () => {
  test('are 16 to 31 except 23, 25, 26, 27 and 30, and 32 to 255', () => {
    const h = rmHost();
    const lendable = Array.from({ length: 400 }, (_, irq) => irq).filter(
      (irq) => errorOf(h, Msg.VM_IRQ_LEND, bytes([16, 0x80], [16, 0], [32, irq], [32, 0])) === OK,
    );
    const expected = Array.from({ length: 240 }, (_, i) => 16 + i).filter((irq) => ![23, 25, 26, 27, 30].includes(irq));
    expect(lendable).toEqual(expected);
    expect(errorOf(h, Msg.VM_IRQ_LEND, bytes([16, 0x80], [16, 0], [32, 256], [32, 0]))).toBe(RmError.IRQ_INVALID);
  });
});
