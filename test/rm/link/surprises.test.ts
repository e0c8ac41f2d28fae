/** What surprises about the RM link (spec/quirks.toml): one test each. */
import { expect, test } from 'vitest';
import { node } from '../../../src/board/fdt/index.js';
import { SourceKind } from '../../../src/hyp/index.js';
import type { MsgQueue } from '../../../src/msgq/index.js';
import { Msg, ObjectType, RmError, RpcType, rpcPackets } from '../../../src/protocol/index.js';
import { newLink } from '../../../src/rm/link/link.js';
import { receiveOne } from '../../../src/rm/link/receive.js';
import { sendNotification } from '../../../src/rm/link/send.js';
import { VMID_HLOS } from '../../../src/rm/types.js';
import { HostPackets, PRIMARY_RX_IRQ } from '../../../src/sim/index.js';
import { guest } from '../dt/samples.js';
import { ask, fakeRm } from '../fake-rm.js';
import { linkRm, packet, QUEUE_DEPTH } from '../link-rm.js';
import { allocate, bytes, configImage, errorOf, IMAGE, makeVm, type RmHost, rmHost } from '../rm-host.js';

/** Sends a request that fails with a notification, and lets RM work; the packets are still in the queue. */
function failWithNotification(h: RmHost): HostPackets {
  const vmid = allocate(h);
  const port = new HostPackets(h.host);
  const [request] = rpcPackets(RpcType.REQUEST, Msg.VM_CONFIG_IMAGE, 9, configImage(vmid, 0, 77)) ?? [];
  expect(port.send(request)).toBe(true);
  while (port.wait());
  return port;
}

test('notifications that a request causes come before its reply; their numbers count over all VMs, with gaps', () => {
  const port = failWithNotification(rmHost());
  const types = [port.receive(), port.receive(), port.receive()].map((p) => (p === undefined ? 'none' : p[1] & 3));
  expect(types).toEqual([RpcType.NOTIFICATION, RpcType.REPLY, 'none']);
  const fake = linkRm();
  fake.rm.links[0x80] = newLink(0x80, 3n, 4n, 42, 43);
  const notify = (vmid: number) => sendNotification(fake.rm, vmid, Msg.N_VM_STATUS, new Uint8Array(4));
  for (const vmid of [VMID_HLOS, 0x80, VMID_HLOS]) notify(vmid);
  while (fake.queues.toClient.length < QUEUE_DEPTH) notify(0x80);
  // Two attempts of the first and one of the second that do not get through now: each takes a number.
  notify(VMID_HLOS);
  notify(VMID_HLOS);
  expect(fake.queues.toClient.map((p) => p[2])).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(fake.rm.notifySeq).toBeGreaterThan(QUEUE_DEPTH + 1);
});

test('RM sends without push: one interrupt for the first message in an empty queue, none for those behind it', () => {
  const h = rmHost();
  const { vic } = h.sim.hyp;
  const assert = vic.assertSource.bind(vic);
  let interrupts = 0;
  vic.assertSource = (source, edge) => {
    if (source.kind === SourceKind.MSGQUEUE_RECEIVE && source.virq === PRIMARY_RX_IRQ) interrupts++;
    assert(source, edge);
  };
  allocate(h);
  interrupts = 0;
  const vmid = 0x81;
  expect(allocate(h)).toBe(vmid);
  expect(interrupts).toBe(1);
  interrupts = 0;
  const port = new HostPackets(h.host);
  const [request] = rpcPackets(RpcType.REQUEST, Msg.VM_CONFIG_IMAGE, 9, configImage(vmid, 0, 77)) ?? [];
  port.send(request);
  while (port.wait());
  expect(interrupts).toBe(1);
  expect([port.receive(), port.receive()].every((p) => p !== undefined)).toBe(true);
});

test('error replies of VM_SET_TIME_BASE and VM_SET_FIRMWARE_MEM have a second word, others have none', () => {
  const { rm } = fakeRm();
  const five = new Uint8Array(5);
  const lengths = [Msg.VM_SET_TIME_BASE, Msg.VM_SET_FIRMWARE_MEM, Msg.VM_START].map((id) => {
    const { error, data } = ask(rm, 3, id, five);
    expect(error).not.toBe(RmError.OK);
    return 4 + data.length;
  });
  expect(lengths).toEqual([8, 8, 4]);
});

test('with message sizes below 240 the full fragments of RM are lost, above its receive loop never ends', () => {
  const queued = (size: number): number => {
    const h = rmHost();
    const rpc = node('rpc', { 'vdevice-type': 'rm-rpc', generate: '/hypervisor/rm', 'message-size': size });
    const { vmid } = makeVm(h, guest({ vdevices: [rpc] }));
    const regions = Array.from({ length: 40 }, (_, i) => [
      [64, IMAGE + 0x100_0000 + i * 0x2000] as const,
      [64, 0x1000] as const,
    ]).flat();
    const lend = bytes([32, 0], [32, 5], [16, 1], [16, 0], [16, vmid], [16, 7], [16, 40], [16, 0], ...regions);
    const reply = h.client.request(Msg.MEM_LEND, lend);
    expect(reply?.error).toBe(RmError.OK);
    const handle = reply?.data[0] ?? -1;
    expect(
      errorOf(h, Msg.MEM_NOTIFY, bytes([32, handle], [32, 1], [32, 0], [16, 1], [16, 0], [16, vmid], [16, 0])),
    ).toBe(RmError.OK);
    const { hyp } = h.sim;
    const last = hyp.ofType[ObjectType.MSGQUEUE]
      .map((id) => hyp.get<MsgQueue>(id))
      .filter((q) => q.maxMessageSize === size);
    return Math.max(...last.map((q) => q.count));
  };
  expect([queued(240), queued(239)]).toEqual([2, 1]);
  const fake = linkRm();
  fake.queues.toRm.push(new Uint8Array(241), packet(RpcType.REQUEST, 0, 7, Msg.VM_GET_VMID, new Uint8Array(0)));
  for (let i = 0; i < 100; i++) expect(receiveOne(fake.rm, fake.link)).toBe(true);
  expect(fake.queues.toRm).toHaveLength(2);
  expect(fake.queues.toClient).toEqual([]);
});
