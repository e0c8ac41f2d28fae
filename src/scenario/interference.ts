/**
 * Interference in scenarios: the rules of the conformance suite between the primary VM's driver and RM. The server is still RM; a
 * rule drops, delays, changes or forces what passes.
 */
import { lo32 } from '../base/index.js';
import { Bench } from '../conform/bench.js';
import { parseRule, type Rule } from '../conform/interfere/index.js';
import type { PacketPort } from '../guest/rm-client.js';
import { HYPERCALL_BASE } from '../hyp/index.js';
import { decodePacket, describePacket, HypError } from '../protocol/index.js';
import { PRIMARY_RX_IRQ, PRIMARY_TX_IRQ, type Simulator } from '../sim/index.js';
import { isArray, type Json, ScenarioError } from './values.js';

/** `["reply VM_START error=NORESOURCE once", ...]`. Throws {@link ScenarioError}. */
export function parseRules(v: Json | undefined, path: string): Rule[] {
  if (v === undefined) return [];
  if (!isArray(v))
    throw new ScenarioError(path, 'not a list of rules', 'write ["reply VM_START error=NORESOURCE", ...]');
  return v.map((line, i) => {
    const rule = typeof line === 'string' ? parseRule(line) : 'not text';
    if (typeof rule !== 'string') return rule;
    throw new ScenarioError(`${path}[${i}]`, rule, 'see docs/scenarios.md, "Interference", for what a rule may say');
  });
}

/** The primary VM's packets through rules. */
export class Interference implements PacketPort {
  private readonly bench: Bench;

  constructor(
    sim: Simulator,
    rules: readonly Rule[],
    /** One line for each packet that a rule has touched. */
    note: (text: string) => void,
  ) {
    this.bench = new Bench({ sim });
    this.bench.interfere(...rules);
    this.bench.onTouch = ({ dir, bytes, note: what }) => {
      const [line] = describePacket(decodePacket(bytes)).split('\n');
      note(`${dir === '>' ? 'HLOS -> RM' : 'RM -> HLOS'} ${line}: ${what}`);
    };
  }

  send(packet: Uint8Array): boolean {
    return this.rawSend(packet).error === HypError.OK;
  }

  rawSend(packet: Uint8Array): { error: number; notFull: boolean } {
    return this.bench.send(packet, true);
  }

  receive(): Uint8Array | undefined {
    const r = this.bench.receive();
    return r.error === HypError.OK && r.packet.length > 0 ? r.packet : undefined;
  }

  wait(): boolean {
    return this.bench.advance(Number.POSITIVE_INFINITY);
  }

  /** The rules end: RM gets what a stall has kept from it. */
  end(): void {
    this.bench.flow();
  }

  /** Registers that a rule forces upon a call, or undefined. */
  forced(imm: number, x: readonly bigint[]): readonly bigint[] | undefined {
    const { rules } = this.bench;
    return imm === 0 ? rules.smccc(lo32(x[0]), x) : rules.hypercall(imm - HYPERCALL_BASE, x);
  }

  /** How often an interrupt that the machine raised once arrives. */
  edges(irq: number): number {
    if (irq === PRIMARY_RX_IRQ) return this.bench.rules.edges('rx');
    return irq === PRIMARY_TX_IRQ ? this.bench.rules.edges('tx') : 1;
  }
}
