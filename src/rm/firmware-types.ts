/** VM firmware image (fact base: rm-rpc-messages 4). */
export interface FirmwareState {
  milestone: boolean;
}
