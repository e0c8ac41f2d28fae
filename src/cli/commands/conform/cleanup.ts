/** What must not outlive this process: programs that it started in groups of their own, folders with their sockets. */
const closers = new Set<() => void>();

/** Ends all of it now. */
export function closeAll(): void {
  for (const close of [...closers]) close();
}

/** `close` is called once: when the process ends, or before that by the function that is given back. */
export function untilExit(close: () => void): () => void {
  const once = (): void => {
    if (!closers.delete(once)) return;
    if (closers.size === 0) process.off('exit', closeAll);
    close();
  };
  if (closers.size === 0) process.on('exit', closeAll);
  closers.add(once);
  return once;
}

/** Ends a program with all that it has started; `pid` leads their process group. */
export function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

const NONE = 0;
const STARTING = -1;
const CLOSED = -2;
/** Starting a program takes a moment, ms. */
const START_MS = 5_000;

/**
 * The process group that a thread has started, in shared memory, for the thread that ends it: nobody tells a thread that the process
 * ends.
 */
export class SharedGroup {
  constructor(readonly word = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))) {}

  /** To be called before the program is started. Throws when it must not be any more. */
  starting(): void {
    if (Atomics.compareExchange(this.word, 0, NONE, STARTING) === CLOSED) throw new Error('the process ends');
  }

  started(pid: number | undefined): void {
    Atomics.store(this.word, 0, pid ?? NONE);
    Atomics.notify(this.word, 0);
  }

  /** It has ended. */
  ended(): void {
    this.started(NONE);
  }

  /** Ends it, from the other thread; it is not started again. */
  close(): void {
    Atomics.wait(this.word, 0, STARTING, START_MS);
    const pid = Atomics.exchange(this.word, 0, CLOSED);
    if (pid > NONE) killGroup(pid);
  }
}
