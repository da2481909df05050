// Going on after a failure of the engine: a runsvdir that answers for a container says at each change what there is, and
// takes it up again when the host has executed it anew (sys_reexec in ../../host/c/sys.h).
//
// Promises: no runsv is forgotten, no main command started twice, no exit code of it lost; a stop that has begun goes
// on, with its deadline. What was started and not yet written down is found by the lock of its service.
// Must not: be asked for anything in classic use. Read first: ../../machine/checkpoint.ts.
import { type Alien, decodeHandover, encodeHandover, type Handed, type Word } from '../../machine/checkpoint.ts';
import { errorText } from '../../cli/errno.ts';
import type { Bytes } from '../../abi/bytes.ts';
import { type Fd, refused } from '../../host/calls.ts';
import { monotonicMs } from '../../host/clock.ts';
import { ENOENT, ESRCH } from '../../abi/errno.ts';
import { O_NONBLOCK, O_RDONLY } from '../../abi/flags.ts';
import { sys } from '../../host/sys.ts';
import { ESSENTIAL_OVER, type Entry, type Ended, runningPids } from '../../machine/scan/table.ts';
import { commandEnded } from './main-command.ts';
import { hasEnding } from '../service/exitcode-file.ts';
import { holdAgain } from '../process/held.ts';
import { ownStart } from '../process/proc.ts';
import { deliver } from '../scan/perform.ts';
import { deliverShutdown } from './shutdown.ts';
import type { Container, Live } from '../scan/state.ts';

/** The process that is spawned next. */
export const NEXT = -1;
/** KILL's wait status: for a main command whose end nobody has seen. */
const UNSEEN = 9;

/** What an earlier self has left for us; null: there was none. What may be there and cannot be read is a failure. */
export const takeHanded = <W extends Word>(word: W): Handed<W> | null => {
  const text = sys.restore();
  if (text === -ENOENT) return null;
  if (refused(text)) throw new Error(`unable to read what was handed over: ${errorText(text)}`);
  const handed = decodeHandover(word, text);
  if (handed === null || handed.start === null) return handed;
  return handed.start === (ownStart() ?? handed.start) ? handed : null;
};

const write = (live: Live, container: Container, process: number): number => {
  const { tree } = live;
  const title = live.title === null ? -1 : live.title.input;
  const lock = live.claim.lock ?? -1;
  const text = encodeHandover('runsvdir', container.start, {
    wanted: [...tree.wanted.values()],
    leaving: tree.leaving,
    stopping: tree.stopping,
    alien: [...live.alien.values()].map(({ pid, start }) => ({ pid, start })),
    shutdown: container.shutdown,
    commandDue: container.commandDue,
    title,
    lock,
  });
  return sys.checkpoint(
    text,
    live.home,
    [title, lock].filter((fd) => fd >= 0),
    process,
  );
};

/** Says what there is, if it has changed. Where there is no memory for it the last one stands. */
export const handOver = (live: Live): void => {
  const { container, tree } = live;
  if (container === null) return;
  const { written, shutdown, pid } = container;
  const { lock } = live.claim;
  if (written.tree === tree && written.shutdown === shutdown && written.pid === pid && written.lock === lock) return;
  container.written = { tree, shutdown, pid, lock };
  write(live, container, pid);
};

/**
 * The process that is spawned next is the main command: it is known to the host before it is to us. Where that cannot be
 * said it is not started, for a successor would start another.
 */
export const announceCommand = (live: Live, container: Container): void => {
  const said = write(live, container, NEXT);
  if (refused(said)) throw new Error('out of memory');
  container.commandDue = false;
};

/** The descriptor again, closed in the programs that we start. */
export const reopened = (fd: number): Fd | null => {
  const again = sys.open(`/proc/self/fd/${fd}`, O_RDONLY | O_NONBLOCK, 0);
  if (refused(again)) return null;
  sys.close(fd as Fd);
  return again;
};

export const isGone = (pid: number): boolean => sys.kill(pid, 0) === -ESRCH;

/** Whose end nobody could take, or was lost with the engine. What an essential service has left tells how it ended. */
export const unseenEnd = (dir: Bytes, { name, pid }: Entry): Ended => ({
  pid,
  code: hasEnding(`${dir}/${name}`) ? ESSENTIAL_OVER : -1,
  signal: 0,
});

/** Holds those who are still there; returns the numbers of the others, which others may have got. */
const watchAliens = (live: Live, alien: readonly Alien[]): readonly number[] => {
  const gone: number[] = [];
  for (const { pid, start } of alien) {
    const held = holdAgain(pid, start);
    if (held === null) gone.push(pid);
    else live.alien.set(pid, held);
  }
  return gone;
};

const takeCommand = (live: Live, container: Container, handed: Handed<'runsvdir'>): void => {
  const { pid, wait } = handed;
  container.commandDue = handed.state.commandDue && pid === 0;
  if (pid === 0) return;
  container.pid = pid;
  deliverShutdown(live, { kind: 'commandStarted' });
  if (wait !== null || isGone(pid)) commandEnded(container, wait ?? UNSEEN);
};

/** Takes up what there was. */
export const takeUp = (live: Live, handed: Handed<'runsvdir'>): void => {
  const { container } = live;
  if (container === null) return;
  const { wanted, leaving, stopping, shutdown, alien } = handed.state;
  live.tree = { wanted: new Map(wanted.map((entry) => [entry.key, entry])), leaving, stopping };
  container.shutdown = shutdown;
  live.voice.warn(`gone on after a failure of the engine, with ${runningPids(live.tree).length} runsvs`);
  const goneAliens = watchAliens(live, alien);
  takeCommand(live, container, handed);
  const gone = [...wanted, ...leaving].filter(({ pid }) => pid !== 0 && (goneAliens.includes(pid) || isGone(pid)));
  deliver(live, { kind: 'ended', runsvs: gone.map((entry) => unseenEnd(live.dir, entry)) });
  // the end of a runsv of another runsvdir was awaited by a descriptor that is gone; an essential service that is over stays so
  const waiting = wanted.filter(
    ({ name, pid, dueMs }) => pid === 0 && dueMs === null && !hasEnding(`${live.dir}/${name}`),
  );
  for (const { key } of waiting) deliver(live, { kind: 'free', key });
  live.hasUnknown = true;
  live.notBeforeMs = monotonicMs();
};
