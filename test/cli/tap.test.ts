import { expect, it } from 'vitest';
import { tapText } from '../../src/cli/tap.js';

it('TAP has a line for every case, and the reasons of those that are not as they should be', () => {
  const text = tapText([
    { name: 'A-1 first', ok: true, verdict: 'PASS', reasons: [] },
    { name: 'A-2 second', ok: true, verdict: 'SKIP', reasons: ['the client lacks it\nat all'] },
    { name: 'A-3 third', ok: false, verdict: 'HANG', reasons: ['no end', 'say "when"'] },
    { name: 'A-4 fourth', ok: true, verdict: 'FAIL', reasons: ['as expected'] },
    { name: 'A-5 fifth', ok: false, verdict: 'PASS', reasons: [] },
  ]);
  expect(text.split('\n')).toEqual([
    'TAP version 13',
    '1..5',
    'ok 1 - A-1 first',
    'ok 2 - A-2 second # SKIP the client lacks it',
    'not ok 3 - A-3 third',
    '  ---',
    '  verdict: HANG',
    '  reason: "no end\\nsay \\"when\\""',
    '  ...',
    'ok 4 - A-4 fourth',
    'not ok 5 - A-5 fifth',
    '  ---',
    '  verdict: PASS',
    '  reason: "passes, a failure was expected"',
    '  ...',
  ]);
});
