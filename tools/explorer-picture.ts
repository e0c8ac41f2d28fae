/** Makes docs/explorer.png anew: the web explorer as built, where its lesson has something to see. */
import { fileURLToPath } from 'node:url';
import { ExplorerPage } from '../test/support/explorer.js';

const root = new URL('..', import.meta.url);
const pathOf = (name: string): string => fileURLToPath(new URL(name, root));

const size = { width: 1000, height: 640 };
const explorer = await ExplorerPage.open(pathOf('dist/web/explorer.html'), '#two-vms/9', size);
const { page } = explorer;
await explorer.at(9);
await page.check('#changes');
await page.click('[data-table="vms"] summary');
await page.click('[data-table="caps 3"] tr.came:nth-child(2) button');
await page.locator('#story h3').waitFor();
await page.mouse.move(0, 0);
await page.screenshot({ path: pathOf('docs/explorer.png') });
await explorer.close();
