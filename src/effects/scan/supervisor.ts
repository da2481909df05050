// Supervising a scan directory: one runsv for each service in it.
//
// Promises: a change is acted on when it happens, a dead runsv is replaced when it died (not sooner than a second after
// its start); looks are spaced by what they cost; no wake-up when nothing happens.
// Must not: decide; that is ../../machine/scan/table.ts, which read first. Read next: state.ts, rescan.ts, perform.ts.
import { decodeWait } from '../../abi/wait-status.ts';
import { refused } from '../../host/calls.ts';
import { monotonicMs } from '../../host/clock.ts';
import { ECHILD, EINTR } from '../../abi/errno.ts';
import { POLLIN, WNOHANG } from '../../abi/flags.ts';
import { SIGALRM, SIGCHLD, SIGHUP, SIGTERM } from '../../abi/signals.ts';
import { earliest, type Watch, waitOnce } from '../../host/loop.ts';
import { sys } from '../../host/sys.ts';
import { mayStart } from '../../machine/scan/turn.ts';
import { type Ended, nextStartMs, RESTART_MS, runningPids } from '../../machine/scan/table.ts';
import { wishOf } from '../../machine/container/signals.ts';
import { holderOf, newLocks } from './lock-holder.ts';
import { commandEnded, startCommand } from '../container/main-command.ts';
import { forceLook, inside, lookDue, lookFurther, lookSoon, lookNow } from './rescan.ts';
import { type Held, hasEndedUntold, heldDueMs, heldWatches, letGo, signalHeld } from '../process/held.ts';
import { announceCommand, handOver, takeUp, unseenEnd } from '../container/checkpoint.ts';
import type { Handed } from '../../machine/checkpoint.ts';
import { listeningWatches } from '../container/listening.ts';
import { Fatal, type Voice } from '../messages.ts';
import { identityOf } from './read-dir.ts';
import { deliver, termRunsv } from './perform.ts';
import { holdOn, keeperOf, keepToOurselves } from './claim.ts';
import { addDot, type Title, titleWatch } from './readproctitle.ts';
import { deliverNews, deliverShutdown, goOnStopping } from '../container/shutdown.ts';
import { type Asked, type Container, type Foreign, type Live, newLive } from './state.ts';
import { watchesOf } from './watch.ts';

const HANGUP_CODE = 111;

// ---- events -------------------------------------------------------------------------------------------------

/** Takes every child that has ended, orphans of others too; says whether any child is left. */
const reap = (live: Live): boolean => {
  const runsvs: Ended[] = [];
  for (;;) {
    const child = sys.waitpid(-1, WNOHANG);
    if (child === -EINTR) continue;
    if (refused(child) || child[0] === 0) {
      if (runsvs.length > 0) deliver(live, { kind: 'ended', runsvs });
      return child !== -ECHILD;
    }
    const [pid, wait] = child;
    if (live.container !== null && pid === live.container.pid) commandEnded(live.container, wait);
    runsvs.push({ pid, ...decodeWait(wait) });
  }
};

const alienEnded = (live: Live, alien: Held): void => {
  const { pid } = alien;
  letGo(alien);
  live.alien.delete(pid);
  const entry = [...live.tree.wanted.values(), ...live.tree.leaving].find((one) => one.pid === pid);
  if (entry !== undefined) deliver(live, { kind: 'ended', runsvs: [unseenEnd(live.dir, entry)] });
};

/** Runsvs that were only just started may have found their service taken, and not have said so yet. */
const termHoldersOfNew = (live: Live, told: ReadonlySet<number>): void => {
  const newMs = monotonicMs() - RESTART_MS;
  const young = [...live.tree.wanted.values()].filter((entry) => entry.startedMs >= newMs);
  const locks = newLocks();
  for (const { name } of young) {
    const holder = holderOf(`${live.dir}/${name}`, locks);
    if (holder === null) continue;
    if (!told.has(holder.pid) && keeperOf(holder.pid) === null) signalHeld(holder, SIGTERM);
    letGo(holder);
  }
};

const foreignEnded = (live: Live, { runsv, key }: Foreign): void => {
  letGo(runsv);
  live.foreign.delete(runsv.pid);
  deliver(live, { kind: 'free', key });
};

const heldOf = (live: Live): readonly Held[] => [
  ...live.alien.values(),
  ...[...live.foreign.values()].map(({ runsv }) => runsv),
];

/** Those of whose end nothing tells. */
const lookForEnds = (live: Live): void => {
  for (const alien of live.alien.values()) if (hasEndedUntold(alien)) alienEnded(live, alien);
  for (const one of live.foreign.values()) if (hasEndedUntold(one.runsv)) foreignEnded(live, one);
};

const hangUp = (live: Live): void => {
  const pids = new Set(runningPids(live.tree));
  for (const pid of pids) termRunsv(live, pid);
  termHoldersOfNew(live, pids);
  live.exit = HANGUP_CODE;
};

const takeWish = (live: Live, container: Container, signal: number): void => {
  const { pid } = container;
  const wish = wishOf(signal, pid !== 0);
  if (wish.kind === 'end') deliverShutdown(live, { kind: 'asked', code: wish.code });
  else if (wish.kind === 'forward') sys.kill(pid, wish.signal);
  else return;
  // until something is handed over a successor is sent this signal again
  container.written = { ...container.written, shutdown: null };
};

const takeWishes = (live: Live, container: Container, signals: readonly number[]): void => {
  deliverNews(live);
  for (const signal of signals) takeWish(live, container, signal);
};

const takeSignals = (live: Live): void => {
  const signals = sys.takeSignals();
  // who has ended must be known before anybody is told to
  if (signals.includes(SIGCHLD)) reap(live);
  if (signals.includes(SIGALRM) && !live.tree.stopping) forceLook(live);
  if (live.container !== null) takeWishes(live, live.container, signals);
  else if (signals.includes(SIGHUP)) hangUp(live);
  else if (signals.includes(SIGTERM)) live.exit = 0;
};

/** When a runsv is to be started; while the directory is lost, or another runsvdir's, the next look comes first. */
const startMs = (live: Live): number | null =>
  live.lost || !mayStart(live.claim.turn) ? null : nextStartMs(live.tree);

/** The runsvs that are due are started where the directory is still the one they were found in. */
const startDue = (live: Live): void => {
  const dueMs = startMs(live);
  if (dueMs === null || dueMs > monotonicMs()) return;
  if (identityOf(live.dir) !== live.identity) lookNow(live);
  if (startMs(live) !== null) inside(live, () => deliver(live, { kind: 'due' }));
};

// ---- the loop -----------------------------------------------------------------------------------------------

const watches = (live: Live): readonly Watch[] => [
  { fd: live.signals, events: POLLIN, ready: () => takeSignals(live) },
  ...(live.tree.stopping ? [] : watchesOf(live.watching, () => lookSoon(live))),
  ...(live.title === null ? [] : [titleWatch(live.title)]),
  ...listeningWatches(live),
  ...[...live.alien.values()].flatMap((alien) => heldWatches(alien, () => alienEnded(live, alien))),
  ...[...live.foreign.values()].flatMap((one) => heldWatches(one.runsv, () => foreignEnded(live, one))),
  ...(live.claim.holder === null || live.tree.stopping
    ? []
    : [{ fd: live.claim.holder, events: POLLIN, ready: () => lookNow(live) }]),
];

const deadline = (live: Live): number | null => {
  const lookMs = live.tree.stopping ? null : live.look === null ? live.lookMs : 0;
  const stopMs = live.container?.shutdown.dueMs ?? null;
  return earliest([
    startMs(live),
    lookMs,
    stopMs,
    live.title?.dotMs ?? null,
    live.listening?.dueMs ?? null,
    heldDueMs(heldOf(live)),
  ]);
};

const duesOver = (live: Live): void => {
  const ms = monotonicMs();
  lookForEnds(live);
  if (live.tree.stopping) live.look = null;
  else if (live.look !== null) lookFurther(live);
  else if (live.lookMs !== null && live.lookMs <= ms) lookDue(live);
  startDue(live);
  if (live.title !== null && live.title.dotMs <= ms) addDot(live.title, ms);
};

/** Process 1 does not end for what keeps it from going on: it is executed once more. */
const newAgain = (voice: Voice, asked: Asked, title: Title | null): Live => {
  try {
    return newLive(voice, asked, title);
  } catch (error) {
    throw error instanceof Fatal ? new Error(error.message) : error;
  }
};

/** What is there at the start; `handed`: from before the engine failed. */
const begin = (voice: Voice, asked: Asked, title: Title | null, handed: Handed<'runsvdir'> | null): Live => {
  if (handed === null) return newLive(voice, asked, title);
  const live = newAgain(voice, asked, title);
  holdOn(live.claim, handed.state.lock);
  takeUp(live, handed);
  // from here on the host keeps the exit code of a main command that is reaped
  handOver(live);
  keepToOurselves(live.claim);
  reap(live);
  return live;
};

/**
 * Supervises a directory until TERM (0) or HUP (111); a whole container, until all in it has ended. Returns the exit
 * code. Throws Fatal.
 */
export const superviseTree = (
  voice: Voice,
  asked: Asked,
  title: Title | null,
  handed: Handed<'runsvdir'> | null,
): number => {
  const live = begin(voice, asked, title, handed);
  handOver(live);
  if (!live.tree.stopping) lookNow(live);
  for (;;) {
    startCommand(live, announceCommand);
    goOnStopping(live, () => reap(live));
    handOver(live);
    if (live.exit !== null) return live.exit;
    if (!waitOnce(watches(live), deadline(live))) takeSignals(live);
    if (live.exit === null) duesOver(live);
  }
};
