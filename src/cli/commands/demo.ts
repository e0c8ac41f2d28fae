/** `demo` (`npm start`): the first scenario, both capability tables, and how much of the real system's behaviour is matched. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Platform } from '../../protocol/index.js';
import { textTrace } from '../../scenario/index.js';
import { capTableLines, capTables } from '../../sim/index.js';
import { Exit } from '../errors.js';
import { packageFolder } from '../files.js';
import { type GlobalOptions, paints, print, printJson, useColor } from '../output.js';
import { inFile, startRun } from './scenario-file.js';
import type { verifyTotals } from './verify-totals.js';

const FIRST = 'first-rpc.json';
const SHOWN_VMIDS: readonly number[] = [Platform.VMID_RM, Platform.VMID_HLOS];

const SHIPPED = join(packageFolder(), 'test', 'transcripts');

/** `transcripts`: a folder with recordings, which need not be there. */
export async function demo(options: GlobalOptions, transcripts = SHIPPED): Promise<Exit> {
  const file = join(packageFolder(), 'examples', FIRST);
  const json = options.json === true;
  const { bold } = paints(options);
  const trace = textTrace({ print, calls: true, color: useColor(options) });
  const playing = startRun(file, { seed: options.seed, listener: json ? undefined : trace });
  if (!json) print(bold(`examples/${FIRST}: ${playing.scenario.about}`));
  inFile(file, () => playing.finish());
  const tables = capTables(playing.sim).filter((table) => SHOWN_VMIDS.includes(table.vmid));
  if (!json) for (const table of tables) print(['', ...capTableLines(table)].join('\n'));
  const { failures } = playing;
  const totals = existsSync(transcripts)
    ? (await import('./verify-totals.js')).verifyTotals(transcripts, options)
    : undefined;
  if (json)
    printJson({ scenario: `examples/${FIRST}`, seed: playing.sim.options.seed, failures, tables, recordings: totals });
  else print(`\n${totals === undefined ? withoutRecordings(failures.length === 0) : matched(totals)}`);
  return failures.length === 0 ? Exit.OK : Exit.FAILED;
}

const withoutRecordings = (ok: boolean): string =>
  ok
    ? 'The example did what it says. Transcripts of the real system are not part of this installation.'
    : 'The example failed.';

const matched = (t: ReturnType<typeof verifyTotals>): string =>
  `${t.matched} of ${t.events} events recorded from real Gunyah are matched, ${t.excused} differ for a listed reason (${t.files} recordings; "gunyah-sim verify" repeats them)`;
