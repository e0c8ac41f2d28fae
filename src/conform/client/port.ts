/** What a client under test gets from the machine: two queues, two interrupts, memory, hypercalls. */

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

export interface Interrupts {
  rx: boolean;
  tx: boolean;
  /** Other INTIDs: wake-ups of vCPUs, doorbells. */
  others: number[];
}

export interface ClientPort {
  send(packet: Uint8Array, push: boolean): SendResult;
  receive(): ReceiveResult;
  /** Takes and ends everything pending. */
  interrupts(): Interrupts;
  /** Native hypercall; x0.. afterwards. */
  hvc(num: number, ...args: bigint[]): readonly bigint[];
  /** False: no access. */
  read(ipa: number, to: Uint8Array): boolean;
  write(ipa: number, from: Uint8Array): boolean;
  /** Virtual nanoseconds. */
  now(): number;
  /** Asks to be looked at again at this time at the latest. */
  alarm(at: number): void;
}
