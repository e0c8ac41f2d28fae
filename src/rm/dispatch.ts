/**
 * Requests to handlers, in RM's dispatch order (fact base: rm-rpc-transport 3.4). The ids are disjoint, so the order only
 * matters for reading: it is RM's own.
 */
import { RmError } from '../protocol/index.js';
import { consoleHandlers } from './console.js';
import { extensionHandler } from './extension-boot-context.js';
import { firmwareHandlers } from './firmware.js';
import type { Handler } from './handler.js';
import { ipaHandlers } from './ipa.js';
import { irqHandlers } from './irq/index.js';
import { memparcelHandlers } from './memparcel/index.js';
import type { Rm } from './types.js';
import { creationHandlers } from './vm/creation.js';
import { managementHandlers } from './vm/management.js';
import { resourceHandlers } from './vm/resources.js';

const tables: readonly Readonly<Record<number, Handler>>[] = [
  consoleHandlers,
  managementHandlers,
  memparcelHandlers,
  resourceHandlers,
  irqHandlers,
  creationHandlers,
  ipaHandlers,
  firmwareHandlers,
];

const handlers: ReadonlyMap<number, Handler> = new Map(
  tables.flatMap((table) => Object.entries(table).map(([id, handler]) => [Number(id), handler])),
);

/**
 * Runs the handler of one request: an error code, a whole reply payload, or `NO_REPLY` when the handler goes on later.
 * Unknown ids: UNIMPLEMENTED.
 */
export function dispatch(rm: Rm, from: number, id: number, seq: number, request: Uint8Array): number | Uint8Array {
  const handler = handlers.get(id) ?? extensionHandler(rm, id);
  return handler === undefined ? RmError.UNIMPLEMENTED : handler(rm, from, request, seq);
}
