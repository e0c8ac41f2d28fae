import { describe, expect, it } from 'vitest';
import { Msg, RmError, VcpuOption } from '../../src/protocol/index.js';
import type { Vcpu } from '../../src/vcpu/index.js';
import { allocate, bytes, errorOf, makeVm, rmHost, vmidPayload } from './rm-host.js';

const SET_BOOT_CONTEXT = [Msg.VM_SET_CONTEXT, 0x5600_000c];
const ON = { extensions: ['boot-context'] };

const request = (vmid: number, set: number, index: number, value: bigint) =>
  bytes([16, vmid], [8, set], [8, index], [32, 0], [64, value]);

describe('extension boot-context', () => {
  it.each(SET_BOOT_CONTEXT)('0x%x is unknown to the modelled revision', (id) => {
    const h = rmHost();
    const { vmid } = makeVm(h, undefined, 'ready');
    expect(errorOf(h, id, request(vmid, 1, 0, 0x8000_1000n))).toBe(RmError.UNIMPLEMENTED);
  });

  it('checks length, VM, owner and state in this order when switched on', () => {
    const h = rmHost(ON);
    const error = (payload: Uint8Array) => errorOf(h, Msg.VM_SET_CONTEXT, payload);
    expect(error(new Uint8Array(15))).toBe(RmError.MSG_INVALID);
    expect(error(request(0x80, 1, 0, 0n))).toBe(RmError.VMID_INVALID);
    expect(error(request(255, 1, 0, 0n))).toBe(RmError.DENIED);
    expect(error(request(allocate(h), 1, 0, 0n))).toBe(RmError.VM_STATE);
  });

  it.each(SET_BOOT_CONTEXT)('0x%x sets registers that VM_START keeps', (id) => {
    const h = rmHost(ON);
    const { vmid } = makeVm(h, undefined, 'ready');
    expect(errorOf(h, id, request(vmid, 1, 0, 0x8000_1002n))).toBe(RmError.ARGUMENT_INVALID);
    expect(errorOf(h, id, request(vmid, 1, 0, 0x8000_1000n))).toBe(RmError.OK);
    expect(errorOf(h, id, request(vmid, 0, 0, 0x1234n))).toBe(RmError.OK);
    expect(errorOf(h, id, request(vmid, 0, 5, 0x5678n))).toBe(RmError.OK);
    expect(errorOf(h, Msg.VM_START, vmidPayload(vmid))).toBe(RmError.OK);
    const guest = h.sim.hyp.objects.find((o) => {
      const v = o as Vcpu | undefined;
      return v?.options !== undefined && (v.options & VcpuOption.VCPU_RUN_SCHEDULED) !== 0n && v.pc !== 0n;
    }) as Vcpu;
    expect([guest.pc, guest.x[0], guest.x[5]]).toEqual([0x8000_1000n, 0x1234n, 0x5678n]);
  });
});
