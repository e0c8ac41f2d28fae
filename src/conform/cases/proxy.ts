/** PROXY: the loop around vcpu_run (fact base: vcpu-and-scheduler, clients 11; catalog 12). The results of vcpu_run are forced. */
import { Call, HypError } from '../../protocol/index.js';
import { OFF, RESTART } from '../guest.js';
import { call } from '../interfere/index.js';
import { type Tester, vmExited } from '../tester.js';
import { type Case, check, type Script } from '../types.js';
import { selfExit } from './life.js';
import { pagingProxy } from './paging.js';

const MS = 1_000_000;
const WAKEUP = 962;
const VMID = 0x80;

type Result = readonly [state: number, d0?: bigint, d1?: bigint, d2?: bigint];

/** The n-th vcpu_run ends with the n-th result, later ones with the last. */
function results(t: Tester, list: readonly Result[], also?: (hit: number) => void): void {
  t.interfere(
    call(Call.VCPU_RUN, (hit) => {
      also?.(hit);
      const [state, d0 = 0n, d1 = 0n, d2 = 0n] = list[Math.min(hit, list.length - 1)];
      return [0n, BigInt(state), d0, d1, d2, 0n, 0n, 0n];
    }),
  );
}

const errors = (t: Tester, codes: readonly number[], after: Result): void =>
  t.interfere(
    call(Call.VCPU_RUN, (hit) =>
      hit < codes.length
        ? [BigInt.asUintN(64, BigInt(codes[hit])), 0n, 0n, 0n, 0n, 0n, 0n, 0n]
        : [0n, BigInt(after[0]), after[1] ?? 0n, 0n, 0n, 0n, 0n, 0n],
    ),
  );

const runs = (t: Tester) => t.bench.calls.filter((c) => c.num === Call.VCPU_RUN);
const ran = (t: Tester): string | undefined => t.events.find((e) => e.startsWith('ran a 0 '))?.slice('ran a 0 '.length);
const mmio = (t: Tester): string[] =>
  t.events.filter((e) => e.startsWith('mmio a 0 ')).map((e) => e.slice('mmio a 0 '.length));

function* running(t: Tester): Script {
  yield* t.up();
  yield* t.vmOk('run', 'a', '0');
}

/** The VM is ended in RM and torn down. */
function* over(t: Tester): Script {
  t.bench.rules.clear();
  yield* t.vmOk('destroy');
}

function* mustEnd(t: Tester, what: string): Script {
  yield* t.until(() => ran(t) !== undefined, 500 * MS);
  t.expect(ran(t) !== undefined, `${what}: the vCPU goes on after ${runs(t).length} runs`);
}

const sleepsAfter = (t: Tester): number => runs(t).length;

export const proxy: Case[] = [
  {
    ...check('PROXY-1', 'V', 'M', 'Md', 'R', 'READY', 'A vCPU that returns READY is run again.'),
    *run(t) {
      results(t, [[0], [0], [0], [1]]);
      yield* running(t);
      yield* t.rest();
      t.expect(sleepsAfter(t) === 4, `${sleepsAfter(t)} runs, 4 expected`);
      yield* over(t);
    },
  },
  {
    ...check(
      'PROXY-2',
      'V',
      'M',
      'H',
      'R',
      'waiting for a wake-up',
      'A vCPU that expects a wake-up is not run before the interrupt.',
    ),
    *run(t) {
      results(t, [[1]]);
      yield* running(t);
      yield* t.rest(1000 * MS);
      t.expect(runs(t).length === 1, `${runs(t).length} runs without a wake-up`);
      t.bench.raise(WAKEUP);
      yield* t.rest();
      t.expect(runs(t).length === 2, `${runs(t).length} runs after the wake-up, 2 expected`);
      yield* over(t);
    },
  },
  {
    ...check(
      'PROXY-3',
      'V',
      'M',
      'H',
      'R',
      'early wake-up',
      'A wake-up that comes before vcpu_run returns is not lost.',
    ),
    *run(t) {
      results(t, [[1]], (hit) => {
        if (hit === 0) t.bench.raise(WAKEUP);
      });
      yield* running(t);
      yield* t.rest();
      t.expect(runs(t).length === 2, `${runs(t).length} runs, 2 expected`);
      yield* over(t);
    },
  },
  {
    ...check(
      'PROXY-4',
      'V',
      'M',
      'H',
      'R',
      'secondary vCPU off',
      'A vCPU that is off sleeps and starts with its wake-up interrupt.',
    ),
    *run(t) {
      results(t, [[2], [1]]);
      yield* running(t);
      yield* t.rest();
      t.expect(runs(t).length === 1 && ran(t) === undefined, 'a vCPU that is off was run again or given up');
      t.bench.raise(WAKEUP);
      yield* t.rest();
      t.expect(runs(t).length === 2, 'it was not run after its wake-up');
      yield* over(t);
    },
  },
  {
    ...check('PROXY-5', 'V', 'M', 'H', 'R', 'off, and the VM is gone', 'After VM_EXITED a vCPU that is off ends.'),
    *run(t) {
      results(t, [[2]]);
      yield* t.up();
      t.bench.inject([vmExited(VMID, 1)]);
      yield* t.rest();
      yield* t.vmOk('run', 'a', '0');
      yield* mustEnd(t, 'exit before the state');
      t.bench.rules.clear();
      yield* endInRm(t);
    },
  },
  {
    ...check(
      'PROXY-6',
      'V',
      'M',
      'H',
      'R',
      'off before VM_EXITED',
      'A vCPU that is off ends when VM_EXITED arrives later.',
    ),
    *run(t) {
      yield* selfExit(t, OFF, '1');
      yield* mustEnd(t, 'state before the exit');
      yield* t.vmOk('destroy');
    },
  },
  {
    ...check('PROXY-7', 'V', 'S', 'Md', 'R', 'BLOCKED', 'Between runs of a blocked vCPU the client yields.'),
    *run(t) {
      const start = t.bench.now();
      t.interfere(call(Call.VCPU_RUN, () => [0n, t.bench.now() - start < 50 * MS ? 3n : 1n, 0n, 0n, 0n, 0n, 0n, 0n]));
      yield* running(t);
      yield* t.rest();
      t.expect(runs(t).length > 1 && runs(t).length < 20_000, `${runs(t).length} runs in 50 ms`);
      yield* over(t);
    },
  },
  {
    ...check(
      'PROXY-8',
      'V',
      'M',
      'H',
      'R',
      'MMIO read',
      'The value of a read is in the first resume word, upper bytes zero, the other words zero.',
    ),
    *run(t) {
      for (const [i, size] of [1, 2, 4, 8].entries()) {
        t.bench.rules.clear();
        results(t, [[4, 0x1000n, BigInt(size)], [1]]);
        if (i === 0) yield* running(t);
        else t.bench.raise(WAKEUP);
        yield* t.until(() => mmio(t).length > i);
        t.expect(mmio(t)[i] === `read 1000 ${size}`, `reported as: ${mmio(t)[i]}`);
        const before = runs(t).length;
        yield* t.vmOk('value', 'a', `0 1122334455667788 ${size}`);
        yield* t.rest();
        t.expect(runs(t).length > before, 'not run again after the value');
        const { x } = runs(t)[before];
        const want = 0x1122334455667788n & ((1n << BigInt(size * 8)) - 1n);
        t.expect(
          x[1] === want && x[2] === 0n && x[3] === 0n,
          `resume words ${x
            .slice(1, 4)
            .map((v) => v.toString(16))
            .join(', ')}, expected ${want.toString(16)}, 0, 0`,
        );
      }
      yield* over(t);
    },
  },
  {
    ...check('PROXY-9', 'V', 'M', 'H', 'R', 'MMIO write', 'A write is delivered once; the resume words are zero.'),
    *run(t) {
      results(t, [[5, 0x2000n, 4n, 0xaabbccddn], [1]]);
      yield* running(t);
      yield* t.rest();
      t.expect(mmio(t).join() === 'write 2000 4 aabbccdd', `reported as: ${mmio(t).join()}`);
      t.expect(runs(t).length > 1, 'not run again after the write');
      const { x } = runs(t)[1];
      t.expect(x[1] === 0n && x[2] === 0n && x[3] === 0n, 'resume words are not zero');
      yield* over(t);
    },
  },
  {
    ...check('PROXY-10', 'V', 'S', 'Md', 'H', 'odd size', 'An access of 16 or 0 bytes is bounded.'),
    *run(t) {
      results(t, [[5, 0x2000n, 16n, 1n], [5, 0x2000n, 0n, 1n], [1]]);
      yield* running(t);
      yield* t.rest();
      t.expect(
        mmio(t).every((l) => Number(l.split(' ')[2]) <= 8),
        `reported as: ${mmio(t).join()}`,
      );
      yield* over(t);
    },
  },
  {
    ...check(
      'PROXY-11',
      'V',
      'M',
      'Md',
      'R',
      'RETRY',
      'RETRY is followed by the same call; the resume words are kept.',
    ),
    *run(t) {
      results(t, [[4, 0x1000n, 4n]]);
      yield* running(t);
      yield* t.until(() => mmio(t).length > 0);
      t.bench.rules.clear();
      errors(t, [HypError.RETRY, HypError.RETRY], [1]);
      yield* t.vmOk('value', 'a', '0 55 4');
      yield* t.rest();
      const words = runs(t)
        .slice(1)
        .map((c) => c.x[1].toString(16));
      const shown = words.length > 8 ? `${words.slice(0, 8).join()},... (${words.length})` : words.join();
      t.expect(words.join() === '55,55,55', `first resume words ${shown}, expected 55 three times`);
      yield* over(t);
    },
  },
  {
    ...check('PROXY-12', 'V', 'M', 'Md', 'R', 'error of vcpu_run', 'BUSY or OBJECT_STATE ends the run with an error.'),
    *run(t) {
      errors(t, new Array(100_000).fill(HypError.BUSY), [1]);
      yield* running(t);
      yield* mustEnd(t, 'BUSY');
      yield* over(t);
    },
  },
  {
    ...check('PROXY-13', 'V', 'M', 'H', 'R', 'FAULT', 'A vCPU in state FAULT ends.'),
    *run(t) {
      results(t, [[6]]);
      yield* running(t);
      yield* mustEnd(t, 'FAULT');
      yield* over(t);
    },
  },
  {
    ...check('PROXY-14', 'V', 'M', 'H', 'R', 'PSCI reset', 'A guest that asks for a reset ends through VM_EXITED.'),
    *run(t) {
      yield* selfExit(t, RESTART, '2');
      yield* mustEnd(t, 'reset');
      t.expect(ran(t) === 'exited', `the run ended as: ${ran(t)}`);
      yield* t.vmOk('destroy');
    },
  },
  {
    ...check('PROXY-15', 'V', 'M', 'Md', 'L', 'unknown state', 'A state that nobody knows is no endless loop.'),
    *run(t) {
      results(t, [[42]]);
      yield* running(t);
      yield* mustEnd(t, 'state 42');
      yield* over(t);
    },
  },
  {
    ...check('PROXY-16', 'V', 'M', 'Md', 'R', 'exit types', 'The exit types 0 to 7 are reported as they are.'),
    *run(t) {
      for (let type = 0; type < 8; type++) {
        const name = `v${type}`;
        yield* t.up(name, '', undefined, type);
        t.bench.inject([vmExited(VMID + type, type)]);
        yield* t.rest();
        t.expect(t.exits(name)[0]?.[0] === String(type), `type ${type} was reported as ${t.exits(name)[0]?.[0]}`);
        yield* endInRm(t, type, name, false);
      }
      for (let type = 0; type < 8; type++) yield* t.vmOk('destroy', `v${type}`);
    },
  },
  {
    ...check(
      'PROXY-17',
      'V',
      'M',
      'H',
      'R',
      'immediate exit',
      'A vCPU that sleeps or runs can be interrupted at once.',
    ),
    *run(t) {
      results(t, [[1]]);
      yield* running(t);
      yield* t.rest();
      yield* t.vmOk('interrupt', 'a', '0');
      yield* mustEnd(t, 'the sleeping vCPU');
      yield* over(t);
    },
  },
  ...pagingProxy,
  {
    ...check(
      'PROXY-20',
      'V',
      'S',
      'Md',
      'R',
      'reserved resume words',
      'Words 2 and 3 are zero unless a feature says otherwise.',
    ),
    *run(t) {
      results(t, [[0], [5, 0x1000n, 4n, 1n], [4, 0x1000n, 4n], [1]]);
      yield* running(t);
      yield* t.until(() => mmio(t).length > 1);
      yield* t.vmOk('value', 'a', '0 1 4');
      yield* t.rest();
      t.expect(
        runs(t).every((c) => c.x[2] === 0n && c.x[3] === 0n && c.x[4] === 0n),
        'a reserved word is not zero',
      );
      yield* over(t);
    },
  },
];

/** RM learns what the forged notification told the client. */
function* endInRm(t: Tester, index = 0, name = 'a', destroy = true): Script {
  const a = yield* t.call(0x56000005, Uint8Array.of(VMID + index, 0, 1, 0, 3, 0, 0, 0));
  t.expectReply(a, 0, undefined, 'VM_STOP');
  if (destroy) yield* t.vmOk('destroy', name);
}
