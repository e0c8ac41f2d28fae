import type { Handler } from './handler.js';

export const firmwareHandlers: Record<number, Handler> = {};
