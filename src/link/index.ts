/**
 * The link: processes outside the simulator drive vCPUs, or RM's queues, over a socket. Frames: spec/link.toml.
 * Leaves out: authentication (loopback only by default), and the bus of devices that the emulator would add.
 */
export { type CallResult, type HelloOptions, LinkClient, LinkClosed, type LinkReply } from './client.js';
export { Connection, type Transport } from './connection.js';
export { Hub, type HubOptions, QUANTUM } from './hub.js';
export { type Address, type LinkServer, parseAddress, type ServeOptions, serveLink } from './server.js';
export * from './spec.js';
export { FrameWriter } from './writer.js';
