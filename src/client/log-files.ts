// Where a service's log is, and its last lines.
//
// Promises: works for any log service that keeps a file `current` open (svlogd of any make, s6-log, multilog); reads
// regular files only, from their end, and no more of them than the lines that are asked for need; follows no link in place
// of a log: the user who writes logs must not choose what root reads.
// Read next: follow-log.ts (what is written from then on), ../applets/sv/logs.ts.
import type { Bytes } from '../abi/bytes.ts';
import { O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, S_IFMT, S_IFREG } from '../abi/flags.ts';
import { identityOf } from '../effects/trusted-file.ts';
import { type Fd, isErrno } from '../host/calls.ts';
import { sys } from '../host/sys.ts';
import type { LogTail } from './render-why.ts';

const CURRENT = '/current';
export const CHUNK = 65_536;

/** The `current` that a process has open; null for none. */
const openedBy = (pid: number): Bytes | null => {
  const names = sys.readdir(`/proc/${pid}/fd`);
  for (const name of isErrno(names) ? [] : names) {
    const target = sys.readlink(`/proc/${pid}/fd/${name}`);
    if (!isErrno(target) && target.endsWith(CURRENT) && target.startsWith('/')) return target;
  }
  return null;
};

const isFile = (path: Bytes): boolean => {
  const stat = sys.lstat(path);
  return !isErrno(stat) && (stat[0] & S_IFMT) === S_IFREG;
};

/** The file that a service's log is written to; `logPid`: the process of its log service, 0 for none. */
export const currentLog = (dir: Bytes, logPid: number): Bytes | null => {
  const opened = logPid === 0 ? null : openedBy(logPid);
  if (opened !== null) return opened;
  return [`${dir}/log/main/current`, `${dir}/log/current`].find(isFile) ?? null;
};

/** The directory that a log lies in. */
export const directoryOf = (path: Bytes): Bytes => path.slice(0, path.lastIndexOf('/'));

export interface LogFile {
  readonly fd: Fd;
  /** Device and inode number. */
  readonly key: string;
  readonly size: number;
}

/** A log, opened; null where there is none that may be read. */
export const openLog = (path: Bytes): LogFile | null => {
  const fd = sys.open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY, 0);
  if (isErrno(fd)) return null;
  const stat = sys.fstat(fd);
  if (!isErrno(stat) && (stat[0] & S_IFMT) === S_IFREG) return { fd, key: identityOf(stat), size: stat[6] };
  sys.close(fd);
  return null;
};

const LINE_MOST = 4096;
/** So many lines are mostly found in the first part that is read. */
const FEW = 64;

/** The bytes between two places; fewer where the file was cut meanwhile. */
const readBetween = (fd: Fd, from: number, to: number): Bytes => {
  let text = '';
  while (from + text.length < to) {
    const part = sys.pread(fd, Math.min(CHUNK, to - from - text.length), from + text.length);
    if (isErrno(part) || part === '') break;
    text += part;
  }
  return text;
};

const newlinesIn = (text: Bytes): number => text.split('\n').length - 1;

export interface LastLines {
  readonly lines: readonly Bytes[];
  /** Where what follows them begins: a line that is being written, or the end. */
  readonly end: number;
}

/** The last `count` whole lines of a file; of long ones, their last bytes. */
export const lastLines = ({ fd, size }: LogFile, count: number): LastLines => {
  const least = Math.max(0, size - Math.max(1, count) * LINE_MOST);
  const step = count > FEW ? CHUNK : 2 * LINE_MOST;
  const parts: Bytes[] = [];
  let from = size;
  for (let newlines = 0; from > least && newlines <= count; ) {
    const start = Math.max(least, from - step);
    const part = readBetween(fd, start, from);
    parts.push(part);
    newlines += newlinesIn(part);
    from = start;
  }
  const text = parts.reverse().join('');
  const lines = text.split('\n');
  const unfinished = lines.pop() as Bytes;
  return { lines: count === 0 ? [] : lines.slice(-count), end: from + text.length - unfinished.length };
};

const ROTATED = /^@[0-9a-f]{24}\.[su]$/;

/** The names of files that were rotated away, the oldest first; one that a processor has still to see counts. */
const rotatedIn = (directory: Bytes): readonly Bytes[] => {
  const names = sys.readdir(directory);
  return isErrno(names) ? [] : names.filter((name) => ROTATED.test(name)).sort();
};

const linesAt = (path: Bytes, count: number): readonly Bytes[] => {
  const log = openLog(path);
  if (log === null) return [];
  const { lines } = lastLines(log, count);
  sys.close(log.fd);
  return lines;
};

/** So many lines of the file that was rotated away last, in the same directory. */
export const linesBefore = (path: Bytes, count: number): readonly Bytes[] => {
  const directory = directoryOf(path);
  const newest = count > 0 ? rotatedIn(directory).at(-1) : undefined;
  return newest === undefined ? [] : linesAt(`${directory}/${newest}`, count);
};

/** The last `count` lines of a log; those of the file before it too, where there are fewer. */
export const tailOf = (path: Bytes, count: number): LogTail => {
  const lines = linesAt(path, count);
  return { path, lines: [...linesBefore(path, count - lines.length), ...lines] };
};
