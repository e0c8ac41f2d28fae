import type { Handler } from './handler.js';

export const consoleHandlers: Record<number, Handler> = {};
