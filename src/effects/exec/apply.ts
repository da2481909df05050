// Carrying out the steps by which a process changes itself, and becoming the program.
//
// Promises: steps are done in the order they are given; the first that cannot be done is Fatal, in chpst's words, and
// then nothing was started. Same process, no descriptor more than the lock's.
// Must not: decide on an order. Read next: ../../machine/exec/plan.ts (the steps), identity.ts, environment.ts.
import { changedEnvironment, type VariableChange } from '../../formats/environment.ts';
import { above, type Limit, newLimits, RESOURCE } from '../../formats/limits.ts';
import { NAMESPACES } from '../../formats/lists.ts';
import type { Bytes } from '../../abi/bytes.ts';
import { type Done, type Errno, isErrno } from '../../host/calls.ts';
import { EACCES, EISDIR, ENOENT, EPERM } from '../../abi/errno.ts';
import {
  CALL_GETPRIORITY,
  CALL_IOPRIO_SET,
  CALL_PRCTL,
  CALL_SETPRIORITY,
  CALL_UMASK,
  CALL_UNSHARE,
  LOCK_EX,
  LOCK_NB,
  O_APPEND,
  O_CREAT,
  O_NONBLOCK,
  O_WRONLY,
  PR_SET_NO_NEW_PRIVS,
  PR_SET_PDEATHSIG,
} from '../../abi/flags.ts';
import { sys } from '../../host/sys.ts';
import type { Standard, Step } from '../../machine/exec/plan.ts';
import { readEnvDirectory, readEnvFile } from './environment.ts';
import { become, identityOf, limitBoundingSet, limitCapabilities } from './identity.ts';
import { execReason } from '../process/interpreter.ts';
import { Fatal, reason, type Diagnostics } from '../diagnostics.ts';

const DEFAULT_PATH = '/bin:/usr/bin';
const CGROUPS = '/sys/fs/cgroup';
const STANDARD_NAMES = ['stdin', 'stdout', 'stderr'] as const;
const LOCK_MODE = 0o600;

export interface Program {
  /** Searched for in PATH, unless it has a slash. */
  readonly name: Bytes;
  readonly argv: readonly Bytes[];
}

const fatal = (what: string, errno: number): never => {
  throw new Fatal(reason(`unable to ${what}`, errno));
};

/** The result, or Fatal. */
const insist = <T>(result: T | Errno, what: string): T => (isErrno(result) ? fatal(what, result) : (result as T));

const writeOnce = (path: Bytes, text: Bytes, what: string): void => {
  const fd = insist(sys.open(path, O_WRONLY, 0), `${what}: ${path}`);
  const written = sys.write(fd, text);
  sys.close(fd);
  insist(written, `${what}: ${path}`);
};

const setNice = (level: number): void => {
  const set = sys.numericCall(CALL_SETPRIORITY, [0, 0, level]);
  // the kernel's word for a level that is better than ours
  if (set < 0) fatal('set nice level', set === -EACCES ? EPERM : set);
};

const niceBy = (level: number): void => {
  if (level === 0) return;
  const biased = sys.numericCall(CALL_GETPRIORITY, [0, 0]);
  insist(biased, 'set nice level');
  setNice(20 - biased + level);
};

const limitsNow = ({ name }: Limit): readonly [number, number] =>
  insist(sys.rlimit(RESOURCE[name], []), `getrlimit() ${name}`);

const raiseLimit = (limit: Limit): void => {
  const [soft, hard] = limitsNow(limit);
  if (limit.hard === null || !above(limit.hard, hard)) return;
  insist(sys.rlimit(RESOURCE[limit.name], [soft, limit.hard]), `setrlimit() ${limit.name}`);
};

const setLimit = (limit: Limit): void => {
  insist(sys.rlimit(RESOURCE[limit.name], newLimits(limit, limitsNow(limit))), `setrlimit() ${limit.name}`);
};

const takeLock = (path: Bytes, wait: boolean): void => {
  const fd = insist(sys.open(path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK, LOCK_MODE), `open lock: ${path}`);
  insist(sys.flock(fd, wait ? LOCK_EX : LOCK_EX | LOCK_NB), `lock: ${path}`);
  insist(sys.setCloexec(fd, 0), `lock: ${path}`);
};

/** Ours to the end, so that it can be said why the program could not be run. */
const closeForProgram = (fd: Standard): Done => insist(sys.setCloexec(fd, 1), `close ${STANDARD_NAMES[fd]}`);

/** In a new user namespace only the user we are has a number: the same one. */
const unshare = (bits: number): void => {
  const own = sys.stat('/proc/self');
  insist(sys.numericCall(CALL_UNSHARE, [bits]), 'unshare');
  if ((bits & (NAMESPACES['user'] as number)) === 0) return;
  const us = insist(own, 'map users: /proc/self');
  writeOnce('/proc/self/setgroups', 'deny', 'map users');
  writeOnce('/proc/self/uid_map', `${us[4]} ${us[4]} 1`, 'map users');
  writeOnce('/proc/self/gid_map', `${us[5]} ${us[5]} 1`, 'map users');
};

/** A parent that ended before we asked will send nothing. */
const dieWithParent = (signal: number): void => {
  const parent = sys.getppid();
  insist(sys.numericCall(CALL_PRCTL, [PR_SET_PDEATHSIG, signal]), 'set the signal for the end of the parent');
  if (sys.getppid() !== parent) sys.kill(sys.getpid(), signal);
};

const enterRoot = (path: Bytes): void => {
  insist(sys.chdir(path), `change directory: ${path}`);
  insist(sys.chroot('.'), 'change root directory');
};

const joinCgroup = (path: Bytes): void =>
  writeOnce(`${path[0] === '/' ? '' : `${CGROUPS}/`}${path}/cgroup.procs`, '0', 'join cgroup');

type Changes = VariableChange[];

const environmentStep = (diagnostics: Diagnostics, step: Step, changes: Changes): void => {
  if (step.kind === 'environment directory') changes.push(...readEnvDirectory(diagnostics, step));
  if (step.kind === 'environment file') {
    changes.push(...readEnvFile(step.path, sys.environ()));
  }
  if (step.kind === 'environment identity') {
    const { uid, gids } = identityOf(step.user);
    changes.push({ name: 'GID', value: String(gids[0]) }, { name: 'UID', value: String(uid) });
  }
};

const take = (diagnostics: Diagnostics, step: Step, changes: Changes): unknown => {
  switch (step.kind) {
    case 'session':
      // refused where this process leads a group, which then is as good
      return sys.setsid();
    case 'environment directory':
    case 'environment file':
    case 'environment identity':
      return environmentStep(diagnostics, step, changes);
    case 'cgroup':
      return joinCgroup(step.path);
    case 'oom score':
      return writeOnce('/proc/self/oom_score_adj', String(step.score), 'set OOM score');
    case 'processors':
      return insist(sys.setaffinity(step.bits), 'set processors');
    case 'io priority':
      return insist(sys.numericCall(CALL_IOPRIO_SET, [1, 0, step.priority]), 'set I/O priority');
    case 'nice to':
      return setNice(step.level);
    case 'nice by':
      return niceBy(step.level);
    case 'raise limits':
      return step.limits.forEach(raiseLimit);
    case 'namespaces':
      return unshare(step.bits);
    case 'root':
      return enterRoot(step.path);
    case 'directory':
      return insist(sys.chdir(step.path), `change directory: ${step.path}`);
    case 'bounding set':
      return limitBoundingSet(step.privileges);
    case 'identity':
      return become(step.user, step.allGroups, step.keepCapabilities);
    case 'lock':
      return takeLock(step.path, step.wait);
    case 'close':
      return closeForProgram(step.fd);
    case 'umask':
      return sys.numericCall(CALL_UMASK, [step.mask]);
    case 'capabilities':
      return limitCapabilities(step.privileges);
    case 'no new privileges':
      return insist(sys.numericCall(CALL_PRCTL, [PR_SET_NO_NEW_PRIVS, 1]), 'set no new privileges');
    case 'parent death':
      return dieWithParent(step.signal);
    case 'limits':
      return step.limits.forEach(setLimit);
  }
};

const searchPath = (environ: readonly Bytes[]): Bytes => {
  const entry = environ.find((each) => each.startsWith('PATH='));
  return entry === undefined ? DEFAULT_PATH : entry.slice('PATH='.length);
};

const REMEMBERED: readonly number[] = [-EACCES, -EPERM, -EISDIR];

/** The files that a name may mean, in the order in which they are tried. */
const filesFor = (name: Bytes, path: Bytes): readonly Bytes[] =>
  name.includes('/') ? [name] : path.split(':').map((folder) => `${folder === '' ? '.' : folder}/${name}`);

/** Of files that all seem to be missing, the reason of the first that is there, but not what runs it. */
const missingReason = (files: readonly Bytes[]): Bytes => {
  const own = execReason('', -ENOENT);
  return files.map((file) => execReason(file, -ENOENT)).find((reason) => reason !== own) ?? own;
};

/** Executes the first that can be of the files that a name may mean. Returns why none could. */
const execute = ({ name, argv }: Program, env: readonly Bytes[], path: Bytes): Bytes => {
  const files = filesFor(name, path);
  let why: Bytes | null = null;
  for (const file of files) {
    const errno = sys.exec(file, argv, env);
    if (errno === -ENOENT) continue;
    why = execReason(file, errno);
    if (!REMEMBERED.includes(errno)) break;
  }
  return why ?? missingReason(files);
};

/** For exec: none at all means ours. */
const NO_VARIABLES: readonly Bytes[] = [''];

/** Takes the steps and becomes the program; returns only by throwing Fatal. */
export const changeAndRun = (diagnostics: Diagnostics, steps: readonly Step[], program: Program): never => {
  const changes: VariableChange[] = [];
  // limits wait until all is prepared: the next bytes of memory may be refused
  for (const step of steps) if (step.kind !== 'limits') take(diagnostics, step, changes);
  const searched = !program.name.includes('/');
  const ours = searched || changes.length > 0 ? sys.environ() : [];
  const environ = changes.length > 0 ? changedEnvironment(ours, changes) : ours;
  const env = changes.length === 0 ? [] : environ.length > 0 ? environ : NO_VARIABLES;
  for (const step of steps) if (step.kind === 'limits') take(diagnostics, step, changes);
  const why = execute(program, env, searched ? searchPath(environ) : '');
  throw new Fatal(`unable to run: ${program.name}: ${why}`);
};
