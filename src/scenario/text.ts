/** The readable trace of a run: steps, decoded packets, hypercalls, results. */
import { hex } from '../base/index.js';
import {
  Call,
  decodePacket,
  describeMessage,
  ENUM_NAMES,
  HYPERCALLS,
  type HypercallInfo,
  hypErrorName,
  hypErrorOf,
  messageName,
  RpcType,
} from '../protocol/index.js';
import type { Listener, RunEvent } from './events.js';

export interface TextOptions {
  /** One line at a time, without its end. */
  print(line: string): void;
  /** Hypercalls too, not only packets and results. */
  calls: boolean;
  /** Colours. */
  color: boolean;
}

const CODES = { dim: 2, bold: 1, red: 31, green: 32, cyan: 36, yellow: 33 } as const;

/** Calls that happen all the time and say little: shown as packets, results, or not at all. */
const QUIET: readonly number[] = [Call.SCHEDULER_YIELD];

const stamp = (ns: number): string => `${(ns / 1_000_000).toFixed(3).padStart(9)} ms`;

/** Registers that are not given are 0. */
function argumentText(info: HypercallInfo, x: readonly bigint[]): string {
  return info.inputs
    .flatMap((input, i) => (input.type === 'reserved' ? [] : [`${input.name} ${hex(x[i] ?? 0n)}`]))
    .join(', ');
}

/** `doorbell_send(doorbell 0x1, new_flags 0x2)`; undefined: no call has this number. */
export function callText(num: number, x: readonly bigint[]): string | undefined {
  const info = HYPERCALLS[num];
  return info === undefined ? undefined : `${info.name}(${argumentText(info, x)})`;
}

/** Outputs that are values of an enumeration. */
const OUTPUT_ENUMS: Readonly<Record<string, string>> = { vcpu_state: 'VcpuRunState', vpm_state: 'VpmState' };

function outputText(name: string, value: bigint): string {
  const known = ENUM_NAMES[OUTPUT_ENUMS[name] ?? '']?.[Number(value)];
  return known === undefined ? `${name} ${hex(value)}` : `${name} ${known} (${hex(value)})`;
}

/** `OK, not_full 0x1`. */
export function resultText(info: HypercallInfo | undefined, r: readonly bigint[]): string {
  if (info === undefined) return `x0 ${hex(r[0])}`;
  const error = hypErrorOf(r[0]);
  const first = info.errorOutput ? 1 : 0;
  const outputs = info.outputs.map((o, i) => outputText(o.name, r[first + i]));
  if (!info.errorOutput) return outputs.join(', ');
  return error === 0 ? ['OK', ...outputs].join(', ') : hypErrorName(error);
}

/** Fields of a packet in one line, or several when it has lists. */
function packetLines(bytes: Uint8Array): { head: string; ok: boolean | undefined; lines: string[] } {
  const p = decodePacket(bytes);
  const h = p.header;
  if (h === undefined || !p.valid) return { head: 'invalid packet', ok: false, lines: p.problems.map((x) => `! ${x}`) };
  const more = h.fragments > 0 ? ` (1 of ${h.fragments + 1} packets)` : '';
  if (p.message === undefined)
    return { head: `continued, seq ${h.seq}, ${p.content.length} bytes`, ok: undefined, lines: [] };
  const m = p.message;
  const code = m.code === undefined ? '' : m.code === 0 ? ' OK' : '';
  const type = h.type === RpcType.REQUEST ? 'request' : h.type === RpcType.REPLY ? 'reply' : 'notification';
  const all = describeMessage(m).map((l) => l.slice(2));
  const lines = m.code === 0 ? all.slice(1) : all;
  return {
    head: `${type} ${messageName(h.id)} seq ${h.seq}${code}${more}`,
    ok: m.code === undefined ? undefined : m.code === 0,
    lines,
  };
}

/** A listener that prints events. */
export function textTrace(options: TextOptions): Listener {
  const { print } = options;
  const paint = (code: keyof typeof CODES, text: string): string =>
    options.color ? `\u001b[${CODES[code]}m${text}\u001b[0m` : text;
  return (e: RunEvent) => {
    switch (e.kind) {
      case 'step':
        print(paint('bold', `step ${e.index + 1}: ${e.title}`));
        return;
      case 'note':
        print(paint('cyan', `# ${e.text}`));
        return;
      case 'result':
        print(`             ${e.text}`);
        return;
      case 'failed':
        print(paint('red', `FAILED ${e.path}: ${e.text}`));
        return;
      case 'packet': {
        const { head, ok, lines } = packetLines(e.bytes);
        const text = `${e.from} -> ${e.to}  ${head}`;
        print(`${paint('dim', stamp(e.at))}  ${ok === undefined ? text : paint(ok ? 'green' : 'yellow', text)}`);
        for (const line of lines) print(`                ${line}`);
        return;
      }
      case 'call': {
        if (!options.calls || QUIET.includes(e.num)) return;
        const text = callText(e.num, e.x) ?? `${e.name}(${e.x.map(hex).join(', ')})`;
        const result = e.blocked ? 'gives up the CPU' : resultText(HYPERCALLS[e.num], e.r);
        print(`${paint('dim', `${stamp(e.at)}  ${e.who}: ${text} = ${result}`)}`);
        return;
      }
      case 'return':
        if (options.calls)
          print(paint('dim', `${stamp(e.at)}  ${e.who}: ${e.name} returns ${resultText(HYPERCALLS[e.num], e.r)}`));
        return;
      case 'execute':
        return;
    }
  };
}
