/** The catalog: every check, implemented or with the reason why not, in the order of its sections. */
import type { Case } from '../types.js';
import { boot } from './boot.js';
import { disc } from './disc.js';
import { err } from './err.js';
import { frag } from './frag.js';
import { frame } from './frame.js';
import { life } from './life.js';
import { look } from './look.js';
import { mem } from './mem.js';
import { notif } from './notif.js';
import { proxy } from './proxy.js';
import { res } from './res.js';
import { rob } from './rob.js';
import { seq } from './seq.js';
import { tear } from './tear.js';
import { xport } from './xport.js';

/** All 219 checks, in the order of the catalog. */
export const CATALOG: readonly Case[] = [
  ...disc,
  ...xport,
  ...frame,
  ...frag,
  ...seq,
  ...err,
  ...notif,
  ...life,
  ...mem,
  ...res,
  ...proxy,
  ...boot,
  ...tear,
  ...look,
  ...rob,
];
