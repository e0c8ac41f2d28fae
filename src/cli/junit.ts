/** JUnit XML of a suite: what CI systems show. A report takes the place of an older one, and of no other file unasked. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { prepareOutput, writeOutput } from './output.js';

/** Enough for the XML declaration and the first tag. */
const HEAD = 256;

function isReport(path: string): boolean {
  try {
    if (!statSync(path).isFile()) return false;
    const fd = openSync(path, 'r');
    const head = Buffer.alloc(HEAD);
    const length = readSync(fd, head);
    closeSync(fd);
    return /^\s*(<\?xml[^>]*>\s*)?<testsuites?[\s>]/.test(head.toString('utf8', 0, length));
  } catch {
    // Not there, or not readable. Who opens it for writing says why not.
    return false;
  }
}

const replaces = (path: string, force: boolean): boolean => force || (path !== '-' && isReport(path));

/** Before the work: finds out whether the report can be written. `force`: over any file. */
export function prepareReport(path: string | undefined, force: boolean): void {
  if (path !== undefined) prepareOutput(path, replaces(path, force));
}

/** `-` is stdout. */
export const writeReport = (path: string, xml: string, force: boolean): void =>
  writeOutput(path, xml, replaces(path, force));

export interface JunitCase {
  readonly name: string;
  readonly seconds: number;
  /** Text of the first difference. */
  readonly failure?: string;
  readonly skipped?: string;
}

/** `left`: why there are not all cases; a failure of its own, because else the report would look complete. */
export function junitXml(suite: string, done: readonly JunitCase[], left?: string): string {
  const cases = left === undefined ? done : [...done, { name: 'interrupted', seconds: 0, failure: left }];
  const failures = cases.filter((c) => c.failure !== undefined).length;
  const skipped = cases.filter((c) => c.skipped !== undefined).length;
  const seconds = cases.reduce((sum, c) => sum + c.seconds, 0).toFixed(3);
  const head = `<testsuite name="${xmlText(suite)}" tests="${cases.length}" failures="${failures}" skipped="${skipped}" time="${seconds}">`;
  const lines = cases.map((c) => {
    const open = `  <testcase classname="${xmlText(suite)}" name="${xmlText(c.name)}" time="${c.seconds.toFixed(3)}"`;
    if (c.failure !== undefined) {
      const [first] = c.failure.split('\n');
      return `${open}>\n    <failure message="${xmlText(first)}">${xmlText(c.failure)}</failure>\n  </testcase>`;
    }
    if (c.skipped !== undefined) return `${open}>\n    <skipped message="${xmlText(c.skipped)}"/>\n  </testcase>`;
    return `${open}/>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${[head, ...lines].join('\n')}\n</testsuite>\n</testsuites>\n`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Markup characters as entities; control characters that XML cannot hold as a replacement character. */
const xmlText = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones XML 1.0 excludes
  text.replace(/[&<>"]/g, (c) => ENTITIES[c]).replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '\ufffd');
