/**
 * The inputs of a run: everything that a driver does to a simulator. Equal inputs after equal options give equal runs, so the
 * list of them is the run.
 */
import { HostVcpu } from './host.js';
import { raiseInterrupt } from './raise.js';
import type { ProgramKind, Simulator } from './simulator.js';

/** Plain data, as recordings store them. `vcpu`: thread id of the vCPU that a driver controls. */
export type Input =
  | { op: 'boot' }
  | { op: 'call'; vcpu: number; conduit: 'hvc' | 'smc'; imm: number; x: bigint[]; waitNs?: number }
  /** Native call on the fast path: x0..x7 only. */
  | { op: 'hvc'; vcpu: number; imm: number; x: bigint[] }
  | { op: 'access'; vcpu: number; ipa: bigint; size: number; write: boolean; value: bigint; waitNs?: number }
  | { op: 'write'; vcpu: number; ipa: number; bytes: Uint8Array }
  | { op: 'rdreg'; vcpu: number; enc: number; rt: number }
  | { op: 'wrreg'; vcpu: number; enc: number; value: bigint }
  | { op: 'wfi'; vcpu: number; waitNs?: number }
  | { op: 'wake'; vcpu: number }
  | { op: 'code'; vcpu: number; words: number[]; x: bigint[]; limit: number }
  | { op: 'continue'; vcpu: number; limit: number }
  | { op: 'raise'; intid: number }
  | { op: 'spin'; ns: number }
  | { op: 'program'; vcpu: number; kind?: ProgramKind };

/** Does to `sim` what was recorded. */
export function applyInput(sim: Simulator, input: Input): void {
  switch (input.op) {
    case 'boot':
      sim.bootPrimary();
      return;
    case 'spin':
      sim.spin(input.ns);
      return;
    case 'raise':
      raiseInterrupt(sim, input.intid);
      return;
    case 'program':
      sim.setProgram({ id: input.vcpu }, input.kind);
      return;
  }
  const host = new HostVcpu(sim, input.vcpu);
  switch (input.op) {
    case 'call':
      host.call(input.conduit, input.imm, input.x, input.waitNs);
      return;
    case 'hvc':
      input.x.forEach((value, i) => {
        host.x[i] = value;
      });
      host.hvc(input.imm);
      return;
    case 'access':
      host.access(input.ipa, input.size, input.write, input.value, input.waitNs);
      return;
    case 'write':
      host.writeMemory(input.ipa, input.bytes);
      return;
    case 'rdreg':
      host.readRegister(input.enc, input.rt);
      return;
    case 'wrreg':
      host.writeRegister(input.enc, input.value);
      return;
    case 'wfi':
      host.wfi(input.waitNs);
      return;
    case 'wake':
      host.wake();
      return;
    case 'code':
      host.runCode(input.words, input.x, input.limit);
      return;
    case 'continue':
      host.continueCode(input.limit);
  }
}
