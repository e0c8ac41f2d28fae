/**
 * A client of the Resource Manager: requests cut into packets, replies and notifications put together again.
 *
 * Models what a careful client does (fact base: clients, rm-rpc-transport 2 to 6): one request at a time, its own sequence
 * numbers, both packet types accepted in any order. Works over anything that moves packets: a vCPU's queues, a socket.
 */
import { le32, tailOf } from '../base/index.js';
import {
  collectPacket,
  Platform,
  type RpcMessage,
  RpcType,
  rpcAssembly,
  rpcMessage,
  rpcPackets,
} from '../protocol/index.js';

/** How packets reach RM and come back. */
export interface PacketPort {
  /** False: the queue to RM is full. */
  send(packet: Uint8Array): boolean;
  /** The next packet from RM, or `undefined`. */
  receive(): Uint8Array | undefined;
  /** Lets RM work. False: it has nothing left to do. */
  wait(): boolean;
}

export interface Reply extends RpcMessage {
  /** RM error code: the first word of the payload. */
  error: number;
  /** What follows the error code. */
  data: Uint8Array;
}

const NO_DATA = new Uint8Array(0);

const replyOf = ({ type, id, seq, payload }: RpcMessage): Reply => ({
  type,
  id,
  seq,
  payload,
  error: le32(payload, 0),
  data: payload.length === 4 ? NO_DATA : tailOf(payload, 4),
});

/** Rounds of waiting after which an unanswered request counts as unanswered. */
const MAX_WAITS = 10_000;

/** Not the client of a driver under test: it never gives up and never hurries. */
export class RmClient {
  /** Every notification received, oldest first. Take them with {@link takeNotifications}. */
  notifications: RpcMessage[] = [];
  private seq = 0;
  private readonly assembly = rpcAssembly();

  constructor(private readonly port: PacketPort) {}

  /** Sends a request and waits for its reply. `undefined`: RM does not answer, or never took it. */
  request(id: number, payload: Uint8Array = new Uint8Array(0)): Reply | undefined {
    const seq = this.seq;
    this.seq = (this.seq + 1) & 0xffff;
    const packets = rpcPackets(RpcType.REQUEST, id, seq, payload);
    if (packets === undefined)
      throw new RangeError(`payload of ${payload.length} bytes is longer than ${Platform.RPC_MAX_PAYLOAD}`);
    for (const packet of packets) {
      for (let tries = 0; !this.port.send(packet); tries++) {
        if (!this.port.wait() || tries > MAX_WAITS) return undefined;
        this.drain();
      }
    }
    for (let waits = 0; waits < MAX_WAITS; waits++) {
      const rests = !this.port.wait();
      let silent = true;
      for (let message = this.next(); message !== undefined; message = this.next()) {
        silent = false;
        if (message.type !== RpcType.REPLY || message.id !== id || message.seq !== seq) continue;
        return message.payload.length < 4 ? undefined : replyOf(message);
      }
      if (rests && silent) return undefined;
    }
    return undefined;
  }

  /** Collects what RM sends by itself until it rests. */
  poll(): void {
    do this.drain();
    while (this.port.wait());
    this.drain();
  }

  /** Notifications received so far; they are forgotten here. */
  takeNotifications(): RpcMessage[] {
    const taken = this.notifications;
    this.notifications = [];
    return taken;
  }

  private drain(): void {
    while (this.next() !== undefined) {
      // notifications are kept by next(); late replies have no one waiting for them
    }
  }

  /** The next complete message; notifications are also kept. Packets that belong to nothing are dropped. */
  private next(): RpcMessage | undefined {
    for (let packet = this.port.receive(); packet !== undefined; packet = this.port.receive()) {
      const packets = collectPacket(this.assembly, packet);
      if (packets === 'more' || packets === 'stray') continue;
      const message = rpcMessage(packets);
      if (message.type === RpcType.NOTIFICATION) this.notifications.push(message);
      return message;
    }
    return undefined;
  }
}
