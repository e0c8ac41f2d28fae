import { beforeAll, describe, expect, test } from 'vitest';
import { Msg, RmError, VmState } from '../../../src/protocol/index.js';
import {
  allocate,
  bytes,
  configImage,
  errorOf,
  lend,
  makeVm,
  type RmHost,
  rmHost,
  vmidPayload,
  vmState,
} from '../rm-host.js';

const { OK, DENIED, MSG_INVALID, NORESOURCE, VMID_INVALID, VM_STATE, ARGUMENT_INVALID, MEM_INVALID } = RmError;
const none = new Uint8Array(0);
const five = new Uint8Array(5);

/** Per message: payloads in the order of RM's checks, each of which passes all checks before its own. */
const REFUSALS: Record<string, readonly (readonly [why: string, payload: Uint8Array, error: number])[]> = {
  VM_ALLOCATE: [
    ['length', five, MSG_INVALID],
    ['static VMID out of range', vmidPayload(32), NORESOURCE],
    ['dynamic VMID by number', vmidPayload(0x80), NORESOURCE],
    ['VMID of the primary VM', vmidPayload(3), NORESOURCE],
  ],
  VM_DEALLOCATE: [
    ['length', five, MSG_INVALID],
    ['not the owner', vmidPayload(3), DENIED],
  ],
  VM_START: [
    ['length', none, MSG_INVALID],
    ['unknown VM', vmidPayload(0x99), VMID_INVALID],
    ['not the owner', vmidPayload(3), DENIED],
    ['state', vmidPayload(4), VM_STATE],
  ],
  VM_STOP: [
    ['length', vmidPayload(3), MSG_INVALID],
    ['unknown VM', bytes([32, 0x99], [32, 0]), VMID_INVALID],
    ['not the owner', bytes([32, 3], [32, 0]), VMID_INVALID],
    ['state', bytes([32, 4], [32, 0]), VM_STATE],
  ],
  VM_RESET: [
    ['length', five, MSG_INVALID],
    ['unknown VM', vmidPayload(0x99), VMID_INVALID],
    ['not the owner', vmidPayload(255), VMID_INVALID],
  ],
  VM_EXIT: [
    ['length', five, MSG_INVALID],
    ['reserved byte', bytes([16, 0], [8, 0], [8, 1]), MSG_INVALID],
    ['exit code 2', bytes([16, 0], [8, 2], [8, 0]), MSG_INVALID],
    ['exit code 5', bytes([16, 0], [8, 5], [8, 0]), MSG_INVALID],
  ],
  VM_GET_STATE: [
    ['length', none, MSG_INVALID],
    ['unknown VM', vmidPayload(0x99), NORESOURCE],
    ['stranger', vmidPayload(255), DENIED],
  ],
  VM_SET_STATUS: [['not a static VM, before the length', none, DENIED]],
  VM_GET_ID: [
    ['length', none, MSG_INVALID],
    ['unknown VM', vmidPayload(0x99), NORESOURCE],
    ['state, before the right to ask', vmidPayload(255), VM_STATE],
    ['state', vmidPayload(4), VM_STATE],
  ],
  VM_GET_CRASH_MSG: [
    ['length', none, MSG_INVALID],
    ['unknown VM', vmidPayload(0x99), VMID_INVALID],
    ['not the owner', vmidPayload(3), VMID_INVALID],
  ],
  VM_SET_CRASH_MSG: [
    ['shorter than its header', bytes([16, 0]), MSG_INVALID],
    ['length field', bytes([16, 5], [16, 0], [32, 0]), MSG_INVALID],
    ['padding', bytes([16, 1], [16, 0], [32, 0x0100_0041]), MSG_INVALID],
  ],
  VM_LOOKUP_URI: [
    ['empty', none, ARGUMENT_INVALID],
    ['shorter than its header', bytes([16, 0]), MSG_INVALID],
    ['80 characters', bytes([16, 80], [16, 0]), ARGUMENT_INVALID],
    ['length field', bytes([16, 4], [16, 0]), MSG_INVALID],
    ['padding', bytes([16, 1], [16, 0], [32, 0xff41]), MSG_INVALID],
  ],
  VM_LOOKUP_GUID: [
    ['empty', none, ARGUMENT_INVALID],
    ['length', five, MSG_INVALID],
  ],
  VM_GET_VMID: [['length', five, MSG_INVALID]],
  VM_GET_OWNER: [['length', five, MSG_INVALID]],
  VM_GET_PEERS: [['length', five, MSG_INVALID]],
  VM_HOST_GET_TYPE: [['length', five, MSG_INVALID]],
  VM_SET_TIME_BASE: [
    ['length', five, MSG_INVALID],
    ['unknown VM', bytes([32, 0x99], [64, 0], [64, 0]), NORESOURCE],
    ['stranger', bytes([32, 255], [64, 0], [64, 0]), DENIED],
    ['state', bytes([32, 4], [64, 0], [64, 0]), VM_STATE],
  ],
  VM_CONFIG_IMAGE: [
    ['length', five, MSG_INVALID],
    ['unknown VM', configImage(0x99, 0, 0), VMID_INVALID],
    ['not the owner', configImage(3, 0, 0), DENIED],
  ],
  VM_AUTH_IMAGE: [
    ['length', five, MSG_INVALID],
    ['length against count', bytes([16, 4], [16, 1]), MSG_INVALID],
    ['unknown VM', vmidPayload(0x99), VMID_INVALID],
    ['not the owner', vmidPayload(3), DENIED],
    ['state', vmidPayload(4), VM_STATE],
  ],
  VM_INIT: [
    ['length', none, MSG_INVALID],
    ['reserved field', bytes([16, 4], [16, 1]), MSG_INVALID],
    ['unknown VM', vmidPayload(0x99), VMID_INVALID],
    ['not the owner', vmidPayload(3), DENIED],
    ['state', vmidPayload(4), VM_STATE],
  ],
  VM_GET_HYP_RESOURCES: [
    ['length', none, MSG_INVALID],
    ['VMID 0 is not the caller', vmidPayload(0), ARGUMENT_INVALID],
    ['no configuration', vmidPayload(4), NORESOURCE],
  ],
};

let h: RmHost;
beforeAll(() => {
  h = rmHost();
  allocate(h, 4);
});

describe.each(Object.entries(REFUSALS))('%s', (name, rows) => {
  test.each(rows.map(([why, payload, error]) => ({ why, payload, error })))('$why', ({ payload, error }) => {
    expect(errorOf(h, Msg[name as keyof typeof Msg], payload)).toBe(error);
    expect(h.sim.rm.state).toBe('serving');
  });
});

test('every refused VM_SET_TIME_BASE carries a hypervisor error', () => {
  const reply = h.client.request(Msg.VM_SET_TIME_BASE, five);
  expect([...(reply?.payload ?? [])]).toEqual([4, 0, 0, 0, 1, 0, 0, 0]);
});

test('identity of the caller', () => {
  const data = (id: number, payload?: Uint8Array): number[] => [...(h.client.request(id, payload)?.data ?? [])];
  expect(data(Msg.VM_GET_VMID)).toEqual([3, 0, 0, 0]);
  expect(data(Msg.VM_GET_OWNER)).toEqual([255, 0, 0, 0]);
  expect(data(Msg.VM_GET_PEERS)).toEqual([1, 0, 0, 0, 4, 0, 0, 0]);
  expect(data(Msg.VM_HOST_GET_TYPE)).toEqual([0x64, 1, 0, 1]);
  // Name and authority of HLOS; it has no GUID and no URI.
  const id = String.fromCharCode(...data(Msg.VM_GET_ID, vmidPayload(0)));
  expect(id).toContain('HLOS');
  expect(id).toContain('N/A');
});

test('look-ups list only VMs that the caller may ask about, by exact bytes', () => {
  const found = (id: number, text: string): number[] => {
    const padded = new Uint8Array((text.length + 3) & ~3);
    padded.set([...text].map((c) => c.charCodeAt(0)));
    const reply = h.client.request(id, Uint8Array.of(text.length, 0, 0, 0, ...padded));
    return [...(reply?.data ?? [])];
  };
  expect(found(Msg.VM_LOOKUP_NAME, 'HLOS')).toEqual([1, 0, 0, 0, 3, 0, 0, 0]);
  expect(found(Msg.VM_LOOKUP_NAME, 'RM')).toEqual([0, 0, 0, 0]);
  // An empty name matches every VM that has none, an empty URI all.
  expect(found(Msg.VM_LOOKUP_NAME, '')).toEqual([1, 0, 0, 0, 4, 0, 0, 0]);
  expect(found(Msg.VM_LOOKUP_URI, '')).toEqual([2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0]);
});

test('dynamic VMIDs are the lowest free ones, 63 of them, and are reused at once', () => {
  const fresh = rmHost();
  const vmids = Array.from({ length: 63 }, () => allocate(fresh));
  expect(vmids).toEqual(Array.from({ length: 63 }, (_, i) => 0x80 + i));
  expect(errorOf(fresh, Msg.VM_ALLOCATE, vmidPayload(0))).toBe(NORESOURCE);
  expect(errorOf(fresh, Msg.VM_DEALLOCATE, vmidPayload(0x85))).toBe(OK);
  expect(allocate(fresh)).toBe(0x85);
});

test('an image outside its parcel or without a parcel fails the configuration, and then only a reset is left', () => {
  const fresh = rmHost();
  const vmid = allocate(fresh);
  expect(errorOf(fresh, Msg.VM_CONFIG_IMAGE, configImage(vmid, 0, 7))).toBe(MEM_INVALID);
  expect(vmState(fresh, vmid)).toBe(VmState.INIT_FAILED);
  expect(errorOf(fresh, Msg.VM_DEALLOCATE, vmidPayload(vmid))).toBe(VM_STATE);
  const other = allocate(fresh);
  const handle = lend(fresh, other, 0x5000_0000, 0x1000);
  expect(errorOf(fresh, Msg.VM_CONFIG_IMAGE, configImage(other, 0, handle))).toBe(ARGUMENT_INVALID);
  // Neither of them has a configuration object: the reset kills RM.
  expect(errorOf(fresh, Msg.VM_RESET, vmidPayload(other))).toBe('silence');
  expect(fresh.sim.rm.dead).toEqual({ kind: 'FAULT', trigger: 'vm-reset-without-configuration' });
});

test('states in which VM_DEALLOCATE, VM_START and VM_INIT are refused', () => {
  const fresh = rmHost();
  const { vmid, errors } = makeVm(fresh, undefined, 'ready');
  expect(errors).toEqual([OK, OK]);
  expect(vmState(fresh, vmid)).toBe(VmState.READY);
  expect(errorOf(fresh, Msg.VM_INIT, vmidPayload(vmid))).toBe(VM_STATE);
  expect(errorOf(fresh, Msg.VM_DEALLOCATE, vmidPayload(vmid))).toBe(VM_STATE);
  expect(errorOf(fresh, Msg.VM_START, vmidPayload(vmid))).toBe(OK);
  expect(errorOf(fresh, Msg.VM_START, vmidPayload(vmid))).toBe(VM_STATE);
  expect(errorOf(fresh, Msg.VM_RESET, vmidPayload(vmid))).toBe(VM_STATE);
});
