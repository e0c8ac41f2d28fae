/**
 * The link from the other side, in TypeScript: one connection, requests that may overlap, events as they come.
 * Models a careful client; leaves out guest logic beyond RPC framing.
 */
import { connect as openSocket, type Socket } from 'node:net';
import { le16, le32, le64, put32, put64 } from '../base/index.js';
import { RpcType, rpcPackets } from '../protocol/index.js';
import { FrameInput } from './input.js';
import type { Address } from './server.js';
import { At, EventType, FRAME_HEAD, FrameType, LINK, REPLY, Status } from './spec.js';
import { FrameWriter } from './writer.js';

/** A reply: its payload, status first. */
export interface LinkReply {
  type: number;
  status: number;
  payload: Uint8Array;
}

export interface HelloOptions {
  /** 3, the primary VM, by default. */
  vmid?: number;
  /** Index in its VM, 0 by default. */
  vcpu?: number;
  /** Bare packets instead of a vCPU. */
  rpc?: boolean;
  /** Nothing runs while the client thinks (docs/link.md, "Time"). */
  step?: boolean;
  /** Guest physical address of a page for inline buffers; 0: the server chooses. */
  scratch?: bigint;
  /** How the server speaks of the client; at most 64 characters. */
  name?: string;
}

export interface CallResult {
  /** `Status` of the link. */
  status: number;
  /** Syndrome of the exception, if the status is EXCEPTION. */
  esr: number;
  /** x0.. after the call; the call's own result code is x0. */
  x: bigint[];
  /** What came back in place of a buffer. */
  data: Uint8Array;
}

/** The connection ended; the message says why, in the server's words if it gave any. */
export class LinkClosed extends Error {
  override readonly name = 'LinkClosed';
}

interface Waiter {
  resolve(reply: LinkReply): void;
  reject(error: Error): void;
}

/**
 * One connection. Methods that name a frame of docs/reference/link.md send it and wait for its reply; several may be under way,
 * and are carried out in order. All of them reject with {@link LinkClosed} when the connection ends.
 */
export class LinkClient {
  /** What the server sent unasked, oldest first: interrupts, entries of the vCPU, packets in RPC-only mode. Take them out. */
  readonly events: { type: number; payload: Uint8Array }[] = [];
  /** Called for every event, before it is put into {@link events}; true: it is taken. */
  onEvent: ((type: number, payload: Uint8Array) => boolean) | undefined;
  private readonly out = new FrameWriter();
  private readonly input = new FrameInput();
  private readonly waiters = new Map<number, Waiter>();
  private tag = 0;
  private scheduled = false;
  private goodbye: string | undefined;
  private ended: LinkClosed | undefined;

  private constructor(readonly socket: Socket) {
    socket.on('data', (chunk) => this.receive(chunk));
    socket.on('error', (error) => this.end(error.message));
    socket.on('close', () => this.end('the connection ended'));
  }

  /** Opens the socket; rejects with its error when nobody listens. {@link hello} comes first. */
  static connect(address: Address): Promise<LinkClient> {
    return new Promise((resolve, reject) => {
      const socket =
        address.kind === 'unix' ? openSocket(address.path) : openSocket({ host: address.host, port: address.port });
      socket.setNoDelay(true);
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new LinkClient(socket));
      });
    });
  }

  private end(reason: string): void {
    if (this.ended !== undefined) return;
    this.ended = new LinkClosed(this.goodbye ?? reason);
    for (const waiter of this.waiters.values()) waiter.reject(this.ended);
    this.waiters.clear();
  }

  private receive(chunk: Uint8Array): void {
    const { input } = this;
    input.push(chunk);
    for (let length = input.frameLength; length !== undefined; length = input.frameLength) {
      if (length < FRAME_HEAD - 4 || length > LINK.MAX_FRAME + FRAME_HEAD) {
        this.end(`the server sent a frame of ${length} bytes`);
        this.socket.destroy();
        return;
      }
      if (input.length < length + 4) return;
      const { buffer, offset } = input;
      const type = buffer[offset + 4];
      const tag = le16(buffer, offset + 6);
      const payload = buffer.slice(offset + FRAME_HEAD, offset + length + 4);
      input.drop(length + 4);
      this.frame(type, tag, payload);
    }
  }

  private frame(type: number, tag: number, payload: Uint8Array): void {
    if (tag === 0) {
      if (type === EventType.GOODBYE) this.goodbye = String.fromCharCode(...payload);
      if (this.onEvent?.(type, payload) !== true) this.events.push({ type, payload });
      return;
    }
    const waiter = this.waiters.get(tag);
    if (waiter === undefined) return;
    this.waiters.delete(tag);
    waiter.resolve({ type: type & ~REPLY, status: payload.length >= 2 ? le16(payload, 0) : Status.OK, payload });
  }

  /** Begins a frame without waiting for an answer; {@link flush} sends. Returns offset of its payload in `writer.bytes`, and its tag. */
  begin(type: number, size: number): { at: number; tag: number } {
    this.tag = (this.tag % 0xffff) + 1;
    return { at: this.out.frame(type, this.tag, size), tag: this.tag };
  }

  get writer(): FrameWriter {
    return this.out;
  }

  /** Sends what has been begun, at the end of the present turn: requests of one turn make one write. */
  flush(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    queueMicrotask(() => {
      this.scheduled = false;
      if (this.out.length > 0 && !this.socket.destroyed) this.socket.write(this.out.take());
    });
  }

  private answer(tag: number): Promise<LinkReply> {
    if (this.ended !== undefined) return Promise.reject(this.ended);
    this.flush();
    return new Promise((resolve, reject) => this.waiters.set(tag, { resolve, reject }));
  }

  /** Sends any payload as it is: for tests of the other side too. */
  request(type: number, payload: Uint8Array): Promise<LinkReply> {
    const { at, tag } = this.begin(type, payload.length);
    this.out.bytes.set(payload, at);
    return this.answer(tag);
  }

  /**
   * Binds a vCPU: vCPU 0 of the primary VM without options. `x0` and `pc` are those of its last entry, `on` tells whether it has
   * begun, `nowNs` is the virtual time in nanoseconds. Rejects with the server's reason when it refuses.
   */
  async hello(options: HelloOptions = {}): Promise<{ x0: bigint; pc: bigint; on: boolean; nowNs: bigint }> {
    const F = At.HELLO;
    const R = At.HELLO_REPLY;
    const name = Buffer.from(options.name ?? 'ts', 'latin1').subarray(0, LINK.MAX_NAME);
    const { at, tag } = this.begin(FrameType.HELLO, F.SIZE + name.length);
    const { out } = this;
    out.u32(at + F.MAGIC, LINK.MAGIC);
    out.u16(at + F.VERSION_MIN, LINK.VERSION_MIN);
    out.u16(at + F.VERSION_MAX, LINK.VERSION_MAX);
    out.u16(at + F.VMID, options.vmid ?? 3);
    out.u16(at + F.VCPU, options.vcpu ?? 0);
    out.bytes[at + F.MODE] = options.rpc ? 1 : 0;
    out.bytes[at + F.TIME] = options.step ? 1 : 0;
    out.u16(at + F.NAME_LENGTH, name.length);
    out.u64(at + F.SCRATCH, options.scratch ?? 0n);
    out.bytes.set(name, at + F.SIZE);
    const { status, payload } = await this.answer(tag);
    if (status !== Status.OK) {
      await new Promise((resolve) => setImmediate(resolve));
      throw new LinkClosed(this.goodbye ?? 'refused');
    }
    return {
      nowNs: le64(payload, R.NOW_NS),
      x0: le64(payload, R.X0),
      pc: le64(payload, R.PC),
      on: le16(payload, R.ON) === 1,
    };
  }

  /** HVC #imm. `send`: buffer in place of register `register`; `receive`: bytes wanted back from there, as many as x1 says. */
  async hvc(
    imm: number,
    x: readonly bigint[],
    buffer?: { register: number; send?: Uint8Array; receive?: number },
  ): Promise<CallResult> {
    const F = At.HVC;
    const R = At.HVC_REPLY;
    const send = buffer?.send;
    const { at, tag } = this.begin(FrameType.HVC, F.SIZE + (send?.length ?? 0));
    const { out } = this;
    out.u16(at + F.IMM, imm);
    out.bytes[at + F.INLINE_REG] = buffer?.register ?? 0xff;
    out.bytes[at + F.INLINE_DIR] = send === undefined ? 2 : 0;
    out.u32(at + F.INLINE_LENGTH, send?.length ?? buffer?.receive ?? 0);
    for (let i = 0; i < Math.min(x.length, 8); i++) out.u64(at + F.X + i * 8, x[i]);
    if (send !== undefined) out.bytes.set(send, at + F.SIZE);
    const { status, payload } = await this.answer(tag);
    return { status, ...callResult(payload, R.ESR, R.X, 8, R.SIZE) };
  }

  /** SMCCC call by SMC or HVC. `imm`: immediate of that instruction, 0 in a call that keeps the convention. */
  async smccc(x: readonly bigint[], conduit: 'smc' | 'hvc' = 'smc', imm = 0): Promise<CallResult> {
    const F = At.SMC;
    const R = At.SMC_REPLY;
    const { at, tag } = this.begin(FrameType.SMC, F.SIZE);
    this.out.u16(at + F.CONDUIT, conduit === 'smc' ? 1 : 0);
    this.out.u16(at + F.IMM, imm);
    for (let i = 0; i < Math.min(x.length, 18); i++) this.out.u64(at + F.X + i * 8, x[i]);
    const { status, payload } = await this.answer(tag);
    return { status, ...callResult(payload, R.ESR, R.X, 18, R.SIZE) };
  }

  /** Memory, or with a width one load. Undefined: an exception. */
  async read(ipa: bigint, length: number, width = 0): Promise<Uint8Array | undefined> {
    const F = At.MEM_READ;
    const payload = new Uint8Array(F.SIZE);
    put64(payload, F.IPA, ipa);
    put32(payload, F.LENGTH, length);
    put32(payload, F.WIDTH, width);
    const r = await this.request(FrameType.MEM_READ, payload);
    return r.status === Status.OK ? r.payload.subarray(At.MEM_READ_REPLY.SIZE) : undefined;
  }

  /** Memory, or with a width of 1, 2, 4 or 8 bytes one store. False: an exception, or nothing is mapped there. */
  async write(ipa: bigint, data: Uint8Array, width = 0): Promise<boolean> {
    const F = At.MEM_WRITE;
    const payload = new Uint8Array(F.SIZE + data.length);
    put64(payload, F.IPA, ipa);
    put32(payload, F.WIDTH, width);
    payload.set(data, F.SIZE);
    return (await this.request(FrameType.MEM_WRITE, payload)).status === Status.OK;
  }

  /** The blob that x0 pointed to at entry. Undefined: there is none. */
  async deviceTree(): Promise<Uint8Array | undefined> {
    const r = await this.request(FrameType.DEVICE_TREE, new Uint8Array(0));
    return r.status === Status.OK ? r.payload.subarray(At.DEVICE_TREE_REPLY.SIZE) : undefined;
  }

  /** MRS of `register`: op0 << 14 | op1 << 11 | CRn << 7 | CRm << 3 | op2. Undefined: an exception. */
  async readRegister(register: number): Promise<bigint | undefined> {
    const payload = new Uint8Array(At.REG_READ.SIZE);
    put32(payload, 0, register);
    const r = await this.request(FrameType.REG_READ, payload);
    return r.status === Status.OK ? le64(r.payload, At.REG_READ_REPLY.VALUE) : undefined;
  }

  /** MSR, see {@link readRegister}. False: an exception. */
  async writeRegister(register: number, value: bigint): Promise<boolean> {
    const payload = new Uint8Array(At.REG_WRITE.SIZE);
    put32(payload, 0, register);
    put64(payload, At.REG_WRITE.VALUE, value);
    return (await this.request(FrameType.REG_WRITE, payload)).status === Status.OK;
  }

  /** Acknowledges the most urgent interrupt: its INTID, 1023 when nothing is pending. */
  async acknowledge(): Promise<number> {
    const r = await this.request(FrameType.IRQ_ACK, new Uint8Array(0));
    return r.status === Status.OK ? le32(r.payload, At.IRQ_ACK_REPLY.INTID) : 1023;
  }

  /** Ends an acknowledged interrupt: drops its priority and deactivates it. */
  async endInterrupt(intid: number): Promise<void> {
    const payload = new Uint8Array(At.IRQ_END.SIZE);
    put32(payload, 0, intid);
    await this.request(FrameType.IRQ_END, payload);
  }

  /** Waits for an interrupt, at most `timeoutNs` of virtual time (0: as long as it takes). `pending`: there is one. */
  async wfi(timeoutNs = 0n): Promise<{ status: number; pending: boolean; nowNs: bigint }> {
    return this.timed(FrameType.WFI, timeoutNs);
  }

  /** The vCPU computes for `ns` nanoseconds of virtual time, as far as the scheduler lets it. `pending`: there is an interrupt now. */
  async advance(ns: bigint): Promise<{ status: number; pending: boolean; nowNs: bigint }> {
    return this.timed(FrameType.TIME, ns);
  }

  private async timed(type: number, ns: bigint): Promise<{ status: number; pending: boolean; nowNs: bigint }> {
    const payload = new Uint8Array(8);
    put64(payload, 0, ns);
    const r = await this.request(type, payload);
    const whole = r.payload.length >= At.WFI_REPLY.SIZE;
    return {
      status: r.status,
      pending: whole && le16(r.payload, At.WFI_REPLY.PENDING) === 1,
      nowNs: whole ? le64(r.payload, At.WFI_REPLY.NOW_NS) : 0n,
    };
  }

  /** RPC-only mode: the packets of one request, without waiting. */
  sendRpc(id: number, seq: number, payload: Uint8Array): void {
    for (const packet of rpcPackets(RpcType.REQUEST, id, seq, payload) ?? []) this.sendPacket(packet);
  }

  /** RPC-only mode: one packet as it is. */
  sendPacket(packet: Uint8Array): void {
    const { at } = this.begin(FrameType.RPC_SEND, packet.length);
    this.out.bytes.set(packet, at);
    this.flush();
  }

  /** Says goodbye and closes the connection. */
  async bye(): Promise<void> {
    await this.request(FrameType.BYE, new Uint8Array(0));
    this.socket.end();
  }
}

function callResult(p: Uint8Array, esr: number, x: number, count: number, size: number): Omit<CallResult, 'status'> {
  if (p.length < size) return { esr: 0, x: new Array<bigint>(count).fill(0n), data: new Uint8Array(0) };
  return {
    esr: le32(p, esr),
    x: Array.from({ length: count }, (_, i) => le64(p, x + i * 8)),
    data: p.subarray(size),
  };
}
