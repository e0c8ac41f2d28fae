/** What the tables of the web explorer say of the examples, at moments when there is something to say. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parseScenario, Run } from '../../src/scenario/index.js';
import type { Table } from '../../src/web/index.js';
import { tablesOf } from '../../src/web/view.js';

function tablesAt(example: string, step: number): readonly Table[] {
  const run = new Run(parseScenario(readFileSync(new URL(`../../examples/${example}.json`, import.meta.url), 'utf8')));
  while (run.next < step) run.step();
  return tablesOf(run.sim);
}

/** Cells of a table's rows, by the name of their column. */
function rowsOf(tables: readonly Table[], id: string): Record<string, string>[] {
  const { columns, rows } = tables.find((t) => t.id === id) ?? { columns: [], rows: [] };
  return rows.map(({ cells }) => {
    expect(cells).toHaveLength(columns.length);
    return Object.fromEntries(columns.map((column, i) => [column, cells[i]]));
  });
}

it('VMs with their states, vCPUs with what blocks them, queues with their fill', () => {
  const tables = tablesAt('lend-interrupt', 23);
  expect(rowsOf(tables, 'vms').map((r) => [r.VM, r.VMID, r.name, r.state, r.owner, r.vCPUs])).toEqual([
    ['HLOS', '3', 'HLOS', 'RUNNING', 'RM', '8'],
    ['VM 128', '128', 'guest', 'RUNNING', 'HLOS', '1'],
    ['RM', '255', 'RM', 'LOAD', 'RM', '1'],
  ]);
  const vcpus = rowsOf(tables, 'vcpus').map((r) => [r.vCPU, r.life, r.state, r['blocked by'], r.placed, r.priority]);
  expect(vcpus.map(([who]) => who).slice(0, 2)).toEqual(['HLOS.0', 'HLOS.1']);
  expect(vcpus.filter(([who]) => ['HLOS.0', 'HLOS.1', 'VM 128.0', 'RM'].includes(who))).toEqual([
    ['HLOS.0', 'READY', 'runs on CPU 0', '-', 'CPU 0', '32'],
    ['HLOS.1', 'READY', 'blocked', 'OFF', 'CPU 1', '32'],
    ['VM 128.0', 'READY', 'blocked', 'RUN', 'by proxy', '0'],
    ['RM', 'READY', 'runnable', '-', 'CPU 0', '32'],
  ]);
  expect(rowsOf(tables, 'queues')[2]).toMatchObject({
    'RM link': 'VM 128 to RM',
    messages: '1 of 8',
    longest: '240 bytes',
    'not empty at': '1',
    'not full at': '7',
    receiver: 'RM INTID 45',
    sender: 'VM 128 INTID 960',
    'held by': 'RM 0x41a, VM 128 0x0',
  });
});

it('doorbells with flags and masks, parcels with those who have them, and queues that are no links', () => {
  const tables = tablesAt('two-vms', 18);
  expect(rowsOf(tables, 'doorbells')[0]).toMatchObject({
    flags: '0x5',
    'enable mask': '0xffffffffffffffff',
    'ack mask': '0x0',
    interrupt: 'VM 128 INTID 962',
    'held by': 'RM 0x41c, HLOS 0x4, VM 128 0x2',
  });
  expect(rowsOf(tables, 'parcels')).toEqual([
    {
      parcel: '0x0',
      owner: 'HLOS',
      how: 'SHARE',
      state: 'SHARED',
      size: '0x200000',
      label: '0x0',
      for: 'HLOS RWX, VM 128 RWX mapped at 0x80000000',
    },
  ]);
  expect(rowsOf(tables, 'queues').map((r) => r['RM link'])).toContain('-');
});

it('capabilities of every VM, those of RM last and without the interrupts that nobody else has', () => {
  const tables = tablesAt('two-vms', 18);
  expect(tables.filter((t) => t.id.startsWith('caps ')).map((t) => t.title)).toEqual([
    'Capabilities of HLOS: 8',
    'Capabilities of VM 128: 6',
    'Capabilities of RM: 45 and 235 interrupts that it keeps',
  ]);
  expect(rowsOf(tables, 'caps 255')).toHaveLength(45);
  expect(tables.at(-1)?.id).toBe('caps 255');
  expect(rowsOf(tables, 'caps 3')[4]).toMatchObject({
    cap: '0x4',
    slot: '0:4',
    type: 'DOORBELL',
    rights: 'SEND RECEIVE',
  });
});
