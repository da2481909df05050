// Looking at the scan directory: when, and what becomes of what was found.
//
// Promises: a change is acted on when it happens; looks are spaced by what they cost; a directory that is gone is told
// of once, and looked for.
// Read next: scandir.ts (what a look finds), watching.ts (who tells of changes).
import { type RawStat, refused } from '../host/calls.ts';
import { monotonicMs, wallClock } from '../host/clock.ts';
import { O_CREAT, O_TRUNC, O_WRONLY } from '../host/linux.ts';
import { sys } from '../host/sys.ts';
import { tai64nLabel } from '../formats/tai64.ts';
import { identityOf, look } from './scandir.ts';
import { deliver } from './starting.ts';
import type { Live } from './tree-live.ts';
import { ASK_MS, LOOK_MS, watchAgain } from './watching.ts';

/**
 * How long after a sign of change the look comes: a link that is made under one name and renamed into place is not to be
 * started under the first.
 */
const SETTLE_MS = 25;
/** How soon a directory that could not be entered is tried again. */
const RETRY_MS = 1000;
/** Looks take at most one part in this many of the time. */
const LOOK_SHARE = 5;

/** Which directory it is, and when an entry of it last came or went. */
const stampOf = (stat: RawStat): string => [stat[1], stat[2], stat[3], stat[7], stat[8]].join(':');

const lose = (live: Live, what: string, errno: number): void => {
  if (!live.lost) live.voice.warn(what, errno);
  live.lost = true;
  live.watching.stale = true;
  live.lookMs = monotonicMs() + RETRY_MS;
};

/** Enters the scan directory for `body`, and comes back. */
export const inside = (live: Live, body: () => void): void => {
  const entered = sys.chdir(live.dir);
  if (refused(entered)) {
    lose(live, `unable to change directory to ${live.dir}`, entered);
    return;
  }
  body();
  sys.fchdir(live.home);
};

const lookInside = (live: Live): void => {
  const startMs = monotonicMs();
  live.identity = identityOf('.');
  const seen = look(live.voice, live.dir, (key) => live.hasUnknown || live.tree.wanted.has(key));
  if (seen === null) {
    live.lookMs = startMs + RETRY_MS;
    return;
  }
  live.lost = false;
  live.hasUnknown = false;
  if (seen.againInMs !== null) live.lookMs = startMs + seen.againInMs;
  deliver(live, { kind: 'scanned', found: seen.found });
  const endMs = monotonicMs();
  live.notBeforeMs = endMs + (endMs - startMs) * (LOOK_SHARE - 1);
};

/** Looks at the directory and starts and stops what has changed. */
export const lookNow = (live: Live): void => {
  live.lookMs = null;
  live.watching.unchanged = null;
  watchAgain(live.watching, live.dir);
  const stat = sys.stat(live.dir);
  if (refused(stat)) lose(live, `unable to stat ${live.dir}`, stat);
  else inside(live, () => lookInside(live));
  if (live.watching.blind && live.lookMs === null && !refused(stat)) {
    live.watching.unchanged = { stamp: stampOf(stat), untilMs: monotonicMs() + LOOK_MS };
    live.lookMs = monotonicMs() + ASK_MS;
  }
};

/** Looks, where nothing tells of changes only if there may be one. */
export const lookDue = (live: Live): void => {
  const { unchanged } = live.watching;
  const stat = unchanged === null ? null : sys.stat(live.dir);
  if (unchanged === null || stat === null || refused(stat)) lookNow(live);
  else if (stampOf(stat) !== unchanged.stamp || unchanged.untilMs <= monotonicMs()) lookNow(live);
  else live.lookMs = monotonicMs() + ASK_MS;
};

export const lookSoon = (live: Live): void => {
  const ms = Math.max(monotonicMs() + SETTLE_MS, live.notBeforeMs);
  live.lookMs = live.lookMs === null ? ms : Math.min(live.lookMs, ms);
  live.watching.unchanged = null;
};

/** The operator's wish: look at once, and leave a sign of having done so. */
export const forceLook = (live: Live): void => {
  lookNow(live);
  inside(live, () => {
    const { sec, nsec } = wallClock();
    const fd = sys.open('.forced-rescan', O_WRONLY | O_CREAT | O_TRUNC, 0o644);
    if (refused(fd)) return;
    sys.write(fd, tai64nLabel(sec, nsec));
    sys.close(fd);
  });
};
