import { describe, expect, it, vi } from 'vitest';
import { le64, put16 } from '../../src/base/index.js';
import {
  buffersOf,
  type Exchange,
  filtered,
  judge,
  LinkDriver,
  LinkFault,
  matchesFilter,
  type RmCase,
  RpcDriver,
  recordingsIn,
  skipReason,
} from '../../src/conform-rm/index.js';
import { FrameType, Status } from '../../src/link/index.js';
import { bootedSim } from '../link/support.js';
import { HubExchange } from './hub-exchange.js';
import { caseOf, judged } from './support.js';

const boot = caseOf('directed', 'c1_boot_second_vm');
const twice = caseOf('directed', 'c9a_restart_same_vm');
const refused = caseOf('c5', 'c5_state_matrix_001');

type Broken = Parameters<typeof judged>[1];

/** Reasons of the cases that fail, by id. */
function failing(broken: Broken, cases: readonly RmCase[] = [boot, twice, refused]): Record<string, readonly string[]> {
  const results = cases.map((c) => ({ c, result: judged(c, broken) }));
  return Object.fromEntries(results.filter((r) => r.result.verdict === 'FAIL').map((r) => [r.c.id, r.result.reasons]));
}
const firstReason = (c: RmCase, broken: Broken): string => judged(c, broken).reasons[0] ?? '';

describe('recordings put to our own server over the link', () => {
  it.each([
    ['directed', 'a_identify_and_self'],
    ['directed', 'c1_boot_second_vm'],
    ['directed', 'd1_msgqueue_rm'],
    // RM has the CPU between the end of the guest and its manager's look at it.
    ['c5', 'c5_state_matrix_145'],
    // HVC and SMC with odd immediates.
    ['directed', 'g6_features'],
    // Several second VMs with the same program.
    ['random', 'seed-84'],
  ])('%s/%s: every answer is as recorded', (group, id) => {
    const result = judged(caseOf(group, id));
    expect(result.reasons).toEqual([]);
    expect(result.verdict).toBe('PASS');
    expect(result.compared).toBeGreaterThan(2);
  });

  it('says what the link cannot carry instead of passing it', () => {
    expect(skipReason(caseOf('directed', 'g1_access_sizes'), 'vcpu')).toMatch(/machine code on a vCPU of the client/);
    expect(skipReason(caseOf('directed', 'g6_psci_cpus'), 'vcpu')).toMatch(
      /further vCPUs .*; registers of a further vCPU .*; machine code/,
    );
    // Immediates other than 0 are carried.
    expect(skipReason(caseOf('directed', 'g6_features'), 'vcpu')).toBeUndefined();
    expect(skipReason(boot, 'vcpu')).toBeUndefined();
    expect(skipReason(boot, 'rpc')).toMatch(/bare packets only/);
  });

  it('needs no more than bare packets where nothing else was recorded', () => {
    const c = caseOf('b2', 'b2_payload_length_011');
    expect(skipReason(c, 'rpc')).toBeUndefined();
    const result = judge(c, () => new RpcDriver(new HubExchange(bootedSim(), 1), buffersOf(c.transcript.header)));
    expect(result.reasons).toEqual([]);
    expect(result.verdict).toBe('PASS');
  });
});

describe('a broken server', () => {
  it('with a wrong error code fails the cases that get that reply, and shows both codes and the rule', () => {
    const rules = ['reply VM_START error=NORESOURCE'];
    const failed = failing({ rules });
    expect(Object.keys(failed)).toEqual([boot.id, twice.id]);
    const [text] = failed[boot.id];
    expect(text).toMatch(
      /recorded: REPLY VM_START .*\n {2}OK\nhere: {5}REPLY VM_START .*\n {2}error NORESOURCE \(0x2\)/,
    );
    expect(text).toMatch(/rule: VM_START is carried out; none of rm\.VM_START\.1 to rm\.VM_START\.\S+ refuses/);
  });

  it('that accepts what has to be refused names the rule that refuses', () => {
    const rules = ['reply VM_ALLOCATE error=OK'];
    const failed = failing({ rules }, [boot, refused]);
    expect(Object.keys(failed)).toEqual([boot.id, refused.id]);
    expect(failed[refused.id].join('\n')).toMatch(/rule rm\.VM_ALLOCATE\.\S+: .* -> /);
  });

  it('that loses a notification fails where that one is due', () => {
    const rules = ['notification VM_EXITED drop'];
    const failed = failing({ rules });
    expect(Object.keys(failed)).toEqual([twice.id]);
    expect(failed[twice.id][0]).toMatch(/no packet, recorded [0-9a-f]+\n/);
    expect(failed[twice.id][0]).toMatch(/recorded: NOTIFICATION VM_EXITED .*[\s\S]*here: {5}nothing/);
  });

  it('that lies about a sequence number fails', () => {
    const rules = ['reply VM_CONFIG_IMAGE corrupt=0:2:1'];
    const failed = failing({ rules });
    expect(Object.keys(failed)).toEqual([boot.id, twice.id]);
    expect(failed[boot.id][0]).toMatch(/recorded: REPLY VM_CONFIG_IMAGE .* seq 259,[\s\S]*here: .* seq 258,/);
  });

  it('that answers twice fails', () => {
    expect(Object.keys(failing({ rules: ['reply VM_DEALLOCATE duplicate'] }))).toEqual([twice.id]);
  });

  it('whose hypercall gives another result fails, with names of both', () => {
    const identify = caseOf('directed', 'e1_invalid_caps');
    const tamper = (type: number, payload: Uint8Array): Uint8Array => {
      if (type === FrameType.HVC && payload[8] === 0x32) payload[8] = 0x33;
      return payload;
    };
    const text = firstReason(identify, { tamper });
    expect(text).toMatch(/hvc: r\[0\] is 0x33, recorded 0x32\nrecorded: CSPACE_/);
    expect(text).toMatch(/\nrule hvc\.\w+\.\d+/);
  });

  it('that stops answering hangs', () => {
    let frames = 0;
    const tamper = (_type: number, payload: Uint8Array): Uint8Array | undefined =>
      ++frames > 60 ? undefined : payload;
    const result = judged(boot, { tamper });
    expect(result.verdict).toBe('HANG');
    expect(result.reasons[0]).toMatch(/^no answer\nline \d+, /);
  });

  it('that answers with too few bytes, or calls a request bad, does not speak the protocol', () => {
    const short = judged(boot, { tamper: (type, p) => (type === FrameType.HVC ? p.slice(0, 12) : p) });
    expect(short).toMatchObject({ verdict: 'FAIL' });
    expect(short.reasons[0]).toMatch(
      /not the link's protocol: the answer to HVC has 12 bytes with status 0; its layout has 72/,
    );
    const bad = judged(boot, {
      tamper(type, p) {
        if (type === FrameType.HVC) put16(p, 0, Status.BAD_REQUEST);
        return p;
      },
    });
    expect(bad.reasons[0]).toMatch(/calls a request of the protocol a BAD_REQUEST/);
  });

  it('that goes away crashes', () => {
    const result = judge(boot, () => {
      throw new LinkFault('lost', 'the connection ended');
    });
    expect(result).toMatchObject({ verdict: 'CRASH', reasons: ['the server is gone: the connection ended'] });
  });
});

describe('a server that computes for seconds on every wait', () => {
  it('is asked for shorter ones, whole nanoseconds all of them', () => {
    let clock = 0;
    let took = 1;
    const asked: bigint[] = [];
    const exchange: Exchange = {
      request: (requests) =>
        requests.map(({ type, payload }) => {
          if (type === FrameType.TIME) asked.push(le64(payload, 0));
          clock += took;
          return { status: Status.OK, payload: new Uint8Array(64) };
        }),
      packets: () => [],
    };
    const now = vi.spyOn(performance, 'now').mockImplementation(() => clock);
    try {
      const driver = new LinkDriver(exchange, { tx: 0, rx: 0 });
      driver.delay(60_000);
      expect(asked.slice(-2)).toEqual([10_000_000_000n, asked.at(-1)]);
      took = 2_000;
      asked.length = 0;
      driver.delay(20_000);
    } finally {
      now.mockRestore();
    }
    expect(asked.slice(0, 3)).toEqual([10_000_000_000n, 2_500_000_000n, 625_000_000n]);
    expect(asked).toContain(2_441_406n);
    expect(asked.reduce((a, b) => a + b)).toBe(20_000_000_000n);
  });
});

describe('a file of recordings', () => {
  it('is taken apart by its headers; equal names get numbers', () => {
    const header = (name: string): string => `{"format":"gunyah-transcript/1","name":"${name}","title":"t"}`;
    const note = '{"ev":"note","text":"no \\"format\\" of mine"}';
    const text = ['', header('one'), note, header('two'), header('one'), note, ''].join('\n');
    const found = recordingsIn('/some/where/pack.jsonl.gz', text);
    expect(found.map((r) => `${r.group}/${r.id}`)).toEqual(['pack/one', 'pack/two', 'pack/one#2']);
    expect(found.map((r) => r.text).join('')).toBe(text);
    expect(recordingsIn('x.jsonl', 'hello\n')).toEqual([]);
  });
});

describe('filters', () => {
  const c = caseOf('b2', 'b2_payload_length_011');

  it('are groups, names, beginnings of names and patterns', () => {
    for (const f of ['b2', 'b2_payload', 'b2/b2_payload_length_011', 'rmserver/b2/', '*_011', 'b2_*_01*'])
      expect([f, matchesFilter(c, f)]).toEqual([f, true]);
    const other = { id: 'b2_payload_length_011_b', group: 'b2' };
    expect(filtered([c, other], 'b2_payload_length_011')).toEqual([c]);
    expect(filtered([c, other], 'b2_payload')).toEqual([c, other]);
    for (const f of ['b', 'b2_pay', 'c5', '*_012', 'payload']) expect([f, matchesFilter(c, f)]).toEqual([f, false]);
  });
});
