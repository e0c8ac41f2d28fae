import type { Transport } from '../src/link/index.js';

/** A socket in memory; `reads`: its other side takes what is written. */
export function memoryTransport(reads: boolean, onWrite: (bytes: Uint8Array) => void = () => {}) {
  const t = {
    unsent: 0,
    sent: 0,
    paused: false,
    ended: false,
    write(bytes: Uint8Array) {
      t.sent += bytes.length;
      if (!reads) t.unsent += bytes.length;
      onWrite(bytes);
    },
    pause() {
      t.paused = true;
    },
    resume() {
      t.paused = false;
    },
    end() {
      t.ended = true;
    },
  };
  return t satisfies Transport;
}
