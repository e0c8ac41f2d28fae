/** The page as people get it: the built file, opened from the disk, in a real browser. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { parseScenario, Run } from '../../src/scenario/index.js';
import { stateDigest } from '../../src/sim/index.js';
import { ExplorerPage } from '../support/explorer.js';

const root = new URL('../../', import.meta.url);
const text = readFileSync(new URL('examples/two-vms.json', root), 'utf8');

it('the web explorer steps forwards and backwards, tells why and who, and asks nothing of a network', async () => {
  const explorer = await ExplorerPage.open(fileURLToPath(new URL('dist/web/explorer.html', root)), '#two-vms/8');
  onTestFinished(() => explorer.close());
  const { page } = explorer;
  /** Capability ids of HLOS, with what happened to them. */
  const caps = (): Promise<string[]> => explorer.texts('[data-table="caps 3"] tbody td:nth-child(-n + 2)');
  await explorer.at(8);
  expect(await caps()).toEqual(['', '0x0', '', '0x1', '', '0x2']);

  // A new VM: capabilities come, and go again on the way back.
  await page.keyboard.press('ArrowRight');
  await explorer.at(9);
  expect(await caps()).toEqual(['', '0x0', '', '0x1', '', '0x2', ...[3, 4, 5, 6, 7].flatMap((n) => ['+', `0x${n}`])]);
  await page.click('#prev');
  await explorer.at(8);
  expect(await caps()).toEqual(['', '0x0', '', '0x1', '', '0x2']);

  // Who holds the object of a capability, and which calls named it; the focus stays where it is.
  await page.click('#next');
  await explorer.at(9);
  await page.click('[data-table="caps 3"] tr.came button');
  await page.locator('#story h3').waitFor();
  expect(await explorer.texts('#story h3, #story .holders li')).toEqual([
    expect.stringMatching(/^THREAD #\d+, ACTIVE$/),
    'HLOS 0x3: copy, AFFINITY YIELD_TO',
    expect.stringMatching(/^RM 0x419: master, POWER /),
  ]);
  expect((await explorer.texts('#story .calls li'))[0]).toMatch(/^step 9 .*partition_create_thread/);
  expect(await page.evaluate('document.activeElement.dataset.key')).toMatch(/ 0x3$/);

  // The last step: the state of the command line.
  await page.fill('#slider', '36');
  await explorer.at(36);
  const run = new Run(parseScenario(text));
  run.finish();
  expect(await page.textContent('#where')).toContain(stateDigest(run.sim));
  expect(await page.isDisabled('#next')).toBe(true);

  // A scenario that is none loses nothing; one that fails tells why.
  const paste = async (pasted: string): Promise<void> => {
    await page.click('#paste-open');
    await page.fill('#paste-text', pasted);
    await page.click('#paste button[value=play]');
  };
  await paste('{');
  await page.locator('#problem', { hasText: 'not JSON' }).waitFor();
  await explorer.at(36);
  await paste(text.replace('"vmid": 0 }', '"vmid": 300 }'));
  await explorer.at(0);
  await page.keyboard.press('End');
  await explorer.at(2);
  expect(await page.textContent('#why')).toMatch(/VM_ALLOCATE was refused with[\s\S]*the step failed/);
  expect(await page.isDisabled('#next')).toBe(true);

  expect(explorer.complaints).toEqual([]);
  await page.evaluate(`fetch('http://127.0.0.1:9/').catch(() => {})`);
  await page.evaluate(`console.log('hello')`);
  expect(explorer.complaints.join()).toMatch(/Content Security Policy[\s\S]*hello/);
});
