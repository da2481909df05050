// Processors: the shell command that makes `@STAMP.s` of `@STAMP.u`, one at a time in a directory, oldest file first.
//
// Promises: a file is removed only when its processed form is safe on disk; a processor that fails, by exit code or signal, is
// tried again after a pause; what is left when svlogd ends, or was left by a crash, is taken up by the next one.
// Lines are written on while one runs, until as many files wait as are kept: then a rotation waits for it, as in C, but not
// for longer than it may take; after that the oldest file that waits goes, which is told.
// Read next: directory.ts (who makes such files), door.ts (how they are opened).
import { unprocessed } from '../formats/log-names.ts';
import type { Bytes } from '../abi/bytes.ts';
import { type Errno, type Fd, refused } from '../host/calls.ts';
import { monotonicMs } from '../host/clock.ts';
import { SPAWN_SETSID } from '../abi/flags.ts';
import { SIGTERM } from '../abi/signals.ts';
import { sys } from '../host/sys.ts';
import { isPlain, isRegular, oddity, openFresh, openState, openToRead } from './door.ts';
import { namesIn, prune } from './old-files.ts';
import { enter, FIRST_PAUSE_MS, type LogDir, own, safeMode, type Works } from './model.ts';
import { Waiting } from './waiting.ts';

const LONGEST_PAUSE_MS = 64_000;
/** How long a processor runs before it is no longer waited for. */
const PATIENCE_MS = 10_000;
const SHELL = '/bin/sh';
const NO_RECORD = -1 as Fd;

const withSuffix = (name: Bytes, letter: Bytes): Bytes => name.slice(0, -1) + letter;

const retryLater = (works: Works): void => {
  works.retryMs = monotonicMs() + works.pauseMs;
  works.pauseMs = Math.min(works.pauseMs * 2, LONGEST_PAUSE_MS);
};

interface Ends {
  readonly input: Fd;
  readonly output: Fd;
  readonly state: Fd;
  readonly newState: Fd;
}

/** Opens what a processor gets; null: one of them cannot be had, which was told. */
const openEnds = (dir: LogDir, name: Bytes): Ends | null => {
  const fds: Fd[] = [];
  const doors: readonly (readonly [Bytes, (path: Bytes) => Fd | Errno])[] = [
    [name, (path) => openToRead(path, dir.isOurs)],
    [withSuffix(name, 't'), openFresh],
    ['state', () => openState(dir.isOurs)],
    ['newstate', openFresh],
  ];
  for (const [path, open] of doors) {
    const fd = open(path);
    if (refused(fd)) {
      const what = oddity(path);
      dir.settings.voice.warn(
        `unable to open files for processor: ${dir.name}/${path}${what === '' ? '' : ` ${what}`}`,
        what === '' ? fd : undefined,
      );
      for (const opened of fds) sys.close(opened);
      return null;
    }
    fds.push(fd);
  }
  const [input, output, state, newState] = fds as [Fd, Fd, Fd, Fd];
  return { input, output, state, newState };
};

/** A file that was processed just before a crash is only removed. */
const isDone = (name: Bytes): boolean => {
  if (refused(sys.lstat(withSuffix(name, 's')))) return false;
  sys.rename('newstate', 'state');
  sys.unlink(name);
  return true;
};

/** Whether there is anything to do: what was put there and is no file of a log is left alone. */
const isToDo = (dir: LogDir, name: Bytes): boolean => {
  const stat = sys.lstat(name);
  if (refused(stat)) return false;
  if (dir.isOurs ? isRegular(stat) : isPlain(stat)) return !isDone(name);
  dir.settings.voice.warn(`not processed: ${dir.name}/${name} ${oddity(name)}`);
  return false;
};

const start = (dir: LogDir, name: Bytes): boolean => {
  const { works } = dir;
  const { voice } = dir.settings;
  const ends = openEnds(dir, name);
  if (ends === null) return false;
  voice.info(`processing: ${dir.name}/${name}`);
  const { input, output, state, newState } = ends;
  own(dir, output, withSuffix(name, 't'));
  const fds = [0, input, 1, output, 4, state, 5, newState];
  const pid = sys.spawn(SHELL, ['sh', '-c', dir.config.processor], [], '', fds, SPAWN_SETSID, NO_RECORD, '');
  for (const fd of [input, state, newState]) sys.close(fd);
  if (refused(pid)) {
    sys.close(output);
    voice.warn(`unable to run processor: ${dir.name}`, -(-pid % 4096));
    return false;
  }
  works.pid = pid;
  works.patientUntilMs = monotonicMs() + PATIENCE_MS;
  works.input = name;
  works.output = withSuffix(name, 't');
  works.outputFd = output;
  return true;
};

/** Starts the processor for the next file that waits, unless one runs or a pause is on. */
export const processNext = (dir: LogDir): void => {
  const { works } = dir;
  if (works.retryMs !== null && monotonicMs() >= works.retryMs) works.retryMs = null;
  if (works.pid !== null || works.retryMs !== null || dir.config.processor === '') return;
  enter(dir);
  for (let name = works.waiting.take(); name !== undefined; name = works.waiting.take()) {
    if (!isToDo(dir, name)) continue;
    if (start(dir, name)) return;
    works.waiting.putBack(name);
    retryLater(works);
    return;
  }
};

/** The processed form is made safe, takes its name, and only then the other goes. */
const accept = (dir: LogDir, output: Fd): boolean => {
  const { works } = dir;
  const { voice } = dir.settings;
  const name = withSuffix(works.input, 's');
  const synced = sys.fsync(output);
  if (!refused(synced)) sys.fchmod(output, safeMode(dir));
  prune(dir, '');
  const renamed = refused(synced) ? synced : sys.rename(works.output, name);
  if (refused(renamed)) {
    voice.warn(`unable to rename processed: ${dir.name}`, renamed);
    return false;
  }
  const moved = sys.rename('newstate', 'state');
  if (refused(moved)) voice.warn(`unable to rename state: ${dir.name}`, moved);
  const removed = sys.unlink(works.input);
  if (refused(removed)) voice.warn(`unable to unlink: ${dir.name}/${works.input}`, removed);
  voice.info(`processed: ${dir.name}/${name}`);
  return true;
};

/** A processor has ended with this wait status. Where its directory is no more in use, the file stays unprocessed. */
export const processorEnded = (dir: LogDir, status: number): void => {
  const { works } = dir;
  const output = works.outputFd as Fd;
  enter(dir);
  if (status !== 0) dir.settings.voice.warn(`processor failed, restart: ${dir.name}`);
  if (dir.open !== null && status === 0 && accept(dir, output)) {
    works.pauseMs = FIRST_PAUSE_MS;
  } else {
    if (dir.open !== null) sys.unlink(works.output);
    if (dir.open !== null) works.waiting.putBack(works.input);
    retryLater(works);
  }
  sys.close(output);
  works.pid = null;
  works.input = '';
  works.output = '';
  works.outputFd = null;
};

const hasTooMany = ({ config, works }: LogDir): boolean => config.keep !== 0 && works.waiting.count > config.keep;

/** Of what waits for the processor the oldest goes, while that is more than is kept. */
const dropOverdue = (dir: LogDir): void => {
  while (hasTooMany(dir)) {
    const late = dir.works.waiting.take() ?? '';
    dir.settings.voice.warn(`too many files wait for the processor, delete: ${dir.name}/${late}`);
    sys.unlink(late);
  }
};

/** Whether a rotation has to wait for the processor: one more file would be too many, and it has not had its time. */
export const holdsUp = ({ config, works }: LogDir): boolean =>
  works.pid !== null && config.keep !== 0 && works.waiting.count >= config.keep && monotonicMs() < works.patientUntilMs;

/** A file that was just rotated waits for its turn. */
export const enqueue = (dir: LogDir, name: Bytes): void => {
  dir.works.waiting.add(name);
  processNext(dir);
  dropOverdue(dir);
};

/** Takes up what was left unprocessed in a directory that has been opened. */
export const takeUp = (dir: LogDir): void => {
  const { works, config } = dir;
  const names = config.processor === '' ? [] : unprocessed(namesIn(dir));
  works.waiting = new Waiting(names.filter((name) => name !== works.input));
  processNext(dir);
  dropOverdue(dir);
};

/** A directory is left: what waits is taken up when it is opened again. */
export const endTakeUp = (dir: LogDir): void => {
  dir.works.waiting = new Waiting([]);
};

/** Whether a file waits that can be processed, or is being processed. */
export const isBusy = ({ works }: LogDir): boolean =>
  works.pid !== null || (works.waiting.count > 0 && works.retryMs === null);

/** After the end of input: what waits is processed, and what had failed is tried once more. */
export const processLast = (dir: LogDir): void => {
  const { works } = dir;
  if (works.pid === null && works.retryMs !== null && !works.triedAgain) {
    works.triedAgain = true;
    works.retryMs = null;
  }
  processNext(dir);
};

/** Ends a processor that is not to be waited for; its file stays unprocessed. */
export const cancel = (dir: LogDir): void => {
  const { pid } = dir.works;
  if (pid !== null) sys.kill(-pid, SIGTERM);
};
