import { describe, expect, it } from 'vitest';
import { SendAudit } from '../../src/conform/audit.js';
import { TEST_ID } from '../../src/conform/tester.js';
import { RpcType, rpcPacket } from '../../src/protocol/index.js';

const request = (...payload: number[]): Uint8Array =>
  rpcPacket(RpcType.REQUEST, TEST_ID, 5, 0, Uint8Array.from(payload));

describe('what a client sent wrong', () => {
  it('is told once, with its number', () => {
    const audit = new SendAudit();
    for (let i = 0; i < 4; i++) audit.packet(request(0, 0, 0, 0));
    expect(audit.problems).toHaveLength(1);
    const [head, ...packet] = audit.problems[0].split('\n');
    expect(head).toBe(
      'the client sent something wrong: sequence number 5 is used again while an equal request is unanswered (3 times)',
    );
    expect(packet.filter((l) => l.includes('REQUEST'))).toHaveLength(1);
  });

  it('is shown with the request that it disagrees with, when they differ', () => {
    const audit = new SendAudit();
    audit.packet(request(1));
    audit.packet(request(1, 2));
    expect(audit.problems[0]).toMatch(
      /used again while this request is unanswered: REQUEST .* 8 \+ 1 bytes\n {2}REQUEST .* 8 \+ 2 bytes/,
    );
  });
});
