#!/usr/bin/env node
/** Starts the command line: the bundle beside this file if it has been made of the modules as they are, else the modules. */
import { loadBundle } from './bundle.js';

const { main } = loadBundle(import.meta.url)?.program ?? (await import('./program.js'));
await main(process.argv);
