// A service seen from outside: its name, its directory, and the files in its supervise directory.
//
// Promises: the current directory does not change; each failure becomes one of a few kinds of trouble, in runit's words. The
// supervise directory may belong to an attacker: links in it are not followed, opening its files never blocks, commands are
// written to a fifo only, and at most 20 bytes of a status are read.
// Read next: send.ts, read-report.ts.
import { errorText } from '../cli/errno.ts';
import { decodeStatus, STATUS_BYTES, type Status } from '../formats/status.ts';
import { visible } from '../cli/say.ts';
import type { Bytes } from '../abi/bytes.ts';
import { type Fd, isErrno } from '../host/calls.ts';
import { EMFILE, ENOENT, ENXIO } from '../abi/errno.ts';
import { O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY, S_IFIFO, S_IFMT, S_IFREG } from '../abi/flags.ts';
import { sys } from '../host/sys.ts';
import type { Trouble } from './report.ts';

const F_OK = 0;
/** The flags for files that another user may have made. */
const CAREFULLY = O_NONBLOCK | O_NOFOLLOW | O_NOCTTY;

export interface Service {
  /** As it was called, for messages; control bytes are replaced. */
  readonly name: Bytes;
  /** Absolute, or relative to the current directory; '' is no directory. */
  readonly dir: Bytes;
}

const DEFAULT_DIRECTORIES: readonly Bytes[] = ['/etc/service', '/service', '/var/service'];

const isThere = (path: Bytes): boolean => !isErrno(sys.access(path, F_OK));

const defaultDirectory = (): Bytes => DEFAULT_DIRECTORIES.find(isThere) ?? '/etc/service';

/** The value of an environment variable. */
export const variable = (name: Bytes): Bytes | undefined => {
  const start = `${name}=`;
  return sys
    .environ()
    .find((entry) => entry.startsWith(start))
    ?.slice(start.length);
};

/** Whether the name is a path, not looked up in SVDIR. */
export const namesPath = (name: Bytes): boolean =>
  name === '' || name[0] === '/' || name[0] === '.' || name.endsWith('/');

/** The directory in which services are looked up, and where that is set. */
export interface Lookup {
  readonly dir: Bytes;
  readonly from: 'SVDIR' | 'default';
}

export const lookup = (): Lookup => {
  const dir = variable('SVDIR');
  return dir === undefined ? { dir: defaultDirectory(), from: 'default' } : { dir, from: 'SVDIR' };
};

/** The services with these names. $SVDIR is read only if a name needs it. */
export const servicesNamed = (names: readonly Bytes[]): readonly Service[] => {
  let parent: Bytes | null = null;
  return names.map((name) => {
    if (namesPath(name)) return { name: visible(name), dir: name };
    parent ??= lookup().dir;
    return { name: visible(name), dir: parent === '' ? '' : `${parent}/${name}` };
  });
};

/** 0, or the error that chdir to the directory would give. */
export const enterable = (dir: Bytes): number => (dir === '' ? -ENOENT : sys.access(`${dir}/.`, F_OK));

const troubleWith = (dir: Bytes, file: Bytes, errno: number): Trouble => {
  if (errno === -ENXIO) return { kind: 'no runsv' };
  if (errno === -EMFILE) return { kind: 'no descriptor', file };
  const entered = enterable(dir);
  if (isErrno(entered)) return { kind: 'no directory', errno: entered };
  if (errno === -ENOENT) return { kind: 'no fifo', file };
  return cannotOpen(file, errorText(errno));
};

const cannotOpen = (file: Bytes, why: string): Trouble => ({
  kind: 'unusable',
  what: `unable to open supervise/${file}: ${why}`,
});

const isOfType = (fd: Fd, type: number): boolean => {
  const stat = sys.fstat(fd);
  return !isErrno(stat) && (stat[0] & S_IFMT) === type;
};

/** Opens for writing what should be a fifo; a refusal is below 0. */
export const openFifo = (dir: Bytes, file: 'ok' | 'control'): number =>
  sys.open(`${dir}/supervise/${file}`, O_WRONLY | CAREFULLY, 0);

const openToWrite = (dir: Bytes, file: 'ok' | 'control'): Fd | Trouble => {
  const fd = dir === '' ? -ENOENT : openFifo(dir, file);
  return fd < 0 ? troubleWith(dir, file, fd) : (fd as Fd);
};

/** Opens the fifo that has a reader while runsv lives; nothing is written to it. */
export const openOk = (dir: Bytes): Fd | Trouble => openToWrite(dir, 'ok');

/** Opens the fifo for commands, which has a reader while runsv lives. */
export const openControl = (dir: Bytes): Fd | Trouble => {
  const fd = openToWrite(dir, 'control');
  if (typeof fd === 'object' || isOfType(fd, S_IFIFO)) return fd;
  sys.close(fd);
  return cannotOpen('control', 'not a fifo');
};

const unreadable = (verb: 'open' | 'read', why: string): Trouble => ({
  kind: 'unusable',
  what: `unable to ${verb} supervise/status: ${why}`,
});

/** The content of supervise/status. */
export const readStatus = (dir: Bytes): Status | Trouble => {
  const fd = sys.open(`${dir}/supervise/status`, O_RDONLY | CAREFULLY, 0);
  if (fd === -ENOENT) return { kind: 'no status' };
  if (isErrno(fd)) return unreadable('open', errorText(fd));
  const bytes = isOfType(fd, S_IFREG) ? sys.read(fd, STATUS_BYTES) : '';
  sys.close(fd);
  if (isErrno(bytes)) return unreadable('read', errorText(bytes));
  return decodeStatus(bytes) ?? unreadable('read', 'bad format');
};
