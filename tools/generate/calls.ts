/** Emits the hypercall table and the message id tables. */
import { HEAD, hexNum, q } from './ids.js';
import type { Spec } from './spec.js';

/** Bits of a register that an argument of this type uses; the rest is ignored by the hypervisor. */
const WIDTH: Record<string, number> = {
  cap: 64,
  u64: 64,
  size: 64,
  va: 64,
  ipa: 64,
  pa: 64,
  u32: 32,
  u16: 16,
  bool: 1,
};

interface Arg {
  name: string;
  type: string;
  width: number;
}

export function parseArg(text: string): Arg {
  const [name, type = 'u64'] = text.split(' ');
  const reserved = name === 'res0' || name === 'res1';
  const width = reserved ? 64 : WIDTH[type];
  if (width === undefined) throw new Error(`unknown argument type in '${text}'`);
  return { name, type: reserved ? 'reserved' : type, width };
}

export function callsTs(spec: Spec): string {
  const calls = spec.hypercalls.call;
  const argTs = (a: Arg): string => `{ name: '${a.name}', type: '${a.type}', width: ${a.width} }`;
  const rows = calls.map((c) => {
    const ins = c.in.map(parseArg);
    const outs = c.out.map(parseArg);
    const at = ins.findIndex((a) => a.type === 'reserved');
    const reserved =
      at < 0 ? '' : `, reserved: { index: ${at}, value: ${ins[at].name === 'res0' ? '0n' : '0xffff_ffff_ffff_ffffn'} }`;
    return `  [Call.${c.name.toUpperCase()}]: { number: ${hexNum(c.number)}, name: '${c.name}', group: '${c.group}', inputs: [${ins
      .map(argTs)
      .join(', ')}], outputs: [${outs.map(argTs).join(', ')}], errorOutput: ${c.error_output !== false}${reserved} },`;
  });
  return [
    HEAD('The native hypercalls: numbers, names, arguments. Fact base: hypercall-abi 4.'),
    `/** Call numbers; the HVC immediate is 0x6000 + number. */
export const Call = {\n${calls.map((c) => `  ${c.name.toUpperCase()}: ${`0x${c.number.toString(16).padStart(2, '0')}`},`).join('\n')}\n} as const;\n`,
    `export type Call = (typeof Call)[keyof typeof Call];\n`,
    `export type ArgType = 'cap' | 'u64' | 'u32' | 'u16' | 'bool' | 'size' | 'va' | 'ipa' | 'pa' | 'reserved';\n`,
    `export interface CallArg {
  readonly name: string;
  readonly type: ArgType;
  /** Bits of the register that count; the hypervisor ignores the rest. */
  readonly width: number;
}
`,
    `export interface HypercallInfo {
  readonly number: number;
  readonly name: string;
  readonly group: string;
  /** From x0. */
  readonly inputs: readonly CallArg[];
  /** From x1, or from x0 when there is no error output. */
  readonly outputs: readonly CallArg[];
  readonly errorOutput: boolean;
  /** Register that must hold exactly \`value\`; checked before anything else on the native path only. */
  readonly reserved?: { readonly index: number; readonly value: bigint };
}
`,
    `/** Every assigned call, by number. Numbers of the table without an entry are holes. */
export const HYPERCALLS: Readonly<Record<number, HypercallInfo>> = {\n${rows.join('\n')}\n};\n`,
    `/** Numbers inside the native table that no call has. */
export const HYPERCALL_HOLES: readonly number[] = [${spec.hypercalls.holes.map(hexNum).join(', ')}];\n`,
    `/** Call by name, for example \`msgqueue_send\`. */
export const hypercallByName = (name: string): HypercallInfo | undefined =>
  HYPERCALLS[Call[name.toUpperCase() as keyof typeof Call] ?? -1];
`,
  ].join('\n');
}

export function messagesTs(spec: Spec): string {
  const { request, notification } = spec.messages;
  const h = (n: number): string => `0x${n.toString(16)}`;
  return [
    HEAD('Message ids of the Resource Manager protocol. Fact base: rm-rpc-messages 0.'),
    `/** Requests by name; notifications carry the prefix N_. */
export const Msg = {\n${request.map((m) => `  ${m.name}: ${h(m.id)},`).join('\n')}\n${notification
      .map((m) => `  N_${m.name}: ${h(m.id)},`)
      .join('\n')}\n} as const;\n`,
    `export type Msg = (typeof Msg)[keyof typeof Msg];\n`,
    `export interface MessageInfo {
  readonly id: number;
  readonly name: string;
  readonly kind: 'request' | 'notification';
  readonly service: string;
  /** False: the id is reserved or defined, RM answers UNIMPLEMENTED. */
  readonly implemented: boolean;
}
`,
    `/** Every message of the protocol, by id. */
export const MESSAGES: Readonly<Record<number, MessageInfo>> = {\n${[
      ...request.map((m) => ({ ...m, kind: 'request', key: m.name })),
      ...notification.map((m) => ({ ...m, kind: 'notification', key: `N_${m.name}` })),
    ]
      .map(
        (m) =>
          `  [Msg.${m.key}]: { id: ${h(m.id)}, name: ${q(m.name)}, kind: '${m.kind}', service: '${m.service}', implemented: ${m.implemented !== false} },`,
      )
      .join('\n')}\n};\n`,
    `/** Name of a message id, or its hex number when RM does not know it. */
export const messageName = (id: number): string => MESSAGES[id]?.name ?? \`0x\${id.toString(16)}\`;
`,
  ].join('\n');
}
