/** Requests of the link as payloads, and answers read with their lengths checked. Layouts: spec/link.toml. */
import { le32, le64, put16, put32, put64 } from '../base/index.js';
import { At, FRAME_NAMES, FrameType, LINK, Status } from '../link/spec.js';
import { LinkFault, type Reply, type Request } from './types.js';

const HVC_REGISTERS = 8;
const SMC_REGISTERS = 18;

function registers(payload: Uint8Array, at: number, x: readonly bigint[], count: number): void {
  for (let i = 0; i < Math.min(x.length, count); i++) put64(payload, at + i * 8, x[i]);
}

export function hvcRequest(imm: number, x: readonly bigint[]): Request {
  const payload = new Uint8Array(At.HVC.SIZE);
  put16(payload, At.HVC.IMM, imm);
  payload[At.HVC.INLINE_REG] = LINK.NO_INLINE;
  registers(payload, At.HVC.X, x, HVC_REGISTERS);
  return { type: FrameType.HVC, payload };
}

export function smcRequest(conduit: 'hvc' | 'smc', imm: number, x: readonly bigint[]): Request {
  const payload = new Uint8Array(At.SMC.SIZE);
  put16(payload, At.SMC.CONDUIT, conduit === 'smc' ? 1 : 0);
  put16(payload, At.SMC.IMM, imm);
  registers(payload, At.SMC.X, x, SMC_REGISTERS);
  return { type: FrameType.SMC, payload };
}

/** `width` 0: plain memory. */
export function readRequest(ipa: bigint, length: number, width: number): Request {
  const payload = new Uint8Array(At.MEM_READ.SIZE);
  put64(payload, At.MEM_READ.IPA, ipa);
  put32(payload, At.MEM_READ.LENGTH, length);
  put32(payload, At.MEM_READ.WIDTH, width);
  return { type: FrameType.MEM_READ, payload };
}

export function writeRequest(ipa: bigint, data: Uint8Array, width: number): Request {
  const payload = new Uint8Array(At.MEM_WRITE.SIZE + data.length);
  put64(payload, At.MEM_WRITE.IPA, ipa);
  put32(payload, At.MEM_WRITE.WIDTH, width);
  payload.set(data, At.MEM_WRITE.SIZE);
  return { type: FrameType.MEM_WRITE, payload };
}

export function readRegisterRequest(register: number): Request {
  const payload = new Uint8Array(At.REG_READ.SIZE);
  put32(payload, At.REG_READ.REGISTER, register);
  return { type: FrameType.REG_READ, payload };
}

export function writeRegisterRequest(register: number, value: bigint): Request {
  const payload = new Uint8Array(At.REG_WRITE.SIZE);
  put32(payload, At.REG_WRITE.REGISTER, register);
  put64(payload, At.REG_WRITE.VALUE, value);
  return { type: FrameType.REG_WRITE, payload };
}

export const acknowledgeRequest: Request = { type: FrameType.IRQ_ACK, payload: new Uint8Array(0) };

export function endRequest(intid: number): Request {
  const payload = new Uint8Array(At.IRQ_END.SIZE);
  put32(payload, At.IRQ_END.INTID, intid);
  return { type: FrameType.IRQ_END, payload };
}

/** WFI with a timeout, or TIME with an advance, in virtual nanoseconds. */
export function timedRequest(type: typeof FrameType.WFI | typeof FrameType.TIME, ns: bigint): Request {
  const payload = new Uint8Array(8);
  put64(payload, 0, ns);
  return { type, payload };
}

export const packetRequest = (packet: Uint8Array): Request => ({ type: FrameType.RPC_SEND, payload: packet });

/** An answer of `type` that has at least the fields of its layout where its status promises them. Throws {@link LinkFault}. */
export function checked(type: number, reply: Reply, size: number): Reply {
  const whole = reply.status === Status.OK || reply.status === Status.EXCEPTION;
  if (reply.status > Status.REFUSED || (whole && reply.payload.length < size)) {
    const what = `${reply.payload.length} bytes with status ${reply.status}`;
    throw new LinkFault('garbage', `the answer to ${FRAME_NAMES[type] ?? type} has ${what}; its layout has ${size}`);
  }
  return reply;
}

export const word32 = (r: Reply, at: number): number => (at + 4 <= r.payload.length ? le32(r.payload, at) : 0);
export const word64 = (r: Reply, at: number): bigint => (at + 8 <= r.payload.length ? le64(r.payload, at) : 0n);
