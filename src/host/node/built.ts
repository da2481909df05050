// The Node host of a checkout, for tests: the addon that build.sh made.
import { fileURLToPath } from 'node:url';
import type { Calls } from '../calls.ts';
import { calledAs } from './argv.ts';
import { openAddon } from './load.ts';

/** Loads it. Throws when it cannot be loaded. */
export const loadBuilt = (): Calls =>
  openAddon(fileURLToPath(new URL('../../../out/node/sys.node', import.meta.url)), calledAs(false));
