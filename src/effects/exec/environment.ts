// Reading variables from files: an environment directory, an environment file.
//
// Promises: what cannot be read is Fatal, in chpst's words. Of a file in a directory no more is read than its first line, and
// nothing is waited for; an environment file may be a pipe, a fifo or a terminal, which is waited for, but not for ever.
// Neither grows without a bound, whatever the files are and whoever owns them.
// Read next: ../../formats/environment.ts (what the bytes mean).
import { parseEnvFile, type VariableChange, variableIn } from '../../formats/environment.ts';
import { isParseError } from '../../formats/parse-error.ts';
import type { Bytes } from '../../abi/bytes.ts';
import { type Errno, type Fd, isErrno } from '../../host/calls.ts';
import { EAGAIN, EFBIG, EINTR, EISDIR, ENOENT, ETIMEDOUT } from '../../abi/errno.ts';
import { O_NOCTTY, O_NONBLOCK, O_RDONLY, POLLIN, S_IFMT, S_IFREG } from '../../abi/flags.ts';
import { sys } from '../../host/sys.ts';
import type { Subdirectories } from '../../machine/exec/plan.ts';
import { Fatal, reason, type Diagnostics } from '../diagnostics.ts';

const PIECE_BYTES = 65536;
/** No variable can be longer: the kernel has 128 KiB for each. */
const MOST_VALUE_BYTES = 131072;
const MOST_FILE_BYTES = 16 * 1024 * 1024;
/** How long whoever writes into a pipe may be silent. */
const TIMEOUT_MS = 60_000;
const STDIN = 0 as Fd;
const NAMES_OF_STDIN: readonly Bytes[] = ['/dev/stdin', '/dev/fd/0', '/proc/self/fd/0'];

const openToRead = (path: Bytes): Fd | Errno => sys.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);

/** The content up to the piece that holds a newline. */
const firstLineOf = (path: Bytes): Bytes | Errno => {
  const fd = openToRead(path);
  if (isErrno(fd)) return fd;
  let content = '';
  let result: Bytes | Errno | null = null;
  while (result === null) {
    const piece = sys.read(fd, PIECE_BYTES);
    if (isErrno(piece)) result = piece;
    else if (piece === '' || piece.includes('\n')) result = content + piece;
    else if (content.length > MOST_VALUE_BYTES) result = -EFBIG as Errno;
    else content += piece;
  }
  sys.close(fd);
  return result;
};

export interface EnvDirectory {
  readonly path: Bytes;
  readonly subdirectories: Subdirectories;
}

/** What the files of a directory make of the environment, in the order in which it lists them. */
export const readEnvDirectory = (
  diagnostics: Diagnostics,
  { path, subdirectories }: EnvDirectory,
): readonly VariableChange[] => {
  const names = sys.readdir(path);
  if (isErrno(names)) throw new Fatal(reason(`unable to switch to directory: ${path}`, names));
  const changes: VariableChange[] = [];
  for (const name of names) {
    if (name[0] === '.') continue;
    const content = firstLineOf(`${path}/${name}`);
    // a name that leads nowhere says what an empty file says
    if (content === -ENOENT) changes.push({ name, value: null });
    else if (content === -EISDIR && subdirectories !== 'refuse') {
      if (subdirectories === 'warn') diagnostics.warn(`unable to read ${path}/${name}`, EISDIR);
    } else if (isErrno(content)) throw new Fatal(reason(`unable to read ${path}/${name}`, content));
    else changes.push({ name, value: variableIn(content) });
  }
  return changes;
};

/** Standard input may be what no name opens: a socket, or what belongs to somebody else. */
const openFile = (path: Bytes): Fd | Errno => {
  const fd = openToRead(path);
  return isErrno(fd) && fd !== -ENOENT && NAMES_OF_STDIN.includes(path) ? STDIN : fd;
};

const isRegular = (fd: Fd): boolean => {
  const stat = sys.fstat(fd);
  return !isErrno(stat) && (stat[0] & S_IFMT) === S_IFREG;
};

/** Waits until there is something to read, or nobody who will write. */
const awaitInput = (fd: Fd): Errno | null => {
  for (;;) {
    const ready = sys.poll([fd, POLLIN], TIMEOUT_MS);
    if (ready === -EINTR) continue;
    if (isErrno(ready)) return ready;
    return ready[0] === 0 ? (-ETIMEDOUT as Errno) : null;
  }
};

const readAll = (fd: Fd): Bytes | Errno => {
  const waits = !isRegular(fd);
  let content = '';
  for (;;) {
    const failed = waits ? awaitInput(fd) : null;
    if (failed !== null) return failed;
    const piece = sys.read(fd, PIECE_BYTES);
    if (piece === -EAGAIN) continue;
    if (isErrno(piece)) return piece;
    if (piece === '') return content;
    content += piece;
    if (content.length > MOST_FILE_BYTES) return -EFBIG as Errno;
  }
};

const readFile = (path: Bytes): Bytes | Errno => {
  const fd = openFile(path);
  if (isErrno(fd)) return fd;
  const content = readAll(fd);
  if (fd !== STDIN) sys.close(fd);
  return content;
};

/** What a file in Docker's format makes of the environment `environ`. */
export const readEnvFile = (path: Bytes, environ: readonly Bytes[]): readonly VariableChange[] => {
  const content = readFile(path);
  if (isErrno(content)) throw new Fatal(reason(`unable to read ${path}`, content));
  const changes = parseEnvFile(content, environ);
  if (isParseError(changes)) throw new Fatal(`unable to read ${path}: ${changes.wrong}`);
  return changes;
};
