import { decodeSnapshot, encodeSnapshot, restoreSnapshot, takeSnapshot } from '../src/sim/index.js';
import { copies } from './limits.js';
import { type Figure, type Figures, figure } from './measure.js';
import { withVms } from './platform.js';

export function snapshots(): Figures {
  const { sim } = withVms(7);
  const snapshot = takeSnapshot(sim);
  const bytes = encodeSnapshot(snapshot);
  const size = bytes.length;
  // A copy of the same state as one piece of memory.
  const limit = copies(size);
  const us = (f: Figure): Figure => ({ rate: 1e6 / f.rate, unit: 'us', ratioToLimit: f.ratioToLimit });
  return {
    'snapshot, 8 VMs': us(
      figure(
        'us',
        (n) => {
          for (let i = 0; i < n; i++) takeSnapshot(sim);
        },
        limit,
      ),
    ),
    'restore, 8 VMs': us(
      figure(
        'us',
        (n) => {
          for (let i = 0; i < n; i++) restoreSnapshot(sim, snapshot);
        },
        limit,
      ),
    ),
    'snapshot to bytes, 8 VMs': us(
      figure(
        'us',
        (n) => {
          for (let i = 0; i < n; i++) encodeSnapshot(snapshot);
        },
        limit,
      ),
    ),
    'snapshot from bytes, 8 VMs': us(
      figure(
        'us',
        (n) => {
          for (let i = 0; i < n; i++) decodeSnapshot(bytes);
        },
        limit,
      ),
    ),
    'snapshot size, 8 VMs': { rate: size, unit: 'bytes', ratioToLimit: 0 },
  };
}
