/** State of RM's side of one RPC link (fact base: rm-rpc-transport 3 and 6). */

/** A message that could not be sent at once. Notifications take their sequence number when they are sent. */
export interface PendingMessage {
  id: number;
  seq: number;
  payload: Uint8Array;
}

export interface LinkTx {
  /** State of the chart `link-tx`. */
  state: number;
  /** Fragments not sent yet. */
  remaining: number;
  /** Additional fragments of the message. */
  fragments: number;
  type: number;
  id: number;
  seq: number;
  payload: Uint8Array;
  /** Bytes of the payload sent so far. */
  position: number;
}

export interface LinkRx {
  /** State of the chart `link-rx`. */
  state: number;
  remaining: number;
  fragments: number;
  type: number;
  id: number;
  seq: number;
  /** Grows to the announced maximum; only `length` bytes count. */
  buffer: Uint8Array;
  length: number;
}

export interface Link {
  vmid: number;
  /** RM's capabilities: `txCap` sends to the VM, `rxCap` receives from it. */
  txCap: bigint;
  rxCap: bigint;
  /** RM's interrupts: queue to the VM not full, queue from the VM not empty. */
  txVirq: number;
  rxVirq: number;
  tx: LinkTx;
  rx: LinkRx;
  reply: PendingMessage | null;
  notifications: PendingMessage[];
}
