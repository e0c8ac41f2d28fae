/** RM's table of memory parcels as data (fact base: rm-rpc-messages 3, rm-state-machines 5). Addresses and sizes in bytes. */

/** One physically contiguous piece. */
export interface ParcelRegion {
  phys: number;
  size: number;
  /** Where the owner had it. */
  ownerIpa: number;
}

/** One VM of the ACL. */
export interface ParcelTarget {
  vmid: number;
  /** `MemRights` value. */
  rights: number;
  /** `MemAttr` value. */
  attr: number;
  /** Accepted at least partly: addresses are reserved. */
  shared: boolean;
  mapped: boolean;
  contiguous: boolean;
  /** Address of each mapping so far (contiguous: one); null: the VM has not begun to accept. */
  ipas: number[] | null;
  /** Phandle of its node in the VM's device tree; `PHANDLE_UNSET`: none. */
  phandle: number;
  phandleExternal: boolean;
}

export interface Parcel {
  handle: number;
  /** Extent of the parcel, in RM's space. */
  meCap: bigint;
  totalSize: number;
  label: number;
  /** `mem_info_tag`; 0 until set. */
  tag: number;
  tagSet: boolean;
  owner: number;
  /** `ParcelState` value. */
  state: number;
  /** Targets that accepted. */
  shareCount: number;
  memType: number;
  transType: number;
  sanitizeCreate: boolean;
  sanitizeReclaim: boolean;
  /** ACL order. */
  targets: ParcelTarget[];
  attrs: { attr: number; vmid: number }[];
  regions: ParcelRegion[];
  /** While RM itself has a part of it mapped. */
  rmMap: { ipa: number; size: number; offset: number; mapped: number } | null;
}

export interface ParcelTable {
  /** Next handle to try. */
  nextHandle: number;
  /** In creation order. */
  list: Parcel[];
  /** Sparse extent that all parcels of normal memory and all VMs' own memory derive from. */
  parentMe: bigint;
}
