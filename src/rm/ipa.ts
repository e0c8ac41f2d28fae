import type { Handler } from './handler.js';

export const ipaHandlers: Record<number, Handler> = {};
