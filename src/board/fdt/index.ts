/**
 * Flattened device trees: reading, writing, editing in place and overlays, as the Devicetree Specification (chapter 5)
 * defines the bytes and as the usual C library orders them. Knows nothing of Gunyah. Left out: deleting nodes and
 * properties, writing versions other than 17. Overlays are applied in one of two ways with the same result: `graft` for
 * well-formed trees, `applyOverlay` for all.
 */
export {
  be32,
  be64,
  checkHeader,
  type Depth,
  FdtErr,
  HEADER_SIZE,
  Head,
  latin1,
  MAGIC,
  nextNode,
  putBe32,
  Tag,
} from './blob.js';
export { addProp, beginNode, createFdt, endNode, type FdtBuilder, finishFdt } from './build.js';
export { compileFdt } from './compile.js';
export { openInto, pack, setProp } from './edit.js';
export { graft } from './graft.js';
export { applyOverlay } from './overlay.js';
export {
  beginOverlay,
  hexDigits,
  type OverlayWriter,
  overlayBlob,
  overlayLength,
  overlayNode,
  overlayNodeEnd,
  overlayNodeText,
  overlayProp,
  overlayText,
  overlayUnitNode,
  type PropName,
  propNameOf,
  type Text,
  textOf,
} from './overlay-writer.js';
export {
  ancestors,
  cells,
  children,
  firstString,
  getProp,
  getU32,
  hasProp,
  isCompatible,
  listContains,
  maxPhandle,
  nodeByPhandle,
  nodeName,
  nodePath,
  pathOffset,
  phandleOf,
  stringList,
} from './read.js';
export {
  EMPTY,
  type FdtNode,
  type FdtProp,
  type FdtTree,
  isFdtError,
  node,
  parseFdt,
  strings,
  u32s,
  u64s,
  writeFdt,
} from './tree.js';
export { indexTree, nodeAtPath, type TreeIndex } from './tree-index.js';
