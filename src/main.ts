// The table of all programs in the suite, and nothing else.
//
// Read next: cli/applet.ts (what a program is), applets/runitbox.ts (how one is chosen).
import type { Applet } from './cli/applet.ts';
import { coldApplet } from './cli/cold-applet.ts';
import { chpst } from './applets/chpst.ts';
import { multicall } from './applets/runitbox.ts';
import { runsv } from './applets/runsv.ts';
import { runsvdir } from './applets/runsvdir.ts';
import { sv } from './applets/sv.ts';
import { svlogd } from './applets/svlogd.ts';
import { sys } from './host/sys.ts';

/** Every program, in no order. */
export const applets: readonly Applet[] = [
  ...[runsv, runsvdir, sv, svlogd, chpst],
  coldApplet('daemontools', { name: 'envdir', also: ['denvdir'] }),
  coldApplet('daemontools', { name: 'envuidgid', also: ['denvuidgid'] }),
  coldApplet('daemontools', { name: 'pgrphack', also: ['dpgrphack'] }),
  coldApplet('daemontools', { name: 'setlock', also: ['dsetlock'] }),
  coldApplet('daemontools', { name: 'setuidgid', also: ['dsetuidgid'] }),
  coldApplet('daemontools', { name: 'softlimit', also: ['dsoftlimit'] }),
  coldApplet('daemontools', { name: 'svc' }),
  coldApplet('daemontools', { name: 'svok' }),
  coldApplet('init', { name: 'runit', folder: 'sbin' }),
  coldApplet('init', { name: 'runit-init', also: ['init'], folder: 'sbin' }),
  coldApplet('setup', { name: 'pause' }),
  coldApplet('setup', { name: 'runsvchdir', folder: 'usr/sbin' }),
  coldApplet('setup', { name: 'svprobe' }),
  coldApplet('setup', { name: 'utmpset', folder: 'usr/sbin' }),
];

declare const globalThis: { __main?: () => number };

globalThis.__main = () => multicall(applets, sys.args());
