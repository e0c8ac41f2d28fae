/** Executes the vCPU's state charts (`*.machine.ts`) on its data. */
import { SimBug } from '../base/index.js';
import { type Effect, registerMachine, UNHANDLED } from '../machine/index.js';
import { VcpuRunState } from '../protocol/index.js';
import { lifeMachine } from './life.machine.js';
import { proxyMachine } from './proxy.machine.js';
import type { Vcpu } from './types.js';

const life = registerMachine('thread-life', lifeMachine);
const proxy = registerMachine('vcpu-proxy', proxyMachine);

const NO_CONTEXT = {};

export const PROXY_NATIVE = proxy.indexOf('native');

type LifeEvent = 'ACTIVATE' | 'KILL' | 'EXIT';

/** Callers check first whether the event applies, because the answer to a guest depends on it. */
export function lifeEvent(v: Vcpu, type: LifeEvent): void {
  const next = life.next(v.life, NO_CONTEXT, { type });
  if (next === UNHANDLED) throw new SimBug(`thread ${v.id}: ${type} in life state ${v.life}`);
  v.life = next.state;
}

type ReturnEvent = keyof typeof VcpuRunState;
/** By `VcpuRunState`. */
const RETURN_EVENTS: ReturnEvent[] = [];
for (const [name, state] of Object.entries(VcpuRunState)) RETURN_EVENTS[state] = name as ReturnEvent;

/** `undefined`: the vCPU is not waiting for a run. */
export function proxyEvent(v: Vcpu, type: 'ENABLE' | 'RUN' | ReturnEvent): readonly Effect[] | undefined {
  const next = proxy.next(v.proxy, NO_CONTEXT, { type });
  if (next === UNHANDLED) return undefined;
  v.proxy = next.state;
  return next.effects;
}

/** End of a run with this `VcpuRunState`. */
export function proxyReturned(v: Vcpu, state: number): void {
  const event = RETURN_EVENTS[state] as ReturnEvent | undefined;
  if (event === undefined || proxyEvent(v, event) === undefined) {
    throw new SimBug(`vCPU ${v.id}: run returned ${state} in proxy state ${v.proxy}`);
  }
}
