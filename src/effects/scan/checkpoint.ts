// Surviving an engine failure: a runsvdir that supervises a container saves its state at each change, and restores it when
// the host has executed it again.
//
// Promises: forgets no runsv, starts no main command twice, loses no exit code of it; a stop that has begun continues
// with its deadline. What was being started is found by its directory (started.ts), or by the lock of its service.
// Must not: be called in classic use. Read first: ../../machine/checkpoint.ts, ../container/checkpoint.ts.
import { type ForeignRunsv, encodeCheckpoint, type Checkpoint } from '../../machine/checkpoint.ts';
import type { Bytes } from '../../abi/bytes.ts';
import { isErrno } from '../../host/calls.ts';
import { monotonicMs } from '../../host/clock.ts';
import { sys } from '../../host/sys.ts';
import { ESSENTIAL_EXIT_CODE, type Entry, type Ended, runningPids } from '../../machine/scan/table.ts';
import { isGone, NEXT } from '../container/checkpoint.ts';
import { awaitCommand, commandEnded } from '../container/main-command.ts';
import { deliverShutdown } from '../container/shutdown.ts';
import type { Container } from '../container/state.ts';
import { hasExitCode } from '../service/exitcode-file.ts';
import { holdAgain } from '../process/held.ts';
import { deliverToTree } from './perform.ts';
import { addForeignRunsv, type LiveTree } from './state.ts';

/** KILL's wait status: for a main command whose end nobody saw. */
const UNSEEN = 9;

const write = (live: LiveTree, container: Container, process: number, starting: readonly string[] = []): number => {
  const { tree, readproctitle } = live;
  const lock = live.claim.lock ?? -1;
  const input = readproctitle === null ? -1 : readproctitle.input;
  const text = encodeCheckpoint('runsvdir', container.start, {
    wanted: [...tree.wanted.values()],
    leaving: tree.leaving,
    starting,
    stopping: tree.stopping,
    foreignRunsvs: [...live.foreignRunsvs.values()].map(({ pid, start }) => ({ pid, start })),
    shutdown: container.shutdown,
    commandDue: container.commandDue,
    readproctitle: input,
    lock,
  });
  return sys.checkpoint(
    text,
    live.home,
    [input, lock].filter((fd) => fd >= 0),
    process,
  );
};

/** Saves the state, if it has changed. Without memory for it the last checkpoint stays. */
export const saveCheckpoint = (live: LiveTree): void => {
  const { container, tree } = live;
  if (container === null) return;
  const { saved, shutdown, pid } = container;
  const { lock } = live.claim;
  if (saved.tree === tree && saved.shutdown === shutdown && saved.pid === pid && saved.lock === lock) return;
  container.saved = { tree, shutdown, pid, lock };
  write(live, container, pid);
};

/**
 * The process that is spawned next is the main command: the host knows it before we do. If that cannot be
 * saved, it is not started, because a restored process would start another.
 */
export const announceCommand = (live: LiveTree, container: Container): void => {
  const said = write(live, container, NEXT);
  if (isErrno(said)) throw new Error('out of memory');
  container.commandDue = false;
};

/**
 * Saves which runsvs are about to start, so that one that runs is found even if its service has left the directory by then.
 * An event that has not been passed on is in the last checkpoint only: that one stays.
 */
export const announceRunsvs = (live: LiveTree, keys: readonly string[]): void => {
  const { container } = live;
  if (container !== null && container.pendingEvents.length === 0) write(live, container, container.pid, keys);
};

/** The end of a runsv that nobody reaped, or that was lost with the engine: known only from supervise/exitcode. */
export const unseenEnd = (dir: Bytes, { name, pid }: Entry): Ended => ({
  pid,
  code: hasExitCode(`${dir}/${name}`) ? ESSENTIAL_EXIT_CODE : -1,
  signal: 0,
});

/** Holds those that still run; returns the numbers of the others, which other processes may have now. */
const holdForeignRunsvs = (live: LiveTree, runsvs: readonly ForeignRunsv[]): readonly number[] => {
  const gone: number[] = [];
  for (const { pid, start } of runsvs) {
    const held = holdAgain(pid, start);
    if (held === null) gone.push(pid);
    else addForeignRunsv(live, held);
  }
  return gone;
};

const restoreCommand = (live: LiveTree, container: Container, checkpoint: Checkpoint<'runsvdir'>): void => {
  const { pid, wait } = checkpoint;
  container.commandDue = checkpoint.state.commandDue && pid === 0;
  if (pid === 0) return;
  container.pid = pid;
  deliverShutdown(live, { kind: 'commandStarted' });
  if (wait !== null || isGone(pid)) commandEnded(container, wait ?? UNSEEN);
  else awaitCommand(live, container);
};

/** Restores the state. */
export const restore = (live: LiveTree, checkpoint: Checkpoint<'runsvdir'>): void => {
  const { container } = live;
  if (container === null) return;
  const { wanted, leaving, stopping, shutdown, foreignRunsvs } = checkpoint.state;
  live.tree = { wanted: new Map(wanted.map((entry) => [entry.key, entry])), leaving, stopping };
  container.shutdown = shutdown;
  const kept = runningPids(live.tree).length;
  live.diagnostics.warn(`re-executed after an engine failure, ${kept} ${kept === 1 ? 'service' : 'services'} kept`);
  const goneAliens = holdForeignRunsvs(live, foreignRunsvs);
  restoreCommand(live, container, checkpoint);
  const gone = [...wanted, ...leaving].filter(({ pid }) => pid !== 0 && (goneAliens.includes(pid) || isGone(pid)));
  deliverToTree(live, { kind: 'ended', runsvs: gone.map((entry) => unseenEnd(live.dir, entry)) });
  // the descriptors that watched runsvs of another runsvdir are gone; an essential service that has ended stays so
  const waiting = wanted.filter(
    ({ name, pid, dueMs }) => pid === 0 && dueMs === null && !hasExitCode(`${live.dir}/${name}`),
  );
  for (const { key } of waiting) deliverToTree(live, { kind: 'free', key });
  live.hasUnknown = true;
  live.notBeforeMs = monotonicMs();
};
