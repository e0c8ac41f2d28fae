/** Incoming bytes until they are whole frames: bounded, and without copies while frames arrive whole. */
import { le32 } from '../base/index.js';

const EMPTY = new Uint8Array(0);

export class FrameInput {
  private bytes: Uint8Array = EMPTY;
  private start = 0;
  private end = 0;
  /** `bytes` is ours to append to. */
  private owned = false;

  get length(): number {
    return this.end - this.start;
  }

  push(chunk: Uint8Array): void {
    if (this.length === 0) {
      // A plain view: slices of a Buffer would share its memory.
      this.bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
      this.start = 0;
      this.end = chunk.length;
      this.owned = false;
      return;
    }
    const need = this.length + chunk.length;
    if (!this.owned || this.end + chunk.length > this.bytes.length) {
      const next = new Uint8Array(Math.max(need * 2, 1024));
      next.set(this.bytes.subarray(this.start, this.end));
      this.end = this.length;
      this.start = 0;
      this.bytes = next;
      this.owned = true;
    }
    this.bytes.set(chunk, this.end);
    this.end += chunk.length;
  }

  /** Bytes that follow the length field of the frame at the front; undefined: too few bytes to know. */
  get frameLength(): number | undefined {
    return this.length < 4 ? undefined : le32(this.bytes, this.start);
  }

  /** The array that holds the front frame, whose length field is at {@link offset}. Valid until the next push. */
  get buffer(): Uint8Array {
    return this.bytes;
  }
  get offset(): number {
    return this.start;
  }

  drop(count: number): void {
    this.start += count;
    if (this.start >= this.end) this.clear();
  }

  clear(): void {
    this.bytes = EMPTY;
    this.start = 0;
    this.end = 0;
    this.owned = false;
  }
}
