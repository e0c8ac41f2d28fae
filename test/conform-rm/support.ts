import { disturbLink, parseLinkRule } from '../../src/conform/disturb-link.js';
import { buffersOf, casesOf, judge, LinkDriver, type RmCase, type RmResult } from '../../src/conform-rm/index.js';
import { bootedSim } from '../link/support.js';
import { pack } from '../support/recordings.js';
import { HubExchange, type Tamper } from './hub-exchange.js';

const groups = new Map<string, RmCase[]>();

/** A packed recording as a case. */
export function caseOf(group: string, id: string): RmCase {
  let cases = groups.get(group);
  if (cases === undefined) {
    cases = casesOf(group, pack(group));
    groups.set(group, cases);
  }
  const found = cases.find((c) => c.id === id);
  if (found === undefined) throw new Error(`no recording ${id}`);
  return found;
}

/** The verdict on our own server, with what a broken one does beside it. */
export function judged(c: RmCase, broken: { rules?: readonly string[]; tamper?: Tamper } = {}): RmResult {
  const sim = bootedSim();
  const rules = (broken.rules ?? []).map((text) => {
    const rule = parseLinkRule(text);
    if (typeof rule === 'string') throw new Error(rule);
    return rule;
  });
  if (rules.length > 0) disturbLink(sim, rules);
  return judge(c, () => new LinkDriver(new HubExchange(sim, 0, broken.tamper), buffersOf(c.transcript)));
}
