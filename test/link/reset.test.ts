import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { serveLink } from '../../src/link/index.js';
import { bootedSim } from './support.js';

describe('a connection that is reset', () => {
  it('ends with one line', async () => {
    const log: string[] = [];
    const server = await serveLink(
      bootedSim(),
      { kind: 'tcp', host: '127.0.0.1', port: 0 },
      { log: (l) => void log.push(l) },
    );
    const socket = connect(Number(server.address.split(':').at(-1)), '127.0.0.1');
    await once(socket, 'connect');
    socket.resetAndDestroy();
    while (log.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await server.close();
    expect(log).toEqual([expect.stringMatching(/: closed: it went away before HELLO \(read ECONNRESET\)$/)]);
  });
});
