import { HYPERCALL_BASE } from '../src/hyp/index.js';
import { Call, ObjectType } from '../src/protocol/index.js';
import { parseScenario, Run } from '../src/scenario/index.js';
import type { Vcpu } from '../src/vcpu/index.js';
import { registers, transfer } from './limits.js';
import { type Figures, figure } from './measure.js';
import { boot, type Platform, twoVms } from './platform.js';

/** The call `num` with these registers, as a trapped HVC. */
function calls(p: Platform, num: number, x: readonly bigint[]): (n: number) => void {
  const v = p.host.vcpu;
  return (n) => {
    for (let i = 0; i < n; i++) {
      for (let r = 0; r < x.length; r++) v.x[r] = x[r];
      p.sim.trap(v, 'hvc', HYPERCALL_BASE + num);
    }
  };
}

export function hypercalls(): Figures {
  const p = boot();
  const buffer = 0x4103_4000n;
  return {
    'hypercall identify': figure('/s', calls(p, Call.HYPERVISOR_IDENTIFY, []), registers),
    'hypercall receive, empty': figure('/s', calls(p, Call.MSGQUEUE_RECEIVE, [1n, buffer, 240n, 0n]), registers),
    'hypercall invalid cap': figure('/s', calls(p, Call.MSGQUEUE_SEND, [77n, 8n, buffer, 1n, 0n]), registers),
  };
}

/** Doorbell and message queue between the primary VM and the second VM of an example, each through its own capabilities. */
export function ipc(): Figures {
  const run = new Run(parseScenario(twoVms()));
  while (!run.scope.vars.has('rx')) run.step();
  const { sim } = run;
  const { host } = run.machine;
  const cap = (name: string): bigint => run.scope.vars.get(name) ?? 0n;
  const hlos = host.vcpu;
  const spaces = sim.hyp.objects.filter((o) => o?.type === ObjectType.CSPACE);
  const guest = sim.hyp.objects.find(
    (o) => o?.type === ObjectType.THREAD && (o as Vcpu).cspace === spaces.at(-1)?.id,
  ) as Vcpu;
  const data = 0x4102_c000n;
  host.writeMemory(Number(data), new Uint8Array(64));
  const call = (v: Vcpu, num: number, ...x: bigint[]): void => {
    for (let r = 0; r < 5; r++) v.x[r] = x[r] ?? 0n;
    sim.trap(v, 'hvc', HYPERCALL_BASE + num);
  };
  const ring = cap('ring');
  const tx = cap('tx');
  return {
    'doorbell pair (send, receive)': figure(
      '/s',
      (n) => {
        for (let i = 0; i < n; i++) {
          call(hlos, Call.DOORBELL_SEND, ring, 1n);
          call(guest, Call.DOORBELL_RECEIVE, 2n, 0xffn);
        }
      },
      (n) => registers(n * 2),
    ),
    'message queue pair (send, receive)': figure(
      '/s',
      (n) => {
        for (let i = 0; i < n; i++) {
          call(hlos, Call.MSGQUEUE_SEND, tx, 64n, data, 1n);
          call(guest, Call.MSGQUEUE_RECEIVE, 5n, 0x8003_9000n, 128n);
        }
      },
      transfer(64),
    ),
  };
}
