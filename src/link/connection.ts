/** One connection: framing, greeting, limits. What the frames mean is the session's business. */
import { le16, le32, le64 } from '../base/index.js';
import { FrameInput } from './input.js';
import type { Session } from './session.js';
import { At, EventType, FRAME_HEAD, FRAME_NAMES, FrameType, LINK, REPLY, Status } from './spec.js';
import { FrameWriter } from './writer.js';

/** What a connection needs of its socket. */
export interface Transport {
  /** Bytes handed over before that the other side has not taken. At 0 nothing refers to them any more. */
  readonly unsent: number;
  write(bytes: Uint8Array): void;
  /** Stop and go on delivering bytes. */
  pause(): void;
  resume(): void;
  /** Sends what was written, then closes. */
  end(): void;
}

/** A greeting as it was received. */
export interface Hello {
  vmid: number;
  vcpu: number;
  mode: number;
  step: boolean;
  scratch: number;
  name: string;
}

export interface Greeting {
  session: Session;
  x0: bigint;
  pc: bigint;
  on: boolean;
  nowNs: number;
}

/** Bytes of frames that wait behind one that is not done yet, before reading stops. */
const INPUT_HIGH = 65_536;
const IPA_LIMIT = 1n << 36n;

/** Different reasons for BAD_REQUEST that are told per connection. */
const MAX_COMPLAINTS = 8;

/** Units of work of a frame and its reply of so many bytes: 1, and 1 per KiB. */
const workOf = (bytes: number): number => 1 + (bytes >> 10);

/** One client: frames in, frames out, its limits, and its turn of equal work. */
export class Connection {
  readonly out = new FrameWriter();
  name: string;
  session: Session | undefined;
  closed = false;
  /** When it last did something, by the hub's clock (ms). */
  activeAt: number;
  /** Since when the other side does not read, by the hub's clock; -1: it does. */
  stuckAt = -1;
  /** Since when the machine stands still for it while others wait, by the hub's clock; -1: it does not. */
  heldSince = -1;
  private readonly input = new FrameInput();
  private inFlight = false;
  /** Work done for it so far. */
  served = 0;
  /** Work that it may still cause in this round; negative: more than its share was done for it, and the next rounds pay. */
  private credit = 0;
  private paused = false;
  private readonly complaints = new Set<string>();

  constructor(
    readonly transport: Transport,
    name: string,
    now: number,
    private readonly greet: (connection: Connection, hello: Hello) => Greeting | string,
    private readonly onClose: (connection: Connection, reason: string | undefined) => void,
    /** Why a frame got BAD_REQUEST, every reason once. */
    private readonly onComplaint: (connection: Connection, complaint: string) => void = () => {},
  ) {
    this.name = name;
    this.activeAt = now;
  }

  /** Says why a frame made no sense, unless that was said before. */
  complain(type: number, reason: string): void {
    const { complaints } = this;
    if (complaints.size > MAX_COMPLAINTS) return;
    const name = FRAME_NAMES[type] ?? `frame type 0x${type.toString(16)}`;
    const said = complaints.size === MAX_COMPLAINTS ? 'further mistakes are not shown' : `${name}: ${reason}`;
    if (complaints.has(said)) return;
    complaints.add(said);
    this.onComplaint(this, said);
  }

  receive(chunk: Uint8Array, now: number): void {
    if (this.closed) return;
    this.activeAt = now;
    this.input.push(chunk);
    if (this.input.length > INPUT_HIGH && !this.paused) {
      this.paused = true;
      this.transport.pause();
    }
  }

  /** Unread output is at its limit: no frames are handled before the other side reads. */
  get blocked(): boolean {
    return this.transport.unsent + this.out.length >= LINK.OUTPUT_HIGH;
  }

  /**
   * One round: handles frames worth `quantum` units of work, see {@link workOf}, and calls `after` each. A frame of more is paid
   * off in later rounds: see {@link owing}. Returns the number of frames.
   */
  process(quantum: number, after: () => void): number {
    let handled = 0;
    this.credit = Math.min(this.credit + quantum, quantum);
    while (this.credit > 0 && !this.closed && !this.inFlight && !this.blocked) {
      const { input } = this;
      const length = input.frameLength;
      if (length === undefined) break;
      if (length < FRAME_HEAD - 4 || length > LINK.MAX_FRAME) {
        this.fail(`a frame of ${length} bytes; frames have ${FRAME_HEAD - 4} to ${LINK.MAX_FRAME}`);
        break;
      }
      if (input.length < length + 4) break;
      const { buffer, offset } = input;
      const type = buffer[offset + 4];
      const tag = le16(buffer, offset + 6);
      const at = offset + FRAME_HEAD;
      const size = length + 4 - FRAME_HEAD;
      const before = this.out.length;
      if (!this.dispatch(type, tag, buffer, at, size)) break;
      const work = workOf(length + this.out.length - before);
      this.credit -= work;
      this.served += work;
      handled++;
      input.drop(length + 4);
      after();
    }
    if (this.paused && this.input.length <= INPUT_HIGH && !this.closed) {
      this.paused = false;
      this.transport.resume();
    }
    return handled;
  }

  /** A frame is here whole and waits for later rounds to pay off the one before. */
  get owing(): boolean {
    if (this.credit > 0 || this.closed || this.inFlight || this.blocked) return false;
    const length = this.input.frameLength;
    return length !== undefined && this.input.length >= length + 4;
  }

  /** False: the frame is still wanted. */
  private dispatch(type: number, tag: number, b: Uint8Array, at: number, size: number): boolean {
    const { session } = this;
    const flags = b[at - FRAME_HEAD + 5];
    if (session === undefined) {
      if (type === FrameType.HELLO) this.hello(tag, b, at, size, flags);
      else this.fail('the first frame is not HELLO');
      return true;
    }
    if (flags !== 0) {
      this.out.u16(this.out.frame(type | REPLY, tag, 4), Status.BAD_REQUEST);
      this.complain(type, `flags ${flags}; they are 0`);
      return true;
    }
    if (type === FrameType.BYE) {
      this.out.frame(FrameType.BYE | REPLY, tag, At.BYE_REPLY.SIZE);
      this.close(undefined);
      return true;
    }
    const result = session.handle(type, tag, b, at, size);
    if (result === 'later') return false;
    if (result === 'wait') this.inFlight = true;
    return true;
  }

  /** Replies and events that are due. True: something was sent. */
  tick(): boolean {
    const { session } = this;
    if (session === undefined || this.closed || this.blocked) return false;
    const sent = session.tick();
    if (sent && !session.waiting) this.inFlight = false;
    return sent;
  }

  private hello(tag: number, b: Uint8Array, at: number, size: number, flags: number): void {
    const F = At.HELLO;
    const R = At.HELLO_REPLY;
    if (size < F.SIZE || le32(b, at + F.MAGIC) !== LINK.MAGIC) {
      this.refuse(tag, 'not a greeting of this protocol');
      return;
    }
    const nameLength = le16(b, at + F.NAME_LENGTH);
    const scratch = le64(b, at + F.SCRATCH);
    const versions = [le16(b, at + F.VERSION_MIN), le16(b, at + F.VERSION_MAX)];
    let refusal: string | undefined;
    if (nameLength > LINK.MAX_NAME || size !== F.SIZE + nameLength) refusal = 'the name does not fit the frame';
    else if (versions[0] > LINK.VERSION_MAX || versions[1] < LINK.VERSION_MIN)
      refusal = `versions ${versions[0]} to ${versions[1]}; this server speaks ${LINK.VERSION_MIN} to ${LINK.VERSION_MAX}`;
    else if (flags !== 0) refusal = `flags ${flags}; they are 0`;
    else if (b[at + F.TIME] > 1) refusal = `time ${b[at + F.TIME]} does not exist`;
    else if (scratch >= IPA_LIMIT || scratch % 4096n !== 0n) refusal = 'the scratch page is not a page';
    if (refusal === undefined) {
      const name = printable(b.subarray(at + F.SIZE, at + F.SIZE + nameLength));
      if (name !== '') this.name = `${name} (${this.name})`;
      const answer = this.greet(this, {
        vmid: le16(b, at + F.VMID),
        vcpu: le16(b, at + F.VCPU),
        mode: b[at + F.MODE],
        step: b[at + F.TIME] === 1,
        scratch: Number(scratch),
        name,
      });
      if (typeof answer === 'string') refusal = answer;
      else {
        this.session = answer.session;
        const reply = this.out.frame(FrameType.HELLO | REPLY, tag, R.SIZE);
        this.out.u16(reply + R.VERSION, LINK.VERSION_MAX);
        this.out.u32(reply + R.MAX_FRAME, LINK.MAX_FRAME);
        this.out.u64(reply + R.NOW_NS, BigInt(Math.floor(answer.nowNs)));
        this.out.u64(reply + R.X0, answer.x0);
        this.out.u64(reply + R.PC, answer.pc);
        this.out.u16(reply + R.ON, answer.on ? 1 : 0);
        return;
      }
    }
    this.refuse(tag, refusal);
  }

  private refuse(tag: number, reason: string): void {
    this.out.u16(this.out.frame(FrameType.HELLO | REPLY, tag, At.HELLO_REPLY.SIZE), Status.REFUSED);
    this.fail(reason);
  }

  /** Closes with a reason, which the other side is told. */
  fail(reason: string): void {
    if (this.closed) return;
    const text = Uint8Array.from(reason, (c) => c.charCodeAt(0) & 0x7f);
    const at = this.out.frame(EventType.GOODBYE, 0, text.length);
    this.out.bytes.set(text, at);
    this.close(reason);
  }

  /** Ends the connection. `reason` undefined: as the client wished. */
  close(reason: string | undefined): void {
    if (this.closed) return;
    this.flush();
    this.closed = true;
    this.input.clear();
    this.session?.close();
    this.transport.end();
    this.onClose(this, reason);
  }

  flush(): void {
    if (this.out.length === 0 || this.closed) return;
    this.transport.write(this.out.take());
    if (this.transport.unsent === 0) this.out.rewind();
  }
}

/** A name as it may be shown: a client chooses it. */
function printable(b: Uint8Array): string {
  let s = '';
  for (const c of b) s += c >= 0x20 && c < 0x7f ? String.fromCharCode(c) : '?';
  return s;
}
