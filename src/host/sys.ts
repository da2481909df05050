// Which kernel is behind the calls: the static executable's, Node's, or a virtual one in a test.
// The hosts put their table under the global name `__sys` before the bundle runs; tests call useHost().
import type { Calls } from './calls.ts';

declare const globalThis: { __sys?: Calls };

/** The system calls of the host in use. */
export let sys: Calls = globalThis.__sys as Calls;

export const useHost = (host: Calls): void => {
  sys = host;
};
