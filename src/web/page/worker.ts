/** The worker of the page: one answer to every request. */
import { type Answer, type Request, Session } from '../index.js';

const session = new Session();

function answer(request: Request): Answer {
  try {
    return session.answer(request);
  } catch (error) {
    return { kind: 'error', text: `this is a bug of gunyah-sim: ${error instanceof Error ? error.message : error}` };
  }
}

self.onmessage = (e: MessageEvent<Request>) => self.postMessage(answer(e.data));
