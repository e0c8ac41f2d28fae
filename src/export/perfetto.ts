/**
 * Runs as Chrome trace events (JSON), for ui.perfetto.dev and chrome://tracing. Times are virtual.
 *
 * One process for the CPUs with a track for each, one for each VM with a track for each vCPU (hypercalls) and one for its RM link
 * (requests from sending to reply). Format: Trace Event Format, JSON object form.
 */
import { hex } from '../base/index.js';
import { decodePacket, describeMessage, HYPERCALLS, messageName, RpcType } from '../protocol/index.js';
import { type RunEvent, resultText } from '../scenario/index.js';
import type { Span } from './timeline.js';

interface TraceEvent {
  name: string;
  ph: 'X' | 'i' | 'M' | 'b' | 'e' | 'n';
  pid: number;
  tid: number;
  /** Microseconds. */
  ts?: number;
  dur?: number;
  s?: 't';
  cat?: string;
  id?: string;
  args?: Record<string, string | number>;
}

const CPUS = 1;
const STEPS = 2;
const FIRST_VM = 10;
const LINK_TRACK = 100;
const us = (ns: number): number => ns / 1000;

/** `VM 128.1` is vCPU 1 of `VM 128`. */
function split(who: string): { vm: string; vcpu: number } {
  const m = /^(.*?)(?:\.(\d+))?$/.exec(who);
  return { vm: m?.[1] ?? who, vcpu: Number(m?.[2] ?? 0) };
}

/** Chrome trace JSON: a row for each CPU and each vCPU; times in microseconds of virtual time. */
export function perfettoTrace(events: readonly RunEvent[], spans: readonly Span[]): string {
  const out: TraceEvent[] = [];
  const pids = new Map<string, number>();
  const tracks = new Set<string>();
  const pidOf = (vm: string): number => {
    let pid = pids.get(vm);
    if (pid === undefined) {
      pid = FIRST_VM + pids.size;
      pids.set(vm, pid);
      out.push({ name: 'process_name', ph: 'M', pid, tid: 0, args: { name: vm } });
    }
    return pid;
  };
  const track = (pid: number, tid: number, name: string): void => {
    if (tracks.has(`${pid}:${tid}`)) return;
    tracks.add(`${pid}:${tid}`);
    out.push({ name: 'thread_name', ph: 'M', pid, tid, args: { name } });
  };
  out.push({ name: 'process_name', ph: 'M', pid: CPUS, tid: 0, args: { name: 'physical CPUs' } });
  out.push({ name: 'process_name', ph: 'M', pid: STEPS, tid: 0, args: { name: 'scenario' } });
  for (const s of spans) {
    track(CPUS, s.cpu, `CPU ${s.cpu}`);
    out.push({ name: s.who, ph: 'X', pid: CPUS, tid: s.cpu, ts: us(s.from), dur: us(s.to - s.from), cat: 'sched' });
    const { vm, vcpu } = split(s.who);
    const pid = pidOf(vm);
    track(pid, vcpu, `vCPU ${vcpu}`);
    out.push({
      name: `on CPU ${s.cpu}`,
      ph: 'X',
      pid,
      tid: vcpu,
      ts: us(s.from),
      dur: us(s.to - s.from),
      cat: 'sched',
    });
  }
  for (const e of events) {
    if (e.kind === 'step') {
      track(STEPS, 0, 'steps');
      out.push({ name: `${e.index + 1}: ${e.title}`, ph: 'i', s: 't', pid: STEPS, tid: 0, ts: us(e.at), cat: 'step' });
    } else if (e.kind === 'call') {
      const { vm, vcpu } = split(e.who);
      const info = HYPERCALLS[e.num];
      const args: Record<string, string> = { result: e.blocked ? 'gives up the CPU' : resultText(info, e.r) };
      info?.inputs.forEach((input, i) => {
        if (input.type !== 'reserved') args[input.name] = hex(e.x[i]);
      });
      const pid = pidOf(vm);
      track(pid, vcpu, `vCPU ${vcpu}`);
      out.push({ name: e.name, ph: 'i', s: 't', pid, tid: vcpu, ts: us(e.at), cat: 'hypercall', args });
    } else if (e.kind === 'return') {
      const { vm, vcpu } = split(e.who);
      const args = { result: resultText(HYPERCALLS[e.num], e.r) };
      const name = `${e.name} returns`;
      out.push({ name, ph: 'i', s: 't', pid: pidOf(vm), tid: vcpu, ts: us(e.at), cat: 'hypercall', args });
    } else if (e.kind === 'packet') packet(out, e, pidOf, track);
  }
  return `${JSON.stringify({ displayTimeUnit: 'ns', traceEvents: out })}\n`;
}

function packet(
  out: TraceEvent[],
  e: Extract<RunEvent, { kind: 'packet' }>,
  pidOf: (vm: string) => number,
  track: (pid: number, tid: number, name: string) => void,
): void {
  const p = decodePacket(e.bytes);
  const h = p.header;
  if (h === undefined) return;
  const vm = e.from === 'RM' ? e.to : e.from;
  const pid = pidOf(vm);
  track(pid, LINK_TRACK, 'RM link');
  const args = { text: p.message === undefined ? `${p.content.length} bytes` : describeMessage(p.message).join('\n') };
  const base = { name: messageName(h.id), pid, tid: LINK_TRACK, ts: us(e.at), cat: 'rpc', args };
  // A request is open until its reply; sequence numbers pair them.
  if (h.type === RpcType.REQUEST) out.push({ ...base, ph: 'b', id: `${vm} ${h.seq}` });
  else if (h.type === RpcType.REPLY) out.push({ ...base, ph: 'e', id: `${vm} ${h.seq}` });
  else out.push({ ...base, ph: 'i', s: 't' });
}
