/**
 * The mailbox guest: an image for VMs whose vCPUs a scenario controls through memory it shares with them.
 *
 * Same places as the guest of the recorded transcripts (fact base: transcript format 6), own program: per vCPU n a mailbox at image +
 * 0x10000 + n * 0x2000 and a page for code at image + 0x20000 + n * 0x1000. Idle, it yields for ever.
 */

import { put32, put64 } from '../base/index.js';
import { assemble } from '../guest/assemble.js';

export const Mailbox = {
  GO: 0x000,
  ENTRY: 0x008,
  X: 0x010,
  DONE: 0x100,
  RESULT: 0x108,
  EXCEPTIONS: 0x200,
  ESR: 0x208,
  ELR: 0x210,
  FAR: 0x218,
  START_X0: 0x220,
  MARKER: 0x228,
} as const;

export const mailboxAt = (vcpu: number): number => 0x1_0000 + vcpu * 0x2000;
const codePageAt = (vcpu: number): number => 0x2_0000 + vcpu * 0x1000;
const MARKER = 0x424f4f54;

const each = (make: (i: number) => string): string[] => Array.from({ length: 18 }, (_, i) => make(i));
const VECTOR_TABLE = 0x800;

const SOURCE: readonly string[] = [
  'start:',
  'mov x28, x0',
  // Which mailbox: affinity level 0.
  'mrs x9, mpidr_el1',
  'lsl x27, x9, #56',
  'lsr x27, x27, #56',
  'lsl x25, x27, #13',
  'adr x26, start',
  'add x26, x26, #0x10000',
  'add x26, x26, x25',
  'adr x9, vectors',
  'msr vbar_el1, x9',
  `str x28, [x26, #${Mailbox.START_X0}]`,
  `mov x9, #${MARKER}`,
  `str x9, [x26, #${Mailbox.MARKER}]`,
  'idle:',
  'ldr x9, [x26]',
  'cbnz x9, go',
  'mov x0, #0',
  'mov x1, #0',
  'mov x2, #0',
  'mov x3, #0',
  'hvc #0x603b',
  'b idle',
  'go:',
  'str xzr, [x26]',
  `ldr x24, [x26, #${Mailbox.ENTRY}]`,
  ...each((i) => `ldr x${i}, [x26, #${Mailbox.X + i * 8}]`),
  'blr x24',
  'done:',
  ...each((i) => `str x${i}, [x26, #${Mailbox.RESULT + i * 8}]`),
  'mov x9, #1',
  `str x9, [x26, #${Mailbox.DONE}]`,
  'b idle',
  // Any exception: write down its syndrome and go on as if the code had ended.
  'exception:',
  ...(['ESR', 'ELR', 'FAR'] as const).flatMap((name) => [
    `mrs x18, ${name.toLowerCase()}_el1`,
    `str x18, [x26, #${Mailbox[name]}]`,
  ]),
  `ldr x18, [x26, #${Mailbox.EXCEPTIONS}]`,
  'add x18, x18, #1',
  `str x18, [x26, #${Mailbox.EXCEPTIONS}]`,
  'adr x18, done',
  'msr elr_el1, x18',
  'eret',
  `.org ${VECTOR_TABLE}`,
  'vectors:',
  ...Array.from({ length: 16 }, (_, i) => [`.org ${VECTOR_TABLE + i * 0x80}`, 'b exception']).flat(),
];

export function wordBytes(words: readonly number[]): Uint8Array {
  const out = new Uint8Array(words.length * 4);
  words.forEach((w, i) => {
    put32(out, i * 4, w);
  });
  return out;
}

let image: Uint8Array | undefined;

export function mailboxImage(): Uint8Array {
  image ??= wordBytes(assemble(SOURCE, '$mailbox'));
  return image;
}

/** What to write, relative to the image, so that vCPU `vcpu` executes `words` with these registers. In this order. */
export function mailboxRequest(
  imageIpa: bigint,
  vcpu: number,
  words: readonly number[],
  x: readonly bigint[],
): { at: number; bytes: Uint8Array }[] {
  const RET = 0xd65f03c0;
  const box = new Uint8Array(8 + 18 * 8);
  put64(box, 0, imageIpa + BigInt(codePageAt(vcpu)));
  for (let i = 0; i < 18; i++) put64(box, 8 + i * 8, x[i] ?? 0n);
  const base = mailboxAt(vcpu);
  return [
    { at: codePageAt(vcpu), bytes: wordBytes([...words, RET]) },
    { at: base + Mailbox.ENTRY, bytes: box },
    { at: base + Mailbox.DONE, bytes: new Uint8Array(8) },
    { at: base + Mailbox.ESR, bytes: new Uint8Array(24) },
    { at: base + Mailbox.GO, bytes: Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0) },
  ];
}
