/** Small guest trees for tests, built node by node. */
import { compileFdt, type FdtNode, node } from '../../../src/board/fdt/index.js';
import type { DoorbellNode, VmTreeInput, VmTreeParcel } from '../../../src/rm/dt/index.js';
import { PHANDLE_UNSET } from '../../../src/rm/dt/index.js';

type Props = Parameters<typeof node>[1];

/** Parts of a guest tree that a test replaces; the defaults make a VM that starts. */
export interface GuestParts {
  root?: Props;
  /** In front of everything else: its cells decide for `vm-config/memory`. */
  first?: readonly FdtNode[];
  config?: Props;
  memory?: Props;
  vcpus?: Props;
  interrupts?: Props;
  gic?: Props;
  cpus?: readonly FdtNode[];
  vdevices?: readonly FdtNode[];
  last?: readonly FdtNode[];
}

const without = (props: Props): Props => Object.fromEntries(Object.entries(props).filter(([, v]) => v !== undefined));

export const cpu = (n: number, props: Props = {}): FdtNode => node(`cpu@${n}`, { device_type: 'cpu', ...props });

/** The blob of a guest tree. A property of value `undefined` is left out. */
export const guest = (p: GuestParts = {}): Uint8Array =>
  compileFdt({
    root: node(
      '',
      without({ '#address-cells': 2, '#size-cells': 2, 'interrupt-parent': 1, ...p.root }),
      ...(p.first ?? []),
      node('chosen', {}),
      node('cpus', { '#address-cells': 1, '#size-cells': 0 }, ...(p.cpus ?? [cpu(0)])),
      node(
        'intc',
        without({
          compatible: 'arm,gic-v3',
          'interrupt-controller': true,
          '#interrupt-cells': 3,
          reg: [0, 0x3fff_0000, 0, 0x1_0000, 0, 0x3ffb_0000, 0, 0x4_0000],
          phandle: 1,
          ...p.gic,
        }),
      ),
      node(
        'gunyah-vm-config',
        without({ 'image-name': 'vm', ...p.config }),
        node('memory', without({ 'base-address': [0, 0x8000_0000], ...p.memory })),
        node('interrupts', without({ config: '/intc', ...p.interrupts })),
        node('vcpus', without({ affinity: 'proxy', ...p.vcpus })),
        node('vdevices', {}, ...(p.vdevices ?? [])),
      ),
      ...(p.last ?? []),
    ),
    reservations: [],
    bootCpu: 0,
  });

/** A tree in an area of 64 KiB. */
export const area = (tree: Uint8Array, size = 0x1_0000): Uint8Array => {
  const out = new Uint8Array(size);
  out.set(tree);
  return out;
};

export const parcel = (p: Partial<VmTreeParcel>): VmTreeParcel => ({
  handle: 1,
  label: 0,
  peers: [0x80],
  isPrivate: true,
  exclusive: true,
  mapped: null,
  phandle: PHANDLE_UNSET,
  phandleExternal: false,
  regions: [],
  selfRights: 7,
  selfAttrs: 0,
  peerRights: null,
  peerAttrs: null,
  ...p,
});

export const image = (): VmTreeParcel => parcel({ handle: 0, mapped: [{ ipa: 0x8000_0000, size: 0x20_0000 }] });

export const edge = (irq: number): { irq: number; cpuLocal: boolean; edge: boolean } => ({
  irq,
  cpuLocal: false,
  edge: true,
});

export const bell = (d: Partial<DoorbellNode>): DoorbellNode => ({
  kind: 'doorbell',
  generate: '/hypervisor/bell',
  pushCompatible: [],
  source: false,
  cap: 5n,
  irq: edge(40),
  label: 7,
  ...d,
});

/** Input for a VM that starts. */
export const input = (v: Partial<VmTreeInput> = {}): VmTreeInput => ({
  vmid: 0x80,
  owner: 3,
  name: 'vm',
  uri: '',
  guid: null,
  kaslrSeed: 0x0123_4567_89ab_cdefn,
  parcels: [image()],
  imageHandle: 0,
  firmware: null,
  devices: [],
  cpus: [{ path: '/cpus/cpu@0', cap: null }],
  gic: { patch: false, phandle: 1, addrCells: 2, sizeCells: 2, gicd: 0n, gicr: 0n, stride: 0x2_0000n, vcpus: 1 },
  ...v,
});
