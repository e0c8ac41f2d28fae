/** A hypervisor with one VIC of eight vCPUs, without scheduler, memory or RM: what the tests of the GIC need. */

import {
  attachVcpu,
  type GicThread,
  gicOfHyp,
  nextTimerEvent,
  parseSysreg,
  readSysreg,
  registerGic,
  timersDue,
  type Vic,
  writeSysreg,
} from '../../src/gic/index.js';
import { Hypervisor, type HypObject, type Thread } from '../../src/hyp/index.js';
import { HypError, ObjectType } from '../../src/protocol/index.js';
import { bareThread } from '../support/thread.js';

export const GICD = 0x0800_0000;
export const GICR = (n: number): number => 0x080a_0000 + n * 0x2_0000;
export const SPURIOUS = 1023;

/** Registers of the distributor, and of a redistributor where it has them, by offset. */
export const CLRSPI = 0x48;
export const IGROUPR = 0x80;
export const ISENABLER = 0x100;
export const ICENABLER = 0x180;
export const ISPENDR = 0x200;
export const ICPENDR = 0x280;
export const ISACTIVER = 0x300;
export const ICACTIVER = 0x380;
export const ICFGR = 0xc00;

export interface TestThread extends GicThread {
  pstate: number;
  options: bigint;
}

export type Reply = bigint | { esr: number; far: bigint | undefined };

export interface Machine {
  hyp: Hypervisor;
  vic: Vic;
  addrspace: HypObject;
  vcpus: TestThread[];
  /** Threads that were woken, in order. */
  woken: number[];
  /** Activates the next vCPU, where the VM did not begin with all eight. */
  add(): void;
  /** Puts vCPU `n` on physical CPU `n`. */
  run(n: number): void;
  /** Takes it off. */
  stop(n: number): void;
  /** The vCPU on whose behalf hypercalls assert sources from now on; undefined: none. */
  act(n: number | undefined): void;
  load(n: number, ipa: number, size?: number): Reply;
  store(n: number, ipa: number, value: number | bigint, size?: number): Reply;
  mrs(n: number, name: string): Reply;
  msr(n: number, name: string, value: number | bigint): Reply;
  advance(ns: number): void;
}

const encodingOf = (name: string): number => {
  const enc = parseSysreg(name);
  if (enc === undefined) throw new Error(`not a system register: ${name}`);
  return enc;
};

export function machine(vcpuCount = 8): Machine {
  const hyp = new Hypervisor();
  registerGic(hyp);
  hyp.kind<TestThread>(ObjectType.THREAD, {
    create: (_h, base) => ({ ...bareThread(base), options: 1n }),
    activate: (h, thread) => h.vic.vcpuActivate(thread),
    deactivate: (h, thread) => h.vic.vcpuReleased(thread),
  });
  hyp.kind(ObjectType.ADDRSPACE, { create: (_h, base) => base, activate: () => HypError.OK });
  const running = new Map<number, number>();
  const woken: number[] = [];
  let current = -1;
  hyp.sched = {
    wakeup: (thread: Thread) => woken.push(thread.id),
    current: () => current,
    expectsWakeup: () => true,
  } as unknown as Hypervisor['sched'];
  const make = <T extends HypObject>(type: number): T => {
    const object = hyp.create<T>(type, 0) as T;
    hyp.ref(object.id);
    return object;
  };
  const addrspace = make(ObjectType.ADDRSPACE);
  const vic = make<Vic>(ObjectType.VIC);
  vic.maxVcpus = 8;
  vic.maxVirqs = 988;
  hyp.activate(vic);
  const vcpus: TestThread[] = [];
  hyp.vic.attachVdevice(addrspace, vic, 0, GICD, 0x1_0000, 0n);
  const add = (): void => {
    const n = vcpus.length;
    const thread = make<TestThread>(ObjectType.THREAD);
    thread.addrspace = addrspace.id;
    attachVcpu(hyp, vic, thread, n);
    hyp.activate(thread);
    vcpus.push(thread);
    hyp.vic.attachVdevice(addrspace, vic, n + 1, GICR(n), 0x2_0000, 0n);
  };
  while (vcpus.length < vcpuCount) add();
  const access = (n: number, ipa: number, size: number, write: boolean, value: bigint): Reply => {
    const result = hyp.vic.mmioAccess(vcpus[n], ipa, size, write, value);
    if (result === undefined) throw new Error(`nothing at ${ipa.toString(16)}`);
    return 'value' in result ? BigInt.asUintN(size * 8, result.value) : result.exception;
  };
  return {
    hyp,
    vic,
    addrspace,
    vcpus,
    woken,
    add,
    run: (n) => {
      running.set(vcpus[n].id, n);
      hyp.vic.vcpuSwitchedIn(vcpus[n], n);
    },
    stop: (n) => {
      running.delete(vcpus[n].id);
      hyp.vic.vcpuSwitchedOut(vcpus[n]);
    },
    act: (n) => {
      current = n === undefined ? -1 : vcpus[n].id;
    },
    load: (n, ipa, size = 4) => access(n, ipa, size, false, 0n),
    store: (n, ipa, value, size = 4) => access(n, ipa, size, true, BigInt(value)),
    mrs: (n, name) => {
      const result = readSysreg(hyp, vcpus[n], encodingOf(name));
      return 'value' in result ? result.value : result.exception;
    },
    msr: (n, name, value) => writeSysreg(hyp, vcpus[n], encodingOf(name), BigInt(value)) ?? 0n,
    advance: (ns) => {
      const g = gicOfHyp(hyp);
      const end = hyp.now + ns;
      for (let at = nextTimerEvent(g); at <= end; at = nextTimerEvent(g)) {
        hyp.now = Math.max(hyp.now, at);
        timersDue(g);
      }
      hyp.now = end;
    },
  };
}

export const PMR = 'S3_0_C4_C6_0';
export const IAR1 = 'S3_0_C12_C12_0';
export const EOIR1 = 'S3_0_C12_C12_1';
export const HPPIR1 = 'S3_0_C12_C12_2';
export const CTLR = 'S3_0_C12_C12_4';
export const IGRPEN0 = 'S3_0_C12_C12_6';
export const IGRPEN1 = 'S3_0_C12_C12_7';
export const DIR = 'S3_0_C12_C11_1';
export const RPR = 'S3_0_C12_C11_3';
export const SGI1R = 'S3_0_C12_C11_5';

/** What a simple guest does first: both groups at the distributor, group 1 at the interface, no priority mask. */
export function enableGroup1(m: Machine, n: number): void {
  m.store(n, GICD, 3);
  m.store(n, GICR(n) + 0x1_0080, 0xffff_ffff);
  m.msr(n, PMR, 0xff);
  m.msr(n, IGRPEN1, 1);
}

/** Group 1, edge or level, priority, routed to vCPU `target`, enabled. */
export function setUpSpi(m: Machine, intid: number, edge: boolean, priority: number, target = 0): void {
  const word = Math.floor(intid / 32) * 4;
  const bit = (1 << (intid % 32)) >>> 0;
  const read = (offset: number): number => Number(m.load(0, GICD + offset) as bigint);
  m.store(0, GICD + 0x80 + word, (read(0x80 + word) | bit) >>> 0);
  const config = 0xc00 + Math.floor(intid / 16) * 4;
  const configBit = (2 << ((intid % 16) * 2)) >>> 0;
  m.store(0, GICD + config, (edge ? read(config) | configBit : read(config) & ~configBit) >>> 0);
  m.store(0, GICD + 0x400 + intid, priority, 1);
  m.store(0, GICD + 0x6000 + intid * 8, target, 8);
  m.store(0, GICD + 0x100 + word, bit);
}

export const bitWrite = (m: Machine, base: number, intid: number, n = 0): Reply =>
  m.store(n, GICD + base + Math.floor(intid / 32) * 4, (1 << (intid % 32)) >>> 0);

export const bitRead = (m: Machine, base: number, intid: number, n = 0): boolean =>
  ((Number(m.load(n, GICD + base + Math.floor(intid / 32) * 4) as bigint) >>> (intid % 32)) & 1) !== 0;
