import { describe, expect, test } from 'vitest';
import { le32, toHex } from '../../../src/base/index.js';
import { HypError, Msg } from '../../../src/protocol/index.js';
import {
  allocGlobal,
  releaseIrqs,
  virqMap,
  virqUnmap,
  vmIrqDeinit,
  vmIrqInit,
  vmIrqReset,
} from '../../../src/rm/irq/index.js';
import { VMID_RM, type VmRecord } from '../../../src/rm/types.js';
import { addVm, ask, deathOf, fakeRm, HANDLE_BASE, list, name, u16, u32 } from '../fake-rm.js';

const VM = 0x80;
const IRQ = 40;
const HANDLE = HANDLE_BASE + IRQ;
const ANY = 0xffff_ffff;

function setup() {
  const fake = fakeRm();
  const vm = addVm(fake.rm, VM);
  const say = (from: number, id: number, ...payload: Uint8Array[]) => name(ask(fake.rm, from, id, ...payload).error);
  return {
    ...fake,
    vm,
    say,
    lend: (irq: number, borrower = VM) => say(3, Msg.VM_IRQ_LEND, u16(borrower), u16(0), u32(irq), u32(7)),
    accept: (irq = ANY, from = VM) => say(from, Msg.VM_IRQ_ACCEPT, u32(HANDLE), u32(irq)),
    release: (from = VM) => say(from, Msg.VM_IRQ_RELEASE, u32(HANDLE)),
    reclaim: (from = 3) => say(from, Msg.VM_IRQ_RECLAIM, u32(HANDLE)),
    notify: (from: number, flags: number, ...rest: Uint8Array[]) =>
      say(from, Msg.VM_IRQ_NOTIFY, u32(HANDLE), u32(flags), ...rest),
    at: () => fake.hv.bound.get(BigInt(0x5000 + IRQ)),
  };
}

describe('lending an interrupt', () => {
  test('goes there and back, and is bound to one VM at most', () => {
    const t = setup();
    expect(t.at()).toEqual([3n, IRQ]);
    const { data } = ask(t.rm, 3, Msg.VM_IRQ_LEND, u16(VM), u16(0), u32(IRQ), u32(7));
    expect(le32(data, 0)).toBe(HANDLE);
    expect(t.at()).toBeUndefined();
    expect([t.lend(IRQ), t.release(), t.accept(ANY, 3)]).toEqual(['IRQ_INUSE', 'IN_USE', 'HANDLE_INVALID']);
    expect(t.accept()).toBe('OK');
    expect(t.at()).toEqual([BigInt(VM), IRQ]);
    expect([t.accept(), t.reclaim(), t.reclaim(VM)]).toEqual(['IN_USE', 'IN_USE', 'HANDLE_INVALID']);
    expect([t.release(), t.release()]).toEqual(['OK', 'IN_USE']);
    expect([t.reclaim(), t.reclaim()]).toEqual(['OK', 'HANDLE_INVALID']);
    expect(t.at()).toEqual([3n, IRQ]);
    expect(t.rm.irqs.loans.every((loan) => loan === null)).toBe(true);
  });

  test('refuses numbers that are no bound hardware interrupt of the caller', () => {
    const t = setup();
    const { irq } = allocGlobal(t.hlos);
    expect([t.lend(33), t.lend(5000), t.lend(irq)]).toEqual(['IRQ_INVALID', 'IRQ_INVALID', 'IRQ_INVALID']);
    virqMap(t.hlos, irq, false);
    expect(t.lend(irq)).toBe('IRQ_INVALID');
    expect(t.lend(16, 0x1234)).toBe('OK');
  });

  test('an explicit number binds the hardware interrupt of that number', () => {
    const t = setup();
    t.lend(IRQ);
    // 41 is still bound in HLOS, 43 does not exist, 16 is of another class.
    expect([t.accept(41), t.accept(43), t.accept(16)]).toEqual(new Array(3).fill('ARGUMENT_INVALID'));
    virqMap(t.vm, IRQ, true);
    expect(t.accept(IRQ)).toBe('DENIED');
    virqUnmap(t.vm, IRQ, true);
    expect(t.accept(IRQ)).toBe('OK');
  });

  test('notifications by state and side', () => {
    const t = setup();
    t.lend(IRQ);
    expect([t.notify(3, 1), t.notify(3, 1, list()), t.notify(3, 1, list(u32(VM)))]).toEqual(['OK', 'OK', 'OK']);
    expect([t.notify(3, 1, list(u32(4))), t.notify(3, 1, list(u32(VM), u32(VM)))]).toEqual(
      new Array(2).fill('ARGUMENT_INVALID'),
    );
    expect([t.notify(3, 1, u16(0)), t.notify(VM, 2, u32(0)), t.notify(VM, 1)]).toEqual([
      'MSG_INVALID',
      'MSG_INVALID',
      'HANDLE_INVALID',
    ]);
    expect([t.notify(VM, 2), t.notify(VM, 4), t.notify(3, 2), t.notify(3, 3)]).toEqual([
      'OK',
      'IRQ_RELEASED',
      'HANDLE_INVALID',
      'ARGUMENT_INVALID',
    ]);
    t.accept();
    expect([t.notify(3, 1), t.notify(VM, 2), t.notify(VM, 4)]).toEqual(['IRQ_INUSE', 'IRQ_INUSE', 'OK']);
    expect(t.hv.sent.map(({ vmid, bytes }) => [vmid, le32(bytes, 4)])).toEqual([
      [VM, Msg.N_VM_IRQ_LENT],
      [VM, Msg.N_VM_IRQ_LENT],
      [VM, Msg.N_VM_IRQ_LENT],
      [3, Msg.N_VM_IRQ_RELEASED],
      [3, Msg.N_VM_IRQ_ACCEPTED],
    ]);
    expect(toHex(t.hv.sent[0].bytes.slice(8))).toBe('030000002800341207000000');
  });

  test('a request of a wrong length is invalid, an empty one kills RM', () => {
    const t = setup();
    const ids = [Msg.VM_IRQ_LEND, Msg.VM_IRQ_ACCEPT, Msg.VM_IRQ_RELEASE, Msg.VM_IRQ_RECLAIM, Msg.VM_IRQ_NOTIFY];
    for (const id of ids) {
      expect(t.say(3, id, new Uint8Array(1))).toBe('MSG_INVALID');
      expect(deathOf(() => t.say(3, id))).toBe('irq-empty-payload');
    }
  });

  test('telling a borrower that is not there kills RM', () => {
    const t = setup();
    t.lend(IRQ, 0x99);
    expect(deathOf(() => t.notify(3, 1))).toBe('irq-notify-without-link');
  });
});

describe('reset', () => {
  test('of a borrower: the offer stays, for nobody', () => {
    const t = setup();
    t.lend(IRQ);
    t.accept();
    releaseIrqs(t.rm, t.vm);
    vmIrqReset(t.vm);
    vmIrqDeinit(t.rm, t.vm);
    expect(t.vm.irq).toBeNull();
    expect(t.rm.irqs.loans[IRQ]).toMatchObject({ state: 1, borrower: 0xffff });
    expect(t.reclaim()).toBe('OK');
  });

  test('of a lender kills RM', () => {
    const t = setup();
    t.lend(IRQ);
    expect(deathOf(() => releaseIrqs(t.rm, t.hlos))).toBe('reset-of-irq-lender');
  });

  test('with a virtual interrupt left kills RM', () => {
    const t = setup();
    virqMap(t.vm, 970, true);
    releaseIrqs(t.rm, t.vm);
    expect(deathOf(() => vmIrqDeinit(t.rm, t.vm))).toBe('leftover-virq-at-teardown');
  });

  test('a table that was never cleaned kills RM at the next VM_INIT', () => {
    const t = setup();
    expect(deathOf(() => vmIrqInit(t.vm, 1n))).toBe('third-init-of-reset-vmid');
  });
});

describe('interrupt numbers', () => {
  test('are the lowest free from 960 up, and end at 1019', () => {
    const t = setup();
    const take = () => allocGlobal(t.hlos);
    const got = Array.from({ length: 59 }, () => take().irq);
    expect(got[0]).toBe(960);
    // 970 is a hardware interrupt of HLOS.
    expect(got.slice(9, 11)).toEqual([969, 971]);
    expect(take().error).toBe(HypError.NORESOURCES);
  });

  test('start at 32 in RM', () => {
    const t = setup();
    expect(allocGlobal(t.rm.vms[VMID_RM] as VmRecord).irq).toBe(32);
  });

  test('a given number must be shared and free', () => {
    const t = setup();
    expect(virqMap(t.vm, 31, true)).toBe(HypError.ARGUMENT_INVALID);
    expect(virqMap(t.vm, 32, true)).toBe(HypError.OK);
    expect(virqMap(t.vm, 32, true)).toBe(HypError.DENIED);
    expect(virqUnmap(t.vm, 32, true)).toBe(HypError.OK);
    expect(virqUnmap(t.vm, 32, true)).toBe(HypError.NORESOURCES);
  });
});
