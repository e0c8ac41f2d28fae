/** `demo` (`npm start`): the first scenario, both capability tables, and how much of the real system's behaviour is matched. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Platform } from '../../protocol/index.js';
import { textTrace } from '../../scenario/index.js';
import { capTableLines, capTables } from '../../sim/index.js';
import { Exit } from '../errors.js';
import { packageFolder } from '../files.js';
import { type GlobalOptions, paints, print, useColor } from '../output.js';
import { inFile, startRun } from './scenario-file.js';

const FIRST = 'first-rpc.json';
const SHOWN_VMIDS: readonly number[] = [Platform.VMID_RM, Platform.VMID_HLOS];

export async function demo(options: GlobalOptions): Promise<Exit> {
  const root = packageFolder();
  const file = join(root, 'examples', FIRST);
  const { bold } = paints(options);
  const trace = textTrace({ print, calls: true, color: useColor(options) });
  const playing = startRun(file, { seed: options.seed, listener: trace });
  print(bold(`examples/${FIRST}: ${playing.scenario.about}`));
  inFile(file, () => playing.finish());
  print('');
  for (const table of capTables(playing.sim)) {
    if (!SHOWN_VMIDS.includes(table.vmid)) continue;
    for (const line of capTableLines(table)) print(line);
    print('');
  }
  const transcripts = join(root, 'test', 'transcripts');
  const ok = playing.failures.length === 0;
  if (!existsSync(transcripts)) {
    print(
      ok
        ? 'The example did what it says. Transcripts of the real system are not part of this installation.'
        : 'The example failed.',
    );
    return ok ? Exit.OK : Exit.FAILED;
  }
  const { verifyTotals } = await import('./verify-totals.js');
  const totals = verifyTotals(transcripts, options);
  const events = totals.matched + totals.mismatched + totals.unsupported + totals.excused;
  print(
    `${totals.matched} of ${events} events recorded from real Gunyah are matched, ${totals.excused} differ for a listed reason (${totals.files} recordings; "gunyah-sim verify" repeats them)`,
  );
  return ok ? Exit.OK : Exit.FAILED;
}
