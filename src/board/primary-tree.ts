/**
 * The device tree the boot loader leaves for the primary VM on the qemu board, before RM adds to it: what the emulator
 * describes for eight cores and 1 GiB (fact base: platform-qemu 4, 5; transcript x4). Nodes and properties in the
 * recorded order; the two seeds are those of the recording.
 */

import { Platform } from '../protocol/index.js';
import { compileFdt, type FdtNode, node } from './fdt/index.js';

const VIRTIO_SLOTS = 32;

/** Phandles. CPUs count down from the first core's. */
const CLOCK = 0x8000;
const FIRST_CPU = 0x8008;
const GIC = 0x8009;
const GPIO = 0x800b;

/** Interrupt classes and triggers of a specifier. */
const SPI = 0;
const PPI = 1;
const EDGE = 1;
const LEVEL = 4;

const cpuPhandle = (core: number): number => FIRST_CPU - core;

const hex = (n: number): string => n.toString(16);

/** One of the transports the emulator offers, 0x200 bytes each. */
function virtioSlot(slot: number): FdtNode {
  const address = 0x0a00_0000 + slot * 0x200;
  return node(`virtio_mmio@${hex(address)}`, {
    'dma-coherent': true,
    interrupts: [SPI, 16 + slot, EDGE],
    reg: [0, address, 0, 0x200],
    compatible: 'virtio,mmio',
  });
}

/** Four slots by four pins, rotating over SPI 3..6. */
function pciInterruptMap(): number[] {
  const map: number[] = [];
  for (let slot = 0; slot < 4; slot++) {
    for (let pin = 0; pin < 4; pin++)
      map.push(slot << 11, 0, 0, pin + 1, GIC, 0, 0, SPI, 3 + ((slot + pin) % 4), LEVEL);
  }
  return map;
}

function cpus(): FdtNode {
  const cores = Array.from({ length: Platform.CORES }, (_, core) => core);
  const topology = cores.map((core) => node(`core${core}`, { cpu: cpuPhandle(core) }));
  return node(
    'cpus',
    { '#size-cells': 0, '#address-cells': 1 },
    node('cpu-map', {}, node('socket0', {}, node('cluster0', {}, ...topology))),
    ...cores.map((core) =>
      node(`cpu@${hex(core)}`, {
        phandle: cpuPhandle(core),
        reg: core,
        'enable-method': 'psci',
        compatible: 'arm,cortex-a57',
        device_type: 'cpu',
      }),
    ),
  );
}

function primecell(name: string, address: number, spi: number, compatible: string): FdtNode {
  return node(`${name}@${hex(address)}`, {
    'clock-names': 'apb_pclk',
    clocks: CLOCK,
    interrupts: [SPI, spi, LEVEL],
    reg: [0, address, 0, 0x1000],
    compatible: [compatible, 'arm,primecell'],
  });
}

const root = (): FdtNode =>
  node(
    '',
    {
      'interrupt-parent': GIC,
      model: 'linux,dummy-virt',
      '#size-cells': 2,
      '#address-cells': 2,
      compatible: 'linux,dummy-virt',
    },
    node('psci', {
      migrate: 0xc400_0005,
      cpu_on: 0xc400_0003,
      cpu_off: 0x8400_0002,
      cpu_suspend: 0xc400_0001,
      method: 'smc',
      compatible: ['arm,psci-1.0', 'arm,psci-0.2', 'arm,psci'],
    }),
    node('memory@40000000', { reg: [0, 0x4000_0000, 0, 0x4000_0000], device_type: 'memory' }),
    node('platform-bus@c000000', {
      'interrupt-parent': GIC,
      ranges: [0, 0, 0x0c00_0000, 0x0200_0000],
      '#address-cells': 1,
      '#size-cells': 1,
      compatible: ['qemu,platform', 'simple-bus'],
    }),
    node('fw-cfg@9020000', { 'dma-coherent': true, reg: [0, 0x0902_0000, 0, 0x18], compatible: 'qemu,fw-cfg-mmio' }),
    ...Array.from({ length: VIRTIO_SLOTS }, (_, slot) => virtioSlot(slot)),
    node(
      'gpio-keys',
      { compatible: 'gpio-keys' },
      node('poweroff', { gpios: [GPIO, 3, 0], 'linux,code': 116, label: 'GPIO Key Poweroff' }),
    ),
    node('pl061@9030000', {
      phandle: GPIO,
      'clock-names': 'apb_pclk',
      clocks: CLOCK,
      interrupts: [SPI, 7, LEVEL],
      'gpio-controller': true,
      '#gpio-cells': 2,
      compatible: ['arm,pl061', 'arm,primecell'],
      reg: [0, 0x0903_0000, 0, 0x1000],
    }),
    node('pcie@10000000', {
      'interrupt-map-mask': [0x1800, 0, 0, 7],
      'interrupt-map': pciInterruptMap(),
      '#interrupt-cells': 1,
      ranges: [
        ...[0x0100_0000, 0, 0, 0, 0x3eff_0000, 0, 0x1_0000],
        ...[0x0200_0000, 0, 0x1000_0000, 0, 0x1000_0000, 0, 0x2eff_0000],
      ],
      reg: [0, 0x3f00_0000, 0, 0x0100_0000],
      'dma-coherent': true,
      'bus-range': [0, 15],
      'linux,pci-domain': 0,
      '#size-cells': 2,
      '#address-cells': 3,
      device_type: 'pci',
      compatible: 'pci-host-ecam-generic',
    }),
    primecell('pl031', 0x0901_0000, 2, 'arm,pl031'),
    node('pl011@9000000', {
      'clock-names': ['uartclk', 'apb_pclk'],
      clocks: [CLOCK, CLOCK],
      interrupts: [SPI, 1, LEVEL],
      reg: [0, 0x0900_0000, 0, 0x1000],
      compatible: ['arm,pl011', 'arm,primecell'],
    }),
    node('pmu', { interrupts: [PPI, 7, LEVEL], compatible: 'arm,armv8-pmuv3' }),
    node('intc@8000000', {
      phandle: GIC,
      interrupts: [PPI, 9, LEVEL],
      reg: [0, 0x0800_0000, 0, 0x1_0000, 0, 0x080a_0000, 0, 0x00f6_0000],
      '#redistributor-regions': 1,
      compatible: 'arm,gic-v3',
      ranges: true,
      '#size-cells': 2,
      '#address-cells': 2,
      'interrupt-controller': true,
      '#interrupt-cells': 3,
    }),
    node('flash@0', {
      'bank-width': 4,
      reg: [0, 0, 0, 0x0400_0000, 0, 0x0400_0000, 0, 0x0400_0000],
      compatible: 'cfi-flash',
    }),
    cpus(),
    node('timer', {
      interrupts: [PPI, 13, LEVEL, PPI, 14, LEVEL, PPI, 11, LEVEL, PPI, 10, LEVEL],
      'always-on': true,
      compatible: ['arm,armv8-timer', 'arm,armv7-timer'],
    }),
    node('apb-pclk', {
      phandle: CLOCK,
      'clock-output-names': 'clk24mhz',
      'clock-frequency': 24_000_000,
      '#clock-cells': 0,
      compatible: 'fixed-clock',
    }),
    node('chosen', {
      'stdout-path': '/pl011@9000000',
      'rng-seed': [
        ...[0xc5f8_51a5, 0xc3c0_8f12, 0x3367_45fc, 0x36d5_35f9],
        ...[0x0928_f95d, 0xfd43_7fff, 0xbe05_465a, 0x8ee3_b611],
      ],
      'kaslr-seed': [0x7a82_09ba, 0x8b2d_51c1],
    }),
  );

/** The blob, as it lies at 0x40f00000 when RM starts. */
export const primaryTree = (): Uint8Array => compileFdt({ root: root(), reservations: [], bootCpu: 0 });
