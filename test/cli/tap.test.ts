import { expect, it } from 'vitest';
import { junitXml } from '../../src/cli/junit.js';
import { tapText } from '../../src/cli/tap.js';

it('TAP has a line for every case, and the reasons of those that are not as they should be', () => {
  const text = tapText(
    [
      { name: 'A-1 first', ok: true, verdict: 'PASS', reasons: [] },
      { name: 'A-2 second', ok: true, verdict: 'SKIP', reasons: ['the client lacks it\nat all'] },
      { name: 'A-3 third', ok: false, verdict: 'HANG', reasons: ['no end', 'say "when"'] },
      { name: 'A-4 fourth', ok: true, verdict: 'FAIL', reasons: ['as expected'] },
      { name: 'A-5 the #5', ok: false, verdict: 'PASS', reasons: [] },
      { name: 'A-6', ok: false, verdict: 'FAIL', reasons: ['no'], requirement: 'Say: yes.', log: '  0 > a\n  1 < b' },
      { name: 'A-7', ok: true, verdict: 'PASS', reasons: [], requirement: 'Be.', log: '' },
    ],
    '4 passed, 3 failed, 0 skipped',
  );
  expect(text.split('\n')).toEqual([
    'TAP version 13',
    '1..7',
    'ok 1 - A-1 first',
    'ok 2 - A-2 second # SKIP the client lacks it',
    'not ok 3 - A-3 third',
    '  ---',
    '  verdict: HANG',
    '  reason: "no end\\nsay \\"when\\""',
    '  ...',
    'not ok 4 - A-4 fourth # TODO expected to fail',
    'not ok 5 - A-5 the \\#5',
    '  ---',
    '  verdict: PASS',
    '  reason: "passes, a failure was expected"',
    '  ...',
    'not ok 6 - A-6',
    '  ---',
    '  verdict: FAIL',
    '  requirement: "Say: yes."',
    '  reason: "no"',
    '  log:',
    '    - "  0 > a"',
    '    - "  1 < b"',
    '  ...',
    'ok 7 - A-7',
    '# 4 passed, 3 failed, 0 skipped',
  ]);
});

it('JUnit of a run that was interrupted does not look complete', () => {
  const done = [{ name: 'A-1', seconds: 0 }];
  expect(junitXml('s', done)).toContain('tests="1" failures="0"');
  const cut = junitXml('s', done, 'interrupted: 3 checks were not run to their end');
  expect(cut).toContain('tests="2" failures="1"');
  expect(cut).toContain('<failure message="interrupted: 3 checks were not run to their end">');
});
