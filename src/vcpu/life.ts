/** Executes the thread life chart (life.machine.ts) on a vCPU. */
import { SimBug } from '../base/index.js';
import { Life, type Vcpu } from './types.js';

export type LifeEvent = 'ACTIVATE' | 'KILL' | 'EXIT';

const NEXT: Readonly<Record<LifeEvent, Readonly<Record<number, number>>>> = {
  ACTIVATE: { [Life.INIT]: Life.READY },
  KILL: { [Life.READY]: Life.KILLED },
  EXIT: { [Life.KILLED]: Life.EXITED },
};

export function lifeEvent(v: Vcpu, event: LifeEvent): void {
  const next = NEXT[event][v.life];
  if (next === undefined) throw new SimBug(`thread ${v.id}: ${event} in life state ${v.life}`);
  v.life = next;
}
