import { describe, expect, it } from 'vitest';
import { concatBytes, fromHex, le32 } from '../../src/base/index.js';
import { CALL_EXPLANATIONS, MESSAGE_EXPLANATIONS } from '../../src/protocol/explain.js';
import * as P from '../../src/protocol/index.js';
import type { Transcript } from '../../src/transcript/index.js';
import { allRecordings } from '../support/recordings.js';

interface Event {
  ev: string;
  bytes?: string;
  imm?: string | number;
  x?: string[];
  r?: string[];
}

const events = (recording: Transcript, ev: string): Event[] =>
  recording.events.filter((e) => e.ev === ev) as unknown as Event[];

describe('recordings of the real system', () => {
  it('contain no message from RM that the layouts do not describe', () => {
    const odd: string[] = [];
    for (const recording of allRecordings()) {
      let parts: Uint8Array[] = [];
      let head: P.RpcHeader | undefined;
      for (const e of events(recording, 'rx')) {
        const b = fromHex(e.bytes ?? '') ?? new Uint8Array();
        const h = P.parseRpcHeader(b);
        if (h === undefined) continue;
        if (h.type !== P.RpcType.CONTINUED) {
          head = h;
          parts = [];
        }
        parts.push(b.subarray(8));
        if (head === undefined || parts.length <= head.fragments) continue;
        const m = P.decodeMessage(head.type, head.id, concatBytes(...parts));
        if (m.problems.length > 0) odd.push(`${recording.header.name}: ${m.name}: ${m.problems[0]}`);
      }
    }
    expect(odd).toEqual([]);
  });

  it('contain no reply code without a rule that gives it', () => {
    const odd = new Set<string>();
    for (const recording of allRecordings()) {
      for (const e of events(recording, 'rx')) {
        const b = fromHex(e.bytes ?? '') ?? new Uint8Array();
        const h = P.parseRpcHeader(b);
        if (h === undefined || h.type !== P.RpcType.REPLY || b.length < 12) continue;
        const rules = MESSAGE_EXPLANATIONS.find((m) => m.id === h.id && m.kind === 'request')?.rules;
        const code = P.rmErrorName(le32(b, 8));
        if (rules === undefined || code === 'OK') continue;
        if (!rules.some((r) => r.errors.includes(code))) odd.add(`${P.messageName(h.id)}: ${code}`);
      }
    }
    expect([...odd]).toEqual([]);
  });

  it('contain no hypercall result without a rule that gives it', () => {
    const odd = new Set<string>();
    for (const recording of allRecordings()) {
      for (const e of events(recording, 'hvc')) {
        const call = P.HYPERCALLS[Number(e.imm) - P.Platform.HYPERCALL_BASE];
        if (call === undefined || !call.errorOutput) continue;
        const result = P.hypErrorName(P.hypErrorOf(BigInt(e.r?.[0] ?? '0x0')));
        const x = call.reserved === undefined ? undefined : BigInt(e.x?.[call.reserved.index] ?? '0x0');
        if (x !== undefined && x !== call.reserved?.value && result !== 'ARGUMENT_INVALID') {
          odd.add(`${call.name}: reserved argument accepted`);
        }
        const rules = CALL_EXPLANATIONS.find((c) => c.number === call.number)?.rules ?? [];
        if (result !== 'OK' && !rules.some((r) => r.errors.includes(result))) odd.add(`${call.name}: ${result}`);
      }
    }
    expect([...odd]).toEqual([]);
  });
});
