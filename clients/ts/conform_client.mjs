/**
 * The reference client as a program of its own, level V (after `npm run build`):
 *
 *   npx gunyah-sim conform --level V --client 'node clients/ts/conform_client.mjs {link}'
 *
 * Names of defects may follow the address. An adapter like clients/c/adapter.h (docs/conformance-adapter.md): LinkPort is its lower
 * half, what the client calls on real hardware; the lines of the upper half this client happens to speak itself.
 */
import { createInterface } from 'node:readline';
import { UpperTester } from '../../dist/src/conform/client/upper.js';
import { At, EventType, FrameType, REPLY } from '../../dist/src/link/spec.js';
import { LinkPort, NEVER } from './link_port.mjs';

const [address, ...defects] = process.argv.slice(2);
const port = new LinkPort(address);
const client = new UpperTester(port, new Set(defects));
let wfi = { tag: 0, until: NEVER };

const say = () => {
  const lines = client.take();
  if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
};

/** A pause that the client asked for, and not a time limit, ns. */
const PAUSE_NS = 1_000_000;

/** What can be done now; then the machine works until there is an interrupt, or it is time. */
function work() {
  const more = client.pump();
  say();
  if (!more && wfi.tag !== 0 && wfi.until <= port.alarmAt) return;
  const now = more || port.alarmAt !== NEVER ? port.now() : 0;
  const until = more && port.alarmAt - now > PAUSE_NS ? now + 1 : port.alarmAt;
  const payload = new Uint8Array(At.WFI.SIZE);
  new DataView(payload.buffer).setBigUint64(
    0,
    until === NEVER ? 0n : BigInt(Math.max(1, Math.ceil(until - now))),
    true,
  );
  wfi = { tag: port.link.post(FrameType.WFI, payload), until };
}

port.link.onFrame = (type, tag) => {
  if (type === (FrameType.WFI | REPLY) && tag === wfi.tag) {
    wfi = { tag: 0, until: NEVER };
    if (port.alarmAt <= port.now()) port.alarmAt = NEVER;
  } else if (type !== EventType.IRQ) return;
  port.pending = true;
  work();
};

createInterface({ input: process.stdin })
  .on('line', (line) => {
    if (line.startsWith('sync ')) {
      port.pending = true;
      work();
      // What was posted has arrived when something behind it has been answered.
      port.now();
      process.stdout.write(`synced ${line.slice(5)}\n`);
      return;
    }
    client.command(line);
    work();
  })
  .on('close', () => process.exit(0));

client.attach();
const [greeting] = client.take();
const { node } = client.transport;
if (greeting.startsWith('hello')) port.enableInterrupts([node.txIrq, node.rxIrq]);
process.stdout.write(`${greeting}${greeting.startsWith('hello') ? ' sync' : ''}\n`);
if (greeting.startsWith('hello')) work();
