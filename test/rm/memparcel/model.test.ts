import fc from 'fast-check';
import { expect, test } from 'vitest';
import { le32 } from '../../../src/base/index.js';
import { Msg } from '../../../src/protocol/index.js';
import { acl, addVm, ask, bytes, fakeRm, HLOS_BASE, list, name, sgl, u8, u16, u32 } from '../fake-rm.js';

/** What a parcel is to somebody who only reads the rules: who owns which page, who has accepted what. */
interface ModelParcel {
  handle: number;
  pages: number[];
  kind: 'DONATE' | 'LEND' | 'SHARE';
  finished: boolean;
  /** Per VM of {@link VMS}: nothing, addresses only, or mapped. */
  targets: ('none' | 'reserved' | 'mapped')[];
  targetVms: number[];
}

const PAGE = 4096;
const PAGES = 8;
const VMS = [0x80, 5];
const KINDS = { DONATE: Msg.MEM_DONATE, LEND: Msg.MEM_LEND, SHARE: Msg.MEM_SHARE } as const;
const TRANS = { DONATE: 0, LEND: 1, SHARE: 2 } as const;

const operation = fc.record({
  what: fc.constantFrom('create', 'create', 'append', 'accept', 'accept', 'accept', 'release', 'reclaim', 'reclaim'),
  kind: fc.constantFrom('DONATE', 'LEND', 'LEND', 'SHARE', 'SHARE') as fc.Arbitrary<ModelParcel['kind']>,
  first: fc.nat(PAGES - 1),
  second: fc.nat(PAGES - 1),
  pick: fc.nat(5),
  vm: fc.nat(1),
  both: fc.boolean(),
  flag: fc.boolean(),
});

test('parcels follow the rules of ownership, and in the end everything is back', () => {
  fc.assert(
    fc.property(fc.array(operation, { minLength: 1, maxLength: 60 }), (operations) => {
      const { rm, hv, hlos } = fakeRm();
      const vms = VMS.map((vmid) => addVm(rm, vmid));
      const spaces = vms.map((vm) => structuredClone(vm.allocator));
      /** Of each page: the primary VM, a parcel, or a VM that got it for good. */
      const owner: (string | number)[] = new Array(PAGES).fill('hlos');
      let parcels: ModelParcel[] = [];
      let nextHandle = 0;
      const donated = new Set<number>();
      const say = (from: number, id: number, ...payload: Uint8Array[]) => ask(rm, from, id, ...payload);
      const regions = (pages: number[]) => list(...pages.map((page) => sgl(HLOS_BASE + page * PAGE, PAGE)));

      for (const { what, kind, first, second, pick, vm, both, flag } of operations) {
        const parcel = parcels.length > 0 ? parcels[pick % parcels.length] : undefined;
        const pages = [first, second];
        const free = first !== second && pages.every((page) => owner[page] === 'hlos');
        if (what === 'create') {
          const targetVms = both && kind !== 'DONATE' ? VMS : [VMS[vm]];
          const entries = [...targetVms.map((vmid) => acl(vmid)), ...(kind === 'SHARE' ? [acl(3)] : [])];
          const head = bytes(u16(0), u8(flag ? 2 : 0), u8(0), u32(9));
          const answer = say(3, KINDS[kind], head, list(...entries), regions(pages));
          const handle = nextHandle++;
          expect(name(answer.error)).toBe(free ? 'OK' : 'MEM_INVALID');
          if (!free) continue;
          expect(le32(answer.data, 0)).toBe(handle);
          for (const page of pages) owner[page] = handle;
          const targets = VMS.map(() => 'none' as const);
          parcels.push({ handle, pages, kind, finished: !flag, targets, targetVms });
          continue;
        }
        if (parcel === undefined) continue;
        const { handle } = parcel;
        const shared = parcel.targets.some((state) => state !== 'none');
        const named = parcel.targetVms.includes(VMS[vm]);
        const state = parcel.targets[vm];
        if (what === 'append') {
          const answer = say(3, Msg.MEM_APPEND, u32(handle), u32(flag ? 1 : 0), regions(pages));
          const open = !parcel.finished && !shared;
          expect(name(answer.error)).toBe(!open ? 'DENIED' : free ? 'OK' : 'MEM_INVALID');
          if (!open || !free) continue;
          for (const page of pages) owner[page] = handle;
          parcel.pages.push(...pages);
          parcel.finished = flag;
        } else if (what === 'accept') {
          const head = bytes(u32(handle), u8(0), u8(TRANS[parcel.kind]), u8(flag ? 128 : 0), u8(0), u32(0));
          const answer = say(VMS[vm], Msg.MEM_ACCEPT, head, list(), list(), list());
          expect(name(answer.error)).toBe(!named ? 'VMID_INVALID' : state === 'mapped' ? 'DENIED' : 'OK');
          if (!named || state === 'mapped') continue;
          parcel.targets[vm] = flag ? 'mapped' : 'reserved';
          if (flag && parcel.kind === 'DONATE') {
            for (const page of parcel.pages) {
              owner[page] = `vm${vm}`;
              donated.add(vm);
            }
            parcels = parcels.filter((other) => other !== parcel);
          }
        } else if (what === 'release') {
          const answer = say(VMS[vm], Msg.MEM_RELEASE, u32(handle), u32(0));
          expect(name(answer.error)).toBe(!named ? 'HANDLE_INVALID' : state === 'none' ? 'MEM_RELEASED' : 'OK');
          if (!named || state === 'none') continue;
          parcel.targets[vm] = 'none';
          // The last release offers it again, finished or not.
          if (parcel.targets.every((other) => other === 'none')) parcel.finished = true;
        } else {
          const answer = say(3, Msg.MEM_RECLAIM, u32(handle), u32(0));
          expect(name(answer.error)).toBe(shared ? 'MEM_INUSE' : 'OK');
          if (shared) continue;
          for (const page of parcel.pages) owner[page] = 'hlos';
          parcels = parcels.filter((other) => other !== parcel);
        }
        for (let page = 0; page < PAGES; page++) {
          const extent = hv.owner.get(HLOS_BASE / PAGE + page);
          const who = owner[page];
          if (who === 'hlos') expect(extent).toBe(hlos.ddrMe);
          else if (typeof who === 'string') expect(extent).toBe(vms[Number(who[2])].ddrMe);
          else expect(extent).toBe(rm.parcels.list.find((p) => p.handle === who)?.meCap);
        }
      }

      for (const { handle, targets } of parcels) {
        targets.forEach((state, i) => {
          if (state !== 'none') expect(say(VMS[i], Msg.MEM_RELEASE, u32(handle), u32(0)).error).toBe(0);
        });
        expect(say(3, Msg.MEM_RECLAIM, u32(handle), u32(0)).error).toBe(0);
      }
      expect([rm.parcels.list, hv.live.size]).toEqual([[], 0]);
      vms.forEach((vm, i) => {
        expect(vm.config?.acceptedParcels).toEqual([]);
        if (!donated.has(i)) expect(vm.allocator).toEqual(spaces[i]);
      });
    }),
    { numRuns: 60, seed: 7 },
  );
});
