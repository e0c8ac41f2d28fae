/** MEM: memory parcels (fact base: rm-rpc-messages 2, 3, clients 5.2, 9; catalog 10). */
import { le16, le32, le64 } from '../../base/index.js';
import { Msg, RmError } from '../../protocol/index.js';
import { SPARE } from '../guest.js';
import { answer, reply, replyPayload, request, payload as setPayload } from '../interfere/index.js';
import { type Tester, u32s } from '../tester.js';
import { type Case, check, type Script } from '../types.js';

import { accepting } from './accept.js';
import { FIRMWARE, FIRMWARE_WORDS } from './firmware.js';
import { pagingMem } from './paging.js';

const SHM_LABEL = 5;

interface Lend {
  flags: number;
  acl: { vmid: number; rights: number }[];
  entries: { base: number; size: number }[];
  left: number;
}

/** MEM_LEND and MEM_SHARE taken apart strictly. */
function parseLend(b: Uint8Array): Lend {
  const aclCount = le16(b, 8);
  const at = 12 + aclCount * 4;
  const n = le16(b, at);
  const end = at + 4 + n * 16;
  return {
    flags: b[2],
    acl: Array.from({ length: aclCount }, (_, i) => ({ vmid: le16(b, 12 + i * 4), rights: b[14 + i * 4] })),
    entries: Array.from({ length: n }, (_, i) => ({
      base: Number(le64(b, at + 4 + i * 16)),
      size: Number(le64(b, at + 12 + i * 16)),
    })),
    left: b.length - end,
  };
}

const PIECES = (n: number): string => `pieces=${n} size=${n * 4096}`;

function* whole(t: Tester, words = ''): Script {
  yield* t.up('a', words);
  yield* t.vmOk('destroy');
}

/** The start fails at `id`; RM does not do it. */
function* refused(t: Tester, id: number, code: number, words = '', skip = 0): Script {
  t.interfere(request(id).after(skip).once().becomes(answer(code)));
  yield* t.create('a', words);
  const text = yield* t.vm('start');
  t.expect(text.startsWith('error'), 'the refusal was not noticed');
  yield* t.vm('destroy');
}

const lendOf = (t: Tester, id: number = Msg.MEM_LEND): Lend => {
  const sent = t.sent(id)[0];
  if (sent === undefined) t.fail('no parcel was made');
  return parseLend(sent.payload);
};

export const mem: Case[] = [
  {
    ...check(
      'MEM-1',
      'V',
      'M',
      'H',
      'R',
      'layout of MEM_LEND',
      'Header, access list, memory list and attribute list follow each other with no spare bytes.',
    ),
    *run(t) {
      yield* whole(t);
      t.expect(lendOf(t).left === 4, `${lendOf(t).left} bytes after the memory list, 4 make an empty attribute list`);
    },
  },
  {
    ...check(
      'MEM-2',
      'V',
      'M',
      'H',
      'R',
      'owner in the access list',
      'MEM_SHARE lists the owner, MEM_LEND does not; no VMID is listed twice.',
    ),
    *run(t) {
      yield* whole(t);
      t.expect(
        lendOf(t)
          .acl.map((a) => a.vmid)
          .join() === '128',
        `MEM_LEND lists ${lendOf(t)
          .acl.map((a) => a.vmid)
          .join()}`,
      );
      yield* t.up('b', 'share=1', undefined, 1);
      yield* t.vmOk('destroy', 'b');
      const ids = lendOf(t, Msg.MEM_SHARE).acl.map((a) => a.vmid);
      t.expect(ids.length === 2 && ids.includes(3) && ids.includes(128), `MEM_SHARE lists ${ids.join()}`);
    },
  },
  {
    ...check(
      'MEM-3',
      'V',
      'M',
      'H',
      'R',
      'rights of the image parcel',
      'The image parcel gives the VM all three rights.',
    ),
    *run(t) {
      yield* t.create();
      yield* t.vm('start');
      t.expect(
        lendOf(t).acl.some((a) => a.vmid === 128 && a.rights === 7),
        'the VM has not all rights',
      );
      yield* t.vm('destroy');
    },
  },
  {
    ...check(
      'MEM-4',
      'V',
      'M',
      'H',
      'R',
      '513 pieces',
      'A list of 513 entries goes as 512 with APPEND and one MEM_APPEND with END.',
    ),
    *run(t) {
      yield* whole(t, PIECES(513));
      t.expect(
        lendOf(t).entries.length === 512 && (lendOf(t).flags & 2) !== 0,
        'the first message has not 512 entries with APPEND',
      );
      const more = t.sent(Msg.MEM_APPEND);
      t.expect(more.length === 1 && more[0].payload[4] === 1, 'MEM_APPEND once with END');
    },
  },
  {
    ...check('MEM-5', 'V', 'M', 'H', 'R', '1025 pieces', 'END is set on the last MEM_APPEND only.'),
    *run(t) {
      yield* t.create('a', PIECES(1025));
      yield* t.vm('start');
      const flags = t.sent(Msg.MEM_APPEND).map((m) => m.payload[4]);
      t.expect(flags.join() === '0,1', `flags of MEM_APPEND: ${flags.join()}`);
      yield* t.vm('destroy');
    },
  },
  {
    ...check('MEM-6', 'V', 'M', 'H', 'R', 'MEM_APPEND fails', 'After a failed MEM_APPEND the parcel is reclaimed.'),
    *run(t) {
      yield* refused(t, Msg.MEM_APPEND, RmError.NOMEM, PIECES(1025), 1);
      t.expect(t.sent(Msg.MEM_RECLAIM).length === 1, `${t.sent(Msg.MEM_RECLAIM).length} reclaims`);
    },
  },
  {
    ...check('MEM-7', 'V', 'M', 'C', 'R', 'handle 0', 'Handle 0 is a handle like any other.'),
    *run(t) {
      yield* whole(t);
      const r = t.sent(Msg.MEM_RECLAIM);
      t.expect(r.length === 1 && le32(r[0].payload, 0) === 0, 'handle 0 was not reclaimed');
    },
  },
  {
    ...check(
      'MEM-8',
      'V',
      'M',
      'C',
      'R',
      'nothing granted, nothing reclaimed',
      'A bring-up that fails before or in MEM_LEND sends no MEM_RECLAIM.',
    ),
    *run(t) {
      yield* refused(t, Msg.VM_ALLOCATE, RmError.NORESOURCE);
      t.interfere(request(Msg.MEM_LEND).once().becomes(answer(RmError.NOMEM)));
      yield* t.create('b');
      yield* t.vm('start', 'b');
      yield* t.vm('destroy', 'b');
      t.expect(t.sent(Msg.MEM_RECLAIM).length === 0, 'MEM_RECLAIM of a handle that was never given');
    },
  },
  {
    ...check(
      'MEM-9',
      'V',
      'S',
      'Md',
      'L',
      'handle 0xffffffff',
      'The handle that clients use for "none" is treated as opaque or refused cleanly.',
    ),
    leaksAnyway: true,
    *run(t) {
      t.interfere(reply(Msg.MEM_LEND).becomes(setPayload(replyPayload(0, u32s(0xffffffff)))));
      yield* t.create();
      yield* t.vm('start');
      yield* t.vm('destroy');
      for (const r of t.sent(Msg.VM_CONFIG_IMAGE))
        t.expect(le32(r.payload, 4) === 0xffffffff, 'another handle was used');
    },
  },
  {
    ...check('MEM-10', 'V', 'M', 'C', 'R', 'reclaim refused', 'Memory whose reclaim RM refuses is not used again.'),
    leaksAnyway: true,
    *run(t) {
      yield* t.up();
      t.interfere(request(Msg.MEM_RECLAIM).becomes(answer(RmError.MEM_INUSE)));
      yield* t.vm('destroy');
      t.expect(!t.events.includes('memory a free'), 'the client considers the memory its own');
    },
  },
  {
    ...check('MEM-11', 'V', 'M', 'H', 'R', 'reclaim once', 'Every handle is reclaimed at most once.'),
    *run(t) {
      yield* whole(t);
      t.expect(t.sent(Msg.MEM_RECLAIM).length === 1, `${t.sent(Msg.MEM_RECLAIM).length} reclaims of one handle`);
    },
  },
  {
    ...check(
      'MEM-12',
      'V',
      'M',
      'C',
      'R',
      'lent memory is not touched',
      'Between the reply to MEM_LEND and the reclaim the client does not access the memory.',
    ),
    *run(t) {
      yield* t.create();
      yield* t.vmOk('start');
      yield* t.vmOk('destroy');
      t.expect(t.bench.writes.length === 0, `${t.bench.writes.length} writes to memory that the VM has`);
    },
  },
  {
    ...check(
      'MEM-13',
      'V',
      'M',
      'H',
      'R',
      'alignment of the device tree',
      'Offset and size of the device tree are multiples of 4096, the size is not 0.',
    ),
    *run(t) {
      yield* t.create('a', 'dtbsize=5000');
      yield* t.vm('start');
      for (const { payload } of t.sent(Msg.VM_CONFIG_IMAGE)) {
        const [offset, size] = [Number(le64(payload, 24)), Number(le64(payload, 32))];
        t.expect(offset % 4096 === 0 && size % 4096 === 0 && size > 0, `device tree at ${offset}, ${size} bytes`);
      }
      t.bench.rules.clear();
      yield* t.vm('destroy');
    },
  },
  {
    ...check(
      'MEM-14',
      'V',
      'M',
      'H',
      'R',
      'device tree inside the parcel',
      'The areas of image and device tree lie inside the parcel.',
    ),
    *run(t) {
      yield* t.create();
      yield* t.vm('start');
      const size = lendOf(t).entries.reduce((n, e) => n + e.size, 0);
      for (const { payload } of t.sent(Msg.VM_CONFIG_IMAGE)) {
        t.expect(Number(le64(payload, 24)) + Number(le64(payload, 32)) <= size, 'the device tree ends outside');
        t.expect(Number(le64(payload, 8)) + Number(le64(payload, 16)) <= size, 'the image ends outside');
      }
      yield* t.vm('destroy');
    },
  },
  ...pagingMem,
  {
    ...check(
      'MEM-18',
      'V',
      'M',
      'C',
      'R',
      'everything comes back',
      'After the end of a VM RM holds none of its memory.',
    ),
    *run(t) {
      yield* whole(t);
      yield* t.up('b', 'share=1', undefined, 1);
      yield* t.vmOk('stop', 'b');
      yield* t.vmOk('destroy', 'b');
    },
  },
  {
    ...check(
      'MEM-19',
      'V',
      'S',
      'H',
      'R',
      'no further private parcels',
      'Beside the image no parcel with label 0 is made for the VM.',
    ),
    *run(t) {
      yield* whole(t);
      const zero = t.sent(Msg.MEM_LEND).filter((m) => le32(m.payload, 4) === 0);
      t.expect(zero.length === 1, `${zero.length} parcels with label 0`);
    },
  },
  {
    ...check(
      'MEM-20',
      'V',
      'M',
      'H',
      'R',
      'labels of shared memory',
      'A parcel of shared memory has the label of its device tree node.',
    ),
    needs: 'shm',
    *run(t) {
      yield* t.up('a', `shm=${SHM_LABEL}:${SPARE}:65536`, undefined, 0, { shm: SHM_LABEL });
      const labels = t.sent(Msg.MEM_SHARE).map((m) => le32(m.payload, 4));
      t.expect(labels.join() === String(SHM_LABEL), `labels of shared parcels: ${labels.join() || 'none'}`);
      const { acl } = lendOf(t, Msg.MEM_SHARE);
      t.expect(acl.length === 2 && acl.some((a) => a.vmid === 3), 'MEM_SHARE does not list its owner');
      yield* t.vmOk('destroy');
    },
  },
  {
    ...check(
      'MEM-21',
      'V',
      'M',
      'H',
      'R',
      'firmware parcel',
      'VM_SET_FIRMWARE_MEM is sent between VM_CONFIG_IMAGE and VM_INIT only.',
    ),
    needs: 'firmware',
    *run(t) {
      t.interfere(...FIRMWARE);
      yield* t.up('a', FIRMWARE_WORDS);
      const [config, fw, init] = t.places(Msg.VM_CONFIG_IMAGE, Msg.VM_SET_FIRMWARE_MEM, Msg.VM_INIT);
      t.expect(config < fw && fw < init, 'VM_SET_FIRMWARE_MEM is not between VM_CONFIG_IMAGE and VM_INIT');
      const size = lendOf(t).entries.reduce((n, e) => n + e.size, 0);
      for (const { payload: p } of t.sent(Msg.VM_SET_FIRMWARE_MEM)) {
        t.expect(le16(p, 2) === 0, 'the reserved field is not 0');
        t.expect(Number(le64(p, 8)) + Number(le64(p, 16)) <= size, 'the firmware ends outside its parcel');
      }
      yield* t.vmOk('destroy');
    },
  },
  ...accepting,
];
