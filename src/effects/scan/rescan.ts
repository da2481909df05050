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
import { identityOf, type Known, type Look, lookOn, newLook } from './read-dir.ts';
import { deliver } from './perform.ts';
import { type Live, UNCLEAR_MS } from './state.ts';
import { claimHere } from './claim.ts';
import { ASK_MS, LOOK_MS, watchAgain } from './watch.ts';

/**
 * How long after a sign of change the look comes: a link that is made under one name and renamed into place is not to be
 * started under the first.
 */
const SETTLE_MS = 25;
/** How soon a directory that could not be looked at is tried again. */
const RETRY_MS = 1000;
/** Looks take at most one part in this many of the time, where that does not space them by more than LOOK_MS. */
const LOOK_SHARE = 5;
/** How long a look goes on before others have their turn. */
const SLICE_MS = 50;

/** No look can be made now: told once, and tried again. */
const put = (live: Live, what: string, errno: Errno): void => {
  const sign = `${what}: ${errno}`;
  if (live.trouble !== sign) live.voice.warn(what, errno);
  live.trouble = sign;
  live.look = null;
  live.looked = true;
  live.lookMs = monotonicMs() + RETRY_MS;
};

/** The directory cannot be entered, so nothing can be started there. */
const lose = (live: Live, what: string, errno: Errno): void => {
  put(live, what, errno);
  live.lost = true;
  live.watching.stale = true;
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

const sooner = (live: Live, ms: number): void => {
  live.lookMs = live.lookMs === null ? ms : Math.min(live.lookMs, ms);
  live.watching.unchanged = null;
};

const knownOf = (live: Live): Known => {
  let names: Map<string, string> | null = null;
  return {
    voice: live.voice,
    told: live.told,
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
const leaveSign = (live: Live): void => {
  live.forced = false;
  const { sec, nsec } = wallClock();
  const fd = sys.open('.forced-rescan', O_WRONLY | O_CREAT | O_TRUNC, 0o644);
  if (refused(fd)) return;
  sys.write(fd, tai64nLabel(sec, nsec));
  sys.close(fd);
};

const finish = (live: Live, look: Look): void => {
  const { found, told, stepwise, againInMs, unclear } = look;
  live.look = null;
  live.trouble = null;
  live.hasUnknown = false;
  live.told = told;
  live.stepwise = stepwise;
  live.looked = true;
  live.young = againInMs !== null;
  if (againInMs !== null) sooner(live, monotonicMs() + againInMs);
  if (unclear) sooner(live, monotonicMs() + live.unclearMs);
  live.unclearMs = unclear ? Math.min(LOOK_MS, 2 * live.unclearMs) : UNCLEAR_MS;
  deliver(live, { kind: 'scanned', found });
  if (live.forced) leaveSign(live);
};

/** Another runsvdir has this directory: what we had in another one is over. */
const standBack = (live: Live, identity: string | null): void => {
  if (live.claim.turn.kind !== 'waiting') return;
  live.looked = true;
  if (live.identity !== null && live.identity !== identity) deliver(live, { kind: 'scanned', found: [] });
  live.identity = identity;
};

const goOn = (live: Live, look: Look): void => {
  const startMs = monotonicMs();
  if (lookOn(look, knownOf(live), () => monotonicMs() < startMs + SLICE_MS)) finish(live, look);
  const endMs = monotonicMs();
  live.lookCostMs += endMs - startMs;
  live.notBeforeMs = endMs + Math.min(LOOK_MS, live.lookCostMs * (LOOK_SHARE - 1));
};

const begin = (live: Live): void => {
  live.lost = false;
  const identity = identityOf('.');
  const isOurs = claimHere(live, identity);
  if (live.claim.retryMs !== null) sooner(live, live.claim.retryMs);
  if (!isOurs) {
    standBack(live, identity);
    return;
  }
  live.identity = identity;
  live.lookCostMs = 0;
  const look = newLook();
  if (refused(look)) put(live, `unable to read directory ${live.dir}`, look);
  else {
    live.look = look;
    goOn(live, look);
  }
};

/** Which directory it is, and when an entry of it last came or went. */
const stampOf = (stat: RawStat): string => [stat[1], stat[2], stat[3], stat[7], stat[8]].join(':');

/** Where nothing tells of changes the directory is asked now and then, which costs less than a look. */
const askLater = (live: Live, stat: RawStat): void => {
  const nowMs = monotonicMs();
  const untilMs = Math.min(live.lookMs ?? Number.POSITIVE_INFINITY, nowMs + LOOK_MS);
  if (untilMs <= nowMs + ASK_MS) return;
  live.watching.unchanged = { stamp: stampOf(stat), untilMs };
  live.lookMs = nowMs + ASK_MS;
};

const lookSoon = (live: Live): void => sooner(live, Math.max(monotonicMs() + SETTLE_MS, live.notBeforeMs));

/** Looks at the directory and starts and stops what has changed. */
export const lookNow = (live: Live): void => {
  live.lookMs = null;
  live.look = null;
  live.watching.unchanged = null;
  watchAgain(live.loop, live.watching, live.dir, () => lookSoon(live));
  const stat = sys.stat(live.dir);
  if (refused(stat)) lose(live, `unable to stat ${live.dir}`, stat);
  else inside(live, () => begin(live));
  if (live.watching.blind && !refused(stat)) askLater(live, stat);
};

/** Looks, where nothing tells of changes only if there may be one. */
export const lookDue = (live: Live): void => {
  const { unchanged } = live.watching;
  const nowMs = monotonicMs();
  const stat = unchanged === null || unchanged.untilMs <= nowMs ? null : sys.stat(live.dir);
  if (unchanged === null || stat === null || refused(stat) || stampOf(stat) !== unchanged.stamp) lookNow(live);
  else live.lookMs = Math.min(nowMs + ASK_MS, unchanged.untilMs);
};

/** Goes on with a look that is under way, where the directory is still the same. */
export const lookFurther = (live: Live): void => {
  const { look } = live;
  if (look === null) return;
  if (identityOf(live.dir) === live.identity) inside(live, () => goOn(live, look));
  else lookNow(live);
};

/** The operator's wish: look at once, and leave a sign of having done so. */
export const forceLook = (live: Live): void => {
  live.forced = true;
  lookNow(live);
};
