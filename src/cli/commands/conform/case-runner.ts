/** How one check is run: with the client of this process, or with programs of their own, several at a time. */
import { type BenchImage, type Case, logText, runBuiltin, standstill, type Verdict } from '../../../conform/index.js';
import { CliError, Exit } from '../../errors.js';
import { startThread } from '../../start-thread.js';
import { SharedGroup, untilExit } from './cleanup.js';
import type { ConformAnswer, ConformJob } from './thread.js';

export type CaseResult = Verdict & { log: string };

export const isBuiltin = (client: string): boolean => client === 'builtin';

export interface ClientChoice {
  /** Command, address, or `builtin`. */
  readonly client: string;
  /** Of the built-in one. */
  readonly defect: readonly string[];
  /** Silence of another process that counts as a hang, ms. */
  readonly timeout: number;
  /** How long another process may take to attach, ms. */
  readonly startTimeout: number;
  /** Other processes at the same time. */
  readonly jobs: number;
}

export interface CaseRunner {
  /** Checks that may run at the same time, each with a machine of its own. */
  lanes: number;
  run(check: Case, image: BenchImage): Promise<CaseResult>;
}

export async function caseRunner(o: ClientChoice): Promise<CaseRunner> {
  if (isBuiltin(o.client)) return { lanes: 1, run: async (c, image) => builtin(c, image, new Set(o.defect)) };
  const { newFolder, removeFolder, runChild } = await import('./child.js');
  const options = { timeoutMs: o.timeout, startMs: o.startTimeout };
  return {
    lanes: o.jobs,
    async run(c, image) {
      if (c.slow !== true || o.jobs === 1) return runChild(c, image, o.client, options);
      const folder = newFolder();
      const group = new SharedGroup();
      const close = untilExit(() => {
        group.close();
        removeFolder(folder);
      });
      try {
        return await inThread({ id: c.id, client: o.client, options: { ...options, folder }, group: group.word });
      } finally {
        close();
      }
    },
  };
}

/** Long checks are many small exchanges: two of them in one thread would take turns. */
function inThread(job: ConformJob): Promise<CaseResult> {
  return new Promise((resolve, reject) => {
    const worker = startThread('conform', job);
    worker.once('message', (a: ConformAnswer) => {
      if ('result' in a) resolve(a.result);
      else reject(new CliError(a.transport, Exit.TRANSPORT));
      void worker.terminate();
    });
    worker.once('error', reject);
  });
}

function builtin(check: Case, image: BenchImage, bugs: ReadonlySet<string>): CaseResult {
  const { session, ...verdict } = runBuiltin(check, image, bugs);
  if (verdict.verdict !== 'PASS') verdict.reasons.push(standstill(session.bench, verdict.verdict === 'HANG'));
  return { ...verdict, log: logText(session.bench.log) };
}

/** Takes `items` from the front, at most `lanes` at a time; each lane makes what its work needs once. */
export async function inLanes<T, C>(
  items: readonly T[],
  lanes: number,
  context: () => C,
  work: (item: T, context: C) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  const lane = async (): Promise<void> => {
    const own = context();
    try {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item, own);
    } catch (error) {
      // The other lanes end with what they have in hand.
      queue.length = 0;
      throw error;
    }
  };
  await Promise.all(Array.from({ length: Math.min(lanes, items.length) }, lane));
}
