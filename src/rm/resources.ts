import type { Handler } from './handler.js';

export const resourceHandlers: Record<number, Handler> = {};
