import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Address,
  type HelloOptions,
  LinkClient,
  type LinkServer,
  type ServeOptions,
  serveLink,
} from '../../src/link/index.js';
import { restoreSnapshot, Simulator, type Snapshot, takeSnapshot } from '../../src/sim/index.js';

let booted: Snapshot | undefined;

/** A simulator at the primary VM's first instruction. */
export function bootedSim(): Simulator {
  const sim = new Simulator();
  if (booted === undefined) {
    sim.bootPrimary();
    booted = takeSnapshot(sim);
  } else restoreSnapshot(sim, booted);
  return sim;
}

export interface Served {
  sim: Simulator;
  server: LinkServer;
  address: Address;
  log: string[];
  client(hello?: HelloOptions): Promise<LinkClient>;
}

/** Runs `test` against a server on a unix socket of its own. */
export async function withServer(options: ServeOptions, test: (served: Served) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'gunyah-link-'));
  const address: Address = { kind: 'unix', path: join(folder, 's') };
  const sim = bootedSim();
  const log: string[] = [];
  const server = await serveLink(sim, address, { graceMs: 5, log: (line) => log.push(line), ...options });
  const clients: LinkClient[] = [];
  try {
    await test({
      sim,
      server,
      address,
      log,
      async client(hello) {
        const c = await LinkClient.connect(address);
        clients.push(c);
        if (hello !== undefined) await c.hello(hello);
        return c;
      },
    });
  } finally {
    for (const c of clients) c.socket.destroy();
    await server.close();
    rmSync(folder, { recursive: true });
  }
}
