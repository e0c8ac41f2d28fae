/**
 * Cold boot of the `qemu` board: from an empty hypervisor to the first instruction of the root VM.
 *
 * Creates what Gunyah creates before it starts RM (fact base: platform-qemu 5, rm-boot-and-dt 1.1), with the same capability
 * numbers: master capabilities with all rights in the root space. Where a hypercall does the work, boot makes that call on
 * behalf of the root thread, so that the same checks and effects apply. Left out: the CBOR record that carries the numbers to RM.
 */
import { assert, U64_MAX } from '../base/index.js';
import { registerDoorbell } from '../doorbell/index.js';
import { createHwirq, registerGic } from '../gic/index.js';
import {
  type CSpace,
  grantMaster,
  type HypConfig,
  Hypervisor,
  type HypObject,
  nativeCall,
  registerCore,
} from '../hyp/index.js';
import { type Addrspace, bootMap, bootMove, createBootExtent, Owner, registerMemory } from '../hyp/mem/index.js';
import { registerSmccc } from '../hyp/smccc.js';
import { registerMsgQueue } from '../msgq/index.js';
import {
  Access,
  Call,
  ExtentMemType,
  ExtentType,
  HypError,
  MapMemType,
  ObjectType,
  Platform,
  VcpuOption,
} from '../protocol/index.js';
import { powerOn, registerPsci, registerScheduler, registerVcpu, schedule, type Vcpu } from '../vcpu/index.js';
import { registerVirtio } from '../virtio/index.js';

/** PPIs that the hypervisor keeps for itself or virtualises: PMU, maintenance, its own timer, both EL1 timers. */
const KEPT_PPIS: readonly number[] = [
  Platform.PPI_PMU,
  Platform.PPI_GIC_MAINTENANCE,
  Platform.PPI_HYP_TIMER,
  Platform.PPI_VIRTUAL_TIMER,
  Platform.PPI_PHYSICAL_TIMER,
];
/** Observed: interrupts 256 and up have no object (fact base: observations 28). */
const HWIRQ_END = 256;
const FIRST_PPI = 16;

/** `vic_configure` option: no frames at fixed addresses. */
const DISABLE_DEFAULT_ADDR = 2n;
/** User and kernel access 6:0, memory type 23:16: normal write-back. */
const MAP_RWX_NORMAL = Access.RWX | (Access.RWX << 4) | (MapMemType.NORMAL_WB << 16);

export interface RootCaps {
  cspace: bigint;
  partition: bigint;
  vcpu: bigint;
  vic: bigint;
  /** By physical INTID; all-ones where there is no object. */
  hwirq: bigint[];
  addrspace: bigint;
  me: bigint;
  deviceMe: bigint;
  uartMe: bigint;
}

export interface BootedBoard {
  hyp: Hypervisor;
  /** Id of the root thread, which runs RM. */
  rootThread: number;
  caps: RootCaps;
}

function newHypervisor(config: HypConfig): Hypervisor {
  const hyp = new Hypervisor(config);
  registerCore(hyp);
  registerMemory(hyp);
  registerDoorbell(hyp);
  registerMsgQueue(hyp);
  registerGic(hyp);
  registerScheduler(hyp, config.cores);
  registerVcpu(hyp);
  registerPsci(hyp);
  registerSmccc(hyp);
  registerVirtio(hyp);
  return hyp;
}

/**
 * Switches the board on: the hypervisor as it is when the root VM starts, and the capabilities that it finds (fact
 * base: rm-boot-and-dt 1).
 */
export function boot(config: HypConfig): BootedBoard {
  const hyp = newHypervisor(config);
  const make = <T extends HypObject>(type: number, partition: number): T => {
    const object = hyp.create<T>(type, partition);
    assert(typeof object !== 'number', `boot: object of type ${type} not created`);
    return object;
  };
  const partition = make(ObjectType.PARTITION, -1);
  partition.partition = partition.id;
  hyp.objectEvent(partition, 'ACTIVATE');
  const cspace = make<CSpace>(ObjectType.CSPACE, partition.id);
  cspace.maxCaps = Platform.ROOT_MAX_CAPS;
  hyp.objectEvent(cspace, 'ACTIVATE');
  const grant = (object: HypObject): bigint => {
    const id = grantMaster(hyp, cspace, object);
    assert(id !== undefined, 'boot: root capability space is full');
    return id;
  };
  const cspaceCap = grant(cspace);
  const partitionCap = grant(partition);
  hyp.ref(partition.id);
  const thread = make<Vcpu>(ObjectType.THREAD, partition.id);
  const vcpuCap = grant(thread);
  thread.cspace = hyp.ref(cspace.id);

  const call = (num: number, ...args: bigint[]): bigint => {
    thread.x.fill(0n);
    args.forEach((a, i) => {
      thread.x[i] = a;
    });
    nativeCall(hyp, thread, 0x6000 + num);
    assert(thread.x[0] === BigInt(HypError.OK), `boot: hypercall 0x${num.toString(16)} failed with ${thread.x[0]}`);
    return thread.x[1];
  };

  const vicCap = call(Call.PARTITION_CREATE_VIC, partitionCap, cspaceCap);
  call(Call.VIC_CONFIGURE, vicCap, 1n, BigInt(Platform.ROOT_VIC_VIRQS), DISABLE_DEFAULT_ADDR, 0n);
  call(Call.OBJECT_ACTIVATE, vicCap);
  call(Call.VIC_ATTACH_VCPU, vicCap, vcpuCap, 0n);

  const hwirq: bigint[] = [];
  for (let irq = 0; irq < HWIRQ_END; irq++) {
    const given = irq >= FIRST_PPI && !KEPT_PPIS.includes(irq);
    hwirq.push(given ? grant(createHwirq(hyp, partition.id, irq)) : U64_MAX);
  }

  const addrspaceCap = call(Call.PARTITION_CREATE_ADDRSPACE, partitionCap, cspaceCap);
  call(Call.ADDRSPACE_CONFIGURE, addrspaceCap, BigInt(Platform.VMID_RM));
  call(Call.OBJECT_ACTIVATE, addrspaceCap);
  call(Call.ADDRSPACE_ATTACH_THREAD, addrspaceCap, vcpuCap);
  const addrspace = hyp.get<Addrspace>(thread.addrspace);

  // The hypervisor keeps its own image; everything else of RAM belongs to the root partition.
  bootMove(hyp, Platform.DDR_BASE, Platform.HYP_BASE - Platform.DDR_BASE, Owner.NOBODY, partition.id);
  const afterHyp = Platform.HYP_BASE + Platform.HYP_SIZE;
  bootMove(hyp, afterHyp, Platform.ROOT_HEAP_BASE - afterHyp, Owner.NOBODY, partition.id);
  const me = createBootExtent(hyp, {
    partition: partition.id,
    access: Access.RWX,
    physBase: Platform.ROOTVM_BASE,
    size: Platform.ROOTVM_SIZE,
  });
  const meCap = grant(me);
  bootMap(hyp, addrspace, me, Platform.ROOTVM_BASE, MAP_RWX_NORMAL);

  const deviceMe = createBootExtent(hyp, {
    partition: partition.id,
    extentType: ExtentType.SPARSE,
    memtype: ExtentMemType.DEVICE,
    access: Access.RW,
    physBase: Platform.DEVICE_BASE,
    size: Platform.DEVICE_SIZE,
    device: true,
  });
  const deviceMeCap = grant(deviceMe);
  const uartMe = createBootExtent(hyp, {
    partition: partition.id,
    memtype: ExtentMemType.DEVICE,
    access: Access.RW,
    physBase: Platform.UART_BASE,
    size: Platform.UART_SIZE,
    parent: deviceMe,
  });
  const uartMeCap = grant(uartMe);
  // Carved out without a capability: nobody can map the physical GIC.
  const carve = (physBase: number, size: number): void => {
    const extent = createBootExtent(hyp, {
      partition: partition.id,
      memtype: ExtentMemType.DEVICE,
      access: Access.RW,
      physBase,
      size,
      parent: deviceMe,
    });
    hyp.ref(extent.id);
  };
  carve(Platform.GICD_BASE, Platform.GICD_SIZE);
  carve(Platform.GICR_BASE, Platform.GICR_STRIDE * Platform.CORES);

  thread.affinity = 0;
  thread.options = VcpuOption.CRITICAL;
  call(Call.OBJECT_ACTIVATE, vcpuCap);
  call(
    Call.ADDRSPACE_ATTACH_VDEVICE,
    addrspaceCap,
    vicCap,
    0n,
    BigInt(Platform.GICD_BASE),
    BigInt(Platform.GICD_SIZE),
    0n,
  );
  call(
    Call.ADDRSPACE_ATTACH_VDEVICE,
    addrspaceCap,
    vicCap,
    1n,
    BigInt(Platform.GICR_BASE),
    BigInt(Platform.GICR_STRIDE),
    0n,
  );
  assert(powerOn(hyp, thread, BigInt(Platform.ROOTVM_BASE), 0n) === HypError.OK, 'boot: root thread does not start');
  schedule(hyp, 0);
  return {
    hyp,
    rootThread: thread.id,
    caps: {
      cspace: cspaceCap,
      partition: partitionCap,
      vcpu: vcpuCap,
      vic: vicCap,
      hwirq,
      addrspace: addrspaceCap,
      me: meCap,
      deviceMe: deviceMeCap,
      uartMe: uartMeCap,
    },
  };
}
