/** The protocol as data: ids, enumerations, layouts and rules of hypercalls and Resource Manager messages.
 *
 * Generated from spec/ by tools/generate.ts (this file and those that say so in their head excepted).
 * Models: the hypercall ABI and the RM RPC protocol of the fact base. Leaves out: any behaviour.
 */
export * from './assembly.js';
export * from './calls.js';
export * from './codec/index.js';
export * from './deaths.js';
export * from './decode.js';
export * from './enums.js';
export * from './errors.js';
export * from './layouts.js';
export * from './messages.js';
export * from './objects.js';
export * from './platform.js';
export * from './rpc.js';
export * from './smccc.js';
export * from './special.js';
export * from './values.js';
