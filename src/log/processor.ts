// Processors: the shell command that turns `@STAMP.u` into `@STAMP.s`, one at a time per directory, oldest file first.
//
// Promises: a file is deleted only when its processed form is synced to disk. A processor that fails, by exit code or
// signal, is retried after a pause. The next svlogd processes files that were left by an exit or a crash.
// Logging goes on while a processor runs. Once as many files wait as are kept, a rotation waits for it, as in runit, for
// at most PROCESSOR_TIMEOUT_MS; then the oldest waiting file is deleted, with a warning.
// Read next: directory.ts (which rotates), log-files.ts (how files are opened).
import { unprocessed } from '../formats/log-names.ts';
import type { Bytes } from '../abi/bytes.ts';
import { type Errno, type Fd, isErrno } from '../host/calls.ts';
import { monotonicMs } from '../host/clock.ts';
import { SPAWN_SETSID } from '../abi/flags.ts';
import { SIGTERM } from '../abi/signals.ts';
import { sys } from '../host/sys.ts';
import { createReplacing, describeOddFile, isReadable, openState, openToRead } from './log-files.ts';
import { namesIn, prune } from './old-files.ts';
import { enterDir, FIRST_BACKOFF_MS, type LogDir, applyOwner, completeMode, type ProcessorState } from './model.ts';
import { FileQueue } from './queue.ts';

const MAX_BACKOFF_MS = 64_000;
/** How long a rotation waits for a processor, from its start. */
const PROCESSOR_TIMEOUT_MS = 10_000;
const SHELL = '/bin/sh';
const NO_RECORD = -1 as Fd;

const withSuffix = (name: Bytes, letter: Bytes): Bytes => name.slice(0, -1) + letter;

const retryLater = (processor: ProcessorState): void => {
  processor.retryAtMs = monotonicMs() + processor.backoffMs;
  processor.backoffMs = Math.min(processor.backoffMs * 2, MAX_BACKOFF_MS);
};

interface ProcessorFds {
  readonly input: Fd;
  readonly output: Fd;
  readonly state: Fd;
  readonly newState: Fd;
}

/** Opens a processor's files; null: one failed, which is reported. */
const openProcessorFds = (dir: LogDir, name: Bytes): ProcessorFds | null => {
  const fds: Fd[] = [];
  const files: readonly (readonly [Bytes, (path: Bytes) => Fd | Errno])[] = [
    [name, (path) => openToRead(path, dir.isPrivate)],
    [withSuffix(name, 't'), createReplacing],
    ['state', () => openState(dir.isPrivate)],
    ['newstate', createReplacing],
  ];
  for (const [path, open] of files) {
    const fd = open(path);
    if (isErrno(fd)) {
      const what = describeOddFile(path);
      dir.settings.diagnostics.warn(
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

/** A file that was processed just before a crash is only deleted. */
const wasProcessed = (name: Bytes): boolean => {
  if (isErrno(sys.lstat(withSuffix(name, 's')))) return false;
  sys.rename('newstate', 'state');
  sys.unlink(name);
  return true;
};

/** Whether a file is to be processed. One that is not a log file is reported and stays. */
const needsProcessing = (dir: LogDir, name: Bytes): boolean => {
  const stat = sys.lstat(name);
  if (isErrno(stat)) return false;
  if (isReadable(stat, dir.isPrivate)) return !wasProcessed(name);
  dir.settings.diagnostics.warn(`not processed: ${dir.name}/${name} ${describeOddFile(name)}`);
  return false;
};

const start = (dir: LogDir, name: Bytes): boolean => {
  const { processor } = dir;
  const { diagnostics } = dir.settings;
  const opened = openProcessorFds(dir, name);
  if (opened === null) return false;
  diagnostics.info(`processing: ${dir.name}/${name}`);
  const { input, output, state, newState } = opened;
  applyOwner(dir, output, withSuffix(name, 't'));
  const fds = [0, input, 1, output, 4, state, 5, newState];
  const pid = sys.spawn(SHELL, ['sh', '-c', dir.config.processor], [], '', fds, SPAWN_SETSID, NO_RECORD, '');
  for (const fd of [input, state, newState]) sys.close(fd);
  if (isErrno(pid)) {
    sys.close(output);
    diagnostics.warn(`unable to run processor: ${dir.name}`, -(-pid % 4096));
    return false;
  }
  processor.pid = pid;
  processor.waitUntilMs = monotonicMs() + PROCESSOR_TIMEOUT_MS;
  processor.input = name;
  processor.output = withSuffix(name, 't');
  processor.outputFd = output;
  return true;
};

/** Starts the processor for the next waiting file, unless one runs or a pause is in effect. */
export const processNext = (dir: LogDir): void => {
  const { processor } = dir;
  if (processor.retryAtMs !== null && monotonicMs() >= processor.retryAtMs) processor.retryAtMs = null;
  if (processor.pid !== null || processor.retryAtMs !== null || dir.config.processor === '') return;
  enterDir(dir);
  for (let name = processor.queue.shift(); name !== undefined; name = processor.queue.shift()) {
    if (!needsProcessing(dir, name)) continue;
    if (start(dir, name)) return;
    processor.queue.unshift(name);
    retryLater(processor);
    return;
  }
};

/** Syncs the processed form, renames it, and only then deletes the original. */
const accept = (dir: LogDir, output: Fd): boolean => {
  const { processor } = dir;
  const { diagnostics } = dir.settings;
  const name = withSuffix(processor.input, 's');
  const synced = sys.fsync(output);
  if (!isErrno(synced)) sys.fchmod(output, completeMode(dir));
  prune(dir, '');
  const renamed = isErrno(synced) ? synced : sys.rename(processor.output, name);
  if (isErrno(renamed)) {
    diagnostics.warn(`unable to rename processed: ${dir.name}`, renamed);
    return false;
  }
  const moved = sys.rename('newstate', 'state');
  if (isErrno(moved)) diagnostics.warn(`unable to rename state: ${dir.name}`, moved);
  const removed = sys.unlink(processor.input);
  if (isErrno(removed)) diagnostics.warn(`unable to unlink: ${dir.name}/${processor.input}`, removed);
  diagnostics.info(`processed: ${dir.name}/${name}`);
  return true;
};

/** Handles a processor's exit. If its directory is no longer in use the file stays unprocessed. */
export const processorEnded = (dir: LogDir, status: number): void => {
  const { processor } = dir;
  const output = processor.outputFd as Fd;
  enterDir(dir);
  if (status !== 0) dir.settings.diagnostics.warn(`processor failed, restart: ${dir.name}`);
  if (dir.open !== null && status === 0 && accept(dir, output)) {
    processor.backoffMs = FIRST_BACKOFF_MS;
  } else {
    if (dir.open !== null) sys.unlink(processor.output);
    if (dir.open !== null) processor.queue.unshift(processor.input);
    retryLater(processor);
  }
  sys.close(output);
  processor.pid = null;
  processor.input = '';
  processor.output = '';
  processor.outputFd = null;
};

const isOverLimit = ({ config, processor }: LogDir): boolean =>
  config.keep !== 0 && processor.queue.length > config.keep;

/** Deletes the oldest waiting files while more wait than are kept. */
const dropOldest = (dir: LogDir): void => {
  while (isOverLimit(dir)) {
    const late = dir.processor.queue.shift() ?? '';
    dir.settings.diagnostics.warn(`too many files wait for the processor, delete: ${dir.name}/${late}`);
    sys.unlink(late);
  }
};

/** Whether a rotation has to wait: the queue is full, and the processor has time left. */
export const blocksRotation = ({ config, processor }: LogDir): boolean =>
  processor.pid !== null &&
  config.keep !== 0 &&
  processor.queue.length >= config.keep &&
  monotonicMs() < processor.waitUntilMs;

/** Queues a file that was just rotated. */
export const enqueue = (dir: LogDir, name: Bytes): void => {
  dir.processor.queue.push(name);
  processNext(dir);
  dropOldest(dir);
};

/** Queues the unprocessed files of a directory that was just opened. */
export const queueLeftovers = (dir: LogDir): void => {
  const { processor, config } = dir;
  const names = config.processor === '' ? [] : unprocessed(namesIn(dir));
  processor.queue = new FileQueue(names.filter((name) => name !== processor.input));
  processNext(dir);
  dropOldest(dir);
};

/** When a directory is closed: queueLeftovers() finds waiting files again. */
export const clearQueue = (dir: LogDir): void => {
  dir.processor.queue = new FileQueue([]);
};

/** Whether a processor runs, or a file waits that is not in a pause. */
export const isBusy = ({ processor }: LogDir): boolean =>
  processor.pid !== null || (processor.queue.length > 0 && processor.retryAtMs === null);

/** After the end of input: processes waiting files, and retries a failed one once. */
export const processRemaining = (dir: LogDir): void => {
  const { processor } = dir;
  if (processor.pid === null && processor.retryAtMs !== null && !processor.retriedAtEnd) {
    processor.retriedAtEnd = true;
    processor.retryAtMs = null;
  }
  processNext(dir);
};

/** Terminates the processor; its file stays unprocessed. */
export const killProcessor = (dir: LogDir): void => {
  const { pid } = dir.processor;
  if (pid !== null) sys.kill(-pid, SIGTERM);
};
