import { describe, expect, it } from 'vitest';
import { bootBench, CATALOG, runBuiltin, standstill } from '../../src/conform/index.js';
import { IrqLines } from '../../src/conform/irq-lines.js';

describe('the interrupts of a client under test', () => {
  it('are acknowledged by number, one at a time', () => {
    const irqs = new IrqLines();
    irqs.raise(961);
    irqs.raise(960);
    expect(irqs.acknowledge()).toBe(960);
    expect([irqs.deliverable, irqs.acknowledge()]).toEqual([false, undefined]);
    irqs.end(960);
    expect([irqs.deliverable, irqs.acknowledge()]).toEqual([true, 961]);
  });

  it('have one pending bit each, also while they are active', () => {
    const irqs = new IrqLines();
    irqs.raise(961);
    irqs.raise(961);
    expect(irqs.acknowledge()).toBe(961);
    irqs.raise(961);
    expect(irqs.acknowledge()).toBeUndefined();
    irqs.end(961);
    expect(irqs.acknowledge()).toBe(961);
    irqs.end(961);
    expect(irqs.acknowledge()).toBeUndefined();
  });

  it('stay active when another number is ended, which lets others through', () => {
    const irqs = new IrqLines();
    for (const i of [960, 961]) irqs.raise(i);
    expect(irqs.acknowledge()).toBe(960);
    irqs.end(33);
    irqs.raise(960);
    expect([irqs.acknowledge(), irqs.texts()]).toEqual([
      961,
      [
        '960 raised 2, acknowledged 1, ended 0 (active; pending)',
        '961 raised 1, acknowledged 1, ended 0 (active; no other is acknowledged before it is ended)',
      ],
    ]);
  });
});

describe('a client that never ends its interrupts', () => {
  it('fails every check of the queues, and the report says so', () => {
    const image = bootBench();
    for (const c of CATALOG.filter(({ id }) => id.startsWith('XPORT-'))) {
      const { verdict, session } = runBuiltin(c, image, new Set(['interrupts-not-ended']));
      expect([c.id, verdict]).not.toEqual([c.id, 'PASS']);
      expect(standstill(session.bench, true)).toMatch(/^ {2}interrupt 96[01] .*ended 0 \(active; .*no other is ack/m);
    }
  });
});
