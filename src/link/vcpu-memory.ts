/** Memory and devices as the vCPU of a connection sees them: MEM_READ, MEM_WRITE, DEVICE_TREE. */
import { le32, le64 } from '../base/index.js';
import { be32, Head, MAGIC } from '../board/fdt/index.js';
import type { HostVcpu, Outcome, Simulator } from '../sim/index.js';
import type { Vcpu } from '../vcpu/index.js';
import { type Replies, statusOf, WAIT_NS } from './replies.js';
import type { Handled } from './session.js';
import { At, FrameType, LINK, Status } from './spec.js';

const IPA_LIMIT = 1n << 36n;
const WIDTHS = [1, 2, 4, 8];

/** What an access that the vCPU itself makes needs of its session. */
export interface Turn {
  /** The vCPU cannot execute anything now: what became of the frame. */
  notReady(type: number, tag: number): Handled | undefined;
  /** Finishes the operation now or when the vCPU, which had `entries` before, is back. */
  settle(outcome: Outcome, entries: number, finish: (outcome: Outcome) => void): Handled;
}

export class VcpuMemory {
  constructor(
    private readonly sim: Simulator,
    private readonly v: Vcpu,
    private readonly host: HostVcpu,
    private readonly replies: Replies,
    private readonly treeIpa: number | undefined,
    private readonly turn: Turn,
  ) {}

  /** Plain memory, whatever the vCPU does, or with a width one access of the vCPU. */
  access(type: number, tag: number, b: Uint8Array, at: number, size: number): Handled {
    const write = type === FrameType.MEM_WRITE;
    const F = write ? At.MEM_WRITE : At.MEM_READ;
    if (size < F.SIZE || (!write && size !== F.SIZE))
      return this.replies.badSize(type, tag, size, write ? `at least ${F.SIZE}` : F.SIZE);
    const ipa = le64(b, at + F.IPA);
    const width = le32(b, at + F.WIDTH);
    const length = write ? size - F.SIZE : le32(b, at + At.MEM_READ.LENGTH);
    if (length > LINK.MAX_MEMORY_ACCESS)
      return this.replies.bad(type, tag, `${length} bytes; at most ${LINK.MAX_MEMORY_ACCESS}`);
    if (width !== 0) {
      if (!WIDTHS.includes(width)) return this.replies.bad(type, tag, `width ${width}; 0, 1, 2, 4 or 8`);
      if (length !== width) return this.replies.bad(type, tag, `${length} bytes in one access of width ${width}`);
      const refused = this.turn.notReady(type, tag);
      if (refused !== undefined) return refused;
      return this.device(type, tag, ipa, width, write ? number(b, at + F.SIZE, width) : 0n);
    }
    // What is left of a machine that stopped may be looked at.
    if (write && this.sim.hyp.dead !== undefined) {
      this.replies.reply(type, tag, 4, Status.DEAD);
      return 'done';
    }
    const R = write ? At.MEM_WRITE_REPLY : At.MEM_READ_REPLY;
    const reachable = this.sim.hyp.objects[this.v.id] === this.v && ipa + BigInt(length) <= IPA_LIMIT;
    let ok = reachable;
    let reply: number;
    if (write) {
      ok = reachable && this.host.writeMemory(Number(ipa), b.subarray(at + F.SIZE, at + size));
      reply = this.replies.reply(type, tag, R.SIZE, ok ? Status.OK : Status.EXCEPTION);
    } else {
      reply = this.replies.reply(type, tag, R.SIZE + length, Status.OK);
      const data = reply + R.SIZE;
      ok = reachable && this.host.readMemory(Number(ipa), this.replies.out.bytes.subarray(data, data + length));
      if (!ok) {
        this.replies.out.cut(reply, R.SIZE);
        this.replies.out.u16(reply, Status.EXCEPTION);
      }
    }
    if (!ok) this.replies.out.u64(reply + R.FAR, ipa);
    return 'done';
  }

  /** One load or store, as a device sees it. A proxied vCPU may have to wait for its manager. */
  private device(type: number, tag: number, ipa: bigint, width: number, value: bigint): Handled {
    const write = type === FrameType.MEM_WRITE;
    const R = write ? At.MEM_WRITE_REPLY : At.MEM_READ_REPLY;
    const { entries } = this.v;
    const outcome = this.host.access(ipa, width, write, value, WAIT_NS);
    return this.turn.settle(outcome, entries, (o) => {
      const at = this.replies.reply(type, tag, R.SIZE + (write || o.kind !== 'done' ? 0 : width), statusOf(o));
      if (o.kind === 'exception') {
        this.replies.out.u32(at + R.ESR, o.exception.esr >>> 0);
        this.replies.out.u64(at + R.FAR, o.exception.far ?? ipa);
      } else if (!write && o.kind === 'done') {
        // An access that waited for the manager has its result in x0, the register it named.
        let rest = outcome.kind === 'done' ? (outcome.value ?? 0n) : this.v.x[0];
        for (let i = 0; i < width; i++, rest >>= 8n) this.replies.out.bytes[at + R.SIZE + i] = Number(rest & 0xffn);
      }
    });
  }

  deviceTree(tag: number): Handled {
    const R = At.DEVICE_TREE_REPLY;
    const head = new Uint8Array(8);
    const ipa = this.treeIpa;
    const found = ipa !== undefined && this.sim.hyp.objects[this.v.id] === this.v && this.host.readMemory(ipa, head);
    const length = found && be32(head, Head.MAGIC) === MAGIC ? be32(head, Head.TOTALSIZE) : 0;
    const blob = new Uint8Array(length <= LINK.MAX_FRAME - 256 ? length : 0);
    if (ipa === undefined || blob.length === 0 || !this.host.readMemory(ipa, blob)) {
      this.replies.reply(FrameType.DEVICE_TREE, tag, R.SIZE, Status.EXCEPTION);
      return 'done';
    }
    const at = this.replies.reply(FrameType.DEVICE_TREE, tag, R.SIZE + blob.length, Status.OK);
    this.replies.out.u64(at + R.IPA, BigInt(ipa));
    this.replies.out.bytes.set(blob, at + R.SIZE);
    return 'done';
  }
}

function number(b: Uint8Array, at: number, width: number): bigint {
  let value = 0n;
  for (let i = width - 1; i >= 0; i--) value = (value << 8n) | BigInt(b[at + i]);
  return value;
}
