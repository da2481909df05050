// Where a service's log is, and its last lines.
//
// Promises: works for any log service that keeps a file `current` open (svlogd of any make, s6-log, multilog); reads
// regular files only, keeps no more of them than the lines that are asked for need, and follows no link in place of a
// log: the user who writes logs must not choose what root reads.
// Read next: ../applets/sv/logs.ts.
import type { Bytes } from '../abi/bytes.ts';
import { O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, S_IFMT, S_IFREG } from '../abi/flags.ts';
import { type Fd, isErrno } from '../host/calls.ts';
import { sys } from '../host/sys.ts';
import type { LogTail } from './render-why.ts';

const CURRENT = '/current';
const CHUNK = 65_536;

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

/** All of a file from where its descriptor stands; the last `keep` bytes of it where it is longer. */
const readOn = (fd: Fd, keep: number): Bytes => {
  let text = '';
  for (;;) {
    const part = sys.read(fd, CHUNK);
    if (isErrno(part) || part === '') return text;
    text = (text + part).slice(-keep);
  }
};

const LINE_MOST = 4096;

const isRegular = (fd: Fd): boolean => {
  const stat = sys.fstat(fd);
  return !isErrno(stat) && (stat[0] & S_IFMT) === S_IFREG;
};

const linesOf = (path: Bytes, count: number): readonly Bytes[] => {
  if (count === 0) return [];
  const fd = sys.open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY, 0);
  if (isErrno(fd)) return [];
  const lines = isRegular(fd) ? readOn(fd, count * LINE_MOST).split('\n') : [];
  sys.close(fd);
  // what follows the last newline is a line that is being written
  return lines.slice(0, -1).slice(-count);
};

/** The newest file that was rotated away, in the same directory. */
const rotated = (directory: Bytes): Bytes | null => {
  const names = sys.readdir(directory);
  const newest = isErrno(names)
    ? undefined
    : names
        .filter((name) => /^@[0-9a-f]{24}\.[su]$/.test(name))
        .sort()
        .at(-1);
  return newest === undefined ? null : `${directory}/${newest}`;
};

/** The last `count` lines of a log; those of the file before it too, where there are fewer. */
export const tailOf = (path: Bytes, count: number): LogTail => {
  const lines = linesOf(path, count);
  const before = lines.length < count ? rotated(path.slice(0, -CURRENT.length)) : null;
  const older = before === null ? [] : linesOf(before, count - lines.length);
  return { path, lines: [...older, ...lines] };
};
