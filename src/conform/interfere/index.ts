/**
 * Interference: what a test puts between a client and the Resource Manager.
 *
 * A rule names what it applies to (requests, replies, notifications, single sends and receives, interrupts, other hypercalls)
 * and what becomes of it. Rules are values made with the builders below; the first that applies wins. They hold no reference to a
 * machine: whoever owns the boundary (the conformance bench, a scenario) asks them for every packet.
 *
 * @example
 * ```ts
 * [reply(Msg.VM_START).becomes(errorCode(RmError.NORESOURCE)), notification(Msg.N_VM_EXITED).once().becomes(drop)]
 * ```
 */
export * from './build.js';
export * from './changes.js';
export * from './rule-set.js';
export * from './rules.js';
export { parseRule, ruleText } from './text.js';
