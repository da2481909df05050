// A service as sv sees it: a name, a directory, and the files in its supervise.
//
// Promises: never changes directory; what the kernel refuses becomes one of a few outcomes, in runit's words.
// Read next: send.ts, line.ts.
import { errorText } from '../../cli/errno.ts';
import { decodeStatus, type Status } from '../../formats/status.ts';
import { type Bytes, type Fd, refused } from '../../host/calls.ts';
import { EMFILE, ENOENT, ENXIO, O_NONBLOCK, O_RDONLY, O_WRONLY } from '../../host/linux.ts';
import { sys } from '../../host/sys.ts';

const F_OK = 0;
const STATUS_BYTES = 20;

export interface Service {
  /** As it was called, for messages. */
  readonly name: Bytes;
  /** Absolute, or relative to the current directory; '' names no directory at all. */
  readonly dir: Bytes;
}

/** Why a service could not be asked or told. */
export type Trouble =
  | { readonly kind: 'no runsv' }
  | { readonly kind: 'no directory'; readonly errno: number }
  | { readonly kind: 'no descriptor'; readonly file: Bytes }
  | { readonly kind: 'unusable'; readonly what: string };

const DEFAULT_DIRECTORIES: readonly Bytes[] = ['/etc/service', '/service', '/var/service'];

export const isThere = (path: Bytes): boolean => !refused(sys.access(path, F_OK));

const defaultDirectory = (): Bytes => DEFAULT_DIRECTORIES.find(isThere) ?? '/etc/service';

/** The value of an environment variable. */
export const variable = (name: Bytes): Bytes | undefined => {
  const start = `${name}=`;
  return sys
    .environ()
    .find((entry) => entry.startsWith(start))
    ?.slice(start.length);
};

const isPath = (name: Bytes): boolean => name === '' || name[0] === '/' || name[0] === '.' || name.endsWith('/');

const inDirectory = (parent: Bytes, name: Bytes): Service => ({ name, dir: parent === '' ? '' : `${parent}/${name}` });

/** The services with these names. $SVDIR is only looked up when a name needs it. */
export const servicesNamed = (names: readonly Bytes[]): readonly Service[] => {
  let parent: Bytes | null = null;
  return names.map((name) => {
    if (isPath(name)) return { name, dir: name };
    parent ??= variable('SVDIR') ?? defaultDirectory();
    return inDirectory(parent, name);
  });
};

/** 0, or why the directory cannot be entered, as chdir would say it. */
export const enterable = (dir: Bytes): number => (dir === '' ? -ENOENT : sys.access(`${dir}/.`, F_OK));

const troubleWith = (dir: Bytes, file: Bytes, errno: number): Trouble => {
  if (errno === -ENXIO) return { kind: 'no runsv' };
  if (errno === -EMFILE) return { kind: 'no descriptor', file };
  const entered = enterable(dir);
  if (refused(entered)) return { kind: 'no directory', errno: entered };
  return { kind: 'unusable', what: `unable to open supervise/${file}: ${errorText(errno)}` };
};

/** Opens one of the fifos for writing, which works just while runsv lives. */
export const openFifo = (dir: Bytes, file: 'ok' | 'control'): Fd | Trouble => {
  const fd = dir === '' ? -ENOENT : sys.open(`${dir}/supervise/${file}`, O_WRONLY | O_NONBLOCK, 0);
  return fd < 0 ? troubleWith(dir, file, fd) : (fd as Fd);
};

const unreadable = (verb: 'open' | 'read', why: string): Trouble => ({
  kind: 'unusable',
  what: `unable to ${verb} supervise/status: ${why}`,
});

/** What supervise/status says. */
export const readStatus = (dir: Bytes): Status | Trouble => {
  const fd = sys.open(`${dir}/supervise/status`, O_RDONLY | O_NONBLOCK, 0);
  if (refused(fd)) return unreadable('open', errorText(fd));
  const bytes = sys.read(fd, STATUS_BYTES);
  sys.close(fd);
  if (refused(bytes)) return unreadable('read', errorText(bytes));
  return decodeStatus(bytes) ?? unreadable('read', 'bad format');
};

/** The status of a service whose runsv lives. */
export const askStatus = (dir: Bytes): Status | Trouble => {
  const ok = openFifo(dir, 'ok');
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
    case 'unusable':
      return `warning: ${name}: ${trouble.what}`;
  }
};
