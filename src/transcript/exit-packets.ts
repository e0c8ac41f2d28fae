/** What RM's notifications say about VMs that ended. Fact base: rm-rpc-messages, VM_STATUS and VM_EXITED. */
import { ExitType, Msg, parseRpcHeader, VmState } from '../protocol/index.js';

/** Offsets in the packet, header included. */
const STATUS_STATE = 12;
const EXIT_TYPE = 10;

/** A VM has come to state EXITED. */
export const tellsExit = (packet: Uint8Array): boolean =>
  parseRpcHeader(packet)?.id === Msg.N_VM_STATUS && packet[STATUS_STATE] === VmState.EXITED;

/** A VM has ended because its owner asked for it. */
export const tellsForcedStop = (packet: Uint8Array): boolean =>
  parseRpcHeader(packet)?.id === Msg.N_VM_EXITED && packet[EXIT_TYPE] === ExitType.VM_STOP_FORCED;

/** A VM has ended by itself: power-off, reset, watchdog or fault. */
export function tellsHalt(packet: Uint8Array): boolean {
  const type = packet[EXIT_TYPE];
  return (
    parseRpcHeader(packet)?.id === Msg.N_VM_EXITED && type !== ExitType.VM_EXIT && type !== ExitType.VM_STOP_FORCED
  );
}
