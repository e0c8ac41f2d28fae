/** Like full_queue.c, with the library of clients/ts. */
import { LinkPort } from '../../clients/ts/link_port.mjs';

const port = new LinkPort(process.argv[2]);
port.enableInterrupts([960, 961]);
const packet = Uint8Array.of(0x21, 1, 0, 0, 0x24, 0, 0, 0x56);
while (port.send(0, packet, true).error === 0);
port.ask(0x32, 8, (v) => v.setBigUint64(0, 10_000_000n, true));
const taken = [];
for (let n = 0; n < 40; n++) {
  const intid = port.ask(0x30, 0).getUint32(4, true);
  taken.push(intid);
  if (intid === 1023) break;
  port.ask(0x31, 4, (v) => v.setUint32(0, intid, true));
  while (intid === 961 && port.receive(1).error === 0);
}
console.log(taken.join('\n'));
process.exit(0);
