/** JUnit XML of a suite: what CI systems show. */
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
