/**
 * Memory parcels: every MEM_* request, acceptance at VM_START, release at reset. Public face of the memparcel files.
 * Models rm-rpc-messages 3 and rm-state-machines 5 of the fact base by RM's own hypercalls in RM's order. Leaves out
 * parcel locks and platform hooks, which this platform never uses.
 */
import { Msg, TransType } from '../../protocol/index.js';
import type { Handler } from '../handler.js';
import { accept } from './accept.js';
import { append, create } from './create.js';
import { lookupSgl, notify } from './notify.js';
import { reclaim, release } from './release.js';

export { type AcceptRequest, acceptParcel } from './accept.js';
export { releaseLastParcel } from './release.js';
export { acceptRmDonation, flushParcel, mapInRm, unmapFromRm, zeroParcel } from './rm.js';
export { acceptForDevices, processParcels, storePhandles, vmTreeParcelPort, vmTreeParcels } from './start.js';
export {
  createParcelTable,
  isExclusive,
  isPrivate,
  isShared,
  lookupParcel,
  lookupParcelFor,
  mappedRanges,
  parcelsNaming,
  targetOf,
} from './table.js';

export const memparcelHandlers: Record<number, Handler> = {
  [Msg.MEM_DONATE]: create(TransType.DONATE),
  [Msg.MEM_LEND]: create(TransType.LEND),
  [Msg.MEM_SHARE]: create(TransType.SHARE),
  [Msg.MEM_ACCEPT]: accept,
  [Msg.MEM_RELEASE]: release,
  [Msg.MEM_RECLAIM]: reclaim,
  [Msg.MEM_NOTIFY]: notify,
  [Msg.MEM_APPEND]: append,
  [Msg.MEM_QCOM_LOOKUP_SGL]: lookupSgl,
};
