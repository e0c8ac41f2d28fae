/**
 * The reference client finds the hypervisor and the Resource Manager (fact base: clients 2, hypercall-abi 6): the hypervisor's UUID
 * before any hypercall, the API version before any other, then the RPC node with both capabilities and both interrupts.
 */
import { lo32 } from '../../base/index.js';
import { be32, be64, type FdtNode, isFdtError, parseFdt } from '../../board/fdt/index.js';
import { Call, Platform, Smccc } from '../../protocol/index.js';
import type { ClientPort } from './port.js';

export interface RmNode {
  txCap: bigint;
  rxCap: bigint;
  txIrq: number;
  rxIrq: number;
}

const CALL_UID = BigInt(Smccc.VENDOR_HYP_UID);
/** c1d58fcd-a453-5fdb-9265-ce36673d5f14 */
const GUNYAH: readonly number[] = [0xcd8fd5c1, 0xdb5f53a4, 0x36ce6592, 0x145f3d67];
const API_VERSION = 1;
const VERSION_BITS = 0x3fff;
/** What the open hypervisor answers; nobody should compare all of it. */
const API_INFO = Platform.API_INFO;
const SPECIFIER = 12;

const prop = (n: FdtNode, name: string): Uint8Array => n.props.find((p) => p.name === name)?.value ?? new Uint8Array(0);
const list = (n: FdtNode): string[] => String.fromCharCode(...prop(n, 'compatible')).split('\0');

function find(n: FdtNode, fits: (n: FdtNode) => boolean): FdtNode | undefined {
  if (fits(n)) return n;
  for (const c of n.children) {
    const found = find(c, fits);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The node, or why this client does not attach. */
export function discover(port: ClientPort, bug: (name: string) => boolean): RmNode | string {
  const stranger = identify(port, bug);
  if (stranger !== undefined) return stranger;
  const tree = parseFdt(port.deviceTree());
  if (isFdtError(tree)) return `device tree: ${tree.error}`;
  const hypervisor = tree.root.children.find((c) => c.name === 'hypervisor');
  if (bug('wants-gunyah-hypervisor') && !(hypervisor && list(hypervisor).includes('gunyah-hypervisor')))
    return 'no gunyah-hypervisor';
  const node = bug('takes-first-child')
    ? hypervisor?.children[0]
    : find(tree.root, (n) => list(n).includes('gunyah-resource-manager'));
  if (node === undefined)
    return bug('capabilities-guessed') ? { txCap: 0n, rxCap: 1n, txIrq: 960, rxIrq: 961 } : 'no Resource Manager node';
  return places(node, bug);
}

function identify(port: ClientPort, bug: (name: string) => boolean): string | undefined {
  const uid = port.smccc('hvc', [CALL_UID, 0n, 0n, 0n]);
  if (!GUNYAH.every((w, i) => lo32(uid[i]) === w) && !bug('uuid-unchecked')) return 'another hypervisor';
  const [info] = port.hvc(Call.HYPERVISOR_IDENTIFY);
  if (bug('api-info-compared') && info !== API_INFO) return 'unknown API';
  const version = lo32(info) & VERSION_BITS;
  return version === API_VERSION || bug('api-version-unchecked') ? undefined : `API version ${version}`;
}

/** Capabilities and interrupts, the sending one first. */
function places(node: FdtNode, bug: (name: string) => boolean): RmNode | string {
  const reg = prop(node, 'reg');
  const irqs = prop(node, 'interrupts');
  const oneCap = reg.length < 16;
  const oneIrq = irqs.length < 2 * SPECIFIER;
  if (reg.length < 8 || (oneCap && !bug('second-capability-guessed'))) return 'reg: not two capabilities';
  if (irqs.length < SPECIFIER || (oneIrq && !bug('one-interrupt-for-both'))) return 'interrupts: not two';
  const txCap = be64(reg, 0);
  const txIrq = be32(irqs, 4) + Platform.SPI_FIRST;
  return {
    txCap,
    rxCap: oneCap ? txCap + 1n : be64(reg, 8),
    txIrq,
    rxIrq: oneIrq ? txIrq : be32(irqs, SPECIFIER + 4) + Platform.SPI_FIRST,
  };
}
