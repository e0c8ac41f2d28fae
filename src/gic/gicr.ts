/** Redistributor registers (fact base vgic-and-timer 2.2 and 2.5, "Corrections"): RD frame at 0, SGI frame at 0x10000. */
import { lo32 } from '../base/index.js';
import { type Gic, remoteCpu, vicOf } from './context.js';
import { affinityOfIndex, setConfig, setPriority } from './distributor.js';
import { updateGroupEnables } from './events.js';
import {
  bitRegisterAt,
  IIDR,
  PIDR2,
  readBits,
  readConfig,
  readPriorities,
  STATUS_BITS,
  Status,
  writeBits,
} from './registers.js';
import { type GicVcpu, PRIVATE_COUNT, SGI_COUNT } from './types.js';

const CTLR = 0x0;
const IIDR_AT = 0x4;
const TYPER = 0x8;
const TYPER_HIGH = 0xc;
const STATUSR = 0x10;
const WAKER = 0x14;
const SETLPIR = 0x40;
const CLRLPIR = 0x48;
const PROPBASER = 0x70;
const PENDBASER = 0x78;
const INVLPIR = 0xa0;
const INVALLR = 0xb0;
const SYNCR = 0xc0;
const PIDR2_AT = 0xffe8;
const SGI_FRAME = 0x1_0000;
const IPRIORITYR = SGI_FRAME + 0x400;
const ICFGR0 = SGI_FRAME + 0xc00;
const ICFGR1 = SGI_FRAME + 0xc04;
const IGRPMODR0 = SGI_FRAME + 0xd00;
const NSACR = SGI_FRAME + 0xe00;

const WAKER_PROCESSOR_SLEEP = 2;
const WAKER_CHILDREN_ASLEEP = 4;

export function gicrAccessAllowed(offset: number, size: number): boolean {
  if ((offset & (size - 1)) !== 0) return false;
  if (size === 8) return offset <= INVLPIR || offset === INVALLR;
  if (size === 1) return offset >= IPRIORITYR && offset < IPRIORITYR + PRIVATE_COUNT;
  return size === 4;
}

function typer(g: Gic, v: GicVcpu, last: boolean): bigint {
  const aff = affinityOfIndex(vicOf(g, v).mapping, v.index);
  const affinity = aff.reduce((sum, a, i) => sum + BigInt(a) * (1n << BigInt(8 * i)), 0n);
  return (affinity << 32n) | (BigInt(v.index) << 8n) | (last ? 0x10n : 0n);
}

/** ChildrenAsleep: asleep and both groups disabled, looked up afresh. */
function childrenAsleep(g: Gic, v: GicVcpu): boolean {
  if (!v.asleep) return false;
  if (remoteCpu(g, v) < 0) updateGroupEnables(g, v, vicOf(g, v).ctlr);
  return !v.group0 && !v.group1;
}

const sgiBits = (offset: number): number | undefined => {
  const inFrame = offset - SGI_FRAME;
  const kind = bitRegisterAt(inFrame);
  return kind === inFrame ? kind : undefined;
};

/** `v`: owner of the frame. `last`: the Last bit of TYPER. */
export function gicrRead(g: Gic, v: GicVcpu, offset: number, size: number, last: boolean): bigint {
  const vic = vicOf(g, v);
  switch (offset) {
    case SETLPIR:
    case CLRLPIR:
    case INVLPIR:
    case INVALLR:
      v.statusr |= Status.RWOD;
      return 0n;
    case TYPER:
      return size === 8 ? typer(g, v, last) : typer(g, v, last) & 0xffff_ffffn;
    case TYPER_HIGH:
      return typer(g, v, last) >> 32n;
    case IIDR_AT:
      return BigInt(IIDR);
    case PIDR2_AT:
      return BigInt(PIDR2);
    case STATUSR:
      return BigInt(v.statusr);
    case WAKER:
      return BigInt((v.asleep ? WAKER_PROCESSOR_SLEEP : 0) | (childrenAsleep(g, v) ? WAKER_CHILDREN_ASLEEP : 0));
    case CTLR:
    case PROPBASER:
    case PENDBASER:
    case SYNCR:
    case IGRPMODR0:
    case NSACR:
      return 0n;
    case ICFGR0:
      return BigInt(readConfig(vic, v, 0));
    case ICFGR1:
      return BigInt(readConfig(vic, v, 1));
  }
  const kind = sgiBits(offset);
  if (kind !== undefined) return BigInt(readBits(g, vic, v, kind, 0));
  if (offset >= IPRIORITYR && offset < IPRIORITYR + PRIVATE_COUNT) {
    return BigInt(readPriorities(vic, v, offset - IPRIORITYR, size));
  }
  v.statusr |= Status.RRD;
  return 0n;
}

/** False: unknown register, the access is aborted. */
export function gicrWrite(g: Gic, v: GicVcpu, offset: number, size: number, value: bigint): boolean {
  const vic = vicOf(g, v);
  const word = lo32(value);
  switch (offset) {
    case CTLR:
    case SETLPIR:
    case CLRLPIR:
    case ICFGR0:
    case IGRPMODR0:
    case NSACR:
      return true;
    case IIDR_AT:
    case TYPER:
    case SYNCR:
    case PIDR2_AT:
      v.statusr |= Status.WROD;
      return true;
    case STATUSR:
      v.statusr &= ~(word & STATUS_BITS);
      return true;
    case WAKER:
      v.asleep = (word & WAKER_PROCESSOR_SLEEP) !== 0;
      return true;
    case ICFGR1:
      for (let i = 0; i < SGI_COUNT; i++) {
        setConfig(g, vic, v, SGI_COUNT + i, ((word >>> (2 * i + 1)) & 1) !== 0);
      }
      return true;
  }
  const kind = sgiBits(offset);
  if (kind !== undefined) {
    writeBits(g, vic, v, kind, 0, word);
    return true;
  }
  if (offset >= IPRIORITYR && offset < IPRIORITYR + PRIVATE_COUNT) {
    for (let i = 0; i < size; i++) setPriority(g, vic, v, offset - IPRIORITYR + i, (word >>> (8 * i)) & 0xff);
    return true;
  }
  v.statusr |= Status.WRD;
  return false;
}
