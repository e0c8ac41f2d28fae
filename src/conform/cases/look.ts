/** LOOK: clients inside a secondary VM (catalog 15). */
import { check, type NotImplemented, type Req, type Sev, type Stim } from '../types.js';

const skip = (id: string, req: Req, sev: Sev, stim: Stim, title: string, must: string): NotImplemented => ({
  ...check(id, 'G', req, sev, stim, title, must),
  why: 'level G: the client is itself a secondary VM; the suite drives clients in the primary VM',
});

export const look: NotImplemented[] = [
  skip('LOOK-1', 'S', 'Md', 'L', 'several answers to a lookup', 'A lookup with two VMIDs has a defined outcome.'),
  skip('LOOK-2', 'M', 'Md', 'R', 'lookup fails', 'A failed lookup is repeated when the peer becomes READY.'),
  skip(
    'LOOK-3',
    'M',
    'C',
    'R',
    'padding of identities',
    'Identities of 1, 2, 3 and 5 bytes are parsed exactly; a wrong total is refused.',
  ),
  skip('LOOK-4', 'M', 'C', 'H', 'lengths of notifications', 'Notifications a byte too short or too long are dropped.'),
  skip(
    'LOOK-5',
    'S',
    'Md',
    'R',
    'console under pressure',
    'BUSY or slow console writes lose nothing, and none is empty.',
  ),
  skip('LOOK-6', 'S', 'H', 'R', 'lent interrupt', "Accepting and releasing a lent interrupt follows RM's order."),
];
