import { describe, expect, it } from 'vitest';
import { primaryTree } from '../../../src/board/primary-tree.js';
import { HLOS_TREE_AREA, patchHlosTree } from '../../../src/rm/dt/index.js';
import { blob } from './data.js';
import { area, edge } from './samples.js';

const input = {
  vmid: 3,
  txCap: 0n,
  rxCap: 1n,
  txIrq: edge(960),
  rxIrq: edge(961),
  messageSize: 240,
  queueDepth: 8,
};

describe('the tree of the primary VM', () => {
  it('is byte for byte the recorded one', () => {
    expect(patchHlosTree(area(primaryTree(), HLOS_TREE_AREA), input)).toEqual(blob('hlos-tree'));
  });

  it('must be a tree, and fit into its area with what RM adds', () => {
    expect(patchHlosTree(new Uint8Array(HLOS_TREE_AREA), input)).toHaveProperty('why');
    const large = new Uint8Array(HLOS_TREE_AREA + 4);
    large.set(primaryTree());
    new DataView(large.buffer).setUint32(4, large.length);
    expect(patchHlosTree(large, input)).toHaveProperty('why');
  });
});
