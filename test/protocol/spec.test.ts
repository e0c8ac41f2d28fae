import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { explain, explanationLines, findRule, QUIRKS, suggestions } from '../../src/protocol/explain.js';
import * as P from '../../src/protocol/index.js';
import { loadSpec } from '../../tools/generate/spec.js';

const root = new URL('../..', import.meta.url).pathname;

function sources(dir: string): string[] {
  return readdirSync(join(root, dir), { withFileTypes: true }).flatMap((e) => {
    const path = `${dir}/${e.name}`;
    if (e.isDirectory()) return path.startsWith('src/protocol') ? [] : sources(path);
    return e.name.endsWith('.ts') ? [path] : [];
  });
}

describe('specification', () => {
  it('has as many calls and messages as the build', () => {
    expect(Object.keys(P.HYPERCALLS)).toHaveLength(92);
    expect(P.HYPERCALL_HOLES.length + 92).toBe(P.Platform.HYPERCALL_NUM);
    const kinds = Object.values(P.MESSAGES);
    expect(kinds.filter((m) => m.kind === 'request')).toHaveLength(52);
    expect(kinds.filter((m) => m.kind === 'request' && m.implemented)).toHaveLength(45);
    expect(kinds.filter((m) => m.kind === 'notification')).toHaveLength(11);
    expect(Object.keys(P.RmError)).toHaveLength(22);
  });

  it('leaves no number of the call table both assigned and a hole', () => {
    for (let n = 0; n < P.Platform.HYPERCALL_NUM; n++) {
      expect(P.HYPERCALLS[n] === undefined, `0x${n.toString(16)}`).toBe(P.HYPERCALL_HOLES.includes(n));
    }
  });

  it('gives every type its complete right mask', () => {
    expect(P.ALL_RIGHTS.map((r) => `0x${r.toString(16)}`)).toEqual([
      '0x8000000f',
      '0x8000001f',
      '0x80000007',
      '0x80000002',
      '0x8000001f',
      '0x8000000f',
      '0x80000003',
      '0x800003ff',
      '0x80000007',
      '0x8000000f',
      '0x80000007',
      '0x80000007',
    ]);
    expect(P.rightNames(P.ObjectType.THREAD, 0x80000012)).toEqual(['AFFINITY', 'YIELD_TO', 'OBJECT_ACTIVATE']);
  });

  it('wants all ones in the reserved register of three calls only', () => {
    const ones = Object.values(P.HYPERCALLS).filter((c) => c.reserved !== undefined && c.reserved.value !== 0n);
    expect(ones.map((c) => c.name)).toEqual([
      'msgqueue_configure_send',
      'msgqueue_configure_receive',
      'vcpu_set_affinity',
    ]);
  });

  it('maps hypervisor errors as RM does', () => {
    expect(P.rmErrorOfHyp(P.HypError.ADDR_INVALID)).toBe(P.RmError.MEM_INVALID);
    expect(P.rmErrorOfHyp(P.HypError.CSPACE_FULL)).toBe(P.RmError.DENIED);
    expect(P.rmErrorOfHyp(-1)).toBe(P.RmError.UNIMPLEMENTED);
    expect(P.hypErrorOf(0xffffffffn)).toBe(P.HypError.UNIMPLEMENTED);
  });

  it('knows every death trigger that RM code names', () => {
    const unknown: string[] = [];
    for (const path of sources('src')) {
      for (const m of readFileSync(join(root, path), 'utf8').matchAll(/RmDeath\(\s*'\w+',\s*'([\w-]+)'/g)) {
        if (!(m[1] in P.DEATHS)) unknown.push(`${path}: ${m[1]}`);
      }
    }
    expect(unknown).toEqual([]);
  });

  it('knows every rule id that the sources cite', () => {
    const unknown: string[] = [];
    for (const path of sources('src')) {
      for (const m of readFileSync(join(root, path), 'utf8').matchAll(
        /\b(?:hvc\.[a-z_]+|rm\.[A-Z_]{4,})\.\d+[a-z]?\b/g,
      )) {
        if (findRule(m[0]) === undefined) unknown.push(`${path}: ${m[0]}`);
      }
    }
    expect(unknown).toEqual([]);
  });

  it('has unique quirk ids', () => {
    expect(new Set(QUIRKS.map((k) => k.id)).size).toBe(QUIRKS.length);
  });

  it('names a test for every quirk: a file, and a title that it has', () => {
    const wrong = loadSpec(root).quirks.quirk.flatMap(({ id, test }) => {
      const [path, title] = test?.split(/: (.*)/s) ?? [];
      if (!path || !title) return [`${id}: no test`];
      const file = join(root, 'test', path);
      if (!path.endsWith('.test.ts') || !existsSync(file)) return [`${id}: no file test/${path}`];
      const text = readFileSync(file, 'utf8');
      return ["'", '"', '`'].some((q) => text.includes(q + title + q)) ? [] : [`${id}: test/${path} has no "${title}"`];
    });
    expect(wrong).toEqual([]);
  });
});

describe('explain', () => {
  it('finds names in any case, numbers, rules, quirks and deaths', () => {
    expect(explain('msgqueue_send').map((e) => e.kind)).toEqual(['call']);
    expect(explain('0x601b').map((e) => e.kind)).toEqual(['call']);
    expect(explain('vm_start').map((e) => e.kind)).toEqual(['message']);
    expect(explain('0x56000004').map((e) => e.kind)).toEqual(['message']);
    expect(explain('DENIED').map((e) => e.kind)).toEqual(['error', 'error']);
    expect(explain('rm.VM_START.5')).toMatchObject([{ kind: 'rule', of: 'VM_START' }]);
    expect(explain('hvc.msgqueue_send.0')).toMatchObject([{ kind: 'rule' }]);
    expect(explain('handle-zero-valid').map((e) => e.kind)).toEqual(['quirk']);
    expect(explain('irq-empty-payload').map((e) => e.kind)).toEqual(['death']);
    expect(explain('nonsense')).toEqual([]);
    expect(suggestions('doorbell_s')).toEqual(['doorbell_send']);
  });

  it('lists the rules of a request in order', () => {
    const lines = explain('VM_DEALLOCATE').flatMap(explanationLines);
    expect(lines.filter((l) => l.startsWith('  rm.')).map((l) => l.trim().split(':')[0])).toEqual([
      'rm.VM_DEALLOCATE.1',
      'rm.VM_DEALLOCATE.2',
      'rm.VM_DEALLOCATE.3',
      'rm.VM_DEALLOCATE.4',
    ]);
    expect(lines.join('\n')).toContain('RM stops (vm-deallocate-unknown)');
  });

  it('gives lookups their errors in the order of testing', () => {
    expect(findRule('hvc.doorbell_send.1')?.rule.errors).toEqual([
      'ARGUMENT_INVALID',
      'CSPACE_CAP_NULL',
      'CSPACE_CAP_REVOKED',
      'CSPACE_WRONG_OBJECT_TYPE',
      'CSPACE_INSUFFICIENT_RIGHTS',
      'OBJECT_STATE',
    ]);
    expect(findRule('hvc.msgqueue_configure.1')?.rule.errors.slice(3)).toEqual([
      'CSPACE_INSUFFICIENT_RIGHTS',
      'CSPACE_WRONG_OBJECT_TYPE',
    ]);
  });
});
