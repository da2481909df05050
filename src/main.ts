// The table of all programs in the suite, and nothing else.
//
// Read next: cli/applet.ts (what a program is), applets/runitbox.ts (how one is chosen).
import type { Applet } from './cli/applet.ts';
import { chpst } from './applets/chpst.ts';
import { daemontools } from './applets/chpst/daemontools.ts';
import { multicall } from './applets/runitbox.ts';
import { runit } from './applets/runit.ts';
import { runitInit } from './applets/runit-init.ts';
import { runsv } from './applets/runsv.ts';
import { runsvchdir } from './applets/runsvchdir.ts';
import { runsvdir } from './applets/runsvdir.ts';
import { sv } from './applets/sv.ts';
import { svc } from './applets/svc.ts';
import { svok } from './applets/svok.ts';
import { svprobe } from './applets/svprobe.ts';
import { svlogd } from './applets/svlogd.ts';
import { utmpset } from './applets/utmpset.ts';
import { sys } from './host/sys.ts';

/** Every program, in no order. */
export const applets: readonly Applet[] = [
  ...[runit, runitInit, runsv, runsvchdir, runsvdir, sv, svlogd, utmpset, chpst],
  ...daemontools,
  ...[svc, svok, svprobe],
];

declare const globalThis: { __main?: () => number };

globalThis.__main = () => multicall(applets, sys.args());
