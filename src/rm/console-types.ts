/** Console of one VM (fact base: rm-rpc-messages 7). */
export interface VmConsole {
  selfOpen: boolean;
  ownerOpen: boolean;
}
