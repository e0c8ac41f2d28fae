/** Guest images of the fuzzer: a device tree each, and what RM makes of it (fact base: rm-boot-and-dt 4). */
import { compileFdt, type FdtNode, node } from '../../board/fdt/index.js';
import { RmError } from '../../protocol/index.js';

export interface Guest {
  tree: Uint8Array;
  /** What VM_INIT answers. */
  init: number;
  /** `vm-attrs`: the VM may not be stopped, or not be reset. They are kept when VM_INIT refuses the tree after reading it. */
  noShutdown: boolean;
  noReset: boolean;
  /** VM_INIT comes as far as to keep them. */
  keepsAttrs: boolean;
  /** The VM gets an RM link. */
  link: boolean;
  console: boolean;
  vcpus: number;
}

/** An image area: code (none; the fuzzer plays the guest), then the tree. */
export const IMAGE_SIZE = 0x2_0000;
export const TREE_OFFSET = 0x1_0000;
export const TREE_SIZE = 0x1_0000;
export const GUEST_BASE = 0x8000_0000;

const rpc = (console: boolean): FdtNode =>
  node('rm-rpc', {
    'vdevice-type': 'rm-rpc',
    generate: '/hypervisor/qcom,resource-mgr',
    'message-size': 240,
    'queue-depth': 8,
    'peer-default': true,
    ...(console ? { 'console-dev': true } : {}),
  });

const bells: readonly FdtNode[] = [
  node('bell', { 'vdevice-type': 'doorbell', generate: '/hypervisor/bell', label: 1, 'peer-default': true }),
  node('ring', { 'vdevice-type': 'doorbell-source', generate: '/hypervisor/ring', label: 2, 'peer-default': true }),
  node('pair', {
    'vdevice-type': 'message-queue-pair',
    generate: '/hypervisor/pair',
    label: 3,
    'message-size': 64,
    'queue-depth': 4,
    'peer-default': true,
  }),
];

interface TreeOptions {
  /** Properties of the vm-config node and of its memory node. */
  config?: Parameters<typeof node>[1];
  memory?: Parameters<typeof node>[1];
}

function tree(vcpus: number, devices: readonly FdtNode[], { config, memory }: TreeOptions = {}): Uint8Array {
  const cpus = Array.from({ length: vcpus }, (_, i) =>
    node(`cpu@${i}`, { device_type: 'cpu', reg: i, 'enable-method': 'psci' }),
  );
  return compileFdt({
    root: node(
      '',
      { '#address-cells': 2, '#size-cells': 2, 'interrupt-parent': 1 },
      node('chosen', {}),
      node('cpus', { '#address-cells': 1, '#size-cells': 0 }, ...cpus),
      node('psci', { compatible: 'arm,psci-1.0', method: 'smc' }),
      node('intc', {
        compatible: 'arm,gic-v3',
        'interrupt-controller': true,
        '#interrupt-cells': 3,
        reg: [0, 0x3fff_0000, 0, 0x1_0000, 0, 0x3ffb_0000, 0, 0x4_0000],
        phandle: 1,
      }),
      node(
        'gunyah-vm-config',
        { 'image-name': 'fuzz', ...config },
        node('memory', { 'base-address': [0, GUEST_BASE], ...memory }),
        node('interrupts', { config: '/intc' }),
        node('vcpus', { affinity: 'proxy' }),
        node('vdevices', {}, ...devices),
      ),
    ),
    reservations: [],
    bootCpu: 0,
  });
}

const good = {
  init: RmError.OK,
  noShutdown: false,
  noReset: false,
  keepsAttrs: true,
  link: false,
  console: false,
  vcpus: 1,
};

export const GUESTS: Readonly<Record<string, Guest>> = {
  linked: { ...good, tree: tree(1, [rpc(false)]), link: true },
  plain: { ...good, tree: tree(1, []) },
  console: { ...good, tree: tree(1, [rpc(true)]), link: true, console: true },
  devices: { ...good, tree: tree(2, [rpc(false), ...bells]), link: true, vcpus: 2 },
  broken: { ...good, tree: new Uint8Array(64), keepsAttrs: false, init: RmError.MEM_INVALID },
  // Attributes that RM keeps although it then refuses the tree for them: nothing makes a VM of this platform trusted.
  fatal: {
    ...good,
    tree: tree(1, [rpc(false)], { config: { 'vm-attrs': ['crash-fatal'] } }),
    init: RmError.ARGUMENT_INVALID,
    noShutdown: true,
    noReset: true,
  },
  direct: {
    ...good,
    tree: tree(1, [rpc(false)], { memory: { 'is-direct': true } }),
    init: RmError.ARGUMENT_INVALID,
  },
  grabbing: {
    ...good,
    tree: tree(1, [rpc(false)], { config: { 'gic-irq-ranges': [100, 100] } }),
    init: RmError.NORESOURCE,
  },
  stubborn: {
    ...good,
    tree: tree(1, [rpc(false)], { config: { 'vm-attrs': ['no-shutdown', 'no-reset'] } }),
    link: true,
    noShutdown: true,
    noReset: true,
  },
};
