import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { be32, be64, type FdtNode, isFdtError, parseFdt } from '../../src/board/fdt/index.js';
import { EventType, type LinkClient, Status } from '../../src/link/index.js';
import { Call, Platform, RmError } from '../../src/protocol/index.js';
import { treeBlob } from '../../src/scenario/tree.js';
import { createVm, VM } from './second-vm.js';
import { withServer } from './support.js';

const page = (name: string): string => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
const hex = (line: string): Uint8Array => Uint8Array.from(line.trim().split(' '), (b) => Number.parseInt(b, 16));
const block = (text: string, language = ''): string =>
  new RegExp(`\`\`\`${language}\n([^]*?)\n\`\`\``).exec(text)?.[1] ?? '';
const packetsOf = (c: LinkClient): Uint8Array[] =>
  c.events.filter((e) => e.type === EventType.RPC_PACKET).map((e) => e.payload);

/** Capabilities and interrupts of the node compatible with RM. */
function rmNode(blob: Uint8Array | undefined) {
  const tree = parseFdt(blob ?? new Uint8Array());
  if (isFdtError(tree)) throw new Error(tree.error);
  const prop = (n: FdtNode, name: string) => n.props.find((p) => p.name === name)?.value ?? new Uint8Array();
  const walk = (n: FdtNode): FdtNode[] => [n, ...n.children.flatMap(walk)];
  const isRm = (n: FdtNode) =>
    String.fromCharCode(...prop(n, 'compatible'))
      .split('\0')
      .includes('gunyah-resource-manager');
  const [node] = walk(tree.root).filter(isRm);
  const [reg, interrupts] = [prop(node, 'reg'), prop(node, 'interrupts')];
  return {
    sizes: [reg.length, interrupts.length],
    caps: [be64(reg, 0), be64(reg, 8)],
    irqs: Array.from({ length: 6 }, (_, i) => be32(interrupts, i * 4)),
    queue: ['tx', 'rx'].map((d) => [
      be32(prop(node, `qcom,${d}-message-size`), 0),
      be32(prop(node, `qcom,${d}-queue-depth`), 0),
    ]),
  };
}

describe('docs/rpc.md', () => {
  const [request, reply] = block(page('rpc.md')).split('\n').map(hex);

  it('shows a request and what RM answers', () =>
    withServer({}, async ({ client }) => {
      const c = await client({ rpc: true });
      c.sendPacket(request);
      await expect.poll(() => packetsOf(c)).toEqual([reply]);
    }));

  it('says what RM drops without an answer', () =>
    withServer({}, async ({ client }) => {
      const c = await client({ rpc: true });
      const changed = (at: number, value: number): Uint8Array => request.with(at, value);
      c.sendPacket(request.subarray(0, 7));
      c.sendPacket(changed(0, 0x11));
      c.sendPacket(changed(1, (63 << 2) | 1));
      c.sendPacket(changed(1, 0));
      c.sendPacket(changed(1, (1 << 2) | 1));
      c.sendPacket(changed(2, 9));
      await expect.poll(() => packetsOf(c)).toEqual([reply.with(2, 9)]);
    }));

  it('says that what RM does not know is UNIMPLEMENTED', () =>
    withServer({}, async ({ client }) => {
      const c = await client({ rpc: true });
      c.sendPacket(request.with(4, 0xee));
      await expect.poll(() => packetsOf(c).length).toBe(1);
      const [answer] = packetsOf(c);
      expect(new DataView(answer.buffer, answer.byteOffset).getUint32(8, true)).toBe(RmError.UNIMPLEMENTED);
      expect(answer).toHaveLength(12);
    }));
});

describe('docs/discovery.md', () => {
  const text = page('discovery.md');

  it('has the words of the UUID, the API word and the flags', () =>
    withServer({}, async ({ client }) => {
      const c = await client({});
      const words = block(text).split(' ').map(BigInt);
      for (const conduit of ['smc', 'hvc'] as const)
        expect((await c.smccc([0x8600_ff01n], conduit)).x.slice(0, 4)).toEqual(words);
      const { x } = await c.hvc(0x6000, []);
      const said = /\n(0x\w+) and (0x\w+), 0, 0\./.exec(text) ?? [];
      expect(x.slice(0, 4)).toEqual([BigInt(said[1]), BigInt(said[2]), 0n, 0n]);
      expect([x[0] & 0x3fffn, (x[0] >> 14n) & 1n, (x[0] >> 15n) & 1n, x[0] >> 56n]).toEqual([1n, 0n, 1n, 0x51n]);
    }));

  it('describes the node of RM', () =>
    withServer({}, async ({ client }) => {
      const c = await client({});
      expect(rmNode(await c.deviceTree())).toEqual({
        sizes: [16, 24],
        caps: [0n, 1n],
        irqs: [0, 0x3a0, 1, 0, 0x3a1, 1],
        queue: [
          [240, 8],
          [240, 8],
        ],
      });
    }));

  it('has a tree with which a VM is made, started, and finds RM in the tree that it gets', () =>
    withServer({ graceMs: 60_000 }, async ({ client, sim }) => {
      const tree = treeBlob(JSON.parse(block(text, 'json')), { vars: new Map(), dry: false }, '$');
      const start = createVm(sim, true, undefined, tree);
      const vcpu = start();
      const guest = await client({ vmid: VM, scratch: 0x8000_1000n, name: 'guest' });
      const manager = await client({ name: 'manager' });
      const running = manager.hvc(Platform.HYPERCALL_BASE + Call.VCPU_RUN, [vcpu]);
      const node = rmNode(await guest.deviceTree());
      expect(node).toMatchObject({
        sizes: [16, 24],
        queue: [
          [240, 8],
          [240, 8],
        ],
      });
      expect([node.irqs[0], node.irqs[2], node.irqs[3], node.irqs[5]]).toEqual([0, 1, 0, 1]);
      const [packet] = block(page('rpc.md')).split('\n').map(hex);
      const call = [node.caps[0], BigInt(packet.length), 0n, 1n];
      const sent = await guest.hvc(Platform.HYPERCALL_BASE + Call.MSGQUEUE_SEND, call, { register: 2, send: packet });
      expect(sent).toMatchObject({ status: Status.OK });
      expect(sent.x[0]).toBe(0n);
      guest.wfi().catch(() => {});
      await running;
    }));
});

describe('trees that docs/discovery.md warns of', () => {
  const { chosen, cpus, ...rest } = JSON.parse(block(page('discovery.md'), 'json'));
  it.each([
    ['no chosen', { ...rest, cpus }],
    ['a hypervisor', { chosen, ...rest, cpus, hypervisor: {} }],
    ['cpus first', { cpus, chosen, ...rest }],
  ])('(%s) pass VM_INIT and fail VM_START', (_what, tree) =>
    withServer({}, async ({ sim }) => {
      const start = createVm(sim, true, undefined, treeBlob(tree, { vars: new Map(), dry: false }, '$'));
      expect(start).toThrow(new RegExp(`expected ${RmError.NORESOURCE} to be`));
    }),
  );
});

describe('docs/link.md', () => {
  it('says where inline buffers go', () =>
    withServer({}, async ({ client }) => {
      const place = BigInt(/vCPU n of the primary VM \| (0x\w+) \+/.exec(page('link.md'))?.[1] ?? 0);
      const c = await client({});
      const send = Uint8Array.of(1, 2, 3, 4, 5, 6, 7);
      await c.hvc(Platform.HYPERCALL_BASE + Call.MSGQUEUE_SEND, [0n, 7n, 0n, 0n], { register: 2, send });
      expect(await c.read(place, 7)).toEqual(send);
    }));
});
