/** The bench as a client in this process sees it: through capabilities and interrupt numbers. */
import { lo32 } from '../../base/index.js';
import { Call, Platform } from '../../protocol/index.js';
import type { Bench } from '../bench.js';
import type { ClientPort, ReceiveResult, SendResult } from './port.js';

export class BenchPort implements ClientPort {
  constructor(private readonly bench: Bench) {}

  deviceTree(): Uint8Array {
    return this.bench.deviceTree();
  }

  smccc(conduit: 'hvc' | 'smc', x: readonly bigint[]): readonly bigint[] {
    return this.bench.smccc(conduit, x);
  }

  hvc(num: number, ...args: bigint[]): readonly bigint[] {
    return this.bench.hvc(num, ...args);
  }

  send(cap: bigint, packet: Uint8Array, push: boolean): SendResult {
    if (cap === this.bench.place.txCap) return this.bench.send(packet, push);
    this.bench.host.writeMemory(this.bench.place.txBuffer, packet);
    const x = this.bench.hvc(
      Call.MSGQUEUE_SEND,
      cap,
      BigInt(packet.length),
      BigInt(this.bench.place.txBuffer),
      push ? 1n : 0n,
    );
    return { error: lo32(x[0]), notFull: x[1] !== 0n };
  }

  receive(cap: bigint): ReceiveResult {
    if (cap === this.bench.place.rxCap) return this.bench.receive();
    const size = Platform.RM_QUEUE_MSG_SIZE;
    const x = this.bench.hvc(Call.MSGQUEUE_RECEIVE, cap, BigInt(this.bench.place.rxBuffer), BigInt(size));
    const packet = new Uint8Array(lo32(x[0]) === 0 ? Number(x[1]) : 0);
    this.bench.host.readMemory(this.bench.place.rxBuffer, packet);
    return { error: lo32(x[0]), packet, notEmpty: x[2] !== 0n };
  }

  acknowledge(): number | undefined {
    return this.bench.acknowledge();
  }

  end(intid: number): void {
    this.bench.irqs.end(intid);
  }

  read(ipa: number, to: Uint8Array): boolean {
    return this.bench.read(ipa, to);
  }

  write(ipa: number, from: Uint8Array): boolean {
    return this.bench.write(ipa, from);
  }

  now(): number {
    return this.bench.now();
  }

  alarm(at: number): void {
    this.bench.alarm(at);
  }
}
