/** The link over sockets: listening, the real clock, limits of real time. */
import { existsSync, lstatSync, unlinkSync } from 'node:fs';
import { connect, createServer, isIP, type Server, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { Simulator } from '../sim/index.js';
import type { Connection, Transport } from './connection.js';
import { Hub, type HubOptions } from './hub.js';
import { EventType } from './spec.js';
import { FrameWriter } from './writer.js';

export type Address = { kind: 'unix'; path: string } | { kind: 'tcp'; host: string; port: number };

const PORT_MAX = 65_535;
const LOOPBACK = ['127.0.0.1', '::1', 'localhost'];
/** How often grace, greetings and stuck readers are looked at, ms. */
const CHECK_MS = 10;

/** `unix:PATH` or `tcp:HOST:PORT`; a string says what is wrong. */
export function parseAddress(text: string, allowRemote = false): Address | string {
  if (text.startsWith('unix:')) {
    const path = text.slice(5);
    if (path === '') return 'unix: needs a path, as in unix:./gunyah.sock';
    return Buffer.byteLength(path) > 107 ? 'the path of a unix socket has at most 107 bytes' : { kind: 'unix', path };
  }
  const m = /^tcp:(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(text);
  if (m === null) return `'${text}' is not unix:PATH or tcp:HOST:PORT`;
  if (Number(m[3]) > PORT_MAX) return `${text}: there is no port ${m[3]}, give one up to ${PORT_MAX}`;
  const host = m[1] ?? m[2];
  // Names are asked for later; what has only digits, or colons, is meant as an address.
  if (/^[\d.]+$|:/.test(host) && isIP(host) === 0) return `${text}: ${host} is no IP address`;
  if (!LOOPBACK.includes(host) && !allowRemote)
    return `${host} may be reached from elsewhere and the link has no authentication; --allow-remote to listen there anyway`;
  return { kind: 'tcp', host, port: Number(m[3]) };
}

export interface LinkServer {
  readonly hub: Hub;
  /** `unix:PATH` or `tcp:HOST:PORT` with the port in use. */
  readonly address: string;
  close(reason?: string): Promise<void>;
}

export interface ServeOptions extends Pick<HubOptions, 'graceMs' | 'stepLimitMs' | 'helloMs' | 'stuckMs' | 'onEmpty'> {
  log?(line: string): void;
}

function transport(socket: Socket): Transport {
  return {
    get unsent() {
      return socket.writableLength;
    },
    write: (bytes) => {
      if (!socket.destroyed && socket.writable) socket.write(bytes);
    },
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    end: () => {
      socket.end();
      // A peer that does not read must not keep its bytes here for ever.
      const timer = setTimeout(() => socket.destroy(), 1_000).unref();
      socket.once('close', () => clearTimeout(timer));
    },
  };
}

/** Removes a socket file that nobody listens to any more; anything else is left alone. */
async function clearStale(path: string): Promise<void> {
  if (!existsSync(path) || !lstatSync(path).isSocket()) return;
  const stale = await new Promise<boolean>((resolve) => {
    const probe = connect(path, () => {
      probe.destroy();
      resolve(false);
    });
    probe.on('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'));
  });
  if (stale) unlinkSync(path);
}

/** Serves `sim`, which has booted. Rejects when the address cannot be used. */
export async function serveLink(sim: Simulator, address: Address, options: ServeOptions = {}): Promise<LinkServer> {
  const log = options.log ?? (() => {});
  const hub = new Hub({ ...options, sim, log, clock: () => performance.now(), defer: (turn) => setImmediate(turn) });
  const server = createServer({ noDelay: true, allowHalfOpen: false }, (socket) => accept(hub, socket, log));
  if (address.kind === 'unix') await clearStale(address.path);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    if (address.kind === 'unix') server.listen(address.path, resolve);
    else server.listen(address.port, address.host, resolve);
  });
  server.on('error', (error) => log(`server: ${error.message}`));
  const timer = setInterval(() => hub.check(), CHECK_MS);
  return {
    hub,
    address: addressOf(server, address),
    async close(reason = 'the server ends') {
      clearInterval(timer);
      hub.closeAll(reason);
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function addressOf(server: Server, wanted: Address): string {
  const actual = server.address();
  if (wanted.kind === 'unix' || actual === null || typeof actual === 'string')
    return `unix:${wanted.kind === 'unix' ? wanted.path : ''}`;
  const host = actual.family === 'IPv6' ? `[${actual.address}]` : actual.address;
  return `tcp:${host}:${actual.port}`;
}

function accept(hub: Hub, socket: Socket, log: (line: string) => void): void {
  const from = socket.remoteAddress === undefined ? 'client' : `client ${socket.remoteAddress}`;
  const connection: Connection | string = hub.connect(transport(socket), from);
  let failure = '';
  socket.on('error', (error) => {
    failure = ` (${error.message})`;
  });
  if (typeof connection === 'string') {
    const out = new FrameWriter();
    const at = out.frame(EventType.GOODBYE, 0, connection.length);
    out.bytes.set(Buffer.from(connection, 'latin1'), at);
    socket.end(out.take());
    log(`${from}: refused: ${connection}`);
    return;
  }
  socket.on('data', (chunk) => hub.receive(connection, chunk));
  socket.on('drain', () => hub.wake());
  socket.on('close', () => {
    // Who never greeted has perhaps only looked whether somebody listens.
    const unsaid = connection.session === undefined ? 'before HELLO' : 'without BYE';
    connection.close(connection.closed ? undefined : `it went away ${unsaid}${failure}`);
    hub.wake();
  });
}
