/** Commands in words: for the report of a failure. */
import { decodePacket, describePacket, RpcType, rpcPackets } from '../protocol/index.js';
import type { Command, Request, Step } from './lifecycle/commands.js';
import { HLOS } from './lifecycle/world.js';
import { messageName } from './run.js';

const who = (vmid: number): string => (vmid === HLOS ? 'primary VM' : `VM ${vmid}`);

function request({ from, id, payload }: Request): string {
  const packet = rpcPackets(RpcType.REQUEST, id, 0, payload)?.[0];
  let text = messageName(id);
  try {
    if (packet !== undefined) text = describePacket(decodePacket(packet)).replace(/^.*?(?=[A-Z]+_)/, '');
  } catch {
    // A payload that no decoder takes is shown by its bytes.
    text = `${text} ${[...payload].map((b) => b.toString(16).padStart(2, '0')).join('')}`;
  }
  return `${who(from)}: ${text.split('\n')[0]}`;
}

export function stepWords(command: Command, step: Step): string {
  switch (step.kind) {
    case 'request': {
      const image = step.image;
      const first = image === undefined ? '' : `write image "${image.guest}" to 0x${image.at.toString(16)}; `;
      return `${first}${request(step.request)}`;
    }
    case 'burst':
      return `at once: ${step.requests.map(request).join(' | ')}`;
    case 'noise':
      return `primary VM: a packet that is ${step.why}`;
    case 'stops':
      return `VM ${step.vmid}: PSCI ${step.reset ? 'SYSTEM_RESET' : 'SYSTEM_OFF'}`;
    case 'reads':
      return `VM ${step.vmid}: reads its messages`;
    default:
      return command.name;
  }
}
