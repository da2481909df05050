// Scanning the scan directory again: when, and what follows from what was found.
//
// Promises: acts on a change when it happens; scans are spaced by what they cost, but never by more than five
// seconds; other events are handled between two entries of a scan. A missing directory is reported once,
// and retried.
// Read next: read-dir.ts (what a scan finds), watch.ts (who notices changes), claim.ts (whose turn it is).
import { type Errno, type RawStat, isErrno } from '../../host/calls.ts';
import { monotonicMs, wallClock } from '../../host/clock.ts';
import { O_CREAT, O_TRUNC, O_WRONLY } from '../../abi/flags.ts';
import { sys } from '../../host/sys.ts';
import { tai64nLabel } from '../../formats/tai64.ts';
import { keyAt, type Known, type Rescan, continueRescan, beginRescan } from './read-dir.ts';
import { type Found, goneIn } from '../../machine/scan/table.ts';
import { dependentsOf } from './dependents.ts';
import { directoryOf } from '../container/shutdown.ts';
import { deliverToTree } from './perform.ts';
import { type LiveTree, rescanBy, UNCLEAR_MS } from './state.ts';
import { claimHere } from './claim.ts';
import { STAT_MS, RESCAN_MS, watchAgain } from './watch.ts';

/**
 * How long after a change the scan comes: a link that is made under one name and renamed into place must not
 * start under the first.
 */
const SETTLE_MS = 25;
/** When to retry a directory that could not be read. */
const RETRY_MS = 1000;
/** Scans take at most one part in this many of the time, unless that would space them by more than RESCAN_MS. */
const RESCAN_SHARE = 5;
/** How long a scan runs before other events have their turn. */
const SLICE_MS = 50;

/** No scan is possible now: reports that once, and retries. */
const postpone = (live: LiveTree, what: string, errno: Errno): void => {
  const sign = `${what}: ${errno}`;
  if (live.trouble !== sign) live.diagnostics.warn(what, errno);
  live.trouble = sign;
  live.rescan = null;
  live.hasScanned = true;
  live.rescanMs = monotonicMs() + RETRY_MS;
};

/** The directory cannot be entered, so nothing can start there. */
const lose = (live: LiveTree, what: string, errno: Errno): void => {
  postpone(live, what, errno);
  live.lost = true;
  live.watching.stale = true;
};

/** Enters the scan directory for `body`, and comes back. */
export const inside = (live: LiveTree, body: () => void): void => {
  const entered = sys.chdir(live.dir);
  if (isErrno(entered)) {
    lose(live, `unable to change directory to ${live.dir}`, entered);
    return;
  }
  body();
  sys.fchdir(live.home);
};

const knownOf = (live: LiveTree): Known => {
  let names: Map<string, string> | null = null;
  return {
    diagnostics: live.diagnostics,
    reported: live.reported,
    bareMs: (key) => live.bare.get(key),
    sinceMs: monotonicMs() - live.bornMs,
    isKnown: (key) => live.hasUnknown || live.tree.wanted.has(key),
    keyOf: (name) => {
      names ??= new Map([...live.tree.wanted.values()].map((entry) => [entry.name, entry.key]));
      return names.get(name);
    },
  };
};

/** The operator forced a scan: leaves a file that shows that it was done. */
const leaveSign = (live: LiveTree): void => {
  live.rescanForced = false;
  const { sec, nsec } = wallClock();
  const fd = sys.open('.forced-rescan', O_WRONLY | O_CREAT | O_TRUNC, 0o644);
  if (isErrno(fd)) return;
  sys.write(fd, tai64nLabel(sec, nsec));
  sys.close(fd);
};

/** Services that leave the directory together are stopped in waves. */
const scanned = (live: LiveTree, found: readonly Found[]): void => {
  const gone = goneIn(live.tree, found);
  const dependents = gone.length > 1 ? dependentsOf(gone, (pid) => directoryOf(live, pid)) : null;
  deliverToTree(live, { kind: 'scanned', found, dependents });
};

const finish = (live: LiveTree, rescan: Rescan): void => {
  const { found, guessed, reported, bare, againInMs, unclear } = rescan;
  live.rescan = null;
  live.trouble = null;
  live.hasUnknown = false;
  live.reported = reported;
  live.bare = bare;
  live.hasScanned = true;
  live.isSettling = againInMs !== null;
  if (againInMs !== null) rescanBy(live, monotonicMs() + againInMs);
  if (unclear) rescanBy(live, monotonicMs() + live.unclearMs);
  live.unclearMs = unclear ? Math.min(RESCAN_MS, 2 * live.unclearMs) : UNCLEAR_MS;
  scanned(live, [...found, ...guessed]);
  if (live.rescanForced) leaveSign(live);
};

/** Another runsvdir has this directory: stop what we have in a different one. */
const standBack = (live: LiveTree, identity: string | null): void => {
  if (live.claim.turn.kind !== 'waiting') return;
  live.hasScanned = true;
  if (live.identity !== null && live.identity !== identity) scanned(live, []);
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
  if (live.claim.retryMs !== null) rescanBy(live, live.claim.retryMs);
  if (!isOurs) {
    standBack(live, identity);
    return;
  }
  live.identity = identity;
  live.rescanCostMs = 0;
  const rescan = beginRescan();
  if (isErrno(rescan)) postpone(live, `unable to read directory ${live.dir}`, rescan);
  else {
    live.rescan = rescan;
    continueScan(live, rescan);
  }
};

/** The identity of the directory, and when its entries last changed. */
const stampOf = (stat: RawStat): string => [stat[1], stat[2], stat[3], stat[7], stat[8]].join(':');

/** If nothing notices changes, checks the directory from time to time, which costs less than a scan. */
const askLater = (live: LiveTree, stat: RawStat): void => {
  const nowMs = monotonicMs();
  const untilMs = Math.min(live.rescanMs ?? Number.POSITIVE_INFINITY, nowMs + RESCAN_MS);
  if (untilMs <= nowMs + STAT_MS) return;
  live.watching.unchanged = { stamp: stampOf(stat), untilMs };
  live.rescanMs = nowMs + STAT_MS;
};

const rescanSoon = (live: LiveTree): void => rescanBy(live, Math.max(monotonicMs() + SETTLE_MS, live.notBeforeMs));

/** Scans the directory, and starts and stops what has changed. */
export const rescanNow = (live: LiveTree): void => {
  live.rescanMs = null;
  live.rescan = null;
  live.watching.unchanged = null;
  watchAgain(live.loop, live.watching, live.dir, () => rescanSoon(live));
  const stat = sys.stat(live.dir);
  if (isErrno(stat)) lose(live, `unable to stat ${live.dir}`, stat);
  else inside(live, () => begin(live));
  if (live.watching.mustPoll && !isErrno(stat)) askLater(live, stat);
};

/** Scans; if nothing notices changes, only if the directory has changed. */
export const rescanDue = (live: LiveTree): void => {
  const { unchanged } = live.watching;
  const nowMs = monotonicMs();
  const stat = unchanged === null || unchanged.untilMs <= nowMs ? null : sys.stat(live.dir);
  if (unchanged === null || stat === null || isErrno(stat) || stampOf(stat) !== unchanged.stamp) rescanNow(live);
  else live.rescanMs = Math.min(nowMs + STAT_MS, unchanged.untilMs);
};

/** Continues a scan in progress if the directory is still the same. */
export const resumeRescan = (live: LiveTree): void => {
  const { rescan } = live;
  if (rescan === null) return;
  if (keyAt(live.dir) === live.identity) inside(live, () => continueScan(live, rescan));
  else rescanNow(live);
};

/** The operator's request: scan at once, and leave a file that shows it. */
export const forceRescan = (live: LiveTree): void => {
  live.rescanForced = true;
  rescanNow(live);
};
