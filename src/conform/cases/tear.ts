/** TEAR: teardown (fact base: rm-state-machines 4, clients 13; catalog 14). */
import { Msg, messageName, RmError } from '../../protocol/index.js';
import { DEAF, OBEDIENT, OFF } from '../guest.js';
import { answer, drop, notification, reply, request } from '../interfere/index.js';
import { vmExited, vmStatus } from '../tester.js';
import { type Case, check } from '../types.js';
import { noStateErrors } from './life.js';

const EXITED = Msg.N_VM_EXITED;
const STATUS = Msg.N_VM_STATUS;
/** Time that a guest has to end by itself. */
const LIMIT_MS = 20;
const END: readonly number[] = [Msg.VM_STOP, Msg.VM_RESET, Msg.MEM_RECLAIM, Msg.VM_DEALLOCATE];

export const tear: Case[] = [
  {
    ...check(
      'TEAR-1',
      'V',
      'M',
      'H',
      'R',
      'normal order',
      'VM_STOP by force, VM_RESET, its end, reclaim of the parcels, VM_DEALLOCATE.',
    ),
    *run(t) {
      yield* t.up();
      yield* t.vmOk('destroy');
      const order = t.bench.audit.requests.map((r) => r.id).filter((id) => END.includes(id));
      t.expect(
        order.map(messageName).join() === END.map(messageName).join(),
        `order: ${order.map(messageName).join()}`,
      );
      const [stop] = t.sent(Msg.VM_STOP);
      t.expect((stop.payload[2] & 1) === 1, 'VM_STOP without force');
      noStateErrors(t);
    },
  },
  {
    ...check(
      'TEAR-2',
      'V',
      'S',
      'H',
      'R',
      'VM_STOP refused',
      'When VM_STOP is refused because the guest has just exited, the teardown goes on.',
    ),
    *run(t) {
      t.interfere(notification(EXITED).becomes(drop));
      yield* t.up('a', '', OFF);
      yield* t.vmOk('run', 'a', '0');
      yield* t.rest(1_000_000_000);
      yield* t.vmOk('destroy');
    },
  },
  {
    ...check('TEAR-3', 'V', 'S', 'H', 'R', 'VM_EXITED lost', 'A lost VM_EXITED does not stop the teardown.'),
    *run(t) {
      t.interfere(notification(EXITED).becomes(drop));
      yield* t.up();
      yield* t.vmOk('destroy');
    },
  },
  {
    ...check(
      'TEAR-4',
      'V',
      'M',
      'H',
      'R',
      'VM_RESET refused',
      'A refused VM_RESET is reported; its end is not waited for, the memory is not used.',
    ),
    leaksAnyway: true,
    *run(t) {
      yield* t.up();
      t.interfere(request(Msg.VM_RESET).becomes(answer(RmError.DENIED)));
      const text = yield* t.vm('destroy');
      t.expect(text.startsWith('error'), 'the refusal was not reported');
      t.expect(!t.events.includes('memory a free'), 'the client considers the memory its own');
    },
  },
  {
    ...check(
      'TEAR-5',
      'V',
      'S',
      'H',
      'R',
      'VM_STATUS(RESET) lost',
      'A lost VM_STATUS(RESET) does not stop the teardown.',
    ),
    *run(t) {
      yield* t.up();
      t.interfere(notification(STATUS).becomes(drop));
      yield* t.vmOk('destroy');
    },
  },
  {
    ...check(
      'TEAR-6',
      'V',
      'M',
      'H',
      'R',
      'reclaim after the reset',
      'Accepted parcels are reclaimed when the reset has ended, not before.',
    ),
    *run(t) {
      yield* t.up();
      yield* t.vmOk('destroy');
      const refused = t.bench.log.some(
        (l) => l.dir === '<' && (l.bytes[1] & 3) === 2 && l.bytes[8] === RmError.MEM_INUSE,
      );
      t.expect(!refused, 'a reclaim was refused with MEM_INUSE');
    },
  },
  {
    ...check(
      'TEAR-7',
      'V',
      'M',
      'Md',
      'R',
      'VM_DEALLOCATE refused',
      'A refused VM_DEALLOCATE is reported and not repeated in a loop.',
    ),
    leaksAnyway: true,
    *run(t) {
      yield* t.up();
      t.interfere(request(Msg.VM_DEALLOCATE).becomes(answer(RmError.VM_STATE)));
      yield* t.vm('destroy');
      t.expect(t.sent(Msg.VM_DEALLOCATE).length <= 5, `${t.sent(Msg.VM_DEALLOCATE).length} times VM_DEALLOCATE`);
    },
  },
  {
    ...check(
      'TEAR-8',
      'V',
      'M',
      'C',
      'R',
      'VM_DEALLOCATE once',
      'Every VMID is given back once; a second time would end the open RM.',
    ),
    *run(t) {
      yield* t.up();
      yield* t.vmOk('destroy');
      yield* t.vm('destroy');
      t.expect(t.sent(Msg.VM_DEALLOCATE).length === 1, `${t.sent(Msg.VM_DEALLOCATE).length} times VM_DEALLOCATE`);
    },
  },
  {
    ...check(
      'TEAR-9',
      'V',
      'M',
      'Md',
      'R',
      'VM that never started',
      'A VM that was only described gets no VM_STOP and no VM_RESET.',
    ),
    *run(t) {
      yield* t.create();
      yield* t.vmOk('destroy');
      t.interfere(request(Msg.MEM_LEND).once().becomes(answer(RmError.NOMEM)));
      yield* t.create('b');
      yield* t.vm('start', 'b');
      yield* t.vm('destroy', 'b');
      t.expect(t.sent(Msg.VM_STOP).length + t.sent(Msg.VM_RESET).length === 0, 'VM_STOP or VM_RESET was sent');
    },
  },
  {
    ...check(
      'TEAR-10',
      'V',
      'M',
      'C',
      'R',
      'vCPU outlives its VM',
      'Running a vCPU of a VM that is gone fails cleanly.',
    ),
    *run(t) {
      yield* t.up();
      yield* t.vmOk('destroy');
      const text = yield* t.vm('run', 'a', '0');
      yield* t.rest();
      t.expect(text !== 'ok' || t.events.some((e) => e.startsWith('ran a 0 ')), 'the run does not end');
    },
  },
  {
    ...check(
      'TEAR-11',
      'V',
      'M',
      'H',
      'R',
      'nothing after the reset',
      'After VM_RESET no capability of the VM is used any more.',
    ),
    *run(t) {
      yield* t.up();
      yield* t.vmOk('run', 'a', '0');
      yield* t.rest(2_000_000);
      const ticket = t.vmBegin('destroy');
      yield* t.until(() => t.sent(Msg.VM_RESET).length > 0);
      const before = t.bench.calls.length;
      yield* t.vmEnd(ticket, 'destroy');
      t.expect(t.bench.calls.length === before, `${t.bench.calls.length - before} hypercalls after VM_RESET`);
    },
  },
  {
    ...check(
      'TEAR-12',
      'V',
      'S',
      'H',
      'R',
      'lent interrupts',
      'Interrupts lent to the VM are reclaimed after its reset.',
    ),
    needs: 'irqlend',
    *run(t) {
      yield* t.up('a', 'irq=40:7');
      yield* t.vmOk('destroy');
      const [lent, start, reset, reclaim] = t.places(Msg.VM_IRQ_LEND, Msg.VM_START, Msg.VM_RESET, Msg.VM_IRQ_RECLAIM);
      t.expect(lent >= 0 && lent < start, 'no interrupt was lent');
      t.expect(reclaim > reset, reclaim < 0 ? 'the interrupt was not reclaimed' : 'VM_IRQ_RECLAIM before VM_RESET');
      // Lent and reclaimed, it can be lent again.
      yield* t.up('b', 'irq=40:7', undefined, 1);
      yield* t.vmOk('destroy', 'b');
    },
  },
  {
    ...check(
      'TEAR-13',
      'V',
      'M',
      'H',
      'R',
      'VMID reused',
      'Late notifications of the former owner of a VMID are not attributed to the next.',
    ),
    *run(t) {
      yield* t.up('a');
      yield* t.vmOk('destroy', 'a');
      t.interfere(
        reply(Msg.VM_ALLOCATE).becomes((p) =>
          [vmExited(0x80, 7), vmStatus(0x80, 11)].map((bytes) => ({ bytes, delayNs: 0, edge: false })).concat(p),
        ),
      );
      yield* t.up('b');
      t.expect(t.exits('b').length === 0, 'the exit of the former VM was taken for the new one');
      yield* t.vmOk('destroy', 'b');
    },
  },
  {
    ...check(
      'TEAR-14',
      'V',
      'S',
      'L',
      'R',
      'graceful stop',
      'A stop without force is followed by force after a limit.',
    ),
    needs: 'shutdown',
    *run(t) {
      const stops = (): number[] => t.sent(Msg.VM_STOP).map((m) => m.payload[2] & 1);
      yield* t.up('a', '', OBEDIENT);
      yield* t.vmOk('run', 'a', '0');
      yield* t.rest(5_000_000);
      yield* t.vmOk('shutdown', 'a', String(LIMIT_MS));
      t.expect(stops().join() === '0', `a guest that obeys: VM_STOP with force ${stops().join()}, expected 0 once`);
      t.expect(t.exits()[0]?.[0] === '1', `a guest that obeys: exit ${t.exits()[0]?.join(' ') ?? 'none'}`);
      yield* t.vmOk('destroy', 'a');
      yield* t.up('b', '', DEAF, 1);
      yield* t.vmOk('run', 'b', '0');
      t.expect(
        (yield* t.vmEnd(t.vmBegin('shutdown', 'b', String(LIMIT_MS)), 'shutdown', 10_000_000_000)) === 'ok',
        'shutdown',
      );
      t.expect(
        stops().join() === '0,0,1',
        `a guest that does not listen: VM_STOP with force ${stops().slice(1).join()}`,
      );
      yield* t.vmOk('destroy', 'b');
    },
  },
];
