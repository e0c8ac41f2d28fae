import type { Handler } from './handler.js';

export const managementHandlers: Record<number, Handler> = {};
