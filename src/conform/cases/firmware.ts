/** VMs with firmware: this RM wants an image of its own for them, so it sees an ordinary VM and the test answers the rest. */
import { Msg } from '../../protocol/index.js';
import { answer, type Rule, request, rewrite } from '../interfere/index.js';

const AUTH_TYPE = 2;

export const FIRMWARE: readonly Rule[] = [
  rewrite([Msg.VM_CONFIG_IMAGE], (m) => m.payload.map((b, i) => (i === AUTH_TYPE ? 0 : b))),
  request(Msg.VM_SET_FIRMWARE_MEM).becomes(answer(0)),
];
/** Words of a VM with 64 KiB of firmware in its image parcel. */
export const FIRMWARE_WORDS = 'auth=2 fw=2097152:65536';
