/**
 * Virtio-MMIO device objects: one page between a driver VM (frontend) and a device VM (backend), and virtio-input on top.
 *
 * Models fact base vcpu-and-scheduler 12 and hypercall-abi 4.11. Leaves out the virtqueues themselves: they are memory that
 * the two VMs share, which the hypervisor never looks at.
 */
import type { Hypervisor } from '../hyp/index.js';
import { registerVirtioCalls } from './calls.js';
import { registerDevice } from './device.js';
import { physWrite } from './frontend.js';
import { registerInput } from './input.js';

export { frontendWrite } from './frontend.js';
export { Reason, Reg, Status, type VirtioMmio } from './types.js';

export function registerVirtio(hyp: Hypervisor): void {
  registerDevice(hyp);
  registerVirtioCalls(hyp);
  registerInput(hyp);
  hyp.physDevices.push(physWrite);
}
