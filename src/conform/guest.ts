/** The small VM that cases start: device tree and program in the primary VM's memory (fact base: rm-boot-and-dt 4, observations 25). */
import { put32 } from '../base/index.js';
import { compileFdt, EMPTY, type FdtNode, strings, u32s, u64s } from '../board/fdt/index.js';
import { assemble } from '../guest/assemble.js';
import type { HostVcpu } from '../sim/index.js';

/** `b .` */
export const LOOP = [0x1400_0000];
/** Sleeps, whatever comes: wfi; b .-4. */
export const DEAF = [0xd503_207f, 0x17ff_ffff];
/** PSCI SYSTEM_OFF, SYSTEM_RESET: movz w0, #n; movk w0, #0x8400, lsl 16; hvc #0; b . */
export const OFF = [0x5280_0100, 0x72b0_8000, 0xd400_0002, 0x1400_0000];
export const RESTART = [0x5280_0120, 0x72b0_8000, 0xd400_0002, 0x1400_0000];

/** Takes messages from RM; powers off when one is VM_SHUTDOWN. Capability 1 is the receiving end of every VM with a link. */
export const OBEDIENT = assemble(
  [
    'mov x20, #0x80010000',
    'loop:',
    'mov x0, #1',
    'mov x1, x20',
    'mov x2, #240',
    'mov x3, #0',
    'hvc #0x601c',
    'cbnz x0, rest',
    'ldr x5, [x20]',
    'lsr x5, x5, #32',
    'mov x6, #0x56100002',
    'sub x5, x5, x6',
    'cbnz x5, rest',
    'mov x0, #0x84000008',
    'hvc #0',
    'rest:',
    'mov x0, #0',
    'mov x1, #0',
    'mov x2, #0',
    'mov x3, #0',
    'hvc #0x603b',
    'b loop',
  ],
  'guest',
);

const BASE = 0x5000_0000;
export const SIZE = 0x0040_0000;
const DTB_OFFSET = 0x10_0000;
/** Where the guest sees its image. */
export const GUEST_BASE = 0x8000_0000;
/** Memory of the client that no VM gets as its image. */
export const SPARE = 0x5c00_0000;
/** RM patches the tree in place and needs room. */
const DTB_SIZE = 0x1_0000;

const node = (name: string, props: Readonly<Record<string, Uint8Array>>, ...children: FdtNode[]): FdtNode => ({
  name,
  props: Object.entries(props).map(([n, value]) => ({ name: n, value })),
  children,
});

const cpu = (n: number, idle = false): FdtNode =>
  node(`cpu@${n}`, {
    device_type: strings('cpu'),
    compatible: strings('arm,armv8'),
    reg: u32s(n),
    'enable-method': strings('psci'),
    // Not proxy-scheduled: RM insists on idle states.
    ...(idle ? { 'cpu-idle-states': u32s(1) } : {}),
  });

/** What the tree of a small VM has beside the usual. */
export interface GuestTree {
  /** Labels of doorbells from the client to the VM. */
  bells?: readonly number[];
  /** Label of an area that the client shares. */
  shm?: number;
  /** One vCPU that the hypervisor schedules by itself. */
  alone?: boolean;
}

const bell = (label: number): FdtNode =>
  node(label === 16 ? 'bell' : `bell-${label}`, {
    'vdevice-type': strings('doorbell'),
    generate: strings(label === 16 ? '/hypervisor/bell' : `/hypervisor/bell-${label}`),
    label: u32s(label),
    'peer-default': EMPTY,
  });

const shm = (label: number): FdtNode =>
  node(
    `shm-${label}`,
    {
      'vdevice-type': strings('shm'),
      generate: strings(`/hypervisor/shm-${label}`),
      'peer-default': EMPTY,
      dma_base: u64s(0n),
    },
    node('memory', { '#address-cells': u32s(2), label: u32s(label), base: u64s(0xa000_0000n) }),
  );

function tree({ bells = [16], shm: area, alone }: GuestTree): Uint8Array {
  const cellsOf = { '#address-cells': u32s(2), '#size-cells': u32s(2) };
  const root = node(
    '',
    { ...cellsOf, compatible: strings('linux,dummy-virt'), 'interrupt-parent': u32s(1) },
    node('chosen', {}),
    node('cpus', { '#address-cells': u32s(1), '#size-cells': u32s(0) }, cpu(0, alone), ...(alone ? [] : [cpu(1)])),
    node('psci', { compatible: strings('arm,psci-1.0', 'arm,psci-0.2'), method: strings('hvc') }),
    node('interrupt-controller@3fff0000', {
      compatible: strings('arm,gic-v3'),
      '#interrupt-cells': u32s(3),
      ...cellsOf,
      'interrupt-controller': EMPTY,
      reg: u64s(0x3fff_0000n, 0x1_0000n, 0x3ffb_0000n, 0x4_0000n),
      phandle: u32s(1),
    }),
    node('timer', {
      compatible: strings('arm,armv8-timer'),
      interrupts: u32s(1, 13, 4, 1, 14, 4, 1, 11, 4, 1, 10, 4),
      'always-on': EMPTY,
    }),
    node(
      'gunyah-vm-config',
      { 'image-name': strings('conform-vm'), 'os-type': strings('linux'), 'vm-type': strings('aarch64-guest') },
      node('memory', { ...cellsOf, 'base-address': u64s(0x8000_0000n), 'size-max': u64s(0x1000_0000n) }),
      node('interrupts', { config: strings('/interrupt-controller@3fff0000') }),
      node('vcpus', {
        config: strings('/cpus'),
        ...(alone
          ? {
              affinity: strings('static'),
              'affinity-map': u32s(0),
              'sched-timeslice': u32s(5000),
              'sched-priority': u32s(0xffff_ffff),
            }
          : { affinity: strings('proxy') }),
      }),
      node(
        'vdevices',
        { generate: strings('/hypervisor') },
        node('rm-rpc', { 'vdevice-type': strings('rm-rpc'), generate: strings('/hypervisor/rm-rpc') }),
        ...bells.map(bell),
        ...(area === undefined ? [] : [shm(area)]),
      ),
    ),
  );
  return compileFdt({ root, reservations: [], bootCpu: 0 });
}

const blobs = new Map<string, Uint8Array>();

function blobOf(t: GuestTree): Uint8Array {
  const key = JSON.stringify(t);
  const blob = blobs.get(key) ?? tree(t);
  blobs.set(key, blob);
  return blob;
}

/** Places VM number `index`; the words that tell a client where it is. */
export function putGuest(host: HostVcpu, index = 0, program: readonly number[] = LOOP, layout: GuestTree = {}): string {
  const base = BASE + index * SIZE;
  const code = new Uint8Array(program.length * 4);
  program.forEach((w, i) => {
    put32(code, i * 4, w);
  });
  host.writeMemory(base, code);
  host.writeMemory(base + DTB_OFFSET, blobOf(layout));
  return `base=${base} size=${SIZE} dtb=${DTB_OFFSET} dtbsize=${DTB_SIZE}`;
}

/** Gives the tree of VM 0 another base address. */
export function moveGuest(host: HostVcpu, base: number): void {
  const room = new Uint8Array(DTB_SIZE);
  host.readMemory(BASE + DTB_OFFSET, room);
  const old = u64s(0x8000_0000n);
  for (let i = 0; i + 8 <= room.length; i += 4) {
    if (old.every((b, k) => room[i + k] === b)) {
      host.writeMemory(BASE + DTB_OFFSET + i, u64s(BigInt(base)));
      return;
    }
  }
}
