// Supervising a scan directory: one runsv for each service in it.
//
// Promises: a change is acted on when it happens, a dead runsv is replaced when it died (not sooner than a second after
// its start); looks are spaced by what they cost; no wake-up when nothing happens.
// Must not: decide; that is ../machine/tree.ts, which read first. Read next: scandir.ts, watching.ts, title.ts.
import { tai64nLabel } from '../formats/tai64.ts';
import { type Bytes, type Fd, refused } from '../host/calls.ts';
import { monotonicMs, wallClock } from '../host/clock.ts';
import {
  EINTR,
  O_CREAT,
  O_RDONLY,
  O_TRUNC,
  O_WRONLY,
  POLLIN,
  SIGALRM,
  SIGCHLD,
  SIGHUP,
  SIGPIPE,
  SIGTERM,
  SPAWN_AT_ONCE,
  SPAWN_FAILED,
  SPAWN_SETSID,
  WNOHANG,
} from '../host/linux.ts';
import { type Watch, waitOnce } from '../host/loop.ts';
import { sys } from '../host/sys.ts';
import {
  type Ended,
  handleTree,
  newTree,
  nextStartMs,
  RESTART_MS,
  runningPids,
  type Tree,
  type TreeEffect,
  type TreeEvent,
} from '../machine/tree.ts';
import { holderOf } from './holder.ts';
import { Fatal, reason, type Voice } from './messages.ts';
import { findProgram } from './program.ts';
import { identityOf, look } from './scandir.ts';
import { addDot, type Title, titleWatch } from './title.ts';
import { LOOK_MS, newWatching, watchAgain, watchesOf, type Watching } from './watching.ts';

/**
 * How long after a sign of change the look comes: a link that is made under one name and renamed into place is not to be
 * started under the first.
 */
const SETTLE_MS = 25;
/** How soon a directory that could not be entered is tried again. */
const RETRY_MS = 1000;
/** Looks take at most one part in this many of the time. */
const LOOK_SHARE = 5;
const HANGUP_CODE = 111;

interface Live {
  readonly voice: Voice;
  readonly dir: Bytes;
  readonly setsid: boolean;
  readonly home: Fd;
  readonly signals: Fd;
  readonly watching: Watching;
  readonly title: Title | null;
  tree: Tree;
  program: Bytes;
  /** When to look next, monotonic; null: when something changes. */
  lookMs: number | null;
  /** No look before this, monotonic. */
  notBeforeMs: number;
  identity: string | null;
  /** The directory could not be entered, and that was told. */
  lost: boolean;
  /** Runsvs that are no children of ours: their pidfds. */
  readonly alien: Map<number, Fd>;
  exit: number | null;
}

// ---- effects ------------------------------------------------------------------------------------------------

const spawnRunsv = (live: Live, name: Bytes, flags: number): number =>
  sys.spawn(live.program, ['runsv', name], [], '', [], flags | (live.setsid ? SPAWN_SETSID : 0), -1 as Fd, '');

/** Starts runsv on a name in the current directory; looks for it in PATH anew where it is no longer where it was. */
const startRunsv = (live: Live, name: Bytes, flags: number): number => {
  const pid = spawnRunsv(live, name, flags);
  if (pid > -SPAWN_FAILED) return pid;
  live.program = findProgram('runsv');
  return spawnRunsv(live, name, 0);
};

const tellNotStarted = (live: Live, name: Bytes, result: number): void => {
  if (result < -SPAWN_FAILED) live.voice.fatal(`unable to start runsv ${name}`, result + SPAWN_FAILED);
  else live.voice.warn(`unable to fork for runsv ${name}, trying again`, result);
};

type Starts = readonly { readonly name: string; readonly key: string }[];

/**
 * Starts every runsv asked for; the answers are one or two events. The first is awaited, so that a runsv that cannot be
 * executed is told at once; the others start side by side.
 */
const start = (live: Live, starts: Starts): readonly TreeEvent[] => {
  const runsvs: { key: string; pid: number }[] = [];
  const keys: string[] = [];
  for (const { name, key } of starts) {
    const pid = startRunsv(live, name, runsvs.length === 0 ? 0 : SPAWN_AT_ONCE);
    if (pid > 0) runsvs.push({ key, pid });
    else {
      keys.push(key);
      tellNotStarted(live, name, pid);
    }
  }
  const events: TreeEvent[] = [];
  if (runsvs.length > 0) events.push({ kind: 'started', runsvs });
  if (keys.length > 0) events.push({ kind: 'notStarted', keys });
  return events;
};

const lookForHolder = (live: Live, name: string, key: string): readonly TreeEvent[] => {
  const pid = holderOf(`${live.dir}/${name}`);
  if (pid === null || live.alien.has(pid)) return [];
  const pidfd = sys.pidfd(pid);
  if (refused(pidfd)) return [];
  live.alien.set(pid, pidfd);
  live.voice.warn(`runsv ${name} already runs as process ${pid}, taking it over`);
  return [{ kind: 'taken', key, pid }];
};

const perform = (live: Live, effect: TreeEffect): readonly TreeEvent[] => {
  switch (effect.kind) {
    case 'start':
      return [];
    case 'term':
      sys.kill(effect.pid, SIGTERM);
      return [];
    case 'tellCrash':
      live.voice.warn(`runsv ${effect.name} was killed by signal ${effect.signal}, starting it again`);
      return [];
    case 'lookForHolder':
      return lookForHolder(live, effect.name, effect.key);
  }
};

const isStart = (effect: TreeEffect): effect is Extract<TreeEffect, { kind: 'start' }> => effect.kind === 'start';

/** Hands one event to the machine, and every answer. `scanned` and `due` only from inside the scan directory. */
const deliver = (live: Live, event: TreeEvent): void => {
  const queue: TreeEvent[] = [event];
  for (const next of queue) {
    const outcome = handleTree(live.tree, next, monotonicMs());
    live.tree = outcome.tree;
    for (const effect of outcome.effects) queue.push(...perform(live, effect));
    queue.push(...start(live, outcome.effects.filter(isStart)));
  }
};

// ---- looking ------------------------------------------------------------------------------------------------

const lose = (live: Live, what: string, errno: number): void => {
  if (!live.lost) live.voice.warn(what, errno);
  live.lost = true;
  live.watching.stale = true;
  live.lookMs = monotonicMs() + RETRY_MS;
};

/** Enters the scan directory for `body`, and comes back. */
const inside = (live: Live, body: () => void): void => {
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
  const seen = look(live.voice, live.dir, (key) => live.tree.wanted.has(key));
  if (seen === null) {
    live.lookMs = startMs + RETRY_MS;
    return;
  }
  live.lost = false;
  if (seen.againInMs !== null) live.lookMs = startMs + seen.againInMs;
  deliver(live, { kind: 'scanned', found: seen.found });
  const endMs = monotonicMs();
  live.notBeforeMs = endMs + (endMs - startMs) * (LOOK_SHARE - 1);
};

/** Looks at the directory and starts and stops what has changed. */
const lookNow = (live: Live): void => {
  live.lookMs = null;
  watchAgain(live.watching, live.dir);
  const stat = sys.stat(live.dir);
  if (refused(stat)) lose(live, `unable to stat ${live.dir}`, stat);
  else inside(live, () => lookInside(live));
  if (live.watching.blind && live.lookMs === null) live.lookMs = monotonicMs() + LOOK_MS;
};

const lookSoon = (live: Live): void => {
  const ms = Math.max(monotonicMs() + SETTLE_MS, live.notBeforeMs);
  live.lookMs = live.lookMs === null ? ms : Math.min(live.lookMs, ms);
};

/** The operator's wish: look at once, and leave a sign of having done so. */
const forceLook = (live: Live): void => {
  lookNow(live);
  inside(live, () => {
    const { sec, nsec } = wallClock();
    const fd = sys.open('.forced-rescan', O_WRONLY | O_CREAT | O_TRUNC, 0o644);
    if (refused(fd)) return;
    sys.write(fd, tai64nLabel(sec, nsec));
    sys.close(fd);
  });
};

// ---- events -------------------------------------------------------------------------------------------------

const reap = (live: Live): void => {
  const runsvs: Ended[] = [];
  for (;;) {
    const child = sys.waitpid(-1, WNOHANG);
    if (child === -EINTR) continue;
    if (refused(child) || child[0] === 0) break;
    const [pid, wait] = child;
    const signal = wait & 0x7f;
    runsvs.push({ pid, code: signal === 0 ? (wait >> 8) & 0xff : -1, signal });
  }
  if (runsvs.length > 0) deliver(live, { kind: 'ended', runsvs });
};

const alienEnded = (live: Live, pid: number, pidfd: Fd): void => {
  sys.close(pidfd);
  live.alien.delete(pid);
  deliver(live, { kind: 'ended', runsvs: [{ pid, code: -1, signal: 0 }] });
};

/** Runsvs that were only just started may have found their service taken, and not have said so yet. */
const holdersOfNew = (live: Live): readonly number[] => {
  const newMs = monotonicMs() - RESTART_MS;
  const young = [...live.tree.wanted.values()].filter((entry) => entry.startedMs >= newMs);
  return young.map((entry) => holderOf(`${live.dir}/${entry.name}`)).filter((pid) => pid !== null);
};

const hangUp = (live: Live): void => {
  for (const pid of new Set([...runningPids(live.tree), ...holdersOfNew(live)])) sys.kill(pid, SIGTERM);
  live.exit = HANGUP_CODE;
};

const takeSignals = (live: Live): void => {
  const signals = sys.takeSignals();
  // who has ended must be known before anybody is told to
  if (signals.includes(SIGCHLD)) reap(live);
  if (signals.includes(SIGALRM)) forceLook(live);
  if (signals.includes(SIGHUP)) hangUp(live);
  else if (signals.includes(SIGTERM)) live.exit = 0;
};

/** When a runsv is to be started; while the directory is lost, the next look comes first. */
const startMs = (live: Live): number | null => (live.lost ? null : nextStartMs(live.tree));

/** The runsvs that are due are started where the directory is still the one they were found in. */
const startDue = (live: Live): void => {
  const dueMs = startMs(live);
  if (dueMs === null || dueMs > monotonicMs()) return;
  if (identityOf(live.dir) !== live.identity) lookNow(live);
  if (!live.lost) inside(live, () => deliver(live, { kind: 'due' }));
};

// ---- the loop -----------------------------------------------------------------------------------------------

const watches = (live: Live): readonly Watch[] => [
  { fd: live.signals, events: POLLIN, ready: () => takeSignals(live) },
  ...watchesOf(live.watching, () => lookSoon(live)),
  ...(live.title === null ? [] : [titleWatch(live.title)]),
  ...[...live.alien].map(([pid, fd]): Watch => ({ fd, events: POLLIN, ready: () => alienEnded(live, pid, fd) })),
];

const deadline = (live: Live): number | null => {
  const times = [startMs(live), live.lookMs, live.title === null ? null : live.title.dotMs];
  const set = times.filter((ms) => ms !== null);
  return set.length === 0 ? null : Math.min(...set);
};

const duesOver = (live: Live): void => {
  const ms = monotonicMs();
  if (live.lookMs !== null && live.lookMs <= ms) lookNow(live);
  startDue(live);
  if (live.title !== null && live.title.dotMs <= ms) addDot(live.title, ms);
};

const newLive = (voice: Voice, dir: Bytes, setsid: boolean, title: Title | null): Live => {
  const home = sys.open('.', O_RDONLY, 0);
  if (refused(home)) throw new Fatal(reason('unable to open current directory', home), 100);
  const main = sys.catchSignals([SIGTERM, SIGHUP, SIGALRM, SIGCHLD]);
  // a reader of standard error that goes away must not end us; one that was ignored stays so, for the services too
  const signals = refused(main) ? main : sys.catchUnignored([SIGPIPE]);
  if (refused(signals)) throw new Fatal(reason('unable to create selfpipe', signals), 100);
  return {
    voice,
    dir,
    setsid,
    home,
    signals,
    watching: newWatching(),
    title,
    tree: newTree(),
    program: findProgram('runsv'),
    lookMs: 0,
    notBeforeMs: 0,
    identity: null,
    lost: false,
    alien: new Map(),
    exit: null,
  };
};

/** Supervises `dir` until TERM (0) or HUP (111); returns the exit code. Throws Fatal. */
export const superviseTree = (voice: Voice, dir: Bytes, setsid: boolean, title: Title | null): number => {
  const live = newLive(voice, dir, setsid, title);
  lookNow(live);
  while (live.exit === null) {
    if (!waitOnce(watches(live), deadline(live))) takeSignals(live);
    if (live.exit === null) duesOver(live);
  }
  return live.exit;
};
