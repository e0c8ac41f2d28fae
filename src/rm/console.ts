/**
 * Consoles: bytes between a VM and its owner through RM (fact base: rm-rpc-messages 7). A VM has one if its rm-rpc node
 * has `console-dev`; HLOS has none. Nothing is buffered: a side that is not open loses what it is sent.
 */
import { le16, put16 } from '../base/index.js';
import { Msg, RmError } from '../protocol/index.js';
import type { VmConsole } from './console-types.js';
import { RmDeath } from './death.js';
import type { Handler } from './handler.js';
import { sendNotification } from './link/send.js';
import { type Rm, type VmRecord, vmLookup } from './types.js';

export const createConsole = (vm: VmRecord): VmConsole => ({
  self: vm.vmid,
  owner: vm.owner,
  selfOpen: false,
  ownerOpen: false,
});

/** Target 0 is the caller itself; naming oneself explicitly is not the same. */
const consoleOf = (rm: Rm, from: number, target: number): VmConsole | null =>
  vmLookup(rm, target === 0 ? from : target)?.config?.console ?? null;

const REQUEST_SIZE = 4;

const setOpen =
  (open: boolean): Handler =>
  (rm, from, request) => {
    if (request.length !== REQUEST_SIZE) return RmError.MSG_INVALID;
    const target = le16(request, 0);
    const console = consoleOf(rm, from, target);
    if (console === null) return RmError.ARGUMENT_INVALID;
    if (target === 0) console.selfOpen = open;
    else if (from === console.owner) console.ownerOpen = open;
    else return RmError.DENIED;
    return RmError.OK;
  };

/** The console if the caller may use its side, which must be open; otherwise an `RmError`. */
function usable(rm: Rm, from: number, target: number): VmConsole | number {
  const console = consoleOf(rm, from, target);
  if (console === null) return RmError.ARGUMENT_INVALID;
  const isOwner = from === console.owner;
  if (target !== 0 && !isOwner) return RmError.DENIED;
  return (isOwner ? console.ownerOpen : console.selfOpen) ? console : RmError.DENIED;
}

const write: Handler = (rm, from, request) => {
  // The count is read before the length is looked at.
  if (request.length === 0) throw new RmDeath('FAULT', 'console-write-empty');
  if (request.length < REQUEST_SIZE) return RmError.MSG_INVALID;
  const target = le16(request, 0);
  const count = le16(request, 2);
  if (request.length !== REQUEST_SIZE + count) return RmError.MSG_INVALID;
  const console = usable(rm, from, target);
  if (typeof console === 'number') return console;
  const heard = from === console.owner ? console.selfOpen : console.ownerOpen;
  if (!heard) return RmError.OK;
  const payload = new Uint8Array(4 + count);
  put16(payload, 0, target === 0 ? console.self : 0);
  put16(payload, 2, count);
  payload.set(request.subarray(REQUEST_SIZE), 4);
  sendNotification(rm, target === 0 ? console.owner : console.self, Msg.N_VM_CONSOLE_CHARS, payload);
  return RmError.OK;
};

const flush: Handler = (rm, from, request) => {
  if (request.length !== REQUEST_SIZE) return RmError.MSG_INVALID;
  const console = usable(rm, from, le16(request, 0));
  return typeof console === 'number' ? console : RmError.OK;
};

export const consoleHandlers: Record<number, Handler> = {
  [Msg.VM_CONSOLE_OPEN]: setOpen(true),
  [Msg.VM_CONSOLE_CLOSE]: setOpen(false),
  [Msg.VM_CONSOLE_WRITE]: write,
  [Msg.VM_CONSOLE_FLUSH]: flush,
};
