/** Access rights and memory types as memory hypercalls encode them (fact base: memory 3). */

export const Access = { NONE: 0, X: 1, W: 2, R: 4, RX: 5, RW: 6, RWX: 7 } as const;

/** Stage-2 memory types of a mapping. */
export const MapMemType = { DEVICE_NGNRNE: 0, DEVICE_NGNRE: 1, NORMAL_NC: 5, NORMAL_WB: 15 } as const;

/** What an extent allows. */
export const ExtentMemType = { ANY: 0, DEVICE: 1, UNCACHED: 2, CACHED: 3 } as const;

export const MemextentType = { BASIC: 0, SPARSE: 1 } as const;
