/** RM's table of memory parcels (fact base: rm-rpc-messages 3, rm-state-machines 5). */
export interface ParcelTable {
  /** Next handle to try. */
  nextHandle: number;
}
