/** What RM adds to the device tree of the primary VM before it starts it (fact base: rm-boot-and-dt 3). */
import { applyOverlay, be32, checkHeader, Head, openInto, pack } from '../../board/fdt/index.js';
import { Platform } from '../../protocol/index.js';
import {
  dtoBlob,
  modifyEnd,
  modifyPath,
  namedBegin,
  newDto,
  nodeBegin,
  nodeEnd,
  propEmpty,
  propInterrupts,
  propText,
  propU32,
  propU64s,
} from './dto.js';
import { Node, Prop, Value } from './names.js';
import type { IrqSpec } from './vm-config-types.js';

/** Area that RM maps and works in: the patched tree must fit. */
export const HLOS_TREE_AREA = 0x4000;
/** First interrupt a client may take for itself, as the tree says: a constant. */
const FREE_IRQ_START = Platform.VIRQ_ALLOC_FIRST;

/** The primary VM's end of its queues to and from RM. */
export interface HlosTreeInput {
  readonly vmid: number;
  readonly txCap: bigint;
  readonly rxCap: bigint;
  readonly txIrq: IrqSpec;
  readonly rxIrq: IrqSpec;
  readonly messageSize: number;
  readonly queueDepth: number;
}

/**
 * The patched tree, or why there is none (RM then exits and the primary VM never starts). `area` is what lies at the
 * tree's address; its first 16 KiB count.
 */
export function patchHlosTree(area: Uint8Array, v: HlosTreeInput): Uint8Array | { readonly why: string } {
  if (checkHeader(area) !== 0 || be32(area, Head.TOTALSIZE) > area.length) return { why: 'no device tree' };
  const dto = newDto();
  modifyPath(dto, '/');
  nodeBegin(dto, Node.HYPERVISOR);
  propU32(dto, Prop.ADDRESS_CELLS, 2);
  propU32(dto, Prop.SIZE_CELLS, 0);
  propText(dto, Prop.COMPATIBLE, Value.HYPERVISOR_OF_HLOS);
  nodeBegin(dto, Node.VM);
  propText(dto, Prop.COMPATIBLE, Value.VM_ID);
  propU32(dto, Prop.QCOM_VMID, v.vmid);
  propText(dto, Prop.QCOM_VENDOR, Value.VENDOR);
  nodeEnd(dto);
  namedBegin(dto, `qcom,resource-manager-rpc@${v.txCap.toString(16).padStart(16, '0')}`);
  propText(dto, Prop.COMPATIBLE, Value.RM_OF_HLOS);
  propU64s(dto, Prop.REG, [v.txCap, v.rxCap]);
  const refusal = propInterrupts(dto, [v.txIrq, v.rxIrq]);
  if (refusal !== undefined) return { why: refusal };
  propU32(dto, Prop.QCOM_FREE_IRQ_START, FREE_IRQ_START);
  propEmpty(dto, Prop.QCOM_IS_FULL_DUPLEX);
  propU32(dto, Prop.QCOM_TX_MESSAGE_SIZE, v.messageSize);
  propU32(dto, Prop.QCOM_RX_MESSAGE_SIZE, v.messageSize);
  propU32(dto, Prop.QCOM_TX_QUEUE_DEPTH, v.queueDepth);
  propU32(dto, Prop.QCOM_RX_QUEUE_DEPTH, v.queueDepth);
  nodeEnd(dto);
  nodeEnd(dto);
  modifyEnd(dto);
  const room = new Uint8Array(HLOS_TREE_AREA);
  const edit = openInto(area, room);
  if (typeof edit === 'number' || applyOverlay(edit, dtoBlob(dto)) !== 0) return { why: 'overlay cannot be applied' };
  pack(room);
  return room.slice(0, be32(room, Head.TOTALSIZE));
}
