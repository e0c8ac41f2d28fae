/** What RM must answer to interrupt, console, address and firmware requests (fact base: rm-rpc-messages 4, 6, 7, 8). */
import { Msg, RmError, TransType, VmState } from '../../protocol/index.js';
import { moveParcel, RESERVE_BASE, RESERVE_END } from './parcels.js';
import {
  type Answer,
  answer,
  anything,
  bytes,
  HLOS,
  isSelfOwnerPeer,
  type ModelLoan,
  notify,
  num,
  RM,
  type Rule,
  type World,
} from './world.js';

const { OK, DENIED, MSG_INVALID, MEM_INVALID, NORESOURCE, ARGUMENT_INVALID, HANDLE_INVALID, VM_STATE } = RmError;
const { IRQ_INVALID, IRQ_INUSE, IRQ_RELEASED, IN_USE, BUSY, UNIMPLEMENTED, VALIDATE_FAILED } = RmError;

/** Hardware interrupts of the primary VM that can be lent (fact base: observations 28). */
export const lendable = (irq: number): boolean =>
  (irq >= 32 && irq <= 255) || (irq >= 16 && irq < 32 && ![23, 25, 26, 27, 30].includes(irq));

const irqOf = (w: World, handle: number): number => (handle - w.irqBase) >>> 0;

/** An empty payload kills RM; other lengths than expected are refused. */
const irqRule =
  (length: number, rule: (w: World, from: number, p: Uint8Array) => number | Answer): Rule =>
  (w, from, p) => {
    if (p.length === 0) {
      w.death = 'irq-empty-payload';
      return answer(OK);
    }
    if (p.length !== length) return answer(MSG_INVALID);
    const result = rule(w, from, p);
    return typeof result === 'number' ? answer(result) : result;
  };

const lend = irqRule(12, (w, from, p) => {
  const irq = num(p, 4, 4);
  if (from !== HLOS || !lendable(irq)) return IRQ_INVALID;
  if (w.loans.has(irq)) return IRQ_INUSE;
  w.loans.set(irq, { borrower: num(p, 0, 2), state: 1, label: num(p, 8, 4) });
  return answer(OK, bytes([4, (w.irqBase + irq) >>> 0]));
});

const borrowed = (w: World, from: number, p: Uint8Array): ModelLoan | undefined => {
  const loan = w.loans.get(irqOf(w, num(p, 0, 4)));
  return loan !== undefined && loan.borrower === from ? loan : undefined;
};

const acceptIrq = irqRule(8, (w, from, p) => {
  const loan = borrowed(w, from, p);
  if (loan === undefined) return HANDLE_INVALID;
  if (loan.state !== 1) return IN_USE;
  const irq = irqOf(w, num(p, 0, 4));
  const wanted = num(p, 4, 4);
  // Whatever number is asked for, RM binds the hardware interrupt of that number.
  const bound = wanted === 0xffff_ffff ? irq : wanted;
  if (!lendable(bound)) {
    if (bound >= 16 && bound <= 1019 && (bound < 32 || bound > 255)) w.lost = 'interrupts of the board itself';
    return answer(ARGUMENT_INVALID);
  }
  const other = w.loans.get(bound);
  if (other?.state === 2 && other.borrower === from) return answer(DENIED);
  if (bound !== irq) {
    // Bound to its owner, or to another borrower.
    if (other === undefined || other.state === 2) return answer(ARGUMENT_INVALID);
    w.lost = 'an interrupt accepted at another number';
    return anything(OK);
  }
  loan.state = 2;
  return answer(OK, bytes([4, irq]));
});

const releaseIrq = irqRule(4, (w, from, p) => {
  const loan = borrowed(w, from, p);
  if (loan === undefined) return HANDLE_INVALID;
  if (loan.state !== 2) return IN_USE;
  loan.state = 1;
  return OK;
});

const reclaimIrq = irqRule(4, (w, from, p) => {
  const irq = irqOf(w, num(p, 0, 4));
  const loan = w.loans.get(irq);
  if (loan === undefined || loan.borrower === from) return HANDLE_INVALID;
  if (loan.state !== 1) return IN_USE;
  if (from !== HLOS) return IRQ_INVALID;
  w.loans.delete(irq);
  return OK;
});

function notifyLent(w: World, from: number, p: Uint8Array, handle: number, loan: ModelLoan): number {
  const n = p.length >= 12 ? num(p, 8, 2) : 0;
  if (p.length !== 8 && (p.length < 12 || p.length !== 12 + 4 * n)) return MSG_INVALID;
  if (from !== HLOS) return HANDLE_INVALID;
  if (loan.state !== 1) return IRQ_INUSE;
  if (n > 1 || (n === 1 && num(p, 12, 2) !== loan.borrower)) return ARGUMENT_INVALID;
  if (!w.links.has(loan.borrower)) w.death = 'irq-notify-without-link';
  else notify(w, loan.borrower, Msg.N_VM_IRQ_LENT, bytes([2, HLOS], [2, 0], [4, handle], [4, loan.label]));
  return OK;
}

const notifyIrq: Rule = (w, from, p) => {
  if (p.length === 0) {
    w.death = 'irq-empty-payload';
    return answer(OK);
  }
  if (p.length < 8) return answer(MSG_INVALID);
  const handle = num(p, 0, 4);
  const flags = num(p, 4, 4);
  if (flags !== 1 && p.length !== 8) return answer(MSG_INVALID);
  const loan = w.loans.get(irqOf(w, handle));
  if (loan === undefined) return answer(HANDLE_INVALID);
  if (![1, 2, 4].includes(flags)) return answer(ARGUMENT_INVALID);
  if (flags === 1) return answer(notifyLent(w, from, p, handle, loan));
  if (loan.borrower !== from) return answer(HANDLE_INVALID);
  if (flags === 2 && loan.state !== 1) return answer(IRQ_INUSE);
  if (flags === 4 && loan.state !== 2) return answer(IRQ_RELEASED);
  notify(w, HLOS, flags === 2 ? Msg.N_VM_IRQ_RELEASED : Msg.N_VM_IRQ_ACCEPTED, bytes([4, handle]));
  return answer(OK);
};

const consoleOf = (w: World, from: number, target: number) => w.vms.get(target === 0 ? from : target)?.console;

const openClose =
  (open: boolean): Rule =>
  (w, from, p) => {
    if (p.length !== 4) return answer(MSG_INVALID);
    const target = num(p, 0, 2);
    const c = consoleOf(w, from, target);
    if (c === undefined) return answer(ARGUMENT_INVALID);
    if (target === 0) c.self = open;
    else if (from === HLOS) c.owner = open;
    else return answer(DENIED);
    return answer(OK);
  };

function usable(w: World, from: number, target: number): number {
  const c = consoleOf(w, from, target);
  if (c === undefined) return ARGUMENT_INVALID;
  if (target !== 0 && from !== HLOS) return DENIED;
  return (target === 0 ? c.self : c.owner) ? OK : DENIED;
}

const flush: Rule = (w, from, p) => (p.length === 4 ? answer(usable(w, from, num(p, 0, 2))) : answer(MSG_INVALID));

const write: Rule = (w, from, p) => {
  if (p.length === 0) {
    w.death = 'console-write-empty';
    return answer(OK);
  }
  const count = num(p, 2, 2);
  if (p.length < 4 || p.length !== 4 + count) return answer(MSG_INVALID);
  const target = num(p, 0, 2);
  const code = usable(w, from, target);
  if (code !== OK) return answer(code);
  const c = consoleOf(w, from, target);
  const heard = target === 0 ? c?.owner : c?.self;
  if (heard !== true) return answer(OK);
  const payload = new Uint8Array(4 + count);
  payload.set(bytes([2, target === 0 ? from : 0], [2, count]));
  payload.set(p.subarray(4), 4);
  notify(w, target === 0 ? HLOS : target, Msg.N_VM_CONSOLE_CHARS, payload);
  return answer(OK);
};

const reserve: Rule = (w, from, p) => {
  const vm = w.vms.get(from);
  if (vm === undefined) return answer(DENIED);
  if (p.length < 16 || p[0] > 1) return answer(MSG_INVALID);
  const generic = num(p, 4, 4);
  const normal = (generic & 4) !== 0 && generic < 8;
  const same = generic === 0x40 && from !== HLOS;
  if (num(p, 8, 4) !== 0 || !(generic === 0 || same || normal)) return answer(ARGUMENT_INVALID);
  const n = num(p, 12, 2);
  if (n > 30) return answer(NORESOURCE);
  if (p.length !== 16 + n * (p[0] === 0 ? 16 : 32)) return answer(MSG_INVALID);
  if (n === 0) return p[0] === 0 ? answer(OK) : answer(OK, bytes([4, 0]));
  if (from === HLOS) return answer(DENIED);
  const base = num(p, 16, 8);
  const free = base >= RESERVE_BASE && base < RESERVE_END && base % 4096 === 0 && num(p, 24, 8) === 4096;
  if (p[0] !== 0 || n !== 1 || !free) {
    w.lost = 'a reservation of other addresses';
    return anything(OK);
  }
  if (vm.reserved.includes(base)) return answer(DENIED);
  vm.reserved.push(base);
  if ((generic & 3) === 0) w.over = 'a reservation for memory of the usual kind';
  return answer(OK);
};

const milestone: Rule = (w, from, p) => {
  if (w.milestone || from !== HLOS) return answer(DENIED);
  if (p.length !== 0) return answer(MSG_INVALID);
  w.milestone = true;
  return answer(OK);
};

const setFirmware: Rule = (w, from, p) => {
  if (w.milestone || from !== HLOS) return answer(DENIED);
  if (p.length !== 24) return answer(MSG_INVALID);
  if (num(p, 2, 2) !== 0) return answer(UNIMPLEMENTED);
  if (num(p, 0, 2) !== 2) return answer(ARGUMENT_INVALID);
  if (w.firmware !== 0) return answer(BUSY);
  const parcel = w.parcels.find((q) => q.handle === num(p, 4, 4) && q.targets.some((t) => t.vmid === RM));
  if (parcel === undefined) return answer(HANDLE_INVALID);
  const size = num(p, 16, 8);
  if (size === 0 || num(p, 8, 8) !== 0 || size > parcel.size) return answer(ARGUMENT_INVALID);
  if (parcel.memType !== 0 || parcel.transType !== TransType.DONATE) return answer(ARGUMENT_INVALID);
  if (parcel.attrs.length > 0) return answer(VALIDATE_FAILED);
  w.firmware = parcel.size;
  moveParcel(w, parcel, RM);
  return answer(OK);
};

const firmwareMem: Rule = (w, from, p) => {
  const refuse = (code: number): Answer => answer(code, bytes([4, 1]));
  if (p.length !== 24 || num(p, 2, 2) !== 0) return refuse(MSG_INVALID);
  const vm = w.vms.get(num(p, 0, 2));
  if (vm === undefined) return refuse(NORESOURCE);
  if (!isSelfOwnerPeer(vm, from)) return refuse(DENIED);
  if (vm.state !== VmState.INIT) return refuse(VM_STATE);
  if (vm.auth !== 2) return refuse(ARGUMENT_INVALID);
  if (w.firmware === 0) return refuse(DENIED);
  const parcel = w.parcels.find((q) => q.handle === num(p, 4, 4) && q.targets.some((t) => t.vmid === vm.vmid));
  if (parcel === undefined) return refuse(MEM_INVALID);
  if (num(p, 8, 8) + num(p, 16, 8) > parcel.size) return refuse(ARGUMENT_INVALID);
  vm.fwHandle = parcel.handle;
  vm.fwOffset = num(p, 8, 8);
  vm.fwSize = num(p, 16, 8);
  return answer(OK);
};

export const smallRules: Readonly<Record<number, Rule>> = {
  [Msg.VM_IRQ_LEND]: lend,
  [Msg.VM_IRQ_ACCEPT]: acceptIrq,
  [Msg.VM_IRQ_RELEASE]: releaseIrq,
  [Msg.VM_IRQ_RECLAIM]: reclaimIrq,
  [Msg.VM_IRQ_NOTIFY]: notifyIrq,
  [Msg.VM_CONSOLE_OPEN]: openClose(true),
  [Msg.VM_CONSOLE_CLOSE]: openClose(false),
  [Msg.VM_CONSOLE_FLUSH]: flush,
  [Msg.VM_CONSOLE_WRITE]: write,
  [Msg.IPA_RESERVE]: reserve,
  [Msg.FW_MILESTONE]: milestone,
  [Msg.FW_SET_VM_FIRMWARE]: setFirmware,
  [Msg.VM_SET_FIRMWARE_MEM]: firmwareMem,
};
