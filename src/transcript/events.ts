/** Events of a transcript as they stand in the file: only the keys that a replay uses are named. Fact base: transcript format 2. */

/** 64-bit values are hex strings with `0x`, byte strings hex without prefix. */
export type HexWord = string;

export interface Header {
  readonly format: string;
  readonly name: string;
  readonly title: string;
  readonly hyp?: string;
  readonly build?: string;
  readonly txBuffer?: HexWord;
  readonly rxBuffer?: HexWord;
  readonly seed?: number;
  readonly cspaceRandomisation?: boolean;
}

export interface Exc {
  readonly vector: number;
  readonly esr: HexWord;
  readonly far: HexWord;
}

interface Common {
  readonly cpu?: number;
  readonly exc?: Exc;
  readonly varies?: boolean;
}

export interface HvcEvent extends Common {
  readonly ev: 'hvc';
  readonly imm: HexWord;
  readonly x: readonly HexWord[];
  readonly r?: readonly HexWord[];
  readonly why?: string;
}
export interface SmcccEvent extends Common {
  readonly ev: 'smccc';
  readonly conduit: 'hvc' | 'smc';
  readonly imm?: HexWord;
  readonly x: readonly HexWord[];
  readonly r?: readonly HexWord[];
  readonly why?: string;
}
export interface BurstEvent extends Common {
  readonly ev: 'burst';
  readonly imm: HexWord;
  readonly x: readonly HexWord[];
  readonly count: number;
  readonly r: readonly (readonly HexWord[])[];
}
export interface TxEvent extends Common {
  readonly ev: 'tx';
  readonly bytes: string;
  readonly push?: boolean | number;
  /** Missing when HLOS never came back. */
  readonly r?: readonly (HexWord | number)[];
}
export interface RxEvent extends Common {
  readonly ev: 'rx';
  readonly bytes: string;
}
export interface QuietEvent extends Common {
  readonly ev: 'quiet';
  readonly ms: number;
}
export interface MemEvent extends Common {
  readonly ev: 'mem';
  readonly ipa: HexWord;
  readonly bytes: string;
  readonly width?: number;
  readonly name?: string;
}
export interface PeekEvent extends Common {
  readonly ev: 'peek';
  readonly ipa: HexWord;
  readonly bytes?: string;
  readonly width?: number;
  readonly name?: string;
}
export interface VcpuRunEvent extends Common {
  readonly ev: 'vcpu_run';
  readonly cap: HexWord;
  readonly resume: readonly HexWord[];
  /** Missing when HLOS never came back. */
  readonly r?: readonly HexWord[];
  readonly irqsBefore?: readonly number[];
  readonly irqsAfter?: readonly number[];
  readonly ms?: number;
}
export interface GuestEvent extends Common {
  readonly ev: 'guest';
  readonly vcpu: number;
  readonly code: readonly HexWord[];
  readonly x: readonly HexWord[];
  readonly what: string;
}
export interface GuestResultEvent extends Common {
  readonly ev: 'guestResult';
  readonly vcpu: number;
  readonly done: boolean;
  readonly x: readonly HexWord[];
  readonly esr: HexWord;
  readonly elr: HexWord;
  readonly far: HexWord;
}
export interface IrqsEvent extends Common {
  readonly ev: 'irqs';
  readonly intids: readonly number[];
}
export interface SysregEvent extends Common {
  readonly ev: 'sysreg';
  readonly op: 'read' | 'write';
  readonly name: string;
  readonly enc: string;
  readonly value?: HexWord;
  readonly defined?: boolean;
}
export interface CodeEvent extends Common {
  readonly ev: 'code';
  readonly code: readonly HexWord[];
  readonly x: readonly HexWord[];
  readonly what: string;
  readonly r?: readonly HexWord[];
  readonly taken?: readonly (number | string)[];
  readonly running?: boolean;
}
export interface CodeResultEvent extends Common {
  readonly ev: 'codeResult';
  readonly r?: readonly HexWord[];
  readonly running?: boolean;
}
export interface CpuBootEvent extends Common {
  readonly ev: 'cpuBoot';
  readonly cpu: number;
  readonly count: number;
  readonly x0: HexWord;
  readonly x1: HexWord;
  readonly currentel: HexWord;
  readonly mpidr: HexWord;
  readonly sctlr: HexWord;
  readonly daif: HexWord;
}
export interface DelayEvent extends Common {
  readonly ev: 'delay';
  readonly ms: number;
}
export interface WfiEvent extends Common {
  readonly ev: 'wfi';
  readonly what: string;
  readonly returned: string;
  readonly cntvCtl: HexWord;
}
export interface SuspendEvent extends Common {
  readonly ev: 'suspend';
  readonly what: string;
  readonly timer: 'CNTV' | 'CNTP';
  readonly armedMs: number;
  readonly r?: readonly HexWord[];
  readonly returned: string;
}
export interface TimerEvent extends Common {
  readonly ev: 'timer';
  readonly timer: 'CNTV' | 'CNTP';
  readonly tval: HexWord;
  readonly ok: boolean;
}
export interface CounterEvent extends Common {
  readonly ev: 'counter';
  readonly smallNonNegative: boolean;
}
export interface SlicesEvent extends Common {
  readonly ev: 'slices';
  readonly spunMs?: number;
}
export interface YieldsEvent extends Common {
  readonly ev: 'yields';
  readonly x: readonly HexWord[];
  readonly count: number;
  readonly err: HexWord;
}
export interface GuestBootEvent extends Common {
  readonly ev: 'guestBoot';
  readonly marker: HexWord;
  readonly mpidr: HexWord;
}
export interface NoteEvent extends Common {
  readonly ev: 'note';
  readonly text: string;
}
export interface DeadEvent extends Common {
  readonly ev: 'dead';
  readonly what: string;
}

export type TranscriptEvent =
  | HvcEvent
  | SmcccEvent
  | BurstEvent
  | TxEvent
  | RxEvent
  | QuietEvent
  | MemEvent
  | PeekEvent
  | VcpuRunEvent
  | GuestEvent
  | GuestResultEvent
  | IrqsEvent
  | SysregEvent
  | CodeEvent
  | CodeResultEvent
  | CpuBootEvent
  | DelayEvent
  | WfiEvent
  | SuspendEvent
  | TimerEvent
  | CounterEvent
  | SlicesEvent
  | YieldsEvent
  | GuestBootEvent
  | NoteEvent
  | DeadEvent;

export interface Transcript {
  readonly header: Header;
  /** In file order; an event kind that this version does not know stays in the list and counts as unsupported. */
  readonly events: readonly TranscriptEvent[];
}
