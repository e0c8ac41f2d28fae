/** The built web explorer in a real browser. */
import { execFileSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';

/** Debian's chromium; throws when there is none. */
function chromiumPath(): string {
  try {
    return execFileSync('sh', ['-c', 'command -v chromium'], { encoding: 'utf8' }).trim();
  } catch {
    throw new Error('there is no chromium: install it (.ci/run does)');
  }
}

export class ExplorerPage {
  /** What a reader of the browser's console would see, and what the page asked of a network. */
  readonly complaints: string[] = [];

  private constructor(
    private readonly browser: Browser,
    readonly page: Page,
  ) {
    page.on('console', (m) => this.complaints.push(`console: ${m.text()}`));
    page.on('pageerror', (e) => this.complaints.push(`error: ${e.message}`));
    page.on('request', (r) => {
      if (!/^(file|blob):/.test(r.url())) this.complaints.push(`request: ${r.url()}`);
    });
  }

  /** Opens the page in `file`, at `address` (`#two-vms/9`). */
  static async open(file: string, address = '', size = { width: 1280, height: 800 }): Promise<ExplorerPage> {
    const browser = await chromium.launch({ executablePath: chromiumPath() });
    const page = await browser.newPage({ viewport: size });
    page.setDefaultTimeout(20_000);
    const explorer = new ExplorerPage(browser, page);
    await page.goto(pathToFileURL(file).href + address);
    return explorer;
  }

  /** Waits until this step is shown, and nothing is under way. */
  async at(step: number): Promise<void> {
    const shown = this.page.locator('body[aria-busy=false]', {
      has: this.page.locator('#where', { hasText: `step ${step} of` }),
    });
    await shown.waitFor();
  }

  async texts(selector: string): Promise<string[]> {
    return this.page.locator(selector).allInnerTexts();
  }

  async close(): Promise<void> {
    await this.browser.close();
  }
}
