/** Windows of devices at addresses that no memory can be mapped at. */
import { expect, test } from 'vitest';
import { Call, HypError } from '../../src/protocol/index.js';
import { Kit } from '../hyp/errors/kit.js';
import { openMachine } from '../support/open-machine.js';

const GICD_TYPER = 4n;
const SIZE = 0x1_0000n;

test('a distributor answers up to 2^44, although guest addresses have 36 bits', () => {
  const k = new Kit(openMachine());
  const attach = (vbase: bigint, size = SIZE): number =>
    Number(k.m.ask(Call.ADDRSPACE_ATTACH_VDEVICE, k.ownMemory, vic, 0n, vbase, size, 0n)[0]);
  const vic = k.vic();
  expect(attach((1n << 44n) - SIZE + 1n)).toBe(HypError.ARGUMENT_SIZE);
  // Ends with the last byte that there is, and one behind it.
  expect(attach((1n << 64n) - 1n, 1n)).toBe(HypError.ARGUMENT_SIZE);
  expect(attach((1n << 64n) - 1n, 2n)).toBe(HypError.ARGUMENT_INVALID);
  const base = (1n << 44n) - SIZE;
  const before = k.m.host.access(base + GICD_TYPER, 4, false);
  expect(before).toMatchObject({ kind: 'exception' });
  expect(attach(base)).toBe(HypError.OK);
  expect(k.m.host.access(base + GICD_TYPER, 4, false)).toEqual(k.m.host.access(0x0800_0000n + GICD_TYPER, 4, false));
});
