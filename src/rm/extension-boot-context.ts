/**
 * Extension "boot-context": what newer RMs do with a request that this revision answers UNIMPLEMENTED. Off unless the
 * environment names it; never part of a comparison with recordings.
 *
 * Layout, ids and order after what upstream Linux sends (fact base: clients 8): u16 vmid, u8 register set, u8 index, u32 zero,
 * u64 value, between VM_INIT and VM_START. The checks are modelled on VM_START's; no public source of an RM has them.
 */
import { le16, le64 } from '../base/index.js';
import { HypError, Msg, RmError, rmErrorOfHyp, VcpuRegisterSet, VmState } from '../protocol/index.js';
import type { Handler } from './handler.js';
import { type Rm, type VmSetup, vmLookup } from './types.js';

const BOOT_CONTEXT = 'boot-context';

/** An earlier client generation uses this id for the same request. */
const SET_BOOT_CONTEXT_OLD = 0x5600_000c;
const REQUEST_SIZE = 16;

/** Bits of {@link VmSetup.bootContext}, equal to the flags of `vcpu_poweron`: keep the PC, keep x0. */
const KEEP_PC = 1;
const KEEP_X0 = 2;

function write(rm: Rm, setup: VmSetup, set: number, index: number, value: bigint): number {
  for (const vcpu of setup.vcpus) {
    if (!vcpu.boot) continue;
    const error = rm.hv.vcpuRegisterWrite(vcpu.masterCap, set, index, value);
    if (error !== HypError.OK) return rmErrorOfHyp(error);
  }
  if (set === VcpuRegisterSet.PC) setup.bootContext |= KEEP_PC;
  if (set === VcpuRegisterSet.X && index === 0) setup.bootContext |= KEEP_X0;
  return RmError.OK;
}

const setBootContext: Handler = (rm, from, request) => {
  if (request.length !== REQUEST_SIZE) return RmError.MSG_INVALID;
  const vm = vmLookup(rm, le16(request, 0));
  if (vm === null) return RmError.VMID_INVALID;
  if (vm.owner !== from) return RmError.DENIED;
  if (vm.state !== VmState.READY || vm.config === null) return RmError.VM_STATE;
  return write(rm, vm.config, request[2], request[3], le64(request, 8));
};

/** The handler of an id that only an extension of this RM knows. */
export function extensionHandler(rm: Rm, id: number): Handler | undefined {
  const known = id === Msg.VM_SET_CONTEXT || id === SET_BOOT_CONTEXT_OLD;
  return known && rm.env.extensions.includes(BOOT_CONTEXT) ? setBootContext : undefined;
}
