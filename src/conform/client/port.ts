/** What a client under test gets from the machine: a device tree, hypercalls, two queues, interrupts, memory. */

export interface SendResult {
  /** HypError. */
  error: number;
  notFull: boolean;
}

export interface ReceiveResult {
  error: number;
  packet: Uint8Array;
  notEmpty: boolean;
}

/** The CPU interface of the interrupt controller. */
export interface Interrupts {
  /** INTID; undefined: nothing can be acknowledged, because nothing is pending or one that was is not ended. */
  acknowledge(): number | undefined;
  end(intid: number): void;
}

export interface ClientPort extends Interrupts {
  /** The device tree that the client's x0 points to. */
  deviceTree(): Uint8Array;
  /** HVC #0 or SMC #0; x0..x17 afterwards. */
  smccc(conduit: 'hvc' | 'smc', x: readonly bigint[]): readonly bigint[];
  /** Native hypercall; x0.. afterwards. */
  hvc(num: number, ...args: bigint[]): readonly bigint[];
  /** msgqueue_send and msgqueue_receive with a buffer. */
  send(cap: bigint, packet: Uint8Array, push: boolean): SendResult;
  receive(cap: bigint): ReceiveResult;
  /** False: no access. */
  read(ipa: number, to: Uint8Array): boolean;
  write(ipa: number, from: Uint8Array): boolean;
  /** Virtual nanoseconds. */
  now(): number;
  /** Asks to be looked at again at this time at the latest. */
  alarm(at: number): void;
}
