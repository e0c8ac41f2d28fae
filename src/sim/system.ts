/** Boots the board and starts the Resource Manager on its root thread. */
import { prng } from '../base/index.js';
import { type BootedBoard, boot, primaryTree } from '../board/index.js';
import { defaultHypConfig, type Hypervisor } from '../hyp/index.js';
import { Platform } from '../protocol/index.js';
import { createRm, type Rm, type RmEnvironment } from '../rm/index.js';
import { rmPort } from './rm-port.js';
import type { SimOptions, Simulator } from './simulator.js';

/** RM's image comes first in its memory; its heap follows. */
const RM_IMAGE_SIZE = 0x4_0000;

export interface System {
  hyp: Hypervisor;
  rm: Rm;
  rootThread: number;
}

function environment(board: BootedBoard, extensions: readonly string[]): RmEnvironment {
  const { caps } = board;
  return {
    addrspaceCap: caps.addrspace,
    cspaceCap: caps.cspace,
    partitionCap: caps.partition,
    vcpuCap: caps.vcpu,
    vicCap: caps.vic,
    meCap: caps.me,
    meIpaBase: Platform.ROOTVM_BASE,
    meSize: Platform.ROOTVM_SIZE,
    heapBase: Platform.ROOTVM_BASE + RM_IMAGE_SIZE,
    deviceMeCap: caps.deviceMe,
    deviceMeBase: Platform.DEVICE_BASE,
    deviceMeSize: Platform.DEVICE_SIZE,
    uartAddress: Platform.UART_BASE,
    uartMeCap: caps.uartMe,
    entryHlos: Platform.HLOS_ENTRY,
    hlosDtBase: Platform.HLOS_DT_BASE,
    hlosVmBase: Platform.HLOS_VM_BASE,
    hlosVmSize: Platform.HLOS_VM_SIZE,
    logBase: Platform.RM_LOG_BASE,
    logSize: Platform.RM_LOG_SIZE,
    usableCores: Platform.USABLE_CORES,
    bootCore: 0,
    vicHwirq: caps.hwirq,
    vicMsiSource: [],
    sveSupported: true,
    hlosHandlesRas: false,
    gicdBase: Platform.GICD_BASE,
    gicrBase: Platform.GICR_BASE,
    gicrStride: Platform.GICR_STRIDE,
    extensions,
  };
}

export function bootSystem(sim: Simulator, options: SimOptions): System {
  const board = boot({ ...defaultHypConfig(), ...options.hyp });
  const { hyp, rootThread } = board;
  if (options.seed !== undefined) hyp.state.entropy = prng(options.seed);
  hyp.mem.writePhys(Platform.HLOS_DT_BASE, primaryTree());
  const port = rmPort({ hyp, cost: sim.cost, tracer: sim }, rootThread);
  const rm = createRm(port, environment(board, options.extensions ?? []));
  return { hyp, rm, rootThread };
}
