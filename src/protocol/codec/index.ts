/** Codecs of every RM message.
 *
 * Generated from spec/ by tools/generate.ts; edit the specification, not this file.
 */

export * from './console.js';
export * from './creation.js';
export * from './firmware.js';
export * from './ipa.js';
export * from './irq.js';
export * from './lists.js';
export * from './memparcel.js';
export * from './resources.js';
export * from './vm.js';
