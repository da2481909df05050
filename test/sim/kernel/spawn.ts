// spawn and execve: from a path to a running program.
//
// Promises: the child's steps come in the order that calls.ts documents, and a child that fails in one of them was
// there (its pid is used up, its end raises SIGCHLD) but is already waited for when spawn returns.
// Read next: behaviour.ts (what a path does), conduct.ts (the child at work).
import { EACCES, EAGAIN, EBADF, EINVAL, ENOEXEC, ENOSPC, ENOTDIR, ENOTTY } from '../../../src/abi/errno.ts';
import {
  SPAWN_AT_ONCE,
  SPAWN_ENV,
  SPAWN_FAILED,
  SPAWN_BELOW,
  SPAWN_SETSID,
  SPAWN_CONTROLLING,
  SPAWN_TERMINAL,
} from '../../../src/abi/flags.ts';
import { SIGCHLD } from '../../../src/abi/signals.ts';
import type { Behaviour, Program } from './behaviour.ts';
import { conduct } from './conduct.ts';
import { type Inode, pathOf } from './inode.ts';
import { letGo } from './lifetime.ts';
import { X_OK } from './numbers.ts';
import { may } from './paths.ts';
import { exitStatus, Process } from './processes.ts';
import { end, send } from './signals.ts';
import { MS_NS } from './time.ts';
import type { World } from './world.ts';

export interface SpawnRequest {
  readonly path: string;
  readonly argv: readonly string[];
  readonly env: readonly string[];
  readonly dir: string;
  /** Pairs: the child's descriptor, the parent's. */
  readonly fds: readonly number[];
  readonly flags: number;
  readonly recordFd: number;
  readonly recordText: string;
}

const PAIRS_MAX = 64;
const PID_DIGITS = 10;
const MS_DIGITS = 14;
const FAILED_CODE = 111;
const FAILED_LATER_CODE = 100;

/** The child's pid, -errno, or -(SPAWN_FAILED + errno). */
export const spawn = (world: World, parent: Process, request: SpawnRequest): number => {
  const refusal = refuses(world, request);
  if (refusal !== 0) return refusal;
  const child = fork(world, parent);
  const failed = prepare(world, parent, child, request);
  const result = failed === 0 ? execute(world, child, request) : failed;
  if (result >= 0) return result;
  return (request.flags & SPAWN_AT_ONCE) === 0 ? undo(world, child, result) : endLater(world, child);
};

const refuses = (world: World, request: SpawnRequest): number => {
  const { argv, fds, flags } = request;
  if (argv.length === 0 || fds.length % 2 !== 0 || fds.length > 2 * PAIRS_MAX) return -EINVAL;
  const known = SPAWN_SETSID | SPAWN_ENV | SPAWN_AT_ONCE | SPAWN_TERMINAL | SPAWN_CONTROLLING;
  if (flags < 0 || ((flags % SPAWN_BELOW) & ~known) !== 0) return -EINVAL;
  if (fds.some((fd) => fd < 0)) return -EBADF;
  return world.processes.count >= world.processes.limit ? -EAGAIN : 0;
};

const fork = (world: World, parent: Process): Process => {
  const { processes, clock } = world;
  const child = new Process(processes.freePid(), parent, parent.cwd, clock.bootNs());
  child.uid = parent.uid;
  child.gid = parent.gid;
  child.umask = parent.umask;
  child.ignored = parent.ignored;
  child.fdLimit = parent.fdLimit;
  if (parent.executable !== null) become(child, parent.path, parent.argv, parent.env, parent.executable);
  processes.add(child);
  return child;
};

/** Everything before execve: 0 or -errno. */
const prepare = (world: World, parent: Process, child: Process, request: SpawnRequest): number => {
  if ((request.flags & SPAWN_SETSID) !== 0) child.lead();
  const moved = request.dir === '' ? 0 : enterPath(world, child, request.dir);
  if (moved !== 0) return moved;
  const below = Math.floor(request.flags / SPAWN_BELOW) || Infinity;
  const placed = inherit(parent, child, request.fds, below);
  if (placed !== 0) return placed;
  if ((request.flags & SPAWN_CONTROLLING) !== 0) return -ENOTTY; // there is no terminal in this world
  return request.recordFd < 0 ? 0 : record(world, parent, child, request);
};

/** chdir. */
export const enterPath = (world: World, process: Process, path: string): number => {
  const { at } = world.tree;
  const found = at.find(process, path, true);
  if (found !== 0) return found;
  return enterDirectory(process, at.node as Inode);
};

export const enterDirectory = (process: Process, directory: Inode): number => {
  if (!directory.isDirectory) return -ENOTDIR;
  if (!may(process, directory, X_OK)) return -EACCES;
  process.enter(directory);
  return 0;
};

const inherit = (parent: Process, child: Process, fds: readonly number[], below: number): number => {
  for (let fd = 0; fd < parent.fds.length && fd < below; fd++) {
    const description = parent.at(fd);
    if (description !== null && parent.kept[fd] === true) child.place(fd, description, true);
  }
  for (let at = 0; at < fds.length; at += 2) {
    const to = fds[at] as number;
    const description = parent.at(fds[at + 1] as number);
    if (description === null || to >= child.fdLimit) return -EBADF;
    child.place(to, description, true);
  }
  return 0;
};

const record = (world: World, parent: Process, child: Process, request: SpawnRequest): number => {
  const description = parent.at(request.recordFd);
  if (description === null) return -EBADF;
  const upMs = String(Math.floor(world.clock.bootNs() / MS_NS)).padStart(MS_DIGITS, '0');
  const text = `${request.recordText}${upMs} ${String(child.pid).padStart(PID_DIGITS, '0')}\n`;
  const put = description.pwrite(text, 0);
  if (put < 0) return put;
  return put === text.length ? 0 : -ENOSPC;
};

const execute = (world: World, child: Process, request: SpawnRequest): number => {
  const file = executable(world, child, request.path);
  if (typeof file === 'number') return file;
  const env = (request.flags & SPAWN_ENV) !== 0 ? request.env : child.env;
  // only a main program's own file has no name
  const key = file.parent === file ? child.path : pathOf(file);
  become(child, request.path, request.argv, env, file);
  const behaviour = behaviourFor(world, child, file, key);
  if (typeof behaviour === 'number') return behaviour;
  conduct(world, child, behaviour, behaviour.key ?? key);
  return child.pid;
};

/** What execve makes of a process. */
export const become = (
  process: Process,
  path: string,
  argv: readonly string[],
  env: readonly string[],
  file: Inode,
): void => {
  process.path = path;
  process.argv = argv.slice();
  process.env = env;
  process.executable = file;
};

/** The file that execve would run, or -errno. */
export const executable = (world: World, process: Process, path: string): Inode | number => {
  const { at } = world.tree;
  const found = at.find(process, path, true);
  if (found !== 0) return found;
  const file = at.node as Inode;
  return file.isFile && may(process, file, X_OK) ? file : -EACCES;
};

/** -errno where the file is no program. One about which nobody knows anything is a scenario's mistake. */
const behaviourFor = (world: World, process: Process, file: Inode, path: string): Behaviour | number => {
  const { argv, env } = process;
  const started = { path, argv, env, process };
  const program: Program | null = file.program ?? world.behaviourOf?.(started) ?? null;
  if (program !== null) return typeof program === 'function' ? program(started) : program;
  const refusal = loads(world, process, file);
  if (refusal === 0) throw new Error(`the scenario does not say what ${path} does`);
  return refusal;
};

/** What executables that are no scripts begin with. */
export const ELF = '\x7fELF';

/** Whether the kernel takes a file for a program: 0 or -errno. */
export const loads = (world: World, process: Process, file: Inode): number => {
  if (file.program !== null || file.data.startsWith(ELF)) return 0;
  const interpreter = /^#![ \t]*([^ \t\n]+)/.exec(file.data)?.[1];
  return interpreter === undefined ? -ENOEXEC : world.tree.at.find(process, interpreter, true);
};

/** The child ends as one that could not become its program; its parent waits for it as for any other. */
const endLater = (world: World, child: Process): number => {
  end(world, child, exitStatus(FAILED_LATER_CODE));
  return child.pid;
};

/** The child is gone again, and was waited for. */
const undo = (world: World, child: Process, failed: number): number => {
  const { parent } = child;
  child.state = 'zombie';
  child.status = exitStatus(FAILED_CODE);
  child.closeAll();
  letGo(child.cwd);
  world.processes.reap(child);
  send(world, parent, SIGCHLD);
  return failed - SPAWN_FAILED;
};
