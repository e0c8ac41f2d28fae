/**
 * The link for a client that is written synchronously: a request waits for its reply, events come when the client is idle. A thread
 * of its own reads and writes the socket.
 */
import { connect } from 'node:net';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

const HEAD = 8;
const ROOM = 1 << 17;
const [WAITING, HERE, GONE] = [0, 1, 2];

export class SyncLink {
  /** Called for every event (tag 0) and for the replies to what was posted. */
  onFrame = (_type, _tag, _payload) => {};
  #tag = 0;
  #control = new Int32Array(new SharedArrayBuffer(8));
  #data = new Uint8Array(new SharedArrayBuffer(ROOM));
  #worker;

  /** `unix:PATH` or `tcp:HOST:PORT`. */
  constructor(address) {
    const shared = { address, control: this.#control, data: this.#data };
    this.#worker = new Worker(new URL(import.meta.url), { workerData: shared });
    this.#worker.on('message', ({ type, tag, payload }) => this.onFrame(type, tag, payload));
    this.#worker.on('exit', () => process.exit(1));
  }

  #frame(type, payload) {
    this.#tag = (this.#tag % 0xffff) + 1;
    const frame = new Uint8Array(HEAD + payload.length);
    const view = new DataView(frame.buffer);
    view.setUint32(0, frame.length - 4, true);
    frame[4] = type;
    view.setUint16(6, this.#tag, true);
    frame.set(payload, HEAD);
    return frame;
  }

  /** Payload of the reply, its status first. */
  request(type, payload = new Uint8Array(0)) {
    Atomics.store(this.#control, 0, WAITING);
    this.#worker.postMessage({ frame: this.#frame(type, payload), waits: true });
    // More than once: the signal for the reply before may still be under way when its value has been seen already.
    while (Atomics.load(this.#control, 0) === WAITING) Atomics.wait(this.#control, 0, WAITING);
    if (Atomics.load(this.#control, 0) === GONE) process.exit(1);
    return this.#data.slice(0, this.#control[1]);
  }

  /** Does not wait; tag of the reply. */
  post(type, payload = new Uint8Array(0)) {
    this.#worker.postMessage({ frame: this.#frame(type, payload), waits: false });
    return this.#tag;
  }
}

function serve({ address, control, data }) {
  const [, kind, rest] = /^(unix|tcp):(.*)$/.exec(address) ?? [];
  const at = rest.lastIndexOf(':');
  const socket = connect(
    kind === 'unix' ? { path: rest } : { host: rest.slice(0, at), port: Number(rest.slice(at + 1)) },
  );
  let input = new Uint8Array(0);
  let awaited = 0;
  const answer = (state) => {
    Atomics.store(control, 0, state);
    Atomics.notify(control, 0);
  };
  parentPort.on('message', ({ frame, waits }) => {
    if (waits) awaited = new DataView(frame.buffer).getUint16(6, true);
    socket.write(frame);
  });
  socket.on('data', (chunk) => {
    input = Buffer.concat([input, chunk]);
    const view = new DataView(input.buffer, input.byteOffset, input.length);
    let from = 0;
    while (input.length - from >= HEAD && input.length - from >= view.getUint32(from, true) + 4) {
      const end = from + view.getUint32(from, true) + 4;
      const tag = view.getUint16(from + 6, true);
      const payload = new Uint8Array(input.subarray(from + HEAD, end));
      if (tag !== 0 && tag === awaited) {
        awaited = 0;
        data.set(payload);
        control[1] = payload.length;
        answer(HERE);
      } else parentPort.postMessage({ type: input[from + 4], tag, payload });
      from = end;
    }
    input = input.subarray(from);
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    answer(GONE);
    process.exit(1);
  });
}

if (!isMainThread) serve(workerData);
