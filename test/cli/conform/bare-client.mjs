/**
 * A small client for bare packets (mode 1 of the link), level T, with `sync`: one request at a time, replies of one fragment.
 * No interrupt tells it that a full queue has room again: it tries every few milliseconds.
 */
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

const [HELLO, TIME, RPC_SEND, RPC_PACKET, REPLY] = [0x01, 0x33, 0x38, 0xc1, 0x80];
const AGAIN_MS = 5;
const CONTENT = 232;

const socket = connect(process.argv[2].replace('unix:', ''));
const say = (line) => process.stdout.write(`${line}\n`);
const frame = (type, payload) => {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(4 + payload.length);
  head[4] = type;
  socket.write(Buffer.concat([head, payload]));
};

const calls = [];
const syncs = [];
let current;
let packets = [];
let seq = 0;

function cut({ id, payload }) {
  const count = Math.max(1, Math.ceil(payload.length / CONTENT));
  return Array.from({ length: count }, (_, i) => {
    const head = Buffer.from([0x21, (i === 0 ? 1 : 0) | ((count - 1) << 2), seq & 0xff, seq >> 8, 0, 0, 0, 0]);
    head.writeUInt32LE(id, 4);
    return Buffer.concat([head, payload.subarray(i * CONTENT, (i + 1) * CONTENT)]);
  });
}

/** A packet is on its way: the client is not idle. */
let sending = false;
let arrived = 0;

function next() {
  sending = packets.length > 0;
  if (sending) frame(RPC_SEND, packets[0]);
}

function answerSyncs() {
  while (!sending && arrived > 0) {
    arrived--;
    say(`synced ${syncs.shift()}`);
  }
}

function begin() {
  current = calls.shift();
  if (current === undefined) return;
  seq = (seq + 1) & 0xffff;
  packets = cut(current);
  next();
}

function packet(b) {
  const isReply = b.length >= 12 && b[0] === 0x21 && b[1] === 2;
  if (!isReply || current === undefined || b.readUInt16LE(2) !== seq || b.readUInt32LE(4) !== current.id) return;
  say(`reply ${current.ticket} ${b.readUInt32LE(8).toString(16)} ${b.subarray(12).toString('hex') || '-'}`);
  begin();
}

function received(type, b) {
  if (type === (HELLO | REPLY)) say('hello T sync');
  else if (type === RPC_PACKET) packet(b);
  else if (type === (TIME | REPLY)) arrived++;
  else if (b[2] === 0) {
    sending = false;
    setTimeout(next, AGAIN_MS);
  } else {
    packets.shift();
    next();
  }
  answerSyncs();
}

let rest = Buffer.alloc(0);
socket.on('data', (chunk) => {
  rest = Buffer.concat([rest, chunk]);
  for (let n = 0; rest.length >= 4; rest = rest.subarray(4 + n)) {
    n = rest.readUInt32LE();
    if (rest.length < 4 + n) return;
    received(rest[4], rest.subarray(8, 4 + n));
  }
});
socket.on('close', () => process.exit(0));

createInterface({ input: process.stdin }).on('line', (line) => {
  const [verb, ticket, id, bytes] = line.split(' ');
  if (verb === 'call') {
    calls.push({ ticket, id: Number.parseInt(id, 16), payload: Buffer.from(bytes === '-' ? '' : bytes, 'hex') });
    if (current === undefined) begin();
  } else if (verb === 'audit') say(`audit ${ticket} ${current === undefined ? 0 : 1}`);
  else if (verb === 'sync') {
    // Whatever was on its way has arrived before the answer.
    syncs.push(ticket);
    frame(TIME, Buffer.alloc(8));
  }
});

const hello = Buffer.alloc(24);
hello.writeUInt32LE(0x4b4e4c47);
hello.writeUInt16LE(1, 4);
hello.writeUInt16LE(1, 6);
hello.writeUInt16LE(3, 8);
hello[12] = 1;
frame(HELLO, hello);
