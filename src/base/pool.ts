/**
 * Typed arrays that belong to short-lived objects, used again. An array of more than 64 bytes lies outside the JavaScript
 * heap: making one costs up to a microsecond, collecting it as much again. What `take` returns is as good as new: zeroed, and
 * nobody else's. Only the one who owns an array may give it back, and must forget it then.
 */
export interface ArrayPool<T> {
  take(): T;
  /** `clean`: all of it is zero already. */
  give(array: T, clean?: boolean): void;
}

/** Arrays kept at most per pool. */
const MOST = 64;

export function arrayPool<T extends { fill(value: number): T }>(make: () => T): ArrayPool<T> {
  const spare: T[] = [];
  return {
    take: () => spare.pop() ?? make(),
    give(array, clean = false) {
      if (spare.length < MOST) spare.push(clean ? array : array.fill(0));
    },
  };
}

const bytePools = new Map<number, ArrayPool<Uint8Array>>();
/** Sizes with a pool; others are simply made. */
const MOST_SIZES = 16;

function bytePool(size: number): ArrayPool<Uint8Array> | undefined {
  let pool = bytePools.get(size);
  if (pool === undefined && bytePools.size < MOST_SIZES) {
    pool = arrayPool<Uint8Array>(() => new Uint8Array(size));
    bytePools.set(size, pool);
  }
  return pool;
}

/** Zeroed bytes. */
export const takeBytes = (size: number): Uint8Array => bytePool(size)?.take() ?? new Uint8Array(size);
/** Gives back what {@link takeBytes} returned. */
export const giveBytes = (bytes: Uint8Array): void => bytePool(bytes.length)?.give(bytes);
