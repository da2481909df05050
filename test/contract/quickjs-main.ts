// The contract inside the static executable: bundled like the product, run as `contract [part of a title]`.
import type { Calls } from '../../src/host/calls.ts';
import { done } from './case.ts';
import { contractMain } from './run.ts';

declare const globalThis: { __sys: Calls; __main?: () => number };

globalThis.__main = () => {
  const sys = globalThis.__sys;
  const itself = done(sys.readlink('/proc/self/exe'), 'readlink');
  return contractMain(sys, { realPrograms: true, checksArguments: true, again: [itself] });
};
