/** The protocol specification as read from spec/*.toml: shapes and loading. Nothing is interpreted here. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'smol-toml';

export interface ErrorEntry {
  name: string;
  value: number;
  meaning: string;
  internal?: boolean;
}

export interface ObjectTypeEntry {
  name: string;
  value: number;
  about: string;
  rights: Record<string, number>;
}

/** One step of the ordered validation of a call or request; `n` is the last part of its rule id. */
export interface CheckEntry {
  n: number | string;
  /** What must hold (messages) or what fails (hypercalls: `when`). */
  text?: string;
  error?: string;
  lookup?: string;
  kind?: 'active' | 'any' | 'activate';
  type?: string;
  right?: string[];
  death?: string;
}

export interface CallEntry {
  number: number;
  name: string;
  group: string;
  in: string[];
  out: string[];
  error_output?: boolean;
  about: string;
  effect: string;
  source: string;
  check?: CheckEntry[];
}

/** A field (off, type, name) or a data part (list, entries, bytes, special) of a payload; see spec/messages.toml. */
export interface FieldEntry {
  off: number;
  type: 'u8' | 'u16' | 'u32' | 'u64' | 'bytes16';
  name: string;
  kind?: string;
  enum?: string;
  flags?: string;
  ignored?: boolean;
  zero?: boolean;
  optional?: boolean;
  len_of?: string;
  count_of?: string;
  about?: string;
  list?: string;
  entries?: string;
  bytes?: string;
  special?: string;
  of?: string;
  second?: string;
  pad?: number;
  text?: boolean;
}

export interface MessageEntry {
  id: number;
  name: string;
  service: string;
  source: string;
  about: string;
  same_as?: string;
  caller?: string;
  receiver?: string;
  implemented?: boolean;
  effect?: string;
  size?: number;
  min?: number;
  trailing?: boolean;
  field?: FieldEntry[];
  data?: FieldEntry[];
  reply?: FieldEntry[];
  reply_data?: FieldEntry[];
  error_extra?: string;
  check?: CheckEntry[];
}

export interface EnumEntry {
  name: string;
  source: string;
  doc: string;
  values: Record<string, number>;
  bits64?: boolean;
}

export interface ConstantEntry {
  name: string;
  value: number;
  source: string;
  about: string;
}

export interface Constant64Entry {
  name: string;
  value: string;
  source: string;
  about: string;
}

export interface DeathEntry {
  id: string;
  kind: 'ABORT' | 'FAULT' | 'HYP';
  message?: string;
  trigger: string;
  source: string;
  reachable?: boolean;
}

export interface QuirkEntry {
  id: string;
  area: string;
  text: string;
  source: string;
  consequence: string;
  /** `<file below test/>: <title>` of the test that goes red when the behaviour is not modelled. */
  test: string;
}

export interface ListEntry {
  name: string;
  size: number;
  about: string;
  field: FieldEntry[];
}

export interface Spec {
  errors: { hyp: ErrorEntry[]; rm: ErrorEntry[]; hyp_to_rm: Record<string, string> };
  objects: {
    object_activate: number;
    any_type: number;
    states: Record<string, number>;
    cap_states: Record<string, number>;
    type: ObjectTypeEntry[];
  };
  hypercalls: { holes: number[]; group: { id: string; title: string; about: string }[]; call: CallEntry[] };
  messages: {
    service: { id: string; title: string; about: string }[];
    list: ListEntry[];
    request: MessageEntry[];
    notification: MessageEntry[];
  };
  enums: { enum: EnumEntry[]; flags: EnumEntry[] };
  platform: { constant: ConstantEntry[]; constant64: Constant64Entry[] };
  deaths: { death: DeathEntry[] };
  quirks: { quirk: QuirkEntry[] };
  smccc: {
    vendor_class: { value: number; name: string; about: string }[];
    call: { name: string; id: number; id64?: number; owner: string; about: string; source: string }[];
    psci_results: Record<string, number>;
    uid: { words: number[]; uuid: string };
  };
}

const FILES = [
  'errors',
  'objects',
  'hypercalls',
  'messages',
  'enums',
  'platform',
  'deaths',
  'quirks',
  'smccc',
] as const;

/** Reads every specification file under `root`/spec. */
export function loadSpec(root: string): Spec {
  const out: Record<string, unknown> = {};
  for (const name of FILES) {
    const text = readFileSync(join(root, 'spec', `${name}.toml`), 'utf8');
    out[name] = parse(text);
  }
  return out as unknown as Spec;
}
