/** Console of one VM: two sides, each with an open flag (fact base: rm-rpc-messages 7). */
export interface VmConsole {
  /** The VM itself, and its owner when the console was made. */
  self: number;
  owner: number;
  selfOpen: boolean;
  ownerOpen: boolean;
}
