import type { Handler } from './handler.js';

export const memparcelHandlers: Record<number, Handler> = {};
