/**
 * The replay driver of a server that offers bare packets only (mode 1 of the link): sends and receives of the recorded driver become
 * RPC_SEND and RPC_PACKET. The server keeps the pace, so time here is real time: as short as a server on the same machine needs.
 */
import { At, Status } from '../link/spec.js';
import { Call, HypError, Platform } from '../protocol/index.js';
import type { CallEnd, CodeEnd, CpuBootInfo, OpEnd, ReplayDriver } from '../transcript/driver.js';
import type { Buffers } from '../transcript/recorded-driver.js';
import { checked, packetRequest } from './frames.js';
import { rmAnswers } from './probe.js';
import { type Exchange, LinkFault } from './types.js';

const SEND = Platform.HYPERCALL_BASE + Call.MSGQUEUE_SEND;
const RECEIVE = Platform.HYPERCALL_BASE + Call.MSGQUEUE_RECEIVE;
/** Real time for a packet of a server that has something to say; longest wait for one that is due. */
const SETTLE_MS = 4;
const MAX_WAIT_MS = 64;
const NO_RETURN: OpEnd = { kind: 'noReturn' };
const NO_CALL: CallEnd = { ...NO_RETURN, x: [] };

/** Throws {@link LinkFault} when the link itself fails. */
export class RpcDriver implements ReplayDriver {
  stuck: string | undefined;
  private died: 'rm' | 'hypervisor' | undefined;
  private outgoing = new Uint8Array(0);
  private incoming: Uint8Array = new Uint8Array(0);
  private queue: Uint8Array[] = [];

  constructor(
    private readonly exchange: Exchange,
    private readonly buffers: Buffers,
  ) {}

  hvc(_cpu: number, imm: number, x: readonly bigint[]): CallEnd {
    if (imm === SEND) return this.send(Number(x[1]));
    return imm === RECEIVE ? this.receive() : NO_CALL;
  }

  private send(size: number): CallEnd {
    if (this.stuck !== undefined) return NO_CALL;
    const request = packetRequest(this.outgoing.subarray(0, size));
    const R = At.RPC_SEND_REPLY;
    try {
      const reply = checked(request.type, this.exchange.request([request])[0], R.SIZE);
      if (reply.status === Status.DEAD) this.died = 'hypervisor';
      if (reply.status !== Status.OK) return { kind: reply.status === Status.DEAD ? 'dead' : 'noReturn', x: [] };
      const error = reply.payload[R.QUEUED] === 0 ? HypError.MSGQUEUE_FULL : HypError.OK;
      return { kind: 'done', x: [BigInt(error), BigInt(reply.payload[R.NOT_FULL])] };
    } catch (error) {
      if (!(error instanceof LinkFault) || error.kind !== 'silent') throw error;
      this.stuck = error.message;
      return NO_CALL;
    }
  }

  private receive(): CallEnd {
    this.queue.push(...this.exchange.packets(0));
    const packet = this.queue.shift();
    if (packet === undefined) return { kind: 'done', x: [BigInt(HypError.MSGQUEUE_EMPTY), 0n] };
    this.incoming = packet;
    return { kind: 'done', x: [0n, BigInt(packet.length), this.queue.length > 0 ? 1n : 0n] };
  }

  readMem(_cpu: number, ipa: number, length: number): Uint8Array | undefined {
    return ipa === this.buffers.rx ? this.incoming.slice(0, length) : undefined;
  }

  writeMem(_cpu: number, ipa: number, bytes: Uint8Array): boolean {
    if (ipa === this.buffers.tx) this.outgoing = bytes.slice();
    return ipa === this.buffers.tx;
  }

  private wait(ms: number): void {
    if (this.queue.length === 0) this.queue.push(...this.exchange.packets(ms));
  }

  delay(ms: number): void {
    this.wait(Math.min(ms, MAX_WAIT_MS));
  }

  yieldUntilIdle(): void {
    this.wait(SETTLE_MS);
  }

  dead(): 'rm' | 'hypervisor' | undefined {
    return this.died;
  }

  probeDead(): 'rm' | 'hypervisor' | undefined {
    if (this.died === undefined && this.stuck === undefined && !rmAnswers(this, this.buffers)) this.died ??= 'rm';
    return this.died;
  }

  now(): number {
    return 0;
  }

  // ---- what bare packets do not carry: cases with it are skipped ------------------------------------------------------

  smccc(): CallEnd {
    return NO_CALL;
  }
  load(): OpEnd {
    return NO_RETURN;
  }
  store(): OpEnd {
    return NO_RETURN;
  }
  readSysreg(): OpEnd {
    return NO_RETURN;
  }
  /** The recorded driver opens its interrupt controller: here the server's business. */
  writeSysreg(): OpEnd {
    return { kind: 'done' };
  }
  wfi(): OpEnd {
    return NO_RETURN;
  }
  drainIrqs(): number[] {
    return [];
  }
  runCode(): CodeEnd {
    return { end: NO_RETURN, x: [], taken: [], running: true };
  }
  codeResult(): CodeEnd {
    return this.runCode();
  }
  cpuBoot(): CpuBootInfo {
    return { count: 0, x0: 0n, x1: 0n, currentel: 0n, mpidr: 0n, sctlr: 0n, daif: 0n };
  }
}
