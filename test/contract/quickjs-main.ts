// The contract inside the static executable: bundled like the product, run as `contract [part of a title]`.
import type { Calls } from '../../src/host/calls.ts';
import { contractMain } from './run.ts';

declare const globalThis: { __sys: Calls; __main?: () => number };

globalThis.__main = () =>
  contractMain(globalThis.__sys, { realPrograms: true, checksArguments: true, again: ['/proc/self/exe'] });
