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

/** Interrupts of the primary VM, told apart. */
export interface Interrupts {
  rx: boolean;
  tx: boolean;
  /** Other INTIDs: wake-ups of vCPUs, doorbells. */
  others: number[];
}

export interface ClientPort {
  /** The device tree that the client's x0 points to. */
  deviceTree(): Uint8Array;
  /** HVC #0 or SMC #0; x0..x17 afterwards. */
  smccc(conduit: 'hvc' | 'smc', x: readonly bigint[]): readonly bigint[];
  /** Native hypercall; x0.. afterwards. */
  hvc(num: number, ...args: bigint[]): readonly bigint[];
  /** msgqueue_send and msgqueue_receive with a buffer. */
  send(cap: bigint, packet: Uint8Array, push: boolean): SendResult;
  receive(cap: bigint): ReceiveResult;
  /** Takes and ends everything pending: INTIDs. */
  interrupts(): readonly number[];
  /** False: no access. */
  read(ipa: number, to: Uint8Array): boolean;
  write(ipa: number, from: Uint8Array): boolean;
  /** Virtual nanoseconds. */
  now(): number;
  /** Asks to be looked at again at this time at the latest. */
  alarm(at: number): void;
}
