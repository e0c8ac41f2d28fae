/** The device tree that the client finds. */
import { be32, type FdtNode, Head, isFdtError, parseFdt, strings, writeFdt } from '../../board/fdt/index.js';
import type { HostVcpu } from '../../sim/index.js';

/** Room for the tree: nothing else lies in these bytes. */
const ROOM = 0x1_0000;
export const HYPERVISOR = 'hypervisor';

export function readTree(host: HostVcpu, at: number): Uint8Array {
  const room = new Uint8Array(ROOM);
  host.readMemory(at, room);
  return room.slice(0, Math.min(be32(room, Head.TOTALSIZE), ROOM));
}

export function editTree(host: HostVcpu, at: number, edit: (root: FdtNode) => FdtNode): void {
  const tree = parseFdt(readTree(host, at));
  if (isFdtError(tree)) throw new Error(`the device tree cannot be read: ${tree.error}`);
  const blob = writeFdt({ ...tree, root: edit(tree.root) });
  if (blob.length > ROOM) throw new Error('the device tree is too large');
  host.writeMemory(at, blob);
}

/** The child `name` of a node replaced; undefined: taken out. */
export const withChild = (parent: FdtNode, name: string, edit: (child: FdtNode) => FdtNode | undefined): FdtNode => ({
  ...parent,
  children: parent.children.flatMap((c) => (c.name === name ? (edit(c) ?? []) : c)),
});

/** A property set; undefined: taken out. */
export const withProp = (n: FdtNode, name: string, value: Uint8Array | undefined): FdtNode => ({
  ...n,
  props: [...n.props.filter((p) => p.name !== name), ...(value === undefined ? [] : [{ name, value }])],
});

const RM_OWN = ['qcom,gunyah-hypervisor-1.0', 'qcom,gunyah-hypervisor', 'simple-bus'];

/**
 * RM's tree for the primary VM lacks the string by which upstream clients know the hypervisor; a base tree or a boot loader adds
 * it (fact base: clients 2.3). `own`: as RM makes it.
 */
export const hypervisorNode =
  (own: boolean) =>
  (root: FdtNode): FdtNode =>
    withChild(root, HYPERVISOR, (h) =>
      withProp(h, 'compatible', strings(...(own ? [] : ['gunyah-hypervisor']), ...RM_OWN)),
    );
