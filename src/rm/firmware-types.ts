/** VM firmware image (fact base: rm-rpc-messages 4). */
export interface FirmwareState {
  /** FW_MILESTONE was reached: no image can be set any more. */
  milestone: boolean;
  /** Where RM has the donated image of the ANDROID type, as an IPA of RM; null: none was set. */
  image: { ipa: number; size: number } | null;
}
