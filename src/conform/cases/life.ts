/** LIFE: order of a VM's life (fact base: rm-state-machines 1, rm-rpc-messages 1; catalog 9). */
import { put32 } from '../../base/index.js';
import { Msg, messageName, RmError, VmState } from '../../protocol/index.js';
import { moveGuest, OFF, RESTART } from '../guest.js';
import { delay, drop, errorCode, notification, reply, rewrite } from '../interfere/index.js';
import { leftovers } from '../leftovers.js';
import type { Tester } from '../tester.js';
import { type Case, check, type Script } from '../types.js';

const MS = 1_000_000;
/** Calls of each action in whose middle the owner ends. */
const CALLS: Readonly<Record<string, number>> = { start: 6, stop: 1, destroy: 5 };
/** VMs whose memory has room at the same time. */
const AREAS = 14;

const BRING_UP = [
  Msg.VM_ALLOCATE,
  Msg.MEM_LEND,
  Msg.VM_CONFIG_IMAGE,
  Msg.VM_INIT,
  Msg.VM_GET_HYP_RESOURCES,
  Msg.VM_START,
];
const CODES = [RmError.NOMEM, RmError.DENIED, RmError.BUSY, RmError.MEM_INVALID];
const LIFE: readonly number[] = [
  Msg.VM_ALLOCATE,
  Msg.VM_CONFIG_IMAGE,
  Msg.VM_INIT,
  Msg.VM_START,
  Msg.VM_STOP,
  Msg.VM_RESET,
  Msg.VM_DEALLOCATE,
];

/** RM itself refuses the image: its state is INIT_FAILED, without a configuration. */
const badHandle = rewrite(
  [Msg.VM_CONFIG_IMAGE],
  (m) => {
    const b = m.payload.slice();
    put32(b, 4, 0x7777);
    return b;
  },
  0,
  1,
);
/** RM itself fails at the device tree: state INIT_FAILED with a configuration. */
const badTree = rewrite(
  [Msg.VM_CONFIG_IMAGE],
  (m) => {
    const b = m.payload.slice();
    put32(b, 24, 0x20_0000);
    return b;
  },
  0,
  1,
);

/** No reply told the client that its request was illegal in the state of the VM. */
export function noStateErrors(t: Tester): void {
  const bad = t.bench.log.find(
    (l) => l.dir === '<' && (l.bytes[1] & 3) === 2 && l.bytes.length >= 12 && l.bytes[8] === RmError.VM_STATE,
  );
  if (bad !== undefined)
    t.fail(
      `a request was illegal in the state of its VM: ${messageName(bad.bytes[4] | (bad.bytes[5] << 8) | (bad.bytes[6] << 16) | (bad.bytes[7] << 24))}`,
    );
}

/** The guest powers off or restarts by itself. */
export function* selfExit(t: Tester, program: readonly number[], type: string, name = 'a', index = 0): Script {
  yield* t.up(name, '', program, index);
  yield* t.vmOk('run', name, '0');
  yield* t.until(() => t.exits(name).length > 0);
  t.expect(
    t.exits(name)[0]?.[0] === type,
    `exits: ${t.exits(name).join(';') || 'none'}; events ${t.events.slice(-3).join('; ')}`,
  );
}

export const life: Case[] = [
  {
    ...check(
      'LIFE-1',
      'V',
      'M',
      'H',
      'R',
      'legal order',
      'Requests follow the state machine of RM; none is refused for the state of the VM.',
    ),
    *run(t) {
      yield* t.up();
      yield* t.vmOk('destroy');
      noStateErrors(t);
      const order = t.bench.audit.requests.map((r) => r.id).filter((id) => LIFE.includes(id));
      const seen = order
        .filter((id, i) => id !== order[i - 1])
        .map(messageName)
        .join(' ');
      t.expect(seen === LIFE.map(messageName).join(' '), `order of requests: ${seen}`);
    },
  },
  {
    ...check(
      'LIFE-2',
      'V',
      'M',
      'H',
      'R',
      'failure at each step',
      'Whatever step fails, the start fails, the roll-back is legal, and a new VM can be started afterwards.',
    ),
    leaksAnyway: true,
    *run(t) {
      let index = 0;
      for (const id of BRING_UP) {
        for (const code of id === Msg.MEM_LEND ? CODES : CODES.slice(0, 1)) {
          t.interfere(id === Msg.VM_CONFIG_IMAGE ? badHandle : reply(id).once().becomes(errorCode(code)));
          const name = `f${index}`;
          yield* t.create(name, '', undefined, index % 12);
          const text = yield* t.vm('start', name);
          t.expect(text.startsWith('error'), `a refused ${messageName(id)} was not noticed`);
          t.bench.rules.clear();
          // What the test forged RM still holds; a bad start does not hinder the next.
          index++;
          yield* t.vm('destroy', name);
        }
      }
      yield* t.up('good', '', undefined, 13);
      yield* t.vmOk('destroy', 'good');
    },
  },
  {
    ...check(
      'LIFE-3',
      'V',
      'M',
      'C',
      'R',
      'image refused',
      'After a refused VM_CONFIG_IMAGE neither VM_RESET nor a second VM_CONFIG_IMAGE is sent; the parcel is reclaimed.',
    ),
    leaksAnyway: true,
    *run(t) {
      t.interfere(badHandle);
      yield* t.create();
      const text = yield* t.vm('start');
      t.expect(text.startsWith('error'), 'the refusal was not noticed');
      yield* t.vm('destroy');
      t.expect(t.sent(Msg.VM_RESET).length === 0, 'VM_RESET without a configuration');
      t.expect(t.sent(Msg.VM_CONFIG_IMAGE).length === 1, 'VM_CONFIG_IMAGE again');
      t.expect(t.sent(Msg.MEM_RECLAIM).length === 1, 'the parcel was not reclaimed');
    },
  },
  {
    ...check(
      'LIFE-4',
      'V',
      'M',
      'H',
      'R',
      'VM_INIT refused',
      'After a failed VM_INIT the VM is reset, its memory reclaimed, its VMID given back.',
    ),
    *run(t) {
      t.interfere(badTree);
      yield* t.create();
      const text = yield* t.vm('start');
      t.expect(text.startsWith('error VM_INIT'), `the start: ${text}`);
      yield* t.vm('destroy');
      t.expect(t.sent(Msg.VM_RESET).length === 1, `${t.sent(Msg.VM_RESET).length} resets`);
      noStateErrors(t);
    },
  },
  {
    ...check(
      'LIFE-5',
      'V',
      'M',
      'H',
      'R',
      'VM_START refused',
      'After a failed VM_START the VM is reset before its memory is reclaimed.',
    ),
    *run(t) {
      // A base address that RM cannot give to a VM: VM_START itself fails with NORESOURCE, state INIT_FAILED.
      yield* t.create();
      moveGuest(t.bench.host, 0x1000_0000);
      const text = yield* t.vm('start');
      t.expect(text.startsWith('error'), 'the refusal was not noticed');
      yield* t.vm('destroy');
      const order = t.bench.audit.requests.map((r) => r.id);
      t.expect(order.indexOf(Msg.VM_RESET) >= 0, 'no VM_RESET');
      t.expect(order.indexOf(Msg.MEM_RECLAIM) > order.indexOf(Msg.VM_RESET), 'MEM_RECLAIM before VM_RESET');
    },
  },
  {
    ...check(
      'LIFE-6',
      'V',
      'M',
      'H',
      'R',
      'VMIDs are opaque',
      'The VMID of the reply is used in every request, whatever it is.',
    ),
    *run(t) {
      yield* t.up('a');
      yield* t.up('b', '', undefined, 1);
      const last = (id: number): number | undefined => t.sent(id).at(-1)?.payload[0];
      for (const id of [Msg.VM_CONFIG_IMAGE, Msg.VM_INIT, Msg.VM_GET_HYP_RESOURCES, Msg.VM_START])
        t.expect(last(id) === 0x81, `${messageName(id)} of the second VM names 0x${last(id)?.toString(16)}`);
      yield* t.vmOk('destroy', 'a');
      yield* t.vmOk('destroy', 'b');
      t.expect(last(Msg.VM_DEALLOCATE) === 0x81, 'VM_DEALLOCATE names another VMID');
    },
  },
  {
    ...check(
      'LIFE-7',
      'V',
      'M',
      'Md',
      'R',
      'VMIDs exhausted',
      'NORESOURCE to VM_ALLOCATE is a clean error that leaves other VMs alone.',
    ),
    *run(t) {
      yield* t.up('a');
      t.interfere(
        reply(Msg.VM_ALLOCATE).once().becomes(errorCode(RmError.NORESOURCE)),
        rewrite([Msg.VM_ALLOCATE], () => Uint8Array.of(3, 0, 0, 0), 0, 1),
      );
      yield* t.create('b', '', undefined, 1);
      const text = yield* t.vm('start', 'b');
      t.expect(text.startsWith('error'), 'the refusal was not noticed');
      yield* t.vm('destroy', 'b');
      yield* t.vmOk('destroy', 'a');
    },
  },
  {
    ...check(
      'LIFE-8',
      'V',
      'M',
      'H',
      'R',
      'two VMs at once',
      'Two VMs that start and end at the same time do not disturb each other.',
    ),
    *run(t) {
      yield* t.create('a');
      yield* t.create('b', '', undefined, 1);
      for (const action of ['start', 'stop', 'destroy']) {
        const one = t.vmBegin(action, 'a');
        const two = t.vmBegin(action, 'b');
        for (const n of [one, two]) {
          const text = yield* t.vmEnd(n, action);
          t.expect(text === 'ok', `${action}: ${text}`);
        }
      }
      noStateErrors(t);
    },
  },
  {
    ...check('LIFE-9', 'V', 'S', 'L', 'R', 'start twice', 'Starting a running VM does nothing.'),
    *run(t) {
      yield* t.up();
      yield* t.vm('start');
      t.expect(t.sent(Msg.VM_ALLOCATE).length === 1, 'a second VMID was asked for');
      yield* t.vmOk('destroy');
    },
  },
  {
    ...check(
      'LIFE-10',
      'V',
      'S',
      'Md',
      'R',
      'start again after a failure',
      'A start that is repeated after a failure ends clearly, without illegal requests.',
    ),
    *run(t) {
      t.interfere(badTree);
      yield* t.create();
      yield* t.vm('start');
      const text = yield* t.vm('start');
      if (text === 'ok') yield* t.vmOk('destroy');
      else yield* t.vm('destroy');
      noStateErrors(t);
      const ids = t.sent(Msg.VM_CONFIG_IMAGE).length - t.sent(Msg.VM_ALLOCATE).length;
      t.expect(ids <= 0, 'a VMID was configured twice');
    },
  },
  {
    ...check(
      'LIFE-11',
      'V',
      'S',
      'H',
      'L',
      'no notification of READY',
      'The bring-up does not depend on VM_STATUS(READY).',
    ),
    *run(t) {
      t.interfere(
        notification(Msg.N_VM_STATUS)
          .when((m) => m.payload[4] === VmState.READY)
          .becomes(drop),
      );
      yield* t.up();
      yield* t.vmOk('destroy');
    },
  },
  {
    ...check(
      'LIFE-12',
      'V',
      'M',
      'H',
      'R',
      'the guest powers off',
      'After VM_EXITED no VM_STOP is sent; the VM is reset, its memory reclaimed, its VMID given back.',
    ),
    *run(t) {
      yield* selfExit(t, OFF, '1');
      yield* t.vmOk('destroy');
      t.expect(t.sent(Msg.VM_STOP).length === 0, 'VM_STOP for a VM that has exited');
      noStateErrors(t);
    },
  },
  {
    ...check(
      'LIFE-13',
      'V',
      'S',
      'Md',
      'R',
      'restart by a new VM',
      'A guest that asks for a restart gets a new VM: the old VMID is given back, not configured again.',
    ),
    *run(t) {
      yield* selfExit(t, RESTART, '2');
      yield* t.vmOk('destroy');
      yield* t.up('b');
      yield* t.vmOk('destroy', 'b');
      t.expect(t.sent(Msg.VM_DEALLOCATE).length === 2, 'the VMID of the first life was not given back');
      t.expect(t.sent(Msg.VM_ALLOCATE).length === 2, 'no new VMID');
    },
  },
  {
    ...check(
      'LIFE-14',
      'V',
      'S',
      'H',
      'R',
      'authenticated image',
      'A VM with platform authentication is authenticated between configuration and VM_INIT.',
    ),
    needs: 'auth',
    *run(t) {
      yield* t.up('a', 'auth=1 pas=28');
      const [config, auth, init] = t.places(Msg.VM_CONFIG_IMAGE, Msg.VM_AUTH_IMAGE, Msg.VM_INIT);
      t.expect(config < auth && auth < init, 'VM_AUTH_IMAGE is not between VM_CONFIG_IMAGE and VM_INIT');
      t.expect(t.sent(Msg.VM_AUTH_IMAGE).length === 1, 'VM_AUTH_IMAGE more than once');
      yield* t.vmOk('destroy');
      yield* t.up('b', '', undefined, 1);
      t.expect(t.sent(Msg.VM_AUTH_IMAGE).length === 1, 'VM_AUTH_IMAGE for a VM without authentication');
      yield* t.vmOk('destroy', 'b');
      noStateErrors(t);
    },
  },
  {
    ...check(
      'LIFE-15',
      'V',
      'M',
      'H',
      'R',
      'owner killed during a call',
      'A client whose owner process ends during any call still tears the VM down.',
    ),
    needs: 'owner',
    *run(t) {
      // Every answer takes a while, so that the end of the owner comes in between.
      t.interfere(reply().becomes(delay(MS)));
      let index = 0;
      for (const action of ['start', 'stop', 'destroy']) {
        for (let k = 1; k <= CALLS[action]; k++) {
          const name = `v${index}`;
          yield* t.create(name, '', undefined, index % AREAS);
          if (action !== 'start') yield* t.vmOk('start', name);
          const before = t.bench.audit.requests.length;
          t.vmBegin(action, name);
          yield* t.until(() => t.bench.audit.requests.length >= before + k);
          const text = yield* t.vm('orphan', name);
          t.expect(text === 'ok', `${action}, call ${k}: ${text}`);
          const left = leftovers(t.bench);
          t.expect(left.length === 0, `the owner ended in call ${k} of ${action}: ${left.join(', ')}`);
          index++;
        }
      }
      noStateErrors(t);
    },
  },
];
