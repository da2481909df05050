// Processors: the shell command that makes `@STAMP.s` of `@STAMP.u`, one at a time in a directory, oldest file first.
//
// Promises: lines are written on while one runs, however long; a file is removed only when its processed form is safe
// on disk; one that fails, by exit code or signal, is tried again after a pause; what is left when svlogd ends, or was left
// by a crash, is taken up by the next one.
// Read next: directory.ts (who makes such files).
import { unprocessed } from '../formats/log-names.ts';
import { type Bytes, type Errno, type Fd, refused } from '../host/calls.ts';
import { monotonicMs } from '../host/clock.ts';
import { O_CREAT, O_NONBLOCK, O_RDONLY, O_TRUNC, O_WRONLY, SIGTERM, SPAWN_SETSID } from '../host/linux.ts';
import { sys } from '../host/sys.ts';
import { namesIn, prune } from './old-files.ts';
import { enter, FIRST_PAUSE_MS, type LogDir, type Works } from './model.ts';

const LONGEST_PAUSE_MS = 64_000;
const SHELL = '/bin/sh';
const SAFE = 0o744;
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

/** Opens what a processor gets; minus errno where one of them cannot be had. */
const openEnds = (name: Bytes): Ends | Errno => {
  const fds: Fd[] = [];
  for (const [path, flags] of [
    [name, O_RDONLY],
    [withSuffix(name, 't'), O_WRONLY | O_CREAT | O_TRUNC],
    ['state', O_RDONLY | O_CREAT],
    ['newstate', O_WRONLY | O_CREAT | O_TRUNC],
  ] as const) {
    const fd = sys.open(path, flags | O_NONBLOCK, 0o644);
    if (refused(fd)) {
      for (const opened of fds) sys.close(opened);
      return fd;
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

const start = (dir: LogDir, name: Bytes): boolean => {
  const { works } = dir;
  const { voice } = dir.settings;
  const ends = openEnds(name);
  if (refused(ends)) {
    voice.warn(`unable to open files for processor: ${dir.name}/${name}`, ends);
    return false;
  }
  voice.info(`processing: ${dir.name}/${name}`);
  const { input, output, state, newState } = ends as Ends;
  const fds = [0, input, 1, output, 4, state, 5, newState];
  const pid = sys.spawn(SHELL, ['sh', '-c', dir.config.processor], [], '', fds, SPAWN_SETSID, NO_RECORD, '');
  for (const fd of [input, state, newState]) sys.close(fd);
  if (refused(pid)) {
    sys.close(output);
    voice.warn(`unable to run processor: ${dir.name}`, -(-pid % 4096));
    return false;
  }
  works.pid = pid;
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
  for (let name = works.queue[0]; name !== undefined; name = works.queue[0]) {
    if (!refused(sys.lstat(name)) && !isDone(name)) {
      if (!start(dir, name)) retryLater(works);
      return;
    }
    works.queue = works.queue.slice(1);
  }
};

/** The processed form is made safe, takes its name, and only then the other goes. */
const accept = (dir: LogDir, output: Fd): boolean => {
  const { works } = dir;
  const { voice } = dir.settings;
  const name = withSuffix(works.input, 's');
  const synced = sys.fsync(output);
  if (!refused(synced)) sys.fchmod(output, SAFE);
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
    works.queue = works.queue.filter((name) => name !== works.input);
    works.pauseMs = FIRST_PAUSE_MS;
  } else {
    if (dir.open !== null) sys.unlink(works.output);
    retryLater(works);
  }
  sys.close(output);
  works.pid = null;
  works.input = '';
  works.output = '';
  works.outputFd = null;
};

/** A file that was just rotated waits for its turn. */
export const enqueue = (dir: LogDir, name: Bytes): void => {
  dir.works.queue = [...dir.works.queue, name];
  processNext(dir);
};

/** Takes up what was left unprocessed in a directory that has been opened. */
export const takeUp = (dir: LogDir): void => {
  dir.works.queue = dir.config.processor === '' ? [] : unprocessed(namesIn(dir));
  processNext(dir);
};

/** A directory is left: what waits is taken up when it is opened again. */
export const endTakeUp = (dir: LogDir): void => {
  dir.works.queue = [];
};

/** Whether a file waits that can be processed, or is being processed. */
export const isBusy = ({ works }: LogDir): boolean =>
  works.pid !== null || (works.queue.length > 0 && works.retryMs === null);

/** Ends a processor that is not to be waited for; its file stays unprocessed. */
export const cancel = (dir: LogDir): void => {
  const { pid } = dir.works;
  if (pid !== null) sys.kill(-pid, SIGTERM);
};
