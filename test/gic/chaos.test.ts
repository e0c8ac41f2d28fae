/** Anything that guests can do to a GIC, on three vCPUs of which some execute: its state stays consistent, whatever they do. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { gicInvariants } from './invariants.js';
import { CTLR, DIR, EOIR1, enableGroup1, GICD, GICR, IAR1, IGRPEN0, IGRPEN1, machine, PMR, SGI1R } from './machine.js';

const VCPUS = 3;
const spi = fc.integer({ min: 32, max: 47 });
const n = fc.nat(VCPUS - 1);
const bits = fc.nat(0xffff);

const steps = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.tuple(
        fc.constant('gicd' as const),
        n,
        fc.constantFrom(0x80, 0x100, 0x180, 0x200, 0x280, 0x300, 0x380),
        bits,
      ),
    },
    {
      weight: 3,
      arbitrary: fc.tuple(
        fc.constant('gicr' as const),
        n,
        fc.constantFrom(0x80, 0x100, 0x180, 0x200, 0x280, 0x300, 0x380),
        bits,
      ),
    },
    { weight: 2, arbitrary: fc.tuple(fc.constant('priority' as const), n, spi, fc.nat(255)) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('route' as const), n, spi, fc.nat(4)) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('config' as const), n, fc.constant(0), bits) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('ctlr' as const), n, fc.constant(0), fc.nat(3)) },
    { weight: 6, arbitrary: fc.tuple(fc.constant('ack' as const), n, fc.constant(0), fc.nat(1)) },
    { weight: 3, arbitrary: fc.tuple(fc.constant('eoi' as const), n, spi, fc.constant(0)) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('dir' as const), n, spi, fc.constant(0)) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('mode' as const), n, fc.constant(0), fc.nat(3)) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('group' as const), n, fc.nat(1), fc.nat(1)) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('mask' as const), n, fc.constant(0), fc.nat(255)) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('sgi' as const), n, fc.nat(15), fc.nat(7)) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('move' as const), n, fc.constant(0), fc.constant(0)) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('stop' as const), n, fc.constant(0), fc.constant(0)) },
  ),
  { maxLength: 80 },
);

it('list registers and delivery states always agree', () => {
  fc.assert(
    fc.property(steps, (list) => {
      const m = machine();
      const running = new Set<number>();
      for (let i = 0; i < VCPUS; i++) {
        m.run(i);
        running.add(i);
        enableGroup1(m, i);
      }
      for (const [what, cpu, a, b] of list) {
        if (what === 'move') {
          if (running.delete(cpu)) m.stop(cpu);
          else {
            running.add(cpu);
            m.run(cpu);
          }
        } else if (running.has(cpu)) {
          if (what === 'gicd') m.store(cpu, GICD + a + 4, b);
          else if (what === 'gicr') m.store(cpu, GICR(b % VCPUS) + 0x1_0000 + a, b);
          else if (what === 'priority') m.store(cpu, GICD + 0x400 + a, b, 1);
          else if (what === 'route') m.store(cpu, GICD + 0x6000 + a * 8, b, 8);
          else if (what === 'config') m.store(cpu, GICD + 0xc08, b);
          else if (what === 'ctlr') m.store(cpu, GICD, b);
          else if (what === 'ack') {
            const intid = m.mrs(cpu, IAR1);
            if (b === 1 && typeof intid === 'bigint' && intid < 1020n) m.msr(cpu, EOIR1, intid);
          } else if (what === 'eoi') m.msr(cpu, EOIR1, a);
          else if (what === 'dir') m.msr(cpu, DIR, a);
          else if (what === 'mode') m.msr(cpu, CTLR, b);
          else if (what === 'group') m.msr(cpu, a === 0 ? IGRPEN0 : IGRPEN1, b);
          else if (what === 'mask') m.msr(cpu, PMR, b);
          else if (what === 'sgi') m.msr(cpu, SGI1R, (BigInt(a) << 24n) | BigInt(b));
          else if (what === 'stop') {
            m.hyp.vic.vcpuStopped(m.vcpus[cpu]);
            running.delete(cpu);
            m.stop(cpu);
          }
        }
        if (m.hyp.dead !== undefined) return;
        expect(gicInvariants(m.hyp)).toEqual([]);
      }
    }),
    { numRuns: 80, seed: 11 },
  );
});
