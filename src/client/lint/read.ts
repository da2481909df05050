// Looking at a service directory for `sv lint`: everything that the rules ask for, read once.
//
// Promises: opens regular files only, never waits, reads at most TEXT_MAX bytes of each. Read next: rules.ts.
import type { Bytes } from '../../abi/bytes.ts';
import { ENOENT } from '../../abi/errno.ts';
import { O_NOCTTY, O_NONBLOCK, O_RDONLY, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from '../../abi/flags.ts';
import { VALUE_FILES } from '../../formats/value-files.ts';
import { execReason } from '../../effects/process/interpreter.ts';
import { isErrno } from '../../host/calls.ts';
import { sys } from '../../host/sys.ts';
import { wayTo } from '../../formats/dependency.ts';
import { dependencyNames, serviceBeside } from '../dependencies.ts';
import { lastOf, withoutSlashes } from '../parent-runsvdir.ts';
import { type Dependency, type Directory, type Entry, type Kind, MISSING } from './model.ts';

const TEXT_MAX = 65_536;
const ANYBODY_MAY_EXECUTE = 0o111;
const OTHERS_MAY_WRITE = 0o022;
const STICKY = 0o1000;
const X_OK = 1;

const textOf = (path: Bytes): Bytes => {
  const fd = sys.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
  if (isErrno(fd)) return '';
  const text = sys.read(fd, TEXT_MAX);
  sys.close(fd);
  return isErrno(text) ? '' : text;
};

const kindOf = (mode: number): Kind => {
  const type = mode & S_IFMT;
  if (type === S_IFREG) return 'file';
  return type === S_IFDIR ? 'directory' : 'other';
};

/** What keeps a program from being run that is there and may be executed. */
const faultOf = (path: Bytes): Bytes | null => {
  const reason = execReason(path, -ENOENT);
  return reason.startsWith('interpreter ') ? reason : null;
};

const read = (path: Bytes): Entry => {
  const link = sys.lstat(path);
  if (isErrno(link)) return MISSING;
  const stat = sys.stat(path);
  if (isErrno(stat)) return { ...MISSING, kind: (link[0] & S_IFMT) === S_IFLNK ? 'dangling' : 'missing' };
  const kind = kindOf(stat[0]);
  const executable = kind === 'file' && (stat[0] & ANYBODY_MAY_EXECUTE) !== 0 && !isErrno(sys.access(path, X_OK));
  const text = kind === 'file' ? textOf(path) : '';
  return {
    kind,
    executable,
    writable: (stat[0] & OTHERS_MAY_WRITE) !== 0 && (stat[0] & STICKY) === 0,
    text,
    fault: executable ? faultOf(path) : null,
  };
};

const namesIn = (path: Bytes): readonly Bytes[] => {
  const names = sys.readdir(path);
  return isErrno(names) ? [] : names.filter((name) => name !== '.' && name !== '..').sort();
};

/** Where `supervise` leads, if neither it nor the directory that it would lie in is there. */
const superviseLost = (path: Bytes): Bytes | null => {
  const target = sys.readlink(`${path}/supervise`);
  if (isErrno(target)) return null;
  const whole = target.startsWith('/') ? target : `${path}/${target}`;
  const parent = whole.replace(/\/+[^/]*\/*$/, '') || '/';
  return isErrno(sys.stat(whole)) && isErrno(sys.stat(parent)) ? target : null;
};

const dependenciesOf = (path: Bytes): readonly Dependency[] =>
  dependencyNames(path).map((name) => ({
    name,
    text: read(`${path}/dependencies.d/${name}`).text,
    isThere: read(serviceBeside({ name, dir: path }, name).dir).kind === 'directory',
  }));

/** At most so many services are looked at for one. */
const CYCLE_MOST = 1000;
/** The shortest way from a service along dependencies back to itself. */
const cycleThrough = (path: Bytes): readonly Bytes[] | null => {
  const self = withoutSlashes(path);
  let left = CYCLE_MOST;
  const namesOf = (name: Bytes): readonly Bytes[] =>
    left-- > 0 ? dependencyNames(serviceBeside({ name: self, dir: self }, name).dir) : [];
  return wayTo(lastOf(self), lastOf(self), namesOf);
};

/** `path` as it is opened, `name` as it was given. */
export const readDirectory = (name: Bytes, path: Bytes): Directory => {
  const entries = new Map<Bytes, Entry>();
  const look = (below: Bytes): void => {
    const entry = read(`${path}/${below}`);
    if (entry.kind !== 'missing') entries.set(below, entry);
  };
  for (const below of ['run', 'finish', 'check', 'log', 'log/run', 'control', 'dependencies.d']) look(below);
  for (const file of VALUE_FILES) look(file);
  for (const letter of namesIn(`${path}/control`)) look(`control/${letter}`);
  return {
    name,
    service: path.replace(/\/+$/, '').replace(/^.*\//, ''),
    self: read(path),
    names: namesIn(path),
    entries,
    dependencies: dependenciesOf(path),
    cycle: cycleThrough(path),
    superviseLost: superviseLost(path),
  };
};
