// Looking at the scan directory: when, and what becomes of what was found.
//
// Promises: a change is acted on when it happens; looks are spaced by what they cost, but never by more than five
// seconds; between two entries of a look other events are handled. A missing directory is reported once,
// and looked for.
// Read next: read-dir.ts (what a look finds), watch.ts (who tells of changes), claim.ts (whose turn it is).
import { type Errno, type RawStat, refused } from '../../host/calls.ts';
import { monotonicMs, wallClock } from '../../host/clock.ts';
import { O_CREAT, O_TRUNC, O_WRONLY } from '../../abi/flags.ts';
import { sys } from '../../host/sys.ts';
import { tai64nLabel } from '../../formats/tai64.ts';
import { keyAt, type Known, type Rescan, continueRescan, beginRescan } from './read-dir.ts';
import { deliverToTree } from './perform.ts';
import { type LiveTree, UNCLEAR_MS } from './state.ts';
import { claimHere } from './claim.ts';
import { STAT_MS, RESCAN_MS, watchAgain } from './watch.ts';

/**
 * How long after a sign of change the look comes: a link that is made under one name and renamed into place is not to be
 * started under the first.
 */
const SETTLE_MS = 25;
/** How soon a directory that could not be looked at is tried again. */
const RETRY_MS = 1000;
/** Looks take at most one part in this many of the time, where that does not space them by more than LOOK_MS. */
const RESCAN_SHARE = 5;
/** How long a look goes on before others have their turn. */
const SLICE_MS = 50;

/** No look can be made now: told once, and tried again. */
const postpone = (live: LiveTree, what: string, errno: Errno): void => {
  const sign = `${what}: ${errno}`;
  if (live.trouble !== sign) live.voice.warn(what, errno);
  live.trouble = sign;
  live.rescan = null;
  live.hasScanned = true;
  live.rescanMs = monotonicMs() + RETRY_MS;
};

/** The directory cannot be entered, so nothing can be started there. */
const lose = (live: LiveTree, what: string, errno: Errno): void => {
  postpone(live, what, errno);
  live.lost = true;
  live.watching.stale = true;
};

/** Enters the scan directory for `body`, and comes back. */
export const inside = (live: LiveTree, body: () => void): void => {
  const entered = sys.chdir(live.dir);
  if (refused(entered)) {
    lose(live, `unable to change directory to ${live.dir}`, entered);
    return;
  }
  body();
  sys.fchdir(live.home);
};

const sooner = (live: LiveTree, ms: number): void => {
  live.rescanMs = live.rescanMs === null ? ms : Math.min(live.rescanMs, ms);
  live.watching.unchanged = null;
};

const knownOf = (live: LiveTree): Known => {
  let names: Map<string, string> | null = null;
  return {
    voice: live.voice,
    reported: live.reported,
    isStepwise: (key) => live.stepwise.has(key),
    sinceMs: monotonicMs() - live.bornMs,
    isKnown: (key) => live.hasUnknown || live.tree.wanted.has(key),
    keyOf: (name) => {
      names ??= new Map([...live.tree.wanted.values()].map((entry) => [entry.name, entry.key]));
      return names.get(name);
    },
  };
};

/** The operator has asked for a look: a sign that there was one. */
const leaveSign = (live: LiveTree): void => {
  live.rescanForced = false;
  const { sec, nsec } = wallClock();
  const fd = sys.open('.forced-rescan', O_WRONLY | O_CREAT | O_TRUNC, 0o644);
  if (refused(fd)) return;
  sys.write(fd, tai64nLabel(sec, nsec));
  sys.close(fd);
};

const finish = (live: LiveTree, rescan: Rescan): void => {
  const { found, reported, stepwise, againInMs, unclear } = rescan;
  live.rescan = null;
  live.trouble = null;
  live.hasUnknown = false;
  live.reported = reported;
  live.stepwise = stepwise;
  live.hasScanned = true;
  live.isSettling = againInMs !== null;
  if (againInMs !== null) sooner(live, monotonicMs() + againInMs);
  if (unclear) sooner(live, monotonicMs() + live.unclearMs);
  live.unclearMs = unclear ? Math.min(RESCAN_MS, 2 * live.unclearMs) : UNCLEAR_MS;
  deliverToTree(live, { kind: 'scanned', found });
  if (live.rescanForced) leaveSign(live);
};

/** Another runsvdir has this directory: what we had in another one is over. */
const standBack = (live: LiveTree, identity: string | null): void => {
  if (live.claim.turn.kind !== 'waiting') return;
  live.hasScanned = true;
  if (live.identity !== null && live.identity !== identity) deliverToTree(live, { kind: 'scanned', found: [] });
  live.identity = identity;
};

const continueScan = (live: LiveTree, rescan: Rescan): void => {
  const startMs = monotonicMs();
  if (continueRescan(rescan, knownOf(live), () => monotonicMs() < startMs + SLICE_MS)) finish(live, rescan);
  const endMs = monotonicMs();
  live.rescanCostMs += endMs - startMs;
  live.notBeforeMs = endMs + Math.min(RESCAN_MS, live.rescanCostMs * (RESCAN_SHARE - 1));
};

const begin = (live: LiveTree): void => {
  live.lost = false;
  const identity = keyAt('.');
  const isOurs = claimHere(live, identity);
  if (live.claim.retryMs !== null) sooner(live, live.claim.retryMs);
  if (!isOurs) {
    standBack(live, identity);
    return;
  }
  live.identity = identity;
  live.rescanCostMs = 0;
  const rescan = beginRescan();
  if (refused(rescan)) postpone(live, `unable to read directory ${live.dir}`, rescan);
  else {
    live.rescan = rescan;
    continueScan(live, rescan);
  }
};

/** Which directory it is, and when an entry of it last came or went. */
const stampOf = (stat: RawStat): string => [stat[1], stat[2], stat[3], stat[7], stat[8]].join(':');

/** Where nothing tells of changes the directory is asked now and then, which costs less than a look. */
const askLater = (live: LiveTree, stat: RawStat): void => {
  const nowMs = monotonicMs();
  const untilMs = Math.min(live.rescanMs ?? Number.POSITIVE_INFINITY, nowMs + RESCAN_MS);
  if (untilMs <= nowMs + STAT_MS) return;
  live.watching.unchanged = { stamp: stampOf(stat), untilMs };
  live.rescanMs = nowMs + STAT_MS;
};

const rescanSoon = (live: LiveTree): void => sooner(live, Math.max(monotonicMs() + SETTLE_MS, live.notBeforeMs));

/** Looks at the directory and starts and stops what has changed. */
export const rescanNow = (live: LiveTree): void => {
  live.rescanMs = null;
  live.rescan = null;
  live.watching.unchanged = null;
  watchAgain(live.loop, live.watching, live.dir, () => rescanSoon(live));
  const stat = sys.stat(live.dir);
  if (refused(stat)) lose(live, `unable to stat ${live.dir}`, stat);
  else inside(live, () => begin(live));
  if (live.watching.mustPoll && !refused(stat)) askLater(live, stat);
};

/** Looks, where nothing tells of changes only if there may be one. */
export const rescanDue = (live: LiveTree): void => {
  const { unchanged } = live.watching;
  const nowMs = monotonicMs();
  const stat = unchanged === null || unchanged.untilMs <= nowMs ? null : sys.stat(live.dir);
  if (unchanged === null || stat === null || refused(stat) || stampOf(stat) !== unchanged.stamp) rescanNow(live);
  else live.rescanMs = Math.min(nowMs + STAT_MS, unchanged.untilMs);
};

/** Goes on with a look that is under way, where the directory is still the same. */
export const resumeRescan = (live: LiveTree): void => {
  const { rescan } = live;
  if (rescan === null) return;
  if (keyAt(live.dir) === live.identity) inside(live, () => continueScan(live, rescan));
  else rescanNow(live);
};

/** The operator's wish: look at once, and leave a sign of having done so. */
export const forceRescan = (live: LiveTree): void => {
  live.rescanForced = true;
  rescanNow(live);
};
