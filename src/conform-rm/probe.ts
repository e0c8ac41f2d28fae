/** Whether RM lives: nobody can see it from outside, so it is asked for its caller's VMID. */
import { Call, Msg, Platform, parseRpcHeader, RpcType, rpcPackets } from '../protocol/index.js';
import type { ReplayDriver } from '../transcript/driver.js';
import type { Buffers } from '../transcript/recorded-driver.js';

const SEQ = 0xfffe;
/** Virtual time that RM gets for its answer. */
const WAITS_MS = [0, 20, 200];
const CAP_TO_RM = 0n;
const CAP_FROM_RM = 1n;
const PACKET_MAX = BigInt(Platform.RM_QUEUE_MSG_SIZE);
/** Packets taken in search of the answer: more are no queue of RM's. */
const MAX_PACKETS = 300;

export function rmAnswers(driver: ReplayDriver, buffers: Buffers): boolean {
  const [packet] = rpcPackets(RpcType.REQUEST, Msg.VM_GET_VMID, SEQ, new Uint8Array(0)) ?? [];
  driver.writeMem(0, buffers.tx, packet);
  const x = [CAP_TO_RM, BigInt(packet.length), BigInt(buffers.tx), 1n];
  const sent = driver.hvc(0, Platform.HYPERCALL_BASE + Call.MSGQUEUE_SEND, x);
  if (sent.kind !== 'done' || sent.x[0] !== 0n) return false;
  for (const ms of WAITS_MS) {
    driver.delay(ms);
    driver.yieldUntilIdle();
    if (takesAnswer(driver, buffers)) return true;
  }
  return false;
}

function takesAnswer(driver: ReplayDriver, buffers: Buffers): boolean {
  const x = [CAP_FROM_RM, BigInt(buffers.rx), PACKET_MAX, 0n];
  for (let i = 0; i < MAX_PACKETS; i++) {
    const r = driver.hvc(0, Platform.HYPERCALL_BASE + Call.MSGQUEUE_RECEIVE, x);
    if (r.kind !== 'done' || r.x[0] !== 0n) return false;
    const packet = driver.readMem(0, buffers.rx, Number(r.x[1]));
    const h = packet === undefined ? undefined : parseRpcHeader(packet);
    if (h?.type === RpcType.REPLY && h.seq === SEQ) return true;
  }
  return false;
}
