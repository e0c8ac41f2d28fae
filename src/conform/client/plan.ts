/** A VM as `vm create` describes it: words `key=value`, numbers decimal or 0x. */
import type { BootRegister, PagedRange, VmPlan } from './vm-types.js';

const items = (text: string | undefined): string[][] =>
  (text ?? '')
    .split(',')
    .filter((s) => s !== '')
    .map((s) => s.split(':'));

/** `SET:INDEX:VALUE`. */
export function bootRegister(text: string): BootRegister {
  const [set, index, value] = text.split(':');
  return [Number(set), Number(index), BigInt(value)];
}

/** `lend|share:IPA:SIZE:HOST`, `:ro` behind it. */
const pagedRange = ([kind, ipa, size, host, ro]: readonly string[]): PagedRange => ({
  kind: kind === 'share' ? 'share' : 'lend',
  ipa: Number(ipa),
  size: Number(size),
  host: Number(host),
  readOnly: ro === 'ro',
});

export function plan(words: readonly string[]): VmPlan {
  const o = new Map(words.map((w) => [w.slice(0, w.indexOf('=')), w.slice(w.indexOf('=') + 1)] as const));
  const n = (key: string, otherwise: number): number => Number(o.get(key) ?? otherwise);
  const numbers = (key: string): number[] | undefined => items(o.get(key))[0]?.map(Number);
  const shm = numbers('shm');
  const firmware = numbers('fw');
  const irq = numbers('irq');
  const entry = numbers('entry');
  return {
    base: n('base', 0),
    size: n('size', 0),
    pieces: n('pieces', 1),
    dtbOffset: n('dtb', 0),
    dtbSize: n('dtbsize', 0),
    share: o.get('share') === '1',
    auth: n('auth', 0),
    pas: n('pas', 0),
    vmid: n('vmid', 0),
    boot: items(o.get('boot')).map((r) => bootRegister(r.join(':'))),
    ram: items(o.get('ram')).map(pagedRange),
    bells: items(o.get('bells')).map(([label, kind]) => ({ label: Number(label), level: kind === 'level' })),
    shm: shm && { label: shm[0], base: shm[1], size: shm[2] },
    firmware: firmware && { offset: firmware[0], size: firmware[1] },
    irq: irq && { virq: irq[0], label: irq[1] },
    entry: entry && { offset: entry[0], at: entry[1] },
  };
}
