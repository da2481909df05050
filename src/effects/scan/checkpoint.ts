// Surviving an engine failure: a runsvdir that supervises a container saves its state at each change, and restores it when
// the host has executed it again.
//
// Promises: forgets no runsv, starts no main command twice, loses no exit code of it; a stop that has begun continues
// with its deadline. What was being started is found by its directory (started.ts), or by the lock of its service.
// Must not: be called in classic use. Read first: ../../machine/checkpoint.ts, ../container/checkpoint.ts.
import { type ForeignRunsv, encodeCheckpoint, type Checkpoint, type TreeState } from '../../machine/checkpoint.ts';
import type { Bytes } from '../../abi/bytes.ts';
import { isErrno } from '../../host/calls.ts';
import { monotonicMs } from '../../host/clock.ts';
import { sys } from '../../host/sys.ts';
import { ESSENTIAL_EXIT_CODE, type Entry, type Ended } from '../../machine/scan/table.ts';
import { isGone, NEXT } from '../container/checkpoint.ts';
import { awaitCommand, commandEnded } from '../container/main-command.ts';
import { deliverShutdown } from '../container/shutdown.ts';
import type { Container, Saving } from '../container/state.ts';
import { newShutdown } from '../../machine/container/shutdown.ts';
import { isResident } from '../../machine/scan/resident.ts';
import { hasExitCode } from '../service/exitcode-file.ts';
import { holdAgain } from '../process/held.ts';
import { isHeld } from '../../machine/scan/held.ts';
import { deliverToTree } from './perform.ts';
import { keyAt } from './read-dir.ts';
import { childrenByKey } from './started.ts';
import { inside } from './rescan.ts';
import { addForeignRunsv, type LiveTree } from './state.ts';

/** Saving takes at most one part of the time in this many. */
const SHARE = 10;
const NO_SHUTDOWN = newShutdown(0);
const NO_CONTAINER = { shutdown: NO_SHUTDOWN, pid: 0 };
/** KILL's wait status: for a main command whose end nobody saw. */
const UNSEEN = 9;

const write = (live: LiveTree, { start }: Saving, process: number, starting: readonly string[] = []): number => {
  const { tree, readproctitle, container, residents } = live;
  const lock = live.claim.lock ?? -1;
  const input = readproctitle === null ? -1 : readproctitle.input;
  const text = encodeCheckpoint('runsvdir', start, {
    wanted: [...tree.wanted.values()],
    leaving: tree.leaving,
    starting,
    stopping: tree.stopping,
    foreignRunsvs: [...live.foreignRunsvs.values()].map(({ pid, start }) => ({ pid, start })),
    shutdown: container?.shutdown ?? NO_SHUTDOWN,
    commandDue: container?.commandDue === true,
    readproctitle: input,
    lock,
    files: residents?.files ?? null,
  });
  return sys.checkpoint(
    text,
    live.home,
    [input, lock].filter((fd) => fd >= 0),
    process,
  );
};

/**
 * A state of thousands of residents takes milliseconds to save. While hundreds of them start or end it is saved less often: an old one
 * does no harm, because each resident is read from its own files again.
 */
const isTooSoon = (live: LiveTree, saving: Saving): boolean => {
  if (live.residents === null || monotonicMs() >= saving.notBeforeMs) return false;
  saving.dueMs = saving.notBeforeMs;
  return true;
};

/** Saves the state, if it has changed. Without memory for it the last checkpoint stays. */
export const saveCheckpoint = (live: LiveTree): void => {
  const { container, saving, tree } = live;
  if (saving === null) return;
  const { saved } = saving;
  const { shutdown, pid } = container ?? NO_CONTAINER;
  const { lock } = live.claim;
  if (saved.shutdown === shutdown && saved.pid === pid && saved.lock === lock) {
    if (saved.tree === tree) return;
    if (isTooSoon(live, saving)) return;
  }
  const startMs = monotonicMs();
  saving.saved = { tree, shutdown, pid, lock };
  write(live, saving, pid);
  saving.dueMs = null;
  saving.notBeforeMs = startMs + (monotonicMs() - startMs) * SHARE;
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
  const { container, saving } = live;
  if (saving === null || (container !== null && container.pendingEvents.length > 0)) return;
  write(live, saving, container?.pid ?? 0, keys);
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

const restoreCommand = (live: LiveTree, checkpoint: Checkpoint<'runsvdir'>): void => {
  const { container } = live;
  const { pid, wait } = checkpoint;
  if (container === null) return;
  container.shutdown = checkpoint.state.shutdown;
  container.commandDue = checkpoint.state.commandDue && pid === 0;
  if (pid === 0) return;
  container.pid = pid;
  deliverShutdown(live, { kind: 'commandStarted' });
  if (wait !== null || isGone(pid)) commandEnded(container, wait ?? UNSEEN);
  else awaitCommand(live, container);
};

/** Opens residents again: the wanted ones by way of the machine, as if they were due; the leaving ones at once, under any path. */
const resettled = (live: LiveTree, state: TreeState): Pick<TreeState, 'wanted' | 'leaving'> => {
  const nowMs = monotonicMs();
  const isNone = ({ pid }: Entry): boolean => !isResident(pid);
  let children: ReadonlyMap<string, number> | null = null;
  const leaving = state.leaving.filter(isNone);
  const openAgain = (entry: Entry): void => {
    const { name, key } = entry;
    children ??= childrenByKey(() => true);
    // its name may be gone, but not a process of it, if there is one
    const path = keyAt(name) === key ? name : `/proc/${children.get(key) ?? 'none'}/cwd`;
    const id = live.residents?.start(name, key, path) ?? 0;
    if (id === 0) return;
    leaving.push({ ...entry, pid: id });
    if (!isHeld(entry)) live.residents?.term(id);
  };
  const left = state.leaving.filter(({ pid }) => isResident(pid));
  live.residents?.resume([...left, ...state.wanted].filter(({ pid }) => isResident(pid)).map(({ key }) => key));
  if (left.length > 0) inside(live, () => left.forEach(openAgain));
  live.reapsLater = true;
  return {
    wanted: state.wanted.map((entry) => (isNone(entry) ? entry : { ...entry, pid: 0, dueMs: nowMs })),
    leaving,
  };
};

/** Restores the state. */
export const restore = (live: LiveTree, checkpoint: Checkpoint<'runsvdir'>): void => {
  const { wanted: before, leaving: old, stopping, foreignRunsvs } = checkpoint.state;
  const kept = [...before, ...old].filter(({ pid }) => pid !== 0).length;
  const { wanted, leaving } = live.residents === null ? checkpoint.state : resettled(live, checkpoint.state);
  live.tree = { wanted: new Map(wanted.map((entry) => [entry.key, entry])), leaving, stopping };
  live.hangsUp = live.container === null && stopping;
  live.diagnostics.warn(`re-executed after an engine failure, ${kept} ${kept === 1 ? 'service' : 'services'} kept`);
  const goneAliens = holdForeignRunsvs(live, foreignRunsvs);
  restoreCommand(live, checkpoint);
  const gone = [...wanted, ...leaving].filter(
    ({ pid }) => pid !== 0 && !isResident(pid) && (goneAliens.includes(pid) || isGone(pid)),
  );
  deliverToTree(live, { kind: 'ended', runsvs: gone.map((entry) => unseenEnd(live.dir, entry)) });
  // the descriptors that watched runsvs of another runsvdir are gone; an essential service that has ended stays so
  const waiting = wanted.filter(
    ({ name, pid, dueMs }) => pid === 0 && dueMs === null && !hasExitCode(`${live.dir}/${name}`),
  );
  for (const { key } of waiting) deliverToTree(live, { kind: 'free', key });
  live.hasUnknown = true;
  live.notBeforeMs = monotonicMs();
};
