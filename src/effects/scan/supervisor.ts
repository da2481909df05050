// Supervising a scan directory: one runsv for each service in it.
//
// Promises: acts on a change when it happens, replaces a dead runsv when it dies (not sooner than a second after
// its start); spaces scans by what they cost; no wake-up when nothing happens.
// Must not: decide; that is ../../machine/scan/table.ts, which read first. Read next: state.ts, rescan.ts, perform.ts.
import { decodeWait } from '../../abi/wait-status.ts';
import { monotonicMs } from '../../host/clock.ts';
import { SIGALRM, SIGCHLD, SIGHUP, SIGTERM } from '../../abi/signals.ts';
import type { Fd } from '../../host/calls.ts';
import { fromCold } from '../../host/cold.ts';
import { earliest } from '../../host/loop.ts';
import { sys } from '../../host/sys.ts';
import { mayStart } from '../../machine/scan/turn.ts';
import { type Ended, nextStartMs, RESTART_MS, runningIn, runningPids } from '../../machine/scan/table.ts';
import { signalAction } from '../../machine/container/signals.ts';
import { holderOf, newLocks } from '../process/lock-holder.ts';
import { startCommand } from '../container/main-command.ts';
import { dependentsOf } from './dependents.ts';
import { forceRescan, inside, rescanDue, resumeRescan, rescanNow } from './rescan.ts';
import { forget, type Held, letGo, signalHeld } from '../process/held.ts';
import { announceCommand, announceRunsvs, saveCheckpoint, restore, unseenEnd } from './checkpoint.ts';
import type { Checkpoint } from '../../machine/checkpoint.ts';
import { reap, turn } from '../loop.ts';
import { Fatal, type Diagnostics } from '../diagnostics.ts';
import { keyAt } from './read-dir.ts';
import { deliverToTree, termRunsv } from './perform.ts';
import { closeLockOnExec, forgetHolder, keeperOf, keepLock } from './claim.ts';
import type { awaitReady } from './ready.ts';
import { addDot, type Readproctitle } from './readproctitle.ts';
import { withStarted } from './started.ts';
import { stopWatching } from './watch.ts';
import { deliverPending, deliverShutdown, directoryOf, continueShutdown } from '../container/shutdown.ts';
import type { Container } from '../container/state.ts';
import { type TreeOptions, type Elsewhere, type TreeHandlers, type LiveTree, newLiveTree } from './state.ts';

const HANGUP_CODE = 111;

// ---- events -------------------------------------------------------------------------------------------------

/** Reaps every child that has ended, including orphans; whether any child is left. */
const reapAll = (live: LiveTree): boolean => {
  if (live.reapsLater) return true;
  const runsvs: Ended[] = [];
  const anyLeft = reap(live.loop, (pid, wait) => runsvs.push({ pid, ...decodeWait(wait) }));
  if (runsvs.length > 0) deliverToTree(live, { kind: 'ended', runsvs });
  return anyLeft;
};

const foreignRunsvEnded = (live: LiveTree, runsv: Held): void => {
  const { pid } = runsv;
  forget(live.loop, runsv);
  live.foreignRunsvs.delete(pid);
  const entry = [...live.tree.wanted.values(), ...live.tree.leaving].find((one) => one.pid === pid);
  if (entry !== undefined) deliverToTree(live, { kind: 'ended', runsvs: [unseenEnd(live.dir, entry)] });
};

/**
 * Runsvs of an earlier runsvdir that we have not taken over yet: ours has only just started and may have found its service
 * locked, and not have said so yet; or the kernel said nothing about the entry when we last scanned.
 */
const termUnknownHolders = (live: LiveTree, termed: ReadonlySet<number>): void => {
  const newMs = monotonicMs() - RESTART_MS;
  const newcomers = [...live.tree.wanted.values()].filter((entry) => entry.startedMs >= newMs);
  const locks = newLocks();
  for (const name of new Set([...newcomers.map((entry) => entry.name), ...live.reported.keys()])) {
    const holder = holderOf(`${live.dir}/${name}`, locks);
    if (holder === null) continue;
    if (!termed.has(holder.pid) && keeperOf(holder.pid) === null) signalHeld(holder, SIGTERM);
    letGo(holder);
  }
};

const elsewhereEnded = (live: LiveTree, { runsv, key }: Elsewhere): void => {
  forget(live.loop, runsv);
  live.elsewhere.delete(runsv.pid);
  deliverToTree(live, { kind: 'free', key });
};

/** From now on there are no scans. */
const stopServices = (live: LiveTree): void => {
  const nowMs = monotonicMs();
  const endMs = live.container?.shutdown.deadlineMs ?? nowMs;
  const dependents = live.tree.stopping ? null : dependentsOf(runningIn(live.tree), (pid) => directoryOf(live, pid));
  deliverToTree(live, { kind: 'stop', dependents, hurryMs: (nowMs + endMs) / 2 });
  stopWatching(live.loop, live.watching);
  forgetHolder(live);
};

const hangUp = (live: LiveTree): void => {
  if (live.residents !== null) {
    stopServices(live);
    live.hangsUp = true;
    return;
  }
  const pids = new Set(runningPids(live.tree));
  for (const pid of pids) termRunsv(live, pid);
  termUnknownHolders(live, pids);
  live.exit = HANGUP_CODE;
};

const act = (live: LiveTree, container: Container, signal: number): void => {
  const { pid } = container;
  const action = signalAction(signal, pid !== 0);
  if (action.kind === 'stop') deliverShutdown(live, { kind: 'stopRequested', code: action.code });
  else if (action.kind === 'forward') sys.kill(pid, action.signal);
  else return;
  // until the next checkpoint a re-execution would get this signal again
  container.saved = { ...container.saved, shutdown: null };
};

const actOnAll = (live: LiveTree, container: Container, signals: readonly number[]): void => {
  deliverPending(live);
  for (const signal of signals) act(live, container, signal);
};

const takeSignals = (live: LiveTree, signals: readonly number[]): void => {
  // who has ended must be known before anybody gets a signal
  if (signals.includes(SIGCHLD)) reapAll(live);
  if (signals.includes(SIGALRM) && !live.tree.stopping) forceRescan(live);
  if (live.container !== null) actOnAll(live, live.container, signals);
  else if (signals.includes(SIGHUP)) hangUp(live);
  else if (signals.includes(SIGTERM)) live.exit = 0;
};

/** When to start a runsv; if the directory is lost, or another runsvdir's, the next scan comes first. */
const startMs = (live: LiveTree): number | null => {
  const { tree, next } = live;
  if (!tree.stopping && (live.lost || !mayStart(live.claim.turn))) return null;
  // each turn asks, and each answer looks at thousands of services
  if (next.tree !== tree) live.next = { tree, dueMs: nextStartMs(tree) };
  return live.next.dueMs;
};

/** Starts the runsvs that are due, if the directory is still the one they were found in. */
const startDue = (live: LiveTree): void => {
  const dueMs = startMs(live);
  if (dueMs === null || dueMs > monotonicMs()) return;
  if (live.tree.stopping) {
    deliverToTree(live, { kind: 'due' });
    return;
  }
  if (keyAt(live.dir) !== live.identity) rescanNow(live);
  if (startMs(live) !== null) inside(live, () => deliverToTree(live, { kind: 'due' }));
};

// ---- the loop -----------------------------------------------------------------------------------------------

const HANDLERS: TreeHandlers = {
  signalled: takeSignals,
  holderEnded: rescanNow,
  stopServices,
  foreignRunsvEnded,
  elsewhereEnded,
  starting: announceRunsvs,
};

const deadline = (live: LiveTree): number | null => {
  const rescanMs = live.tree.stopping ? null : live.rescan === null ? live.rescanMs : 0;
  const stopMs = live.container?.shutdown.dueMs ?? null;
  return earliest([
    startMs(live),
    rescanMs,
    stopMs,
    live.readproctitle?.dotMs ?? null,
    live.listening?.dueMs ?? null,
    live.saving?.dueMs ?? null,
  ]);
};

const runDue = (live: LiveTree): void => {
  const ms = monotonicMs();
  if (live.tree.stopping) live.rescan = null;
  else if (live.rescan !== null) resumeRescan(live);
  else if (live.rescanMs !== null && live.rescanMs <= ms) rescanDue(live);
  startDue(live);
  if (live.readproctitle !== null && live.readproctitle.dotMs <= ms) addDot(live.readproctitle, ms);
};

/** Opens and stops residents that are due, and passes their ends to the machine. */
const workOnResidents = (live: LiveTree): void => {
  if (live.residents === null) return;
  const runsvs = live.residents.work();
  if (live.reapsLater && live.hasScanned && !live.residents.isBusy()) {
    live.reapsLater = false;
    reapAll(live);
  }
  if (runsvs.length > 0) deliverToTree(live, { kind: 'ended', runsvs });
  if (live.hangsUp && runningPids(live.tree).length === 0) live.exit = HANGUP_CODE;
};

/** Those of the first scan: later ones count no more. */
const tellReady = (live: LiveTree, fd: Fd): void => {
  live.readyFd = null;
  const names = [...live.tree.wanted.values()].map(({ name }) => name);
  fromCold<typeof awaitReady>('order', 'awaitReady')(live, fd, names);
};

/** Process 1 does not exit because something cannot be opened: it is executed once more. */
const newAfterFailure = (
  diagnostics: Diagnostics,
  options: TreeOptions,
  readproctitle: Readproctitle | null,
  files: number | null,
): LiveTree => {
  try {
    return newLiveTree(diagnostics, options, readproctitle, HANDLERS, files);
  } catch (error) {
    throw error instanceof Fatal ? new Error(error.message) : error;
  }
};

/** The first state; `checkpoint`: from before the engine failed. */
const begin = (
  diagnostics: Diagnostics,
  options: TreeOptions,
  readproctitle: Readproctitle | null,
  checkpoint: Checkpoint<'runsvdir'> | null,
): LiveTree => {
  if (checkpoint === null) return newLiveTree(diagnostics, options, readproctitle, HANDLERS);
  const live = newAfterFailure(diagnostics, options, readproctitle, checkpoint.state.files);
  keepLock(live.claim, checkpoint.state.lock);
  restore(live, withStarted(checkpoint));
  // from here on the host keeps the exit code of a main command that is reaped
  saveCheckpoint(live);
  closeLockOnExec(live.claim);
  reapAll(live);
  return live;
};

/**
 * Supervises a directory until TERM (0) or HUP (111); a whole container until everything in it has ended. Returns the exit
 * code. Throws Fatal.
 */
export const superviseTree = (
  diagnostics: Diagnostics,
  options: TreeOptions,
  readproctitle: Readproctitle | null,
  checkpoint: Checkpoint<'runsvdir'> | null,
): number => {
  const live = begin(diagnostics, options, readproctitle, checkpoint);
  saveCheckpoint(live);
  if (!live.tree.stopping) rescanNow(live);
  for (;;) {
    workOnResidents(live);
    startCommand(live, announceCommand);
    continueShutdown(live, () => reapAll(live));
    saveCheckpoint(live);
    if (live.exit !== null) return live.exit;
    if (live.readyFd !== null && live.hasScanned && !live.isSettling) tellReady(live, live.readyFd);
    turn(live.loop, live.residents?.isBusy() === true ? monotonicMs() : deadline(live));
    if (live.exit === null) runDue(live);
  }
};
