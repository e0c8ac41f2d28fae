/** A thread for one long check with a client in another process: its link needs a processor of its own. */
import type { MessagePort } from 'node:worker_threads';
import { bootBench, CATALOG } from '../../../conform/index.js';
import { CliError } from '../../errors.js';
import type { CaseResult } from './case-runner.js';
import { type ChildOptions, runChild } from './child.js';
import { SharedGroup } from './cleanup.js';

/** What the thread is to do; it answers with the result, or with the error's message. */
export interface ConformJob {
  id: string;
  client: string;
  options: Pick<ChildOptions, 'timeoutMs' | 'startMs' | 'folder'>;
  /** Of a {@link SharedGroup}. */
  group: Int32Array<SharedArrayBuffer>;
}

/** Its answer; `transport`: the client did not start. */
export type ConformAnswer = { result: CaseResult } | { transport: string };

export async function conformThread({ id, client, options, group }: ConformJob, main: MessagePort): Promise<void> {
  const answer = (a: ConformAnswer): void => main.postMessage(a);
  const check = CATALOG.find((c) => c.id === id);
  if (check === undefined) throw new Error(`no check ${id}`);
  try {
    const own = { ...options, group: new SharedGroup(group) };
    answer({ result: await runChild(check, bootBench(), client, own) });
  } catch (e) {
    if (!(e instanceof CliError)) throw e;
    answer({ transport: e.message });
  }
}
