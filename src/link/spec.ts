/** The link protocol: frames, statuses, limits, and where each field is. Source: spec/link.toml.
 *
 * Generated from spec/ by tools/generate.ts; edit the specification, not this file.
 */

/** Magic, versions and limits; sizes in bytes. */
export const LINK = {
  MAGIC: 0x4b4e4c47,
  VERSION_MIN: 1,
  VERSION_MAX: 1,
  MAX_FRAME: 65536,
  MAX_CONNECTIONS: 256,
  MAX_INLINE: 4096,
  NO_INLINE: 255,
  MAX_MEMORY_ACCESS: 32768,
  MAX_NAME: 64,
  OUTPUT_HIGH: 262144,
} as const;

/** First field of every reply. */
export const Status = {
  OK: 0,
  EXCEPTION: 1,
  NO_RETURN: 2,
  DEAD: 3,
  BAD_REQUEST: 4,
  REFUSED: 5,
} as const;

export type Status = (typeof Status)[keyof typeof Status];

/** Request types; a reply has bit 7 set too. */
export const FrameType = {
  /** First frame of a connection. Binds it to one vCPU (mode 0) or to the RM link of a VM (mode 1). */
  HELLO: 0x01,
  /** HVC #imm. An inline buffer is placed in the connection's scratch page and its address put into register `inline_reg`. */
  HVC: 0x10,
  /** SMCCC call: conduit, x0..x17 in and out. */
  SMC: 0x11,
  /** Guest memory, or with width 1, 2, 4, 8 one load (device registers). */
  MEM_READ: 0x20,
  /** Guest memory, or with a width one store. */
  MEM_WRITE: 0x21,
  /** The flattened device tree at the vCPU's boot x0. EXCEPTION: there is none, or the VM is gone. */
  DEVICE_TREE: 0x22,
  /** MRS. The register as in the instruction: op0 << 14 | op1 << 11 | CRn << 7 | CRm << 3 | op2. */
  REG_READ: 0x23,
  /** MSR. */
  REG_WRITE: 0x24,
  /** Acknowledges the most urgent interrupt: ICC_IAR1_EL1. 1023 when nothing is pending. */
  IRQ_ACK: 0x30,
  /** Ends an acknowledged interrupt: ICC_EOIR1_EL1. */
  IRQ_END: 0x31,
  /** Answered when an interrupt is deliverable, or after timeout_ns of virtual time (0: none). */
  WFI: 0x32,
  /** Lets virtual time pass. */
  TIME: 0x33,
  /** RPC-only mode: one message-queue packet to RM, 1 to 240 bytes. `not_full` 0: the queue is full after it; status OK with queued 0: it was full before and stayed so, the packet was not sent. */
  RPC_SEND: 0x38,
  /** Clean close: answered, then the connection ends. */
  BYE: 0x3f,
} as const;

/** Types of what the server sends by itself. */
export const EventType = {
  /** An interrupt became deliverable to this vCPU (sent once until IRQ_ACK has returned 1023). */
  IRQ: 0xc0,
  /** RPC-only mode: one packet from RM. */
  RPC_PACKET: 0xc1,
  /** The vCPU was started at an entry point: turned on, or reset while it was on. Comes before the reply to any operation behind that, once for every entry that HELLO has not told. */
  START: 0xc2,
  /** The server closes the connection; the text says why. Also behind a HELLO reply with status REFUSED. */
  GOODBYE: 0xcf,
} as const;

/** Bit that makes a request type the type of its reply. */
export const REPLY = 0x80;

/** Bytes before the payload: u32 length of what follows it, u8 type, u8 flags, u16 tag. */
export const FRAME_HEAD = 8;

/** Offsets in the payload. */
export const At = {
  HELLO: {
    MAGIC: 0,
    VERSION_MIN: 4,
    VERSION_MAX: 6,
    VMID: 8,
    VCPU: 10,
    /** 0 vCPU, 1 RPC only */
    MODE: 12,
    /** 0 run freely, 1 step; anything else is refused */
    TIME: 13,
    NAME_LENGTH: 14,
    /** page of guest memory for inline buffers, which overwrite it; one that the VM cannot write is refused; 0: the server's choice, for the primary VM; for another VM in mode 1 the last page of its image, in mode 0 none */
    SCRATCH: 16,
    /** for the server's log */
    NAME: 24,
    /** Bytes of the payload without its data. */
    SIZE: 24,
  },
  HELLO_REPLY: {
    STATUS: 0,
    VERSION: 2,
    MAX_FRAME: 4,
    /** virtual time */
    NOW_NS: 8,
    /** x0 at the vCPU's entry: the device tree address of a boot vCPU */
    X0: 16,
    /** its entry point */
    PC: 24,
    /** 1 on, and this entry is not told again by START; 0 off, a START event follows when it is turned on, or the hypervisor has stopped */
    ON: 32,
    /** Bytes of the payload without its data. */
    SIZE: 40,
  },
  HVC: {
    IMM: 0,
    /** NO_INLINE: none */
    INLINE_REG: 2,
    /** 0 to the hypervisor, 1 from it, 2 from it and only the x1 bytes that it says it wrote */
    INLINE_DIR: 3,
    INLINE_LENGTH: 4,
    X: 8,
    /** inline_length bytes if inline_dir is 0, else none */
    DATA: 72,
    /** Bytes of the payload without its data. */
    SIZE: 72,
  },
  HVC_REPLY: {
    STATUS: 0,
    INLINE_LENGTH: 2,
    ESR: 4,
    X: 8,
    DATA: 72,
    /** Bytes of the payload without its data. */
    SIZE: 72,
  },
  SMC: {
    /** 0 HVC, 1 SMC */
    CONDUIT: 0,
    /** immediate of the instruction: 0 in SMCCC */
    IMM: 2,
    X: 8,
    /** Bytes of the payload without its data. */
    SIZE: 152,
  },
  SMC_REPLY: {
    STATUS: 0,
    ESR: 4,
    X: 8,
    /** Bytes of the payload without its data. */
    SIZE: 152,
  },
  MEM_READ: {
    IPA: 0,
    LENGTH: 8,
    /** 0: plain memory */
    WIDTH: 12,
    /** Bytes of the payload without its data. */
    SIZE: 16,
  },
  MEM_READ_REPLY: {
    STATUS: 0,
    ESR: 4,
    FAR: 8,
    DATA: 16,
    /** Bytes of the payload without its data. */
    SIZE: 16,
  },
  MEM_WRITE: {
    IPA: 0,
    WIDTH: 8,
    DATA: 16,
    /** Bytes of the payload without its data. */
    SIZE: 16,
  },
  MEM_WRITE_REPLY: {
    STATUS: 0,
    ESR: 4,
    FAR: 8,
    /** Bytes of the payload without its data. */
    SIZE: 16,
  },
  DEVICE_TREE: {
    /** Bytes of the payload without its data. */
    SIZE: 0,
  },
  DEVICE_TREE_REPLY: {
    STATUS: 0,
    IPA: 8,
    DATA: 16,
    /** Bytes of the payload without its data. */
    SIZE: 16,
  },
  REG_READ: {
    REGISTER: 0,
    /** Bytes of the payload without its data. */
    SIZE: 4,
  },
  REG_READ_REPLY: {
    STATUS: 0,
    ESR: 4,
    VALUE: 8,
    /** Bytes of the payload without its data. */
    SIZE: 16,
  },
  REG_WRITE: {
    REGISTER: 0,
    VALUE: 8,
    /** Bytes of the payload without its data. */
    SIZE: 16,
  },
  REG_WRITE_REPLY: {
    STATUS: 0,
    ESR: 4,
    /** Bytes of the payload without its data. */
    SIZE: 8,
  },
  IRQ_ACK: {
    /** Bytes of the payload without its data. */
    SIZE: 0,
  },
  IRQ_ACK_REPLY: {
    STATUS: 0,
    INTID: 4,
    /** Bytes of the payload without its data. */
    SIZE: 8,
  },
  IRQ_END: {
    INTID: 0,
    /** Bytes of the payload without its data. */
    SIZE: 4,
  },
  IRQ_END_REPLY: {
    STATUS: 0,
    /** Bytes of the payload without its data. */
    SIZE: 4,
  },
  WFI: {
    TIMEOUT_NS: 0,
    /** Bytes of the payload without its data. */
    SIZE: 8,
  },
  WFI_REPLY: {
    STATUS: 0,
    /** 1: an interrupt is deliverable */
    PENDING: 2,
    NOW_NS: 8,
    /** Bytes of the payload without its data. */
    SIZE: 16,
  },
  TIME: {
    /** at most 10 s */
    ADVANCE_NS: 0,
    /** Bytes of the payload without its data. */
    SIZE: 8,
  },
  TIME_REPLY: {
    STATUS: 0,
    NOW_NS: 8,
    /** Bytes of the payload without its data. */
    SIZE: 16,
  },
  RPC_SEND: {
    PACKET: 0,
    /** Bytes of the payload without its data. */
    SIZE: 0,
  },
  RPC_SEND_REPLY: {
    STATUS: 0,
    QUEUED: 2,
    NOT_FULL: 3,
    /** Bytes of the payload without its data. */
    SIZE: 4,
  },
  BYE: {
    /** Bytes of the payload without its data. */
    SIZE: 0,
  },
  BYE_REPLY: {
    STATUS: 0,
    /** Bytes of the payload without its data. */
    SIZE: 4,
  },
  IRQ: {
    /** Bytes of the payload without its data. */
    SIZE: 4,
  },
  RPC_PACKET: {
    PACKET: 0,
    /** Bytes of the payload without its data. */
    SIZE: 0,
  },
  START: {
    X0: 0,
    PC: 8,
    /** Bytes of the payload without its data. */
    SIZE: 16,
  },
  GOODBYE: {
    REASON: 0,
    /** Bytes of the payload without its data. */
    SIZE: 0,
  },
} as const;

/** Names of frames and events, for logs. */
export const FRAME_NAMES: Readonly<Record<number, string>> = {
  [FrameType.HELLO]: 'HELLO',
  [FrameType.HVC]: 'HVC',
  [FrameType.SMC]: 'SMC',
  [FrameType.MEM_READ]: 'MEM_READ',
  [FrameType.MEM_WRITE]: 'MEM_WRITE',
  [FrameType.DEVICE_TREE]: 'DEVICE_TREE',
  [FrameType.REG_READ]: 'REG_READ',
  [FrameType.REG_WRITE]: 'REG_WRITE',
  [FrameType.IRQ_ACK]: 'IRQ_ACK',
  [FrameType.IRQ_END]: 'IRQ_END',
  [FrameType.WFI]: 'WFI',
  [FrameType.TIME]: 'TIME',
  [FrameType.RPC_SEND]: 'RPC_SEND',
  [FrameType.BYE]: 'BYE',
  [EventType.IRQ]: 'IRQ',
  [EventType.RPC_PACKET]: 'RPC_PACKET',
  [EventType.START]: 'START',
  [EventType.GOODBYE]: 'GOODBYE',
};
