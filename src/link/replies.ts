/** Replies to the frames of a vCPU: how an operation ended as a status of the link. */
import type { Outcome } from '../sim/index.js';
import type { Handled } from './session.js';
import { REPLY, Status } from './spec.js';
import type { FrameWriter } from './writer.js';

/** Virtual time for which an operation may run the machine before it counts as waiting. */
export const WAIT_NS = 100_000;

export function statusOf(outcome: Outcome): Status {
  switch (outcome.kind) {
    case 'done':
      return Status.OK;
    case 'exception':
      return Status.EXCEPTION;
    case 'dead':
      return Status.DEAD;
    default:
      return Status.NO_RETURN;
  }
}

export class Replies {
  constructor(readonly out: FrameWriter) {}

  /** Begins a reply of `size` bytes, zero behind its status. Offset of its payload in the writer's bytes. */
  reply(type: number, tag: number, size: number, status: Status): number {
    const at = this.out.frame(type | REPLY, tag, size);
    this.out.u16(at, status);
    return at;
  }

  bad(type: number, tag: number): Handled {
    this.reply(type, tag, 4, Status.BAD_REQUEST);
    return 'done';
  }
}
