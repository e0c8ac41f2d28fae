/** Layouts of message payloads as data, for decoding packets for people. Codecs do not use them.
 *
 * Generated from spec/ by tools/generate.ts; edit the specification, not this file.
 */

import { Msg } from './messages.js';

export interface FieldLayout {
  readonly name: string;
  /** Bytes from the start of the payload (or of the list entry). */
  readonly off: number;
  readonly size: number;
  readonly enum?: string;
  readonly flags?: string;
  readonly kind?: 'vmid' | 'handle' | 'hex' | 'ipa' | 'size' | 'cap' | 'irq';
  /** RM does not look at it. */
  readonly ignored?: true;
  /** Must be, or always is, zero. */
  readonly zero?: true;
  /** This field and all later ones are present together or not at all. */
  readonly optional?: true;
  /** Length in bytes of this data part. */
  readonly lenOf?: string;
  /** Number of entries of this data part. */
  readonly countOf?: string;
}

export interface DataLayout {
  readonly kind: 'list' | 'entries' | 'bytes' | 'special';
  readonly name: string;
  /** Key of LISTS. */
  readonly list?: string;
  /** Meaning of the second half of a list header. */
  readonly second?: string;
  readonly special?: 'ids' | 'ipa_ranges';
  readonly optional?: true;
  readonly pad?: number;
  readonly text?: true;
}

export interface PayloadLayout {
  /** Exact length, if it is fixed. */
  readonly size?: number;
  readonly min: number;
  readonly fields: readonly FieldLayout[];
  readonly data: readonly DataLayout[];
  /** Further bytes are ignored. */
  readonly trailing?: true;
}

export interface ListLayout {
  /** Bytes per entry; 0 when entries differ. */
  readonly size: number;
  readonly fields: readonly FieldLayout[];
}

export interface MessageLayout {
  /** Request or notification. */
  readonly payload: PayloadLayout;
  /** Successful reply, after the code at offset 0. */
  readonly reply?: PayloadLayout;
  /** Name of the extra word of error replies. */
  readonly errorExtra?: string;
}

export const LISTS: Readonly<Record<string, ListLayout>> = {
  ACL: {
    size: 4,
    fields: [
      { name: 'vmid', off: 0, size: 2, kind: 'vmid' },
      { name: 'rights', off: 2, size: 1, enum: 'MemRights' },
      { name: 'reserved', off: 3, size: 1, ignored: true },
    ],
  },
  SGL: {
    size: 16,
    fields: [
      { name: 'ipa', off: 0, size: 8, kind: 'ipa' },
      { name: 'size', off: 8, size: 8, kind: 'size' },
    ],
  },
  ATTR: {
    size: 4,
    fields: [
      { name: 'attr', off: 0, size: 2, enum: 'MemAttr' },
      { name: 'vmid', off: 2, size: 2, kind: 'vmid' },
    ],
  },
  VMID: {
    size: 4,
    fields: [
      { name: 'vmid', off: 0, size: 2, kind: 'vmid' },
      { name: 'reserved', off: 2, size: 2, ignored: true },
    ],
  },
  VMID32: { size: 4, fields: [{ name: 'vmid', off: 0, size: 4, kind: 'vmid' }] },
  SIZE: { size: 8, fields: [{ name: 'size', off: 0, size: 8, kind: 'size' }] },
  AUTH_PARAM: {
    size: 8,
    fields: [
      { name: 'type', off: 0, size: 4 },
      { name: 'value', off: 4, size: 4 },
    ],
  },
  IPA_FIXED: {
    size: 16,
    fields: [
      { name: 'base', off: 0, size: 8, kind: 'ipa' },
      { name: 'size', off: 8, size: 8, kind: 'size' },
    ],
  },
  IPA_ALLOC: {
    size: 32,
    fields: [
      { name: 'region_base', off: 0, size: 8, kind: 'ipa' },
      { name: 'region_size', off: 8, size: 8, kind: 'size' },
      { name: 'size', off: 16, size: 8, kind: 'size' },
      { name: 'alignment', off: 24, size: 8, kind: 'size' },
    ],
  },
  IPA: { size: 8, fields: [{ name: 'ipa', off: 0, size: 8, kind: 'ipa' }] },
  RESOURCE: {
    size: 44,
    fields: [
      { name: 'type', off: 0, size: 1, enum: 'ResourceType' },
      { name: 'reserved', off: 1, size: 1, zero: true },
      { name: 'partner_vmid', off: 2, size: 2, kind: 'vmid' },
      { name: 'resource_handle', off: 4, size: 4 },
      { name: 'label', off: 8, size: 4, kind: 'hex' },
      { name: 'cap_id', off: 12, size: 8, kind: 'cap' },
      { name: 'virq_handle', off: 20, size: 4 },
      { name: 'virq', off: 24, size: 4, kind: 'irq' },
      { name: 'base', off: 28, size: 8, kind: 'ipa' },
      { name: 'size', off: 36, size: 8, kind: 'size' },
    ],
  },
  ID: {
    size: 0,
    fields: [
      { name: 'type', off: 0, size: 1, enum: 'IdType' },
      { name: 'reserved', off: 1, size: 1, zero: true },
      { name: 'size', off: 2, size: 2 },
    ],
  },
};

/** Layout of every message that RM has code for, by id. */
export const LAYOUTS: Readonly<Record<number, MessageLayout>> = {
  [Msg.VM_ALLOCATE]: {
    payload: {
      size: 4,
      min: 4,
      fields: [
        { name: 'vmid', off: 0, size: 2, kind: 'vmid' },
        { name: 'reserved', off: 2, size: 2, ignored: true },
      ],
      data: [],
    },
    reply: { min: 4, fields: [{ name: 'vmid', off: 4, size: 4, kind: 'vmid', optional: true }], data: [] },
  },
  [Msg.VM_DEALLOCATE]: {
    payload: {
      size: 4,
      min: 4,
      fields: [
        { name: 'vmid', off: 0, size: 2, kind: 'vmid' },
        { name: 'reserved', off: 2, size: 2, ignored: true },
      ],
      data: [],
    },
  },
  [Msg.VM_START]: {
    payload: {
      size: 4,
      min: 4,
      fields: [
        { name: 'vmid', off: 0, size: 2, kind: 'vmid' },
        { name: 'reserved', off: 2, size: 2, ignored: true },
      ],
      data: [],
    },
  },
  [Msg.VM_STOP]: {
    payload: {
      size: 8,
      min: 8,
      fields: [
        { name: 'vmid', off: 0, size: 2, kind: 'vmid' },
        { name: 'flags', off: 2, size: 1, flags: 'VmStopFlag' },
        { name: 'reserved', off: 3, size: 1, ignored: true },
        { name: 'stop_reason', off: 4, size: 4 },
      ],
      data: [],
    },
  },
  [Msg.VM_RESET]: {
    payload: {
      size: 4,
      min: 4,
      fields: [
        { name: 'vmid', off: 0, size: 2, kind: 'vmid' },
        { name: 'reserved', off: 2, size: 2, ignored: true },
      ],
      data: [],
    },
  },
  [Msg.VM_GET_ID]: {
    payload: {
      size: 4,
      min: 4,
      fields: [
        { name: 'vmid', off: 0, size: 2, kind: 'vmid' },
        { name: 'reserved', off: 2, size: 2, ignored: true },
      ],
      data: [],
    },
    reply: {
      min: 8,
      fields: [{ name: 'count', off: 4, size: 4, countOf: 'ids' }],
      data: [{ kind: 'special', name: 'ids', list: 'ID', special: 'ids' }],
    },
  },
  [Msg.VM_LOOKUP_URI]: {
    payload: {
      min: 4,
      fields: [
        { name: 'length', off: 0, size: 2, lenOf: 'uri' },
        { name: 'reserved', off: 2, size: 2, ignored: true },
      ],
      data: [{ kind: 'bytes', name: 'uri', pad: 4, text: true }],
    },
    reply: {
      min: 8,
      fields: [{ name: 'count', off: 4, size: 4, countOf: 'vms' }],
      data: [{ kind: 'entries', name: 'vms', list: 'VMID' }],
    },
  },
  [Msg.VM_LOOKUP_GUID]: {
    payload: { size: 16, min: 16, fields: [{ name: 'guid', off: 0, size: 16 }], data: [] },
    reply: {
      min: 8,
      fields: [{ name: 'count', off: 4, size: 4, countOf: 'vms' }],
      data: [{ kind: 'entries', name: 'vms', list: 'VMID' }],
    },
  },
  [Msg.VM_LOOKUP_NAME]: {
    payload: {
      min: 4,
      fields: [
        { name: 'length', off: 0, size: 2, lenOf: 'name' },
        { name: 'reserved', off: 2, size: 2, ignored: true },
      ],
      data: [{ kind: 'bytes', name: 'name', pad: 4, text: true }],
    },
    reply: {
      min: 8,
      fields: [{ name: 'count', off: 4, size: 4, countOf: 'vms' }],
      data: [{ kind: 'entries', name: 'vms', list: 'VMID' }],
    },
  },
  [Msg.VM_GET_OWNER]: {
    payload: { size: 0, min: 0, fields: [], data: [] },
    reply: { size: 8, min: 8, fields: [{ name: 'vmid', off: 4, size: 4, kind: 'vmid' }], data: [] },
  },
  [Msg.VM_GET_STATE]: {
    payload: {
      size: 4,
      min: 4,
      fields: [
        { name: 'vmid', off: 0, size: 2, kind: 'vmid' },
        { name: 'reserved', off: 2, size: 2, ignored: true },
      ],
      data: [],
    },
    reply: {
      size: 8,
      min: 8,
      fields: [
        { name: 'vm_state', off: 4, size: 1, enum: 'VmState' },
        { name: 'os_state', off: 5, size: 1, enum: 'OsState' },
        { name: 'app_status', off: 6, size: 2 },
      ],
      data: [],
    },
  },
  [Msg.VM_GET_CRASH_MSG]: {
    payload: {
      size: 4,
      min: 4,
      fields: [
        { name: 'vmid', off: 0, size: 2, kind: 'vmid' },
        { name: 'reserved', off: 2, size: 2, ignored: true },
      ],
      data: [],
    },
    reply: {
      min: 8,
      fields: [
        { name: 'length', off: 4, size: 2, lenOf: 'message' },
        { name: 'reserved', off: 6, size: 2, zero: true },
      ],
      data: [{ kind: 'bytes', name: 'message', pad: 4, text: true }],
    },
  },
  [Msg.VM_GET_VMID]: {
    payload: { size: 0, min: 0, fields: [], data: [] },
    reply: { size: 8, min: 8, fields: [{ name: 'vmid', off: 4, size: 4, kind: 'vmid' }], data: [] },
  },
  [Msg.VM_GET_PEERS]: {
    payload: { size: 0, min: 0, fields: [], data: [] },
    reply: {
      min: 8,
      fields: [{ name: 'count', off: 4, size: 4, countOf: 'peers' }],
      data: [{ kind: 'entries', name: 'peers', list: 'VMID32' }],
    },
  },
  [Msg.VM_SET_TIME_BASE]: {
    payload: {
      size: 20,
      min: 20,
      fields: [
        { name: 'vmid', off: 0, size: 2, kind: 'vmid' },
        { name: 'reserved', off: 2, size: 2, ignored: true },
        { name: 'time_base', off: 4, size: 8 },
        { name: 'sys_timer_ref', off: 12, size: 8 },
      ],
      data: [],
    },
    errorExtra: 'hyp_error',
  },
  [Msg.VM_SET_STATUS]: {
    payload: {
      size: 4,
      min: 4,
      fields: [
        { name: 'reserved', off: 0, size: 1, ignored: true },
        { name: 'os_state', off: 1, size: 1, enum: 'OsState' },
        { name: 'app_status', off: 2, size: 2 },
      ],
      data: [],
    },
  },
  [Msg.VM_EXIT]: {
    payload: {
      size: 4,
      min: 4,
      fields: [
        { name: 'exit_flags', off: 0, size: 2, kind: 'hex' },
        { name: 'exit_code', off: 2, size: 1, enum: 'ExitCode' },
        { name: 'reserved', off: 3, size: 1, zero: true },
      ],
      data: [],
    },
  },
  [Msg.VM_SET_CRASH_MSG]: {
    payload: {
      min: 4,
      fields: [
        { name: 'length', off: 0, size: 2, lenOf: 'message' },
        { name: 'reserved', off: 2, size: 2, ignored: true },
      ],
      data: [{ kind: 'bytes', name: 'message', pad: 4, text: true }],
    },
  },
  [Msg.VM_HOST_GET_TYPE]: {
    payload: { size: 0, min: 0, fields: [], data: [] },
    reply: { size: 8, min: 8, fields: [{ name: 'host_type', off: 4, size: 4, kind: 'hex' }], data: [] },
  },
  [Msg.VM_CONFIG_IMAGE]: {
    payload: {
      size: 40,
      min: 40,
      fields: [
        { name: 'vmid', off: 0, size: 2, kind: 'vmid' },
        { name: 'auth_type', off: 2, size: 2, enum: 'AuthType' },
        { name: 'image_handle', off: 4, size: 4, kind: 'handle' },
        { name: 'image_offset', off: 8, size: 8, kind: 'size' },
        { name: 'image_size', off: 16, size: 8, kind: 'size' },
        { name: 'dt_offset', off: 24, size: 8, kind: 'size' },
        { name: 'dt_size', off: 32, size: 8, kind: 'size' },
      ],
      data: [],
    },
  },
  [Msg.VM_AUTH_IMAGE]: {
    payload: {
      min: 4,
      fields: [
        { name: 'vmid', off: 0, size: 2, kind: 'vmid' },
        { name: 'count', off: 2, size: 2, countOf: 'params' },
      ],
      data: [{ kind: 'entries', name: 'params', list: 'AUTH_PARAM' }],
    },
  },
  [Msg.VM_INIT]: {
    payload: {
      size: 4,
      min: 4,
      fields: [
        { name: 'vmid', off: 0, size: 2, kind: 'vmid' },
        { name: 'reserved', off: 2, size: 2, zero: true },
      ],
      data: [],
    },
  },
  [Msg.MEM_DONATE]: {
    payload: {
      min: 20,
      fields: [
        { name: 'mem_type', off: 0, size: 1, enum: 'MemType' },
        { name: 'reserved1', off: 1, size: 1, ignored: true },
        { name: 'flags', off: 2, size: 1, flags: 'MemCreateFlag' },
        { name: 'reserved2', off: 3, size: 1, ignored: true },
        { name: 'label', off: 4, size: 4, kind: 'hex' },
      ],
      data: [
        { kind: 'list', name: 'acl', list: 'ACL' },
        { kind: 'list', name: 'sgl', list: 'SGL' },
        { kind: 'list', name: 'attr', list: 'ATTR', optional: true },
      ],
    },
    reply: { size: 8, min: 8, fields: [{ name: 'handle', off: 4, size: 4, kind: 'handle' }], data: [] },
  },
  [Msg.MEM_LEND]: {
    payload: {
      min: 20,
      fields: [
        { name: 'mem_type', off: 0, size: 1, enum: 'MemType' },
        { name: 'reserved1', off: 1, size: 1, ignored: true },
        { name: 'flags', off: 2, size: 1, flags: 'MemCreateFlag' },
        { name: 'reserved2', off: 3, size: 1, ignored: true },
        { name: 'label', off: 4, size: 4, kind: 'hex' },
      ],
      data: [
        { kind: 'list', name: 'acl', list: 'ACL' },
        { kind: 'list', name: 'sgl', list: 'SGL' },
        { kind: 'list', name: 'attr', list: 'ATTR', optional: true },
      ],
    },
    reply: { size: 8, min: 8, fields: [{ name: 'handle', off: 4, size: 4, kind: 'handle' }], data: [] },
  },
  [Msg.MEM_SHARE]: {
    payload: {
      min: 20,
      fields: [
        { name: 'mem_type', off: 0, size: 1, enum: 'MemType' },
        { name: 'reserved1', off: 1, size: 1, ignored: true },
        { name: 'flags', off: 2, size: 1, flags: 'MemCreateFlag' },
        { name: 'reserved2', off: 3, size: 1, ignored: true },
        { name: 'label', off: 4, size: 4, kind: 'hex' },
      ],
      data: [
        { kind: 'list', name: 'acl', list: 'ACL' },
        { kind: 'list', name: 'sgl', list: 'SGL' },
        { kind: 'list', name: 'attr', list: 'ATTR', optional: true },
      ],
    },
    reply: { size: 8, min: 8, fields: [{ name: 'handle', off: 4, size: 4, kind: 'handle' }], data: [] },
  },
  [Msg.MEM_APPEND]: {
    payload: {
      min: 12,
      fields: [
        { name: 'handle', off: 0, size: 4, kind: 'handle' },
        { name: 'flags', off: 4, size: 1, flags: 'MemAppendFlag' },
        { name: 'reserved1', off: 5, size: 1, ignored: true },
        { name: 'reserved2', off: 6, size: 2, ignored: true },
      ],
      data: [{ kind: 'list', name: 'sgl', list: 'SGL' }],
    },
  },
  [Msg.MEM_ACCEPT]: {
    payload: {
      min: 24,
      fields: [
        { name: 'handle', off: 0, size: 4, kind: 'handle' },
        { name: 'mem_type', off: 4, size: 1, enum: 'MemType' },
        { name: 'trans_type', off: 5, size: 1, enum: 'TransType' },
        { name: 'flags', off: 6, size: 1, flags: 'MemAcceptFlag' },
        { name: 'reserved', off: 7, size: 1, ignored: true },
        { name: 'label', off: 8, size: 4, kind: 'hex' },
      ],
      data: [
        { kind: 'list', name: 'acl', list: 'ACL' },
        { kind: 'list', name: 'sgl', list: 'SGL', second: 'map_vmid' },
        { kind: 'list', name: 'attr', list: 'ATTR', optional: true },
      ],
    },
    reply: {
      min: 4,
      fields: [
        { name: 'count', off: 4, size: 2, optional: true, countOf: 'sgl' },
        { name: 'flags', off: 6, size: 1, optional: true },
        { name: 'reserved', off: 7, size: 1, zero: true, optional: true },
      ],
      data: [{ kind: 'entries', name: 'sgl', list: 'SGL' }],
    },
  },
  [Msg.MEM_RELEASE]: {
    payload: {
      min: 8,
      fields: [
        { name: 'handle', off: 0, size: 4, kind: 'handle' },
        { name: 'flags', off: 4, size: 1, flags: 'MemReleaseFlag' },
        { name: 'reserved1', off: 5, size: 1, ignored: true },
        { name: 'reserved2', off: 6, size: 2, ignored: true },
      ],
      data: [],
      trailing: true,
    },
  },
  [Msg.MEM_RECLAIM]: {
    payload: {
      min: 8,
      fields: [
        { name: 'handle', off: 0, size: 4, kind: 'handle' },
        { name: 'flags', off: 4, size: 1, flags: 'MemReleaseFlag' },
        { name: 'reserved1', off: 5, size: 1, ignored: true },
        { name: 'reserved2', off: 6, size: 2, ignored: true },
      ],
      data: [],
      trailing: true,
    },
  },
  [Msg.MEM_NOTIFY]: {
    payload: {
      min: 12,
      fields: [
        { name: 'handle', off: 0, size: 4, kind: 'handle' },
        { name: 'flags', off: 4, size: 1, enum: 'MemNotifyFlag' },
        { name: 'reserved1', off: 5, size: 1, ignored: true },
        { name: 'reserved2', off: 6, size: 2, ignored: true },
        { name: 'mem_info_tag', off: 8, size: 4, kind: 'hex' },
      ],
      data: [{ kind: 'list', name: 'vms', list: 'VMID', optional: true }],
      trailing: true,
    },
  },
  [Msg.MEM_QCOM_LOOKUP_SGL]: {
    payload: {
      min: 16,
      fields: [
        { name: 'mem_type', off: 0, size: 1, enum: 'MemType' },
        { name: 'reserved1', off: 1, size: 1, ignored: true },
        { name: 'reserved2', off: 2, size: 2, ignored: true },
        { name: 'label', off: 4, size: 4, kind: 'hex' },
      ],
      data: [
        { kind: 'list', name: 'acl', list: 'ACL' },
        { kind: 'list', name: 'sgl', list: 'SGL' },
        { kind: 'list', name: 'attr', list: 'ATTR', optional: true },
      ],
    },
    reply: { size: 8, min: 8, fields: [{ name: 'handle', off: 4, size: 4, kind: 'handle' }], data: [] },
  },
  [Msg.FW_MILESTONE]: { payload: { size: 0, min: 0, fields: [], data: [] } },
  [Msg.FW_SET_VM_FIRMWARE]: {
    payload: {
      size: 24,
      min: 24,
      fields: [
        { name: 'auth_type', off: 0, size: 2, enum: 'AuthType' },
        { name: 'reserved', off: 2, size: 2, zero: true },
        { name: 'handle', off: 4, size: 4, kind: 'handle' },
        { name: 'offset', off: 8, size: 8, kind: 'size' },
        { name: 'size', off: 16, size: 8, kind: 'size' },
      ],
      data: [],
    },
  },
  [Msg.VM_SET_FIRMWARE_MEM]: {
    payload: {
      size: 24,
      min: 24,
      fields: [
        { name: 'vmid', off: 0, size: 2, kind: 'vmid' },
        { name: 'reserved', off: 2, size: 2, zero: true },
        { name: 'handle', off: 4, size: 4, kind: 'handle' },
        { name: 'offset', off: 8, size: 8, kind: 'size' },
        { name: 'size', off: 16, size: 8, kind: 'size' },
      ],
      data: [],
    },
    errorExtra: 'hyp_error',
  },
  [Msg.VM_GET_HYP_RESOURCES]: {
    payload: {
      size: 4,
      min: 4,
      fields: [
        { name: 'vmid', off: 0, size: 2, kind: 'vmid' },
        { name: 'reserved', off: 2, size: 2, ignored: true },
      ],
      data: [],
    },
    reply: {
      min: 8,
      fields: [{ name: 'count', off: 4, size: 4, countOf: 'resources' }],
      data: [{ kind: 'entries', name: 'resources', list: 'RESOURCE' }],
    },
  },
  [Msg.VM_IRQ_LEND]: {
    payload: {
      size: 12,
      min: 12,
      fields: [
        { name: 'borrower', off: 0, size: 2, kind: 'vmid' },
        { name: 'reserved', off: 2, size: 2, ignored: true },
        { name: 'virq', off: 4, size: 4, kind: 'irq' },
        { name: 'label', off: 8, size: 4, kind: 'hex' },
      ],
      data: [],
    },
    reply: { size: 8, min: 8, fields: [{ name: 'handle', off: 4, size: 4, kind: 'hex' }], data: [] },
  },
  [Msg.VM_IRQ_ACCEPT]: {
    payload: {
      size: 8,
      min: 8,
      fields: [
        { name: 'handle', off: 0, size: 4, kind: 'hex' },
        { name: 'virq', off: 4, size: 4, kind: 'irq' },
      ],
      data: [],
    },
    reply: { size: 8, min: 8, fields: [{ name: 'virq', off: 4, size: 4, kind: 'irq' }], data: [] },
  },
  [Msg.VM_IRQ_RELEASE]: {
    payload: { size: 4, min: 4, fields: [{ name: 'handle', off: 0, size: 4, kind: 'hex' }], data: [] },
  },
  [Msg.VM_IRQ_RECLAIM]: {
    payload: { size: 4, min: 4, fields: [{ name: 'handle', off: 0, size: 4, kind: 'hex' }], data: [] },
  },
  [Msg.VM_IRQ_NOTIFY]: {
    payload: {
      min: 8,
      fields: [
        { name: 'handle', off: 0, size: 4, kind: 'hex' },
        { name: 'flags', off: 4, size: 4, enum: 'IrqNotifyFlag' },
      ],
      data: [{ kind: 'list', name: 'vms', list: 'VMID', optional: true }],
    },
  },
  [Msg.VM_CONSOLE_OPEN]: {
    payload: {
      size: 4,
      min: 4,
      fields: [
        { name: 'target', off: 0, size: 2, kind: 'vmid' },
        { name: 'reserved', off: 2, size: 2, ignored: true },
      ],
      data: [],
    },
  },
  [Msg.VM_CONSOLE_CLOSE]: {
    payload: {
      size: 4,
      min: 4,
      fields: [
        { name: 'target', off: 0, size: 2, kind: 'vmid' },
        { name: 'reserved', off: 2, size: 2, ignored: true },
      ],
      data: [],
    },
  },
  [Msg.VM_CONSOLE_WRITE]: {
    payload: {
      min: 4,
      fields: [
        { name: 'target', off: 0, size: 2, kind: 'vmid' },
        { name: 'length', off: 2, size: 2, lenOf: 'chars' },
      ],
      data: [{ kind: 'bytes', name: 'chars', pad: 1, text: true }],
    },
  },
  [Msg.VM_CONSOLE_FLUSH]: {
    payload: {
      size: 4,
      min: 4,
      fields: [
        { name: 'target', off: 0, size: 2, kind: 'vmid' },
        { name: 'reserved', off: 2, size: 2, ignored: true },
      ],
      data: [],
    },
  },
  [Msg.IPA_RESERVE]: {
    payload: {
      min: 16,
      fields: [
        { name: 'type', off: 0, size: 1, enum: 'IpaReserveType' },
        { name: 'reserved1', off: 1, size: 1, ignored: true },
        { name: 'reserved2', off: 2, size: 2, ignored: true },
        { name: 'generic_constraints', off: 4, size: 4, flags: 'IpaConstraint' },
        { name: 'platform_constraints', off: 8, size: 4, kind: 'hex' },
        { name: 'count', off: 12, size: 4, countOf: 'ranges' },
      ],
      data: [{ kind: 'special', name: 'ranges', list: 'IPA_FIXED', special: 'ipa_ranges' }],
    },
    reply: {
      min: 4,
      fields: [{ name: 'count', off: 4, size: 4, optional: true, countOf: 'ipas' }],
      data: [{ kind: 'entries', name: 'ipas', list: 'IPA' }],
    },
  },
  [Msg.N_MEM_SHARED]: {
    payload: {
      min: 20,
      fields: [
        { name: 'handle', off: 0, size: 4, kind: 'handle' },
        { name: 'mem_type', off: 4, size: 1, enum: 'MemType' },
        { name: 'trans_type', off: 5, size: 1, enum: 'TransType' },
        { name: 'flags', off: 6, size: 1, flags: 'MemCreateFlag' },
        { name: 'reserved1', off: 7, size: 1, zero: true },
        { name: 'owner', off: 8, size: 2, kind: 'vmid' },
        { name: 'reserved2', off: 10, size: 2, zero: true },
        { name: 'label', off: 12, size: 4, kind: 'hex' },
        { name: 'mem_info_tag', off: 16, size: 4, kind: 'hex' },
      ],
      data: [
        { kind: 'list', name: 'acl', list: 'ACL' },
        { kind: 'list', name: 'regions', list: 'SIZE' },
        { kind: 'list', name: 'attr', list: 'ATTR' },
      ],
    },
  },
  [Msg.N_MEM_RELEASED]: {
    payload: {
      size: 12,
      min: 12,
      fields: [
        { name: 'handle', off: 0, size: 4, kind: 'handle' },
        { name: 'vmid', off: 4, size: 2, kind: 'vmid' },
        { name: 'reserved', off: 6, size: 2, zero: true },
        { name: 'mem_info_tag', off: 8, size: 4, kind: 'hex' },
      ],
      data: [],
    },
  },
  [Msg.N_MEM_ACCEPTED]: {
    payload: {
      size: 12,
      min: 12,
      fields: [
        { name: 'handle', off: 0, size: 4, kind: 'handle' },
        { name: 'vmid', off: 4, size: 2, kind: 'vmid' },
        { name: 'reserved', off: 6, size: 2, zero: true },
        { name: 'mem_info_tag', off: 8, size: 4, kind: 'hex' },
      ],
      data: [],
    },
  },
  [Msg.N_MEM_RECALL]: {
    payload: {
      size: 8,
      min: 8,
      fields: [
        { name: 'handle', off: 0, size: 4, kind: 'handle' },
        { name: 'mem_info_tag', off: 4, size: 4, kind: 'hex' },
      ],
      data: [],
    },
  },
  [Msg.N_VM_EXITED]: {
    payload: {
      min: 12,
      fields: [
        { name: 'vmid', off: 0, size: 2, kind: 'vmid' },
        { name: 'exit_type', off: 2, size: 2, enum: 'ExitType' },
        { name: 'reason_size', off: 4, size: 4 },
        { name: 'exit_flags', off: 8, size: 2, kind: 'hex' },
        { name: 'exit_code', off: 10, size: 2, enum: 'ExitCode' },
        { name: 'reset_type', off: 12, size: 4, kind: 'hex', optional: true },
        { name: 'cookie', off: 16, size: 8, kind: 'hex', optional: true },
      ],
      data: [],
    },
  },
  [Msg.N_VM_SHUTDOWN]: { payload: { size: 4, min: 4, fields: [{ name: 'stop_reason', off: 0, size: 4 }], data: [] } },
  [Msg.N_VM_STATUS]: {
    payload: {
      size: 8,
      min: 8,
      fields: [
        { name: 'vmid', off: 0, size: 2, kind: 'vmid' },
        { name: 'reserved', off: 2, size: 2, zero: true },
        { name: 'vm_state', off: 4, size: 1, enum: 'VmState' },
        { name: 'os_state', off: 5, size: 1, enum: 'OsState' },
        { name: 'app_status', off: 6, size: 2 },
      ],
      data: [],
    },
  },
  [Msg.N_VM_IRQ_LENT]: {
    payload: {
      size: 12,
      min: 12,
      fields: [
        { name: 'owner', off: 0, size: 2, kind: 'vmid' },
        { name: 'reserved', off: 2, size: 2, zero: true },
        { name: 'handle', off: 4, size: 4, kind: 'hex' },
        { name: 'label', off: 8, size: 4, kind: 'hex' },
      ],
      data: [],
    },
  },
  [Msg.N_VM_IRQ_RELEASED]: {
    payload: { size: 4, min: 4, fields: [{ name: 'handle', off: 0, size: 4, kind: 'hex' }], data: [] },
  },
  [Msg.N_VM_IRQ_ACCEPTED]: {
    payload: { size: 4, min: 4, fields: [{ name: 'handle', off: 0, size: 4, kind: 'hex' }], data: [] },
  },
  [Msg.N_VM_CONSOLE_CHARS]: {
    payload: {
      min: 4,
      fields: [
        { name: 'from', off: 0, size: 2, kind: 'vmid' },
        { name: 'length', off: 2, size: 2, lenOf: 'chars' },
      ],
      data: [{ kind: 'bytes', name: 'chars', pad: 1, text: true }],
    },
  },
};
