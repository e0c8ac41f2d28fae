import type { Handler } from './handler.js';

export const creationHandlers: Record<number, Handler> = {};
