import { decodeSnapshot, encodeSnapshot, restoreSnapshot, takeSnapshot } from '../src/sim/index.js';
import { copies } from './limits.js';
import { type Figure, type Figures, figure } from './measure.js';
import { withVms } from './platform.js';

export function snapshots(): Figures {
  const { sim } = withVms(7);
  const snapshot = takeSnapshot(sim);
  const bytes = encodeSnapshot(snapshot);
  const size = bytes.length;
  const us = (f: Figure): Figure => ({ rate: 1e6 / f.rate, unit: 'us', ratioToLimit: f.ratioToLimit });
  return {
    'snapshot, 8 VMs': us(
      figure('us', (n) => {
        for (let i = 0; i < n; i++) takeSnapshot(sim);
      }),
    ),
    'restore, 8 VMs': us(
      figure('us', (n) => {
        for (let i = 0; i < n; i++) restoreSnapshot(sim, snapshot);
      }),
    ),
    'snapshot to bytes, 8 VMs': us(
      figure(
        'us',
        (n) => {
          for (let i = 0; i < n; i++) encodeSnapshot(snapshot);
        },
        copies(size),
      ),
    ),
    'snapshot from bytes, 8 VMs': us(
      figure(
        'us',
        (n) => {
          for (let i = 0; i < n; i++) decodeSnapshot(bytes);
        },
        copies(size),
      ),
    ),
    'snapshot size, 8 VMs': { rate: size, unit: 'bytes', ratioToLimit: 0 },
  };
}
