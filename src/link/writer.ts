/** Outgoing frames, gathered so that many replies make one write. Bytes handed out are not written again before {@link rewind}. */
import { put16, put32, put64 } from '../base/index.js';
import { FRAME_HEAD } from './spec.js';

const SLAB = 65_536;
/** Enough for a greeting: who does not get further is not worth more. */
const FIRST = 512;

/** Frames one behind the other in a buffer that grows; integers are little endian. */
export class FrameWriter {
  bytes = new Uint8Array(FIRST);
  private start = 0;
  private end = 0;

  /** Bytes not yet taken. */
  get length(): number {
    return this.end - this.start;
  }

  /** Begins a frame with a payload of `size` zero bytes; returns the payload's offset in {@link bytes}. */
  frame(type: number, tag: number, size: number): number {
    const total = FRAME_HEAD + size;
    if (this.end + total > this.bytes.length) this.grow(total);
    const { bytes, end } = this;
    put32(bytes, end, total - 4);
    bytes[end + 4] = type;
    bytes[end + 5] = 0;
    put16(bytes, end + 6, tag);
    this.end = end + total;
    bytes.fill(0, end + FRAME_HEAD, this.end);
    return end + FRAME_HEAD;
  }

  /** Shortens the payload at `at`, which is the last frame's, to `size` bytes. */
  cut(at: number, size: number): void {
    put32(this.bytes, at - FRAME_HEAD, FRAME_HEAD - 4 + size);
    this.end = at + size;
  }

  private grow(total: number): void {
    const kept = this.bytes.subarray(this.start, this.end);
    this.bytes = new Uint8Array(Math.max(SLAB, kept.length + total));
    this.bytes.set(kept);
    this.end = kept.length;
    this.start = 0;
  }

  u16(at: number, value: number): void {
    put16(this.bytes, at, value);
  }
  u32(at: number, value: number): void {
    put32(this.bytes, at, value);
  }
  u64(at: number, value: bigint): void {
    put64(this.bytes, at, value);
  }

  /** Everything since the last call. */
  take(): Uint8Array {
    const out = this.bytes.subarray(this.start, this.end);
    this.start = this.end;
    return out;
  }

  /** What was taken is not needed any more: its place may be used again. */
  rewind(): void {
    if (this.length > 0) return;
    this.start = 0;
    this.end = 0;
  }
}
