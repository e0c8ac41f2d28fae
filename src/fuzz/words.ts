/** Commands in words: for the report of a failure. */
import { decodePacket, describePacket, messageName, RpcType, rpcPackets } from '../protocol/index.js';
import type { Command, Request, Step } from './lifecycle/commands.js';
import { HLOS } from './lifecycle/world.js';

/** Message and fields of a description, without sequence number and length. */
function oneLine(description: string, name: string): string {
  const fields = description
    .split('\n')
    .slice(1)
    .map((line) => line.trim().replace(/ {2,}/g, ' '));
  return fields.length === 0 ? name : `${name} ${fields.join(', ')}`;
}

const who = (vmid: number): string => (vmid === HLOS ? 'primary VM' : `VM ${vmid}`);

function request({ from, id, payload }: Request): string {
  const packet = rpcPackets(RpcType.REQUEST, id, 0, payload)?.[0];
  let text = messageName(id);
  try {
    if (packet !== undefined) text = oneLine(describePacket(decodePacket(packet)), messageName(id));
  } catch {
    // A payload that no decoder takes is shown by its bytes.
    text = `${text} ${[...payload].map((b) => b.toString(16).padStart(2, '0')).join('')}`;
  }
  return `${who(from)}: ${text}`;
}

export function stepWords(command: Command, step: Step): string {
  switch (step.kind) {
    case 'request': {
      const image = step.image;
      const first = image === undefined ? '' : `write image "${image.guest}" to 0x${image.at.toString(16)}; `;
      return `${first}${request(step.request)}`;
    }
    case 'burst':
    case 'clients':
      return `at once: ${step.requests.map(request).join(' | ')}`;
    case 'noise':
      return `primary VM: a packet that is ${step.why}`;
    case 'stops':
      return `VM ${step.vmid}: PSCI ${step.reset ? 'SYSTEM_RESET' : 'SYSTEM_OFF'}`;
    case 'waits':
      return `VM ${step.vmid}: waits for an interrupt`;
    case 'reads':
      return `VM ${step.vmid}: reads its messages`;
    default:
      return command.name;
  }
}
