/** A server in the same thread: the hub of the link without sockets, so that a replay can ask it without waiting. */
import { put16, put32, put64 } from '../../src/base/index.js';
import { type Exchange, LinkFault, type Reply, type Request } from '../../src/conform-rm/index.js';
import { Hub } from '../../src/link/index.js';
import { FrameInput } from '../../src/link/input.js';
import { At, EventType, FRAME_HEAD, FrameType, LINK } from '../../src/link/spec.js';
import type { Simulator } from '../../src/sim/index.js';

/** What a broken server does with a frame of its own: type, tag, payload. Undefined: it never leaves. */
export type Tamper = (type: number, payload: Uint8Array) => Uint8Array | undefined;

const TURNS = 100_000;

export class HubExchange implements Exchange {
  private readonly input = new FrameInput();
  private readonly replies = new Map<number, Reply>();
  private readonly received: Uint8Array[] = [];
  private readonly hub: Hub;
  private readonly connection;
  private tag = 0;
  private due: (() => void) | undefined;

  constructor(
    sim: Simulator,
    mode: 0 | 1 = 0,
    private readonly tamper: Tamper = (_type, payload) => payload,
  ) {
    this.hub = new Hub({
      sim,
      clock: () => performance.now(),
      defer: (turn) => {
        this.due = turn;
      },
      log: () => {},
    });
    const connection = this.hub.connect(
      {
        unsent: 0,
        write: (bytes) => this.input.push(bytes.slice()),
        pause() {},
        resume() {},
        end() {},
      },
      'test',
    );
    if (typeof connection === 'string') throw new Error(connection);
    this.connection = connection;
    const hello = new Uint8Array(At.HELLO.SIZE);
    put32(hello, At.HELLO.MAGIC, LINK.MAGIC);
    put16(hello, At.HELLO.VERSION_MIN, 1);
    put16(hello, At.HELLO.VERSION_MAX, 1);
    put16(hello, At.HELLO.VMID, 3);
    hello[At.HELLO.MODE] = mode;
    put64(hello, At.HELLO.SCRATCH, 0n);
    this.request([{ type: FrameType.HELLO, payload: hello }]);
  }

  request(requests: readonly Request[]): Reply[] {
    const tags = requests.map(({ type, payload }) => {
      const frame = new Uint8Array(FRAME_HEAD + payload.length);
      this.tag = (this.tag % 0xffff) + 1;
      put32(frame, 0, frame.length - 4);
      frame[4] = type;
      put16(frame, 6, this.tag);
      frame.set(payload, FRAME_HEAD);
      this.hub.receive(this.connection, frame);
      return this.tag;
    });
    for (let i = 0; i < TURNS; i++) {
      this.take();
      if (tags.every((t) => this.replies.has(t))) break;
      const { due } = this;
      // Nothing is left to do, not even later: whoever still waits does so for ever.
      if (due === undefined) break;
      this.due = undefined;
      due();
    }
    return tags.map((t) => {
      const reply = this.replies.get(t);
      if (reply === undefined) throw new LinkFault('silent', 'no answer');
      this.replies.delete(t);
      return reply;
    });
  }

  packets(): Uint8Array[] {
    for (let i = 0; i < TURNS && this.due !== undefined; i++) {
      const { due } = this;
      this.due = undefined;
      due();
    }
    this.take();
    return this.received.splice(0);
  }

  private take(): void {
    const { input } = this;
    for (let n = input.frameLength; n !== undefined && input.length >= n + 4; n = input.frameLength) {
      const { buffer: b, offset: at } = input;
      const payload = this.tamper(b[at + 4] & 0x7f, b.slice(at + FRAME_HEAD, at + n + 4));
      const tag = b[at + 6] | (b[at + 7] << 8);
      if (payload !== undefined && b[at + 4] === EventType.RPC_PACKET) this.received.push(payload);
      else if (payload !== undefined && tag !== 0)
        this.replies.set(tag, { status: payload[0] | (payload[1] << 8), payload });
      input.drop(n + 4);
    }
  }
}
