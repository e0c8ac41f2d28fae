/** What makes calls on address spaces and memory extents refuse, by rule of spec/hypercalls.toml. */
import { Call, ObjectType } from '../../../src/protocol/index.js';
import { type Cases, DEVICE_MEMORY, type Kit, MAP_RW, NO_SYNC, PAGE, PARTIAL, RWX, SPARSE } from './kit.js';

const T = ObjectType;
const RESERVED_FLAG = 2n;
const GUEST_END = 1n << 36n;
const DEVICE_END = 1n << 44n;
const U64_LAST_PAGE = (1n << 64n) - PAGE;
const partial = PARTIAL | NO_SYNC;

const fillRecords = (k: Kit, space: bigint, me: bigint): void => {
  for (let i = 8n; i < 12n; i++) k.map(space, me, i * PAGE);
};

/** Rules that map, unmap and update share; `attrs`: their argument with attributes. */
const placing = (call: string, [alignment, size, type]: readonly [number, number, number]): Cases => ({
  [`${call}.${alignment}`]: () => ({ vbase: 0x800n }),
  [`${call}.${size}`]: () => ({ map_flags: partial, offset: 0n, size: 0n }),
  [`${call}.${type}`]: () => ({ map_flags: partial, offset: 0n, size: PAGE }),
});

export const MEMORY_CASES: Cases = {
  'addrspace_attach_thread.3': (k) => ({ thread: k.vcpu() }),
  'addrspace_attach_thread.4': (k, a) => {
    for (let i = 0; i < 8; i++) k.m.must(Call.ADDRSPACE_ATTACH_THREAD, a.addrspace, k.init(T.THREAD));
    return {};
  },
  'addrspace_map.1': () => ({ map_attrs: MAP_RW | 8n }),
  ...placing('addrspace_map', [4, 5, 8]),
  'addrspace_map.6': (k) => ({ memextent: k.extent(PAGE, 4n) }),
  'addrspace_map.9': (k) => ({ memextent: k.extent(2n * PAGE), vbase: U64_LAST_PAGE }),
  'addrspace_map.10': (k) => ({ memextent: k.sparse(), vbase: 1n << 48n }),
  'addrspace_map.11': (k, a) => {
    fillRecords(k, a.addrspace, a.memextent);
    return {};
  },
  'addrspace_map.12': () => ({ vbase: GUEST_END }),
  'addrspace_map.13': (k) => ({ memextent: k.extent(2n * PAGE), vbase: GUEST_END - PAGE }),
  'addrspace_unmap.1': () => ({ map_flags: RESERVED_FLAG }),
  ...placing('addrspace_unmap', [4, 5, 7]),
  'addrspace_unmap.8': () => ({ vbase: 2n * PAGE }),
  'addrspace_update_access.1': () => ({ map_flags: RESERVED_FLAG }),
  'addrspace_update_access.4': (k, a) => {
    const memextent = k.extent(PAGE, 4n);
    k.m.must(Call.ADDRSPACE_MAP, a.addrspace, memextent, 4n * PAGE, 0xf_0044n, NO_SYNC, 0n, 0n);
    return { memextent, access_attrs: 0x66n };
  },
  ...placing('addrspace_update_access', [5, 6, 8]),
  'addrspace_update_access.9': () => ({ vbase: 2n * PAGE }),
  'addrspace_configure.2': (k) => ({ addrspace: k.addrspace() }),
  'addrspace_configure.3': () => ({ vmid: 256n }),
  'addrspace_attach_vdma.2': () => ({}),
  'addrspace_lookup.3': () => ({ size: 0n }),
  'addrspace_lookup.4': () => ({ vbase: U64_LAST_PAGE, size: 2n * PAGE }),
  'addrspace_lookup.5': () => ({ vbase: 0x1800n }),
  'addrspace_lookup.6': () => ({ vbase: 2n * PAGE }),
  'addrspace_lookup.7': (k) => ({ memextent: k.extent() }),
  'addrspace_configure_info_area.3': (k) => ({ addrspace: k.addrspace() }),
  'addrspace_configure_info_area.4': (k) => ({ info_area_me: k.extent(2n * PAGE) }),
  'addrspace_configure_info_area.5': () => ({ ipa: 0x800n }),
  'addrspace_configure_info_area.6': (k) => ({ info_area_me: k.extent(PAGE, 4n) }),
  'addrspace_configure_vmmio.2': (k) => ({ addrspace: k.failed(T.ADDRSPACE) }),
  'addrspace_configure_vmmio.3': () => ({ op: 2n }),
  'addrspace_configure_vmmio.4': () => ({ size: 0n }),
  'addrspace_configure_vmmio.5': () => ({ vbase: U64_LAST_PAGE, size: 2n * PAGE }),
  'addrspace_configure_vmmio.6': (k, a) => {
    for (let i = 0n; i < 128n; i++) k.m.must(Call.ADDRSPACE_CONFIGURE_VMMIO, a.addrspace, (i + 8n) * PAGE, PAGE, 0n);
    return {};
  },
  'addrspace_configure_vmmio.7': () => ({ vbase: 1n << 52n }),
  'addrspace_configure_vmmio.8': (k, a) => {
    k.m.must(Call.ADDRSPACE_CONFIGURE_VMMIO, a.addrspace, a.vbase, PAGE, 0n);
    return {};
  },
  'addrspace_attach_vdevice.3': () => ({ index: 3n }),
  'addrspace_attach_vdevice.4': () => ({ flags: 4n }),
  'addrspace_attach_vdevice.5': () => ({ index: 1n }),
  'addrspace_attach_vdevice.6': (k, a) => {
    k.m.must(Call.ADDRSPACE_ATTACH_VDEVICE, a.addrspace, a.vdevice, 0n, 0x100n * PAGE, PAGE, 0n);
    return {};
  },
  'addrspace_attach_vdevice.7': () => ({ size: 0n }),
  'addrspace_attach_vdevice.8': () => ({ vbase: DEVICE_END }),
  'addrspace_attach_vdevice.9': (k, a) => {
    k.m.must(Call.ADDRSPACE_ATTACH_VDEVICE, a.addrspace, k.vic(), 0n, a.vbase, PAGE, 0n);
    return {};
  },

  'memextent_modify.1': () => ({ flags: NO_SYNC | 0x101n }),
  'memextent_modify.3': () => ({ flags: 1n }),
  'memextent_modify.4': (k) => ({ memextent: k.extent(PAGE, 4n) }),
  'memextent_modify.5': () => ({ offset: 0x800n }),
  'memextent_modify.6': () => ({ offset: U64_LAST_PAGE }),
  'memextent_modify.7': () => ({ size: 0n }),
  'memextent_modify.8': () => ({ offset: PAGE }),
  'memextent_configure.2': (k) => ({ memextent: k.extent() }),
  'memextent_configure.3': () => ({ size: 0n }),
  'memextent_configure.4': () => ({ phys_base: 0x800n }),
  'memextent_configure.5': () => ({ attributes: 0xfn }),
  'memextent_configure.6': () => ({ attributes: 0x20007n }),
  'memextent_configure_derive.3': (k) => ({ memextent: k.extent() }),
  'memextent_configure_derive.4': () => ({ size: 0n }),
  'memextent_configure_derive.5': () => ({ offset: 4n * PAGE }),
  'memextent_configure_derive.6': () => ({ offset: 0x800n }),
  'memextent_configure_derive.7': () => ({ attributes: 0xfn }),
  'memextent_configure_derive.8': () => ({ attributes: 0x20007n }),
  'memextent_configure_derive.9': (k) => ({ parent: k.extent(4n * PAGE, 4n) }),
  'memextent_configure_derive.10': (k) => ({ parent: k.extent(4n * PAGE, RWX | DEVICE_MEMORY) }),

  'memextent_donate.1': () => ({ options: 0x101n }),
  'memextent_donate.2': () => ({ options: 3n }),
  'memextent_donate.5': (k) => {
    const from = k.derived(k.extent(4n * PAGE, RWX | SPARSE), 0n, PAGE, RWX | SPARSE);
    return { from, to: k.extent() };
  },
  'memextent_donate.6': () => ({ offset: 0x800n }),
  'memextent_donate.7': () => ({ offset: U64_LAST_PAGE }),
  'memextent_donate.8': () => ({ size: 0n }),
  'memextent_donate.9': () => ({ offset: 4n * PAGE }),
  'memextent_donate.10': (k) => ({ options: 2n, to: k.sparse(), from: k.sparse(), offset: 0n }),
  'memextent_donate.11': (k) => ({ from: k.extent() }),
  'memextent_donate.12': (k) => {
    const parent = k.extent(4n * PAGE);
    return { from: k.derived(parent, 0n, PAGE, RWX | SPARSE), to: parent };
  },
  'memextent_donate.13': (k) => ({ from: k.extent(PAGE, RWX | SPARSE) }),
};
