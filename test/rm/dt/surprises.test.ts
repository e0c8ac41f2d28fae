/** What surprises about the trees that RM gives to VMs (spec/quirks.toml). */
import { expect, test } from 'vitest';
import { children, isFdtError, nodeName, parseFdt, pathOffset } from '../../../src/board/fdt/index.js';
import { patchVmTree } from '../../../src/rm/dt/index.js';
import { area, bell, guest, input } from './samples.js';

test('what RM adds stands before what was there, last added first', () => {
  const devices = [7, 8, 9].map((label) => bell({ label, generate: `/hypervisor/bell-${label}` }));
  const region = area(guest());
  const tree = { tree: region, size: region.length, copy: () => region.slice() };
  const patched = patchVmTree(tree, input({ devices, cpus: [{ path: '/cpus/cpu@0', cap: 5n }] }), {
    acceptAt: () => null,
    acceptAnywhere: () => null,
  });
  if (patched.kind !== 'written') throw new Error(patched.kind);
  const names = (path: string) =>
    children(patched.bytes, pathOffset(patched.bytes, path)).map((n) => String(nodeName(patched.bytes, n)));
  expect(names('/hypervisor').filter((name) => name.startsWith('bell'))).toEqual(['bell-9@5', 'bell-8@5', 'bell-7@5']);
  const added = ['hypervisor', 'vsoc', 'memory', 'reserved-memory'];
  expect(names('/')).toEqual([...added, 'chosen', 'cpus', 'intc', 'gunyah-vm-config']);
  const after = parseFdt(patched.bytes);
  if (isFdtError(after)) throw new Error('tree');
  const cpus = after.root.children.find((n) => n.name === 'cpus');
  const properties = cpus?.children[0].props.map((p) => p.name) ?? [];
  expect(properties.length).toBeGreaterThan(1);
  expect(properties.at(-1)).toBe('device_type');
});
