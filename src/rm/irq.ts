import type { Handler } from './handler.js';

export const irqHandlers: Record<number, Handler> = {};
