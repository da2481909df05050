// A service as sv sees it: a name, a directory, and the files in its supervise.
//
// Promises: never changes directory; what the kernel refuses becomes one of a few outcomes, in runit's words. A supervise
// may belong to somebody who means harm: its files are not followed as links, opening them waits for nobody, commands go
// into a fifo and nowhere else, and 20 bytes are read, whatever there is.
// Read next: send.ts, render-line.ts.
import { errorText } from '../cli/errno.ts';
import { decodeStatus, type Status } from '../formats/status.ts';
import { visible } from '../cli/say.ts';
import type { Bytes } from '../abi/bytes.ts';
import { type Fd, refused } from '../host/calls.ts';
import { EMFILE, ENOENT, ENXIO } from '../abi/errno.ts';
import { O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY, S_IFIFO, S_IFMT, S_IFREG } from '../abi/flags.ts';
import { sys } from '../host/sys.ts';

const F_OK = 0;
const STATUS_BYTES = 20;
/** How files that another user may have made are opened. */
const CAREFULLY = O_NONBLOCK | O_NOFOLLOW | O_NOCTTY;

export interface Service {
  /** As it was called, for messages: without control bytes. */
  readonly name: Bytes;
  /** Absolute, or relative to the current directory; '' names no directory at all. */
  readonly dir: Bytes;
}

/** Why a service could not be asked or told. */
export type Trouble =
  | { readonly kind: 'no runsv' }
  | { readonly kind: 'no directory'; readonly errno: number }
  /** runsv has not made the fifo */
  | { readonly kind: 'no fifo'; readonly file: Bytes }
  | { readonly kind: 'no descriptor'; readonly file: Bytes }
  /** there is no supervise/status */
  | { readonly kind: 'no status' }
  | { readonly kind: 'unusable'; readonly what: string };

const DEFAULT_DIRECTORIES: readonly Bytes[] = ['/etc/service', '/service', '/var/service'];

const isThere = (path: Bytes): boolean => !refused(sys.access(path, F_OK));

const defaultDirectory = (): Bytes => DEFAULT_DIRECTORIES.find(isThere) ?? '/etc/service';

/** The value of an environment variable. */
export const variable = (name: Bytes): Bytes | undefined => {
  const start = `${name}=`;
  return sys
    .environ()
    .find((entry) => entry.startsWith(start))
    ?.slice(start.length);
};

/** Whether a service of that name is looked for from the current directory on, not in SVDIR. */
export const namesPath = (name: Bytes): boolean =>
  name === '' || name[0] === '/' || name[0] === '.' || name.endsWith('/');

/** Where services are looked for, and how that is known. */
export interface Lookup {
  readonly dir: Bytes;
  readonly from: 'SVDIR' | 'default';
}

export const lookup = (): Lookup => {
  const dir = variable('SVDIR');
  return dir === undefined ? { dir: defaultDirectory(), from: 'default' } : { dir, from: 'SVDIR' };
};

/** The services with these names. $SVDIR is only looked up when a name needs it. */
export const servicesNamed = (names: readonly Bytes[]): readonly Service[] => {
  let parent: Bytes | null = null;
  return names.map((name) => {
    if (namesPath(name)) return { name: visible(name), dir: name };
    parent ??= lookup().dir;
    return { name: visible(name), dir: parent === '' ? '' : `${parent}/${name}` };
  });
};

/** 0, or why the directory cannot be entered, as chdir would say it. */
export const enterable = (dir: Bytes): number => (dir === '' ? -ENOENT : sys.access(`${dir}/.`, F_OK));

const troubleWith = (dir: Bytes, file: Bytes, errno: number): Trouble => {
  if (errno === -ENXIO) return { kind: 'no runsv' };
  if (errno === -EMFILE) return { kind: 'no descriptor', file };
  const entered = enterable(dir);
  if (refused(entered)) return { kind: 'no directory', errno: entered };
  if (errno === -ENOENT) return { kind: 'no fifo', file };
  return cannotOpen(file, errorText(errno));
};

const cannotOpen = (file: Bytes, why: string): Trouble => ({
  kind: 'unusable',
  what: `unable to open supervise/${file}: ${why}`,
});

const isOfType = (fd: Fd, type: number): boolean => {
  const stat = sys.fstat(fd);
  return !refused(stat) && (stat[0] & S_IFMT) === type;
};

/** Opens for writing what should be a fifo. */
export const openFifo = (dir: Bytes, file: 'ok' | 'control'): number =>
  sys.open(`${dir}/supervise/${file}`, O_WRONLY | CAREFULLY, 0);

const openToWrite = (dir: Bytes, file: 'ok' | 'control'): Fd | Trouble => {
  const fd = dir === '' ? -ENOENT : openFifo(dir, file);
  return fd < 0 ? troubleWith(dir, file, fd) : (fd as Fd);
};

/** Opens the fifo that tells whether runsv lives; that works just while it does. Nothing is ever written to it. */
export const openOk = (dir: Bytes): Fd | Trouble => openToWrite(dir, 'ok');

/** Opens the fifo for commands, which works just while runsv lives. */
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

/** What supervise/status says. */
export const readStatus = (dir: Bytes): Status | Trouble => {
  const fd = sys.open(`${dir}/supervise/status`, O_RDONLY | CAREFULLY, 0);
  if (fd === -ENOENT) return { kind: 'no status' };
  if (refused(fd)) return unreadable('open', errorText(fd));
  const bytes = isOfType(fd, S_IFREG) ? sys.read(fd, STATUS_BYTES) : '';
  sys.close(fd);
  if (refused(bytes)) return unreadable('read', errorText(bytes));
  return decodeStatus(bytes) ?? unreadable('read', 'bad format');
};

/** The status of a service whose runsv lives. */
export const askStatus = (dir: Bytes): Status | Trouble => {
  const ok = openOk(dir);
  if (typeof ok === 'object') return ok;
  sys.close(ok);
  return readStatus(dir);
};

export const isTrouble = (result: Status | Trouble): result is Trouble => 'kind' in result;

/** The line, without newline, that tells what is wrong with `name`. */
export const troubleLine = (name: Bytes, trouble: Trouble): Bytes => {
  switch (trouble.kind) {
    case 'no runsv':
      return `fail: ${name}: runsv not running`;
    case 'no directory':
      return `fail: ${name}: unable to change to service directory: ${errorText(trouble.errno)}`;
    case 'no descriptor':
      return `warning: ${name}: unable to open supervise/${trouble.file}: ${errorText(EMFILE)}`;
    case 'no fifo':
      return `warning: ${name}: unable to open supervise/${trouble.file}: ${errorText(ENOENT)}`;
    case 'no status':
      return `warning: ${name}: unable to open supervise/status: ${errorText(ENOENT)}`;
    case 'unusable':
      return `warning: ${name}: ${trouble.what}`;
  }
};
