import { describe, expect, it } from 'vitest';
import { bootBench, CATALOG, runBuiltin, wholeCase } from '../../src/conform/index.js';
import { Lines } from '../../src/conform/lines.js';
import { builtinSession } from '../../src/conform/session.js';

const image = bootBench();
const byId = (id: string) => {
  const c = CATALOG.find((x) => x.id === id);
  if (c === undefined) throw new Error(`${id} is gone`);
  return c;
};

/** What the check says of the reference client whose lines go through `change`. */
function verdictWith(id: string, change: (line: string) => readonly string[]): string {
  const session = builtinSession(image, new Set(), byId(id));
  const { tester } = session;
  const hear = tester.hear.bind(tester);
  tester.hear = (lines) => hear(lines.flatMap(change));
  const script = wholeCase(byId(id), tester);
  for (let r = script.next(); ; r = script.next()) {
    if (r.done) return [r.value.verdict, ...r.value.reasons].join('\n');
    session.drive(r.value);
  }
}

describe('a line of the client', () => {
  const problem = (line: string): string | undefined => {
    const lines = new Lines();
    for (const command of ['call 3 56000024 -', 'vm 4 start a', 'audit 0']) lines.given(command);
    return lines.problem(line);
  };

  it.each([
    'reply 3 0 -',
    'reply 3 0xFFFFFFFF 00AAff',
    'failed 3 the caller gave up',
    'notify 56100008 -',
    'audit 0 0',
    'done 4 ok',
    'done 4 error VM_START: DENIED',
    'exited a 5 0 -',
    'memory a kept',
    'mmio a 0 write 9000000 4 7f',
    'parcel 0 80000000:1000,90000000:2000',
  ])('may be "%s"', (line) => {
    expect(problem(line)).toBeUndefined();
  });

  it.each([
    ['reply 3 0', 'BYTES (two hexadecimal digits for each byte, - for none) is missing'],
    ['reply 3', 'CODE (a hexadecimal number of 32 bits) is missing'],
    ['reply 3 0 abc', '"abc" is not BYTES'],
    ['reply 3 0 - -', '"-" is too much'],
    ['reply 3 fffffffff -', '"fffffffff" is not CODE'],
    ['reply 0x3 0 -', '"0x3" is not TICKET (a decimal number)'],
    ['reply 33 0 -', 'there is no ticket 33'],
    ['reply 4 0 -', 'ticket 4 is that of a command that ends with "done"'],
    ['repyl 3 0 -', 'no line begins with "repyl": is "reply" meant?'],
    ['debug: ready', 'other text belongs on stderr'],
    ['failed 3', 'REASON (what happened, in words) is missing'],
    ['notify 56100008', 'BYTES (two hexadecimal digits for each byte, - for none) is missing'],
    ['audit 0', 'N (a decimal number) is missing'],
    ['audit 0 none', '"none" is not N (a decimal number)'],
    ['done 4', '"ok" is missing'],
    ['done 4 error', 'TEXT (what happened, in words) is missing'],
    ['memory a lost', '"lost" is not "free"'],
    ['synced 7', 'no "sync" with this number was asked'],
  ])('must not be "%s": %s', (line, says) => {
    expect(problem(line)).toContain(`the client said something wrong: ${line}`);
    expect(problem(line)).toContain(says);
  });

  it('is shortened when it is long, and its form is shown', () => {
    const text = problem(`reply 3 0 ${'x'.repeat(1_000_000)}`) ?? '';
    expect(text.length).toBeLessThan(500);
    expect(text).toContain('the form is "reply TICKET CODE BYTES"');
  });
});

describe('a check', () => {
  it.each([
    ['a reply without its last word', (l: string) => [l.replace(/^(reply \d+ 0) .*/, '$1')], 'FRAME-1'],
    ['a reply with half a byte', (l: string) => [l.replace(/^(reply .*)[0-9a-f]$/, '$1')], 'FRAG-1'],
    ['a notification without bytes', (l: string) => [l.replace(/^(notify \w+) .*/, '$1')], 'XPORT-7'],
    ['an audit without a number', (l: string) => [l.replace(/^(audit 0) .*/, '$1')], 'FRAG-1'],
  ])('ends with %s', (_, change, id) => {
    expect(verdictWith(id, change)).toMatch(/^FAIL\nthe client said something wrong: [\s\S]*the form is/);
  });

  it('fails a client that completes a call twice, also when that is the last thing it says', () => {
    const twice = (l: string): string[] => (l.startsWith('reply ') ? [l, l] : [l]);
    expect(verdictWith('SEQ-7', twice)).toMatch(
      /^FAIL\n.*reply 1 0 .*\n {2}ticket 1 has ended before, with: reply 1 0 /,
    );
    expect(verdictWith('FRAG-1', (l) => (l.startsWith('audit') ? [l, l] : [l]))).toMatch(
      /^FAIL\n.*audit 0 0\n {2}ticket 0 has ended before/,
    );
    expect(runBuiltin(byId('SEQ-7'), image, new Set(['duplicate-reply-completes'])).verdict).toBe('FAIL');
  });

  it('takes lines that end in CR LF, and blank ones', () => {
    expect(verdictWith('XPORT-7', (l) => [`${l}\r`, '', '\r'])).toBe('PASS');
  });

  it('fails a client that does not answer "audit"', () => {
    expect(verdictWith('FRAG-1', (l) => (l.startsWith('audit') ? [] : [l]))).toBe(
      'HANG\nthe client does not answer "audit 0"',
    );
  });
});
