/** Hand-written loops that move the same bytes and do nothing else: what a figure could be at best. */

let sink = 0;
export const sunk = (): number => sink;

/** Eight registers in, eight out. */
export function registers(n: number): void {
  const x = new BigUint64Array(18);
  const args = new BigUint64Array(8);
  for (let i = 0; i < n; i++) {
    for (let r = 0; r < 8; r++) args[r] = x[r];
    for (let r = 0; r < 8; r++) x[r] = args[r];
    x.fill(0n, 10, 18);
  }
  sink += Number(x[0]);
}

const packet = new Uint8Array(256);
const queue = new Uint8Array(256);
const memory = new Uint8Array(4096);

/** `bytes` from a sender's memory into a queue and from there into a receiver's memory. */
export function transfer(bytes: number): (n: number) => void {
  return (n) => {
    for (let i = 0; i < n; i++) {
      packet[4] = i;
      queue.set(packet.subarray(0, bytes));
      memory.set(queue.subarray(0, bytes), 1024);
    }
    sink += memory[1028];
  };
}

/** A request of `request` bytes there, a reply of `reply` bytes back, with registers of four hypercalls. */
export function roundTrip(request: number, reply: number): (n: number) => void {
  const there = transfer(request);
  const back = transfer(reply);
  return (n) => {
    for (let i = 0; i < n; i++) {
      there(1);
      back(1);
      registers(4);
    }
  };
}

/** Copies of `bytes` bytes. */
export function copies(bytes: number): (n: number) => void {
  const from = new Uint8Array(bytes);
  return (n) => {
    for (let i = 0; i < n; i++) {
      from[0] = i;
      sink += from.slice()[0];
    }
  };
}

/** A sorted list of eight deadlines: take the first, put it back later. */
export function deadlines(n: number): void {
  const at = new Float64Array(8);
  let now = 0;
  for (let i = 0; i < n; i++) {
    let best = 0;
    for (let k = 1; k < 8; k++) if (at[k] < at[best]) best = k;
    now = Math.max(now, at[best]);
    at[best] = now + 1 + (best & 3);
  }
  sink += now;
}

/** Steps of a machine of two states, written as a switch: what the first step of the measured machine leads to, and back. */
export function stateSteps(n: number): void {
  let state = 0;
  for (let i = 0; i < n; i++) {
    const event = i & 1 ? 'RUN' : 'READY';
    switch (state) {
      case 0:
        if (event === 'RUN') state = 1;
        break;
      case 1:
        if (event === 'READY') state = 0;
        break;
    }
  }
  sink += state;
}
