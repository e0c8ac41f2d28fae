import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toHex } from '../../src/base/index.js';
import { decodeMessage, LAYOUTS, RpcType } from '../../src/protocol/index.js';
import { encodePayload, type Json } from '../../src/scenario/index.js';
import { SAMPLES } from '../generated/arbitraries.js';

const scope = { vars: new Map<string, bigint>(), dry: false };

/** A decoded value as a scenario would write it. */
const json = (v: number | bigint | Uint8Array): Json => (v instanceof Uint8Array ? toHex(v) : `0x${v.toString(16)}`);

/** What decoding shows of a payload, as the fields of a scenario step. */
function fieldsOf(id: number, payload: Uint8Array): Record<string, Json> {
  const m = decodeMessage(RpcType.REQUEST, id, payload);
  const layout = LAYOUTS[id].payload;
  const out: Record<string, Json> = {};
  for (const f of m.fields) {
    const data = layout.data.find((d) => d.name === f.name);
    out[f.name] = data?.kind === 'bytes' ? { hex: json(f.value) } : json(f.value);
  }
  for (const l of m.lists)
    out[l.name] = l.entries.map((e) => Object.fromEntries(e.map((f) => [f.name, json(f.value)])));
  return out;
}

const requests = SAMPLES.filter((s) => s.kind === 'request');

describe('payloads from named fields are what the generated codecs encode', () => {
  test.each(requests.map((s) => [s.name, s] as const))('%s', (_name, s) => {
    fc.assert(
      fc.property(s.bytes, (payload) => {
        const m = decodeMessage(RpcType.REQUEST, s.id, payload);
        fc.pre(m.problems.length === 0);
        expect(toHex(encodePayload(s.id, fieldsOf(s.id, payload), scope, '$'))).toBe(toHex(payload));
      }),
      { numRuns: 30 },
    );
  });
});
