/** The state of the machine as tables for people: VMs, their capabilities, vCPUs, message queues, doorbells, memory parcels. */
import { hex } from '../base/index.js';
import type { Doorbell } from '../doorbell/index.js';
import { NO_OBJECT, type VirqSource } from '../hyp/index.js';
import type { MsgQueue } from '../msgq/index.js';
import { enumName, ObjectType, Platform } from '../protocol/index.js';
import {
  CAP_COLUMNS,
  type CapRow,
  type CapTableOfVm,
  capCells,
  capTables,
  rmObject,
  type Simulator,
  vmName,
} from '../sim/index.js';
import { linkQueues, threadNames } from '../sim/who.js';
import { Block, isRunnable, Life, type Vcpu } from '../vcpu/index.js';
import type { Row, Table } from './table.js';

const NONE = '-';
const listed = (words: readonly string[]): string => (words.length === 0 ? NONE : words.join(', '));

function vmTable(sim: Simulator): Table {
  const rows = sim.rm.vms.flatMap((vm): Row[] => {
    if (vm === null || vm === undefined) return [];
    const stage = vm.resetStage === 0 ? '' : ` (${enumName('ResetStage', vm.resetStage)})`;
    const cells = [
      vmName(vm.vmid),
      String(vm.vmid),
      vm.name || NONE,
      `${enumName('VmState', vm.state)}${stage}`,
      enumName('OsState', vm.osState),
      vm.owner === 0 ? NONE : vmName(vm.owner),
      String(vm.config?.vcpus.length ?? 0),
    ];
    return [{ key: String(vm.vmid), cells }];
  });
  return { id: 'vms', title: 'VMs', columns: ['VM', 'VMID', 'name', 'state', 'OS', 'owner', 'vCPUs'], rows };
}

/** RM keeps a capability of every physical interrupt; those that nobody else has say nothing. */
const isPlainInterrupt = (r: CapRow): boolean => r.type === 'HWIRQ' && r.others.length === 0;

function capTable({ vmid, vm, rows }: CapTableOfVm): Table {
  const shown = rows.filter((r) => !isPlainInterrupt(r));
  const hidden = rows.length - shown.length;
  const without = hidden === 0 ? '' : ` and ${hidden} interrupts that it keeps`;
  return {
    id: `caps ${vmid}`,
    title: `Capabilities of ${vm}: ${shown.length}${without}`,
    owner: vm,
    columns: CAP_COLUMNS,
    rows: shown.map((r) => ({ key: `${r.slot} ${r.object}`, object: r.object, cells: capCells(r) })),
  };
}

const lifeName = (life: number): string => Object.keys(Life)[life] ?? String(life);

const blockNames = (v: Vcpu): string[] =>
  Object.entries(Block).flatMap(([name, bit]) => ((v.block & bit) === 0 ? [] : [name]));

function vcpuState(v: Vcpu): string {
  if (v.running >= 0) return `runs on CPU ${v.running}`;
  return isRunnable(v) ? 'runnable' : 'blocked';
}

function vcpuTable(sim: Simulator): Table {
  const names = [...threadNames(sim)].sort(([, a], [, b]) => a.vmid - b.vmid || a.vcpu - b.vcpu);
  const rows = names.map(([id, { text }]): Row => {
    const v = sim.hyp.get<Vcpu>(id);
    const cpu = v.proxied ? 'by proxy' : v.affinity === Platform.AFFINITY_INVALID ? NONE : `CPU ${v.affinity}`;
    return {
      key: text,
      object: id,
      cells: [text, `#${id}`, lifeName(v.life), vcpuState(v), listed(blockNames(v)), cpu, String(v.priority)],
    };
  });
  const columns = ['vCPU', 'object', 'life', 'state', 'blocked by', 'placed', 'priority'];
  return { id: 'vcpus', title: 'vCPUs', columns, rows };
}

/** What the tables of objects need to know beside the objects. */
interface Around {
  /** `RM 0x40e, HLOS 0x0` of each object. */
  readonly holders: ReadonlyMap<number, string>;
  /** `HLOS INTID 961` of a source. */
  readonly interrupt: (source: VirqSource) => string;
}

function around(sim: Simulator, tables: readonly CapTableOfVm[]): Around {
  const holders = new Map<number, string>();
  for (const { vm, rows } of tables)
    for (const r of rows.filter((row) => !row.revoked)) {
      const before = holders.get(r.object);
      holders.set(r.object, `${before === undefined ? '' : `${before}, `}${vm} ${hex(r.cap)}`);
    }
  const vics = new Map(sim.rm.vms.map((vm) => [rmObject(sim, vm?.config?.vic ?? Platform.CAP_INVALID)?.id, vm?.vmid]));
  const interrupt = ({ vic, virq }: VirqSource): string => {
    if (vic === NO_OBJECT) return NONE;
    const vmid = vics.get(vic);
    return `${vmid === undefined ? `VIC #${vic}` : vmName(vmid)} INTID ${virq}`;
  };
  return { holders, interrupt };
}

const ofType = <T>(sim: Simulator, type: number): T[] =>
  [...sim.hyp.ofType[type]].sort((a, b) => a - b).map((id) => sim.hyp.get(id) as T);

function queueTable(sim: Simulator, { holders, interrupt }: Around): Table {
  const links = linkQueues(sim);
  const rows = ofType<MsgQueue>(sim, ObjectType.MSGQUEUE).map((q): Row => {
    const link = links.get(q.id);
    const way = link === undefined ? NONE : link.toRm ? `${vmName(link.vmid)} to RM` : `RM to ${vmName(link.vmid)}`;
    const cells = [
      `#${q.id}`,
      way,
      `${q.count} of ${q.depth}`,
      `${q.maxMessageSize} bytes`,
      String(q.notEmptyThreshold),
      String(q.notFullThreshold),
      interrupt(q.receiveSource),
      interrupt(q.sendSource),
      holders.get(q.id) ?? NONE,
    ];
    return { key: String(q.id), object: q.id, cells };
  });
  const columns = ['queue', 'RM link', 'messages', 'longest', 'not empty at', 'not full at', 'receiver', 'sender'];
  return { id: 'queues', title: 'Message queues', columns: [...columns, 'held by'], rows };
}

function doorbellTable(sim: Simulator, { holders, interrupt }: Around): Table {
  const rows = ofType<Doorbell>(sim, ObjectType.DOORBELL).map((d): Row => {
    const masks = [d.flags, d.enableMask, d.ackMask].map(hex);
    const cells = [`#${d.id}`, ...masks, interrupt(d.source), holders.get(d.id) ?? NONE];
    return { key: String(d.id), object: d.id, cells };
  });
  const columns = ['doorbell', 'flags', 'enable mask', 'ack mask', 'interrupt', 'held by'];
  return { id: 'doorbells', title: 'Doorbells', columns, rows };
}

function parcelTable(sim: Simulator): Table {
  const rows = sim.rm.parcels.list.map((p): Row => {
    const targets = p.targets.map((t) => {
      const at = t.ipas === null || t.ipas.length === 0 ? '' : ` at ${t.ipas.map(hex).join(' ')}`;
      return `${vmName(t.vmid)} ${enumName('MemRights', t.rights)}${t.mapped ? ' mapped' : ''}${at}`;
    });
    const cells = [
      hex(p.handle),
      vmName(p.owner),
      enumName('TransType', p.transType),
      enumName('ParcelState', p.state),
      hex(p.totalSize),
      hex(p.label),
      listed(targets),
    ];
    return { key: String(p.handle), object: rmObject(sim, p.meCap)?.id, cells };
  });
  const columns = ['parcel', 'owner', 'how', 'state', 'size', 'label', 'for'];
  return { id: 'parcels', title: 'Memory parcels', columns, rows };
}

/** All tables, in the order in which the page shows them: the capabilities of RM last, there are so many. */
export function tablesOf(sim: Simulator): Table[] {
  const caps = capTables(sim);
  const context = around(sim, caps);
  const isRm = ({ vmid }: CapTableOfVm): boolean => vmid === Platform.VMID_RM;
  return [
    vmTable(sim),
    ...caps.filter((t) => !isRm(t)).map(capTable),
    queueTable(sim, context),
    doorbellTable(sim, context),
    vcpuTable(sim),
    parcelTable(sim),
    ...caps.filter(isRm).map(capTable),
  ];
}
