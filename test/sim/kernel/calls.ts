// The table of system calls that the main program is given.
//
// Promises: what src/host/c and Linux do, in virtual time. Each call is a step (main.ts) and then one operation of a part
// of the kernel; there is no logic of its own here beyond arguments, descriptors and waiting.
// Read next: main.ts (steps and waits), the part that an operation names.
import type { Bytes } from '../../../src/abi/bytes.ts';
import {
  type Calls,
  type Done,
  type Errno,
  type Fd,
  isErrno,
  type Pid,
  type RawStat,
} from '../../../src/host/calls.ts';
import { passes } from '../../../src/host/safe-open.ts';
import {
  EACCES,
  EADDRINUSE,
  EAGAIN,
  EBADF,
  ECHILD,
  EINVAL,
  ENOENT,
  EMFILE,
  EPERM,
  EPIPE,
  ESRCH,
  ESTALE,
  ENETUNREACH,
  ENOSPC,
  ENOSYS,
  ENOTDIR,
  ENOTSOCK,
  ENOTTY,
} from '../../../src/abi/errno.ts';
import {
  AF_UNIX,
  CALL_PRCTL,
  IN_DONT_FOLLOW,
  IN_ONLYDIR,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_RDONLY,
  O_RDWR,
  O_WRONLY,
  POLLIN,
  REBOOT_CTRL_ALT_DEL_OFF,
  REBOOT_HALT,
  REBOOT_POWER_OFF,
  REBOOT_RESTART,
  REPUBLISH_SWAP,
  REPUBLISH_USED,
  S_IFIFO,
  S_IFREG,
  SOCK_DGRAM,
  WNOHANG,
  PR_SET_CHILD_SUBREAPER,
} from '../../../src/abi/flags.ts';
import { SIGKILL, SIGPIPE, SIGSTOP } from '../../../src/abi/signals.ts';
import { Description } from './descriptors.ts';
import { MainExecuted, MainExited } from './endings.ts';
import { Epoll, epollWait } from './epoll.ts';
import { statOf } from './fs.ts';
import type { Inode } from './inode.ts';
import { InotifyQueue } from './inotify-queue.ts';
import { lines, translate } from './lines.ts';
import type { Main } from './main.ts';
import { BLOCKED, IN_KNOWN, LAST_SIGNAL, R_OK, WCONTINUED, WUNTRACED } from './numbers.ts';
import { open, waits } from './opening.ts';
import { may } from './paths.ts';
import { Pipe, PipeEnd } from './pipes.ts';
import { poll } from './poll.ts';
import { exitStatus, PidFd, type Process } from './processes.ts';
import { bitOf, end, send } from './signals.ts';
import { Datagrams } from './sockets.ts';
import { become, enterDirectory, enterPath, executable, loads, spawn } from './spawn.ts';
import type { World } from './world.ts';

const READ_MAX = 65536;

/** The descriptor that tells of caught signals. */
class SignalDescriptor extends Description {
  readonly #process: Process;

  constructor(process: Process) {
    super(O_NONBLOCK, null);
    this.#process = process;
  }

  override poll(): number {
    return this.#process.noted !== 0 ? POLLIN : 0;
  }

  protected override released(): void {
    // signals are noted all the same
  }
}

/** The two ends of a new pipe. */
export const makePipe = (world: World, flags: number, uid = 0): readonly [PipeEnd, PipeEnd] => {
  const inode = world.nameless(world.pipefs, S_IFIFO | 0o600);
  inode.uid = inode.gid = uid;
  inode.pipe = new Pipe();
  return [new PipeEnd(O_RDONLY | flags, inode, inode.pipe), new PipeEnd(O_WRONLY | flags, inode, inode.pipe)];
};

/** The last checkpoint. */
interface Checkpoint {
  readonly owner: Process;
  readonly state: string;
  readonly directory: Fd;
  readonly keep: readonly number[];
  process: number;
  status: number;
}

export class MainCalls implements Calls {
  #checkpoint: Checkpoint | null = null;
  /** What a process passed to itself when it was re-executed. */
  #restored: { readonly owner: Process; readonly text: Bytes } | null = null;
  /** Signals taken since then. */
  #taken = 0;
  readonly #main: Main;
  readonly #world: World;
  #signals: { readonly process: Process; readonly fd: Fd } | null = null;

  constructor(main: Main) {
    this.#main = main;
    this.#world = main.world;
  }

  /** One step; the process that makes it. */
  #step(): Process {
    this.#main.step();
    return this.#main.process;
  }

  // files

  open(path: Bytes, flags: number, mode: number): Fd | Errno {
    const process = this.#step();
    if (!process.hasRoom) return -EMFILE as Errno;
    const opened = open(this.#world.tree, process, path, flags, mode);
    if (typeof opened === 'number') return opened as Errno;
    const fd = process.install(opened) as Fd;
    if (waits(opened)) this.#main.block(() => (opened.met ? 0 : BLOCKED));
    return fd;
  }

  close(fd: Fd): Done | Errno {
    return this.#step().close(fd) as Done | Errno;
  }

  read(fd: Fd, max: number): Bytes | Errno {
    const description = this.#step().at(fd);
    if (!(max >= 1 && max <= READ_MAX)) return -EINVAL as Errno;
    if (description === null) return -EBADF as Errno;
    const bytes = description.read(max);
    return (bytes === BLOCKED ? this.#main.block(() => description.read(max)) : bytes) as Bytes | Errno;
  }

  pread(fd: Fd, max: number, offset: number): Bytes | Errno {
    const description = this.#step().at(fd);
    if (!(max >= 1 && max <= READ_MAX)) return -EINVAL as Errno;
    return (description?.pread(max, offset) ?? -EBADF) as Bytes | Errno;
  }

  write(fd: Fd, data: Bytes): Done | Errno {
    const process = this.#step();
    const description = process.at(fd);
    if (description === null) return -EBADF as Errno;
    const put = this.#writeAll(description, data);
    if (put === -EPIPE) {
      send(this.#world, process, SIGPIPE);
      this.#main.check();
    }
    return put as Done | Errno;
  }

  /** A blocking write returns once everything is out. */
  #writeAll(description: Description, data: Bytes): number {
    const first = description.write(data);
    if (first < 0 && first !== BLOCKED) return first;
    if (first === data.length || description.nonBlocking || !(description instanceof PipeEnd)) return first;
    let done = Math.max(0, first);
    const answer = this.#main.block(() => {
      const put = description.write(data.slice(done));
      if (put < 0) return put !== BLOCKED && done > 0 ? done : put;
      done += put;
      return done === data.length ? done : BLOCKED;
    });
    return answer;
  }

  pwrite(fd: Fd, data: Bytes, offset: number): Done | Errno {
    return (this.#step().at(fd)?.pwrite(data, offset) ?? -EBADF) as Done | Errno;
  }

  ftruncate(fd: Fd, size: number): Done | Errno {
    return (this.#step().at(fd)?.truncate(size) ?? -EBADF) as Done | Errno;
  }

  fsync(fd: Fd): Done | Errno {
    return (this.#step().at(fd) === null ? -EBADF : 0) as Done | Errno;
  }

  fchmod(fd: Fd, mode: number): Done | Errno {
    const inode = this.#step().at(fd)?.inode;
    return (inode ? this.#world.tree.setMode(this.#step(), inode, mode) : -EBADF) as Done | Errno;
  }

  fchown(fd: Fd, user: number, group: number): Done | Errno {
    const process = this.#step();
    const inode = process.at(fd)?.inode;
    if (!inode) return -EBADF as Errno;
    if (process.uid !== 0 && (user !== -1 || group !== -1)) return -EPERM as Errno;
    if (user !== -1) inode.uid = user;
    if (group !== -1) inode.gid = group;
    return 0 as Done;
  }

  /** Those who would want the same lock are no part of the simulation. */
  posixLock(fd: Fd, _taken: 0 | 1): Done | Errno {
    return (this.#step().at(fd) === null ? -EBADF : 0) as Done | Errno;
  }

  /** There is no network here but names in the abstract namespace, for datagrams. */
  socket(family: number, type: number, address: Bytes, backlog: number): Fd | Errno {
    const process = this.#step();
    if (family !== AF_UNIX || type !== SOCK_DGRAM || address[0] !== '\0' || backlog < 1) return -ENETUNREACH as Errno;
    if (!process.hasRoom) return -EMFILE as Errno;
    if (this.#world.sockets.has(address)) return -EADDRINUSE as Errno;
    return process.install(new Datagrams(this.#world, address)) as Fd;
  }

  accept(fd: Fd): Errno {
    return -(this.#step().at(fd) === null ? EBADF : ENOTSOCK) as Errno;
  }

  receive(fd: Fd, max: number): readonly [Bytes, number, number] | Errno {
    const description = this.#step().at(fd);
    if (description instanceof Datagrams) return description.take(max) as readonly [Bytes, number, number] | Errno;
    return -(description === null ? EBADF : ENOTSOCK) as Errno;
  }

  lines(...job: Parameters<Calls['lines']>): readonly [Bytes, number, number] | Errno {
    return lines(...job);
  }

  translate(...job: Parameters<Calls['translate']>): Bytes | Errno {
    return translate(...job);
  }

  stat(path: Bytes): RawStat | Errno {
    return this.#world.tree.stat(this.#step(), path, true) as RawStat | Errno;
  }

  lstat(path: Bytes): RawStat | Errno {
    return this.#world.tree.stat(this.#step(), path, false) as RawStat | Errno;
  }

  fstat(fd: Fd): RawStat | Errno {
    const description = this.#step().at(fd);
    if (description === null) return -EBADF as Errno;
    return statOf(description.inode ?? this.#world.nameless(this.#world.pipefs));
  }

  access(path: Bytes, mode: number): Done | Errno {
    return this.#world.tree.access(this.#step(), path, mode) as Done | Errno;
  }

  chmod(path: Bytes, mode: number): Done | Errno {
    return this.#world.tree.chmod(this.#step(), path, mode) as Done | Errno;
  }

  mkdir(path: Bytes, mode: number): Done | Errno {
    return this.#world.tree.mkdir(this.#step(), path, mode) as Done | Errno;
  }

  mkfifo(path: Bytes, mode: number): Done | Errno {
    return this.#world.tree.mkfifo(this.#step(), path, mode) as Done | Errno;
  }

  rename(from: Bytes, to: Bytes): Done | Errno {
    return this.#world.tree.rename(this.#step(), from, to) as Done | Errno;
  }

  exchange(one: Bytes, other: Bytes): Done | Errno {
    return this.#world.tree.exchange(this.#step(), one, other) as Done | Errno;
  }

  unlink(path: Bytes): Done | Errno {
    return this.#world.tree.unlink(this.#step(), path) as Done | Errno;
  }

  link(existing: Bytes, path: Bytes): Done | Errno {
    return this.#world.tree.link(this.#step(), existing, path) as Done | Errno;
  }

  symlink(target: Bytes, path: Bytes): Done | Errno {
    return this.#world.tree.symlink(this.#step(), target, path) as Done | Errno;
  }

  readlink(path: Bytes): Bytes | Errno {
    return this.#world.tree.readlink(this.#step(), path) as Bytes | Errno;
  }

  readdir(path: Bytes): readonly Bytes[] | Errno {
    return this.#world.tree.readdir(this.#step(), path) as readonly Bytes[] | Errno;
  }

  chdir(path: Bytes): Done | Errno {
    return enterPath(this.#world, this.#step(), path) as Done | Errno;
  }

  fchdir(fd: Fd): Done | Errno {
    const process = this.#step();
    const description = process.at(fd);
    if (description === null) return -EBADF as Errno;
    return (description.inode === null ? -ENOTDIR : enterDirectory(process, description.inode)) as Done | Errno;
  }

  dup2(from: Fd, to: Fd): Fd | Errno {
    const process = this.#step();
    const description = process.at(from);
    if (description === null || !(to >= 0 && to < process.fdLimit)) return -EBADF as Errno;
    if (from !== to) process.place(to, description, true);
    return to;
  }

  setBlocking(fd: Fd): Done | Errno {
    const description = this.#step().at(fd);
    if (description === null) return -EBADF as Errno;
    description.flags &= ~O_NONBLOCK;
    return 0 as Done;
  }

  flock(fd: Fd, operation: number): Done | Errno {
    const process = this.#step();
    const description = process.at(fd);
    if (description === null) return -EBADF as Errno;
    const { inode } = description;
    if (inode === null) return -EINVAL as Errno;
    const ask = (): number => this.#world.locks.flock(description, inode, operation, process.pid);
    const answer = ask();
    return (answer === BLOCKED ? this.#main.block(ask, false) : answer) as Done | Errno;
  }

  republish(spare: Bytes, path: Bytes, was: Bytes, text: Bytes, user: number, flags: number): Done | Errno {
    const fd = this.open(spare, O_RDWR | O_NOFOLLOW | O_NONBLOCK, 0);
    if (isErrno(fd)) return fd;
    const done = this.#rewrite(fd, was, text, user, flags);
    this.close(fd);
    if (isErrno(done)) return done;
    return (flags & REPUBLISH_SWAP) !== 0 && this.exchange(spare, path) === 0 ? (1 as Done) : this.rename(spare, path);
  }

  #rewrite(fd: Fd, was: Bytes, text: Bytes, user: number, flags: number): Done | Errno {
    const stat = this.fstat(fd);
    if (isErrno(stat) || !passes(stat, { kind: S_IFREG, singleLink: true, writer: user })) return -ESTALE as Errno;
    if (stat[6] !== was.length || (was !== '' && this.read(fd, was.length) !== was)) return -ESTALE as Errno;
    if (text === was) return 0 as Done;
    const holders = this.#step().at(fd)?.inode?.holders ?? 0;
    if ((flags & REPUBLISH_USED) !== 0 && holders > 1) return -EAGAIN as Errno;
    const put = text === '' ? (0 as Done) : this.pwrite(fd, text, 0);
    if (put !== text.length) return isErrno(put) ? put : (-ENOSPC as Errno);
    return text.length < was.length ? this.ftruncate(fd, text.length) : (0 as Done);
  }

  pipe(flags: number): readonly [Fd, Fd] | Errno {
    const process = this.#step();
    if ((flags & ~O_NONBLOCK) !== 0) return -EINVAL as Errno;
    if (!process.hasRoomFor(2)) return -EMFILE as Errno;
    const [readEnd, writeEnd] = makePipe(this.#world, flags, process.uid);
    return [process.install(readEnd) as Fd, process.install(writeEnd) as Fd];
  }

  fstype(path: Bytes): number {
    const { at } = this.#world.tree;
    const found = at.find(this.#step(), path, true);
    return found !== 0 ? found : (at.node as Inode).mount.magic;
  }

  // processes

  spawn(
    path: Bytes,
    argv: readonly Bytes[],
    env: readonly Bytes[],
    dir: Bytes,
    fds: readonly number[],
    flags: number,
    recordFd: number,
    recordText: Bytes,
  ): Pid | Errno {
    const request = { path, argv, env, dir, fds, flags, recordFd, recordText };
    const child = spawn(this.#world, this.#step(), request) as Pid | Errno;
    if (child > 0 && this.#checkpoint?.process === -1) this.#checkpoint.process = child;
    return child;
  }

  exec(path: Bytes, argv: readonly Bytes[], env: readonly Bytes[]): Errno {
    const process = this.#step();
    if (argv.length === 0) return -EINVAL as Errno;
    const file = executable(this.#world, process, path);
    if (typeof file === 'number') return file as Errno;
    const unloadable = this.#world.behaviourOf === null ? loads(this.#world, process, file) : 0;
    if (unloadable !== 0) return unloadable as Errno;
    process.closeUnkept();
    process.caught = 0;
    process.noted = 0;
    this.#signals = null;
    become(process, path, argv, givenEnv(env) ?? process.env, file);
    return this.#main.end(new MainExecuted(path, argv, process.env));
  }

  waitpid(pid: number, options: number): readonly [number, number] | Errno {
    const process = this.#step();
    if ((options & ~(WNOHANG | WUNTRACED | WCONTINUED)) !== 0) return -EINVAL as Errno;
    const ask = (): readonly [number, number] | number => {
      const told = this.#world.processes.wait(process, pid, options) ?? -ECHILD;
      if (typeof told !== 'number' && told[0] === this.#checkpoint?.process) this.#checkpoint.status = told[1];
      return told;
    };
    const answer = ask();
    if (answer !== BLOCKED) return answer as readonly [number, number] | Errno;
    if ((options & WNOHANG) !== 0) return NOBODY;
    return this.#main.block(ask) as readonly [number, number] | Errno;
  }

  kill(pid: number, signal: number): Done | Errno {
    const process = this.#step();
    if (!(signal >= 0 && signal <= LAST_SIGNAL)) return -EINVAL as Errno;
    const targets = this.#targets(process, pid);
    if (targets.length === 0) return -ESRCH as Errno;
    const allowed = targets.filter((target) => process.uid === 0 || process.uid === target.uid);
    if (allowed.length === 0) return -EPERM as Errno;
    for (const target of allowed) send(this.#world, target, signal);
    this.#main.check();
    return 0 as Done;
  }

  #targets(process: Process, pid: number): readonly Process[] {
    const { processes } = this.#world;
    if (pid > 0) {
      const target = processes.find(pid);
      return target === undefined ? [] : [target];
    }
    if (pid === -1) return processes.all().filter((each) => each !== process && each.pid !== 1);
    const group = pid === 0 ? process.group : -pid;
    return processes.all().filter((each) => each.group === group);
  }

  pidfd(pid: number): Fd | Errno {
    const process = this.#step();
    if (pid <= 0) return -EINVAL as Errno;
    const target = this.#world.processes.find(pid);
    if (target === undefined) return -ESRCH as Errno;
    return this.#install(process, () => new PidFd(target));
  }

  #install(process: Process, make: () => Description): Fd | Errno {
    return (process.hasRoom ? process.install(make()) : -EMFILE) as Fd | Errno;
  }

  pidfdKill(pidfd: Fd, signal: number): Done | Errno {
    const process = this.#step();
    const description = process.at(pidfd);
    if (!(description instanceof PidFd)) return -EBADF as Errno;
    if (!(signal >= 0 && signal <= LAST_SIGNAL)) return -EINVAL as Errno;
    const target = description.process;
    if (target.state === 'gone') return -ESRCH as Errno;
    if (process.uid !== 0 && process.uid !== target.uid) return -EPERM as Errno;
    send(this.#world, target, signal);
    this.#main.check();
    return 0 as Done;
  }

  geteuid(): number {
    return this.#step().uid;
  }

  getpid(): Pid {
    return this.#step().pid as Pid;
  }

  getppid(): number {
    const process = this.#step();
    return process.parent === process ? 0 : process.parent.pid;
  }

  setsid(): Done | Errno {
    const process = this.#step();
    if (process.group === process.pid) return -EPERM as Errno;
    process.lead();
    return 0 as Done;
  }

  /** Nobody may switch this machine off. */
  reboot(command: number): Done | Errno {
    this.#step();
    return (REBOOTS.includes(command) ? -EPERM : -EINVAL) as Errno;
  }

  sync(): Done {
    this.#step();
    return 0 as Done;
  }

  // signals

  catchSignals(signals: readonly number[]): Fd | Errno {
    const process = this.#step();
    if (!signals.every(catchable)) return -EINVAL as Errno;
    const fd = this.#signalFd(process);
    if (fd < 0) return fd;
    for (const signal of signals) process.caught |= bitOf(signal);
    process.ignored &= ~process.caught;
    return fd;
  }

  catchUnignored(signals: readonly number[]): Fd | Errno {
    const { ignored } = this.#main.process;
    return this.catchSignals(signals.filter((signal) => !catchable(signal) || (ignored & bitOf(signal)) === 0));
  }

  /** One for the whole life of a program, and two numbers: it is a pipe. */
  #signalFd(process: Process): Fd | Errno {
    if (this.#signals?.process === process) return this.#signals.fd;
    if (!process.hasRoomFor(2)) return -EMFILE as Errno;
    const description = new SignalDescriptor(process);
    const fd = process.install(description) as Fd;
    process.install(description);
    this.#signals = { process, fd };
    return fd;
  }

  takeSignals(): readonly number[] {
    const process = this.#step();
    const taken: number[] = [];
    for (let signal = 1; signal < 32 && process.noted !== 0; signal++) {
      if ((process.noted & bitOf(signal)) === 0) continue;
      process.noted &= ~bitOf(signal);
      this.#taken |= bitOf(signal);
      taken.push(signal);
    }
    return taken;
  }

  // waiting

  poll(fds: readonly number[], timeoutMs: number): readonly number[] | Errno {
    this.#step();
    return poll(this.#main, fds, timeoutMs) as readonly number[] | Errno;
  }

  epoll(): Fd | Errno {
    return this.#install(this.#step(), () => new Epoll(0, null));
  }

  epollSet(epoll: Fd, fd: Fd, events: number): Done | Errno {
    const process = this.#step();
    const description = process.at(epoll);
    if (description === null) return -EBADF as Errno;
    return (description instanceof Epoll ? description.set(process, fd, events) : -EINVAL) as Done | Errno;
  }

  epollWait(epoll: Fd, timeoutMs: number): readonly number[] | Errno {
    this.#step();
    return epollWait(this.#main, epoll, timeoutMs) as readonly number[] | Errno;
  }

  inotify(): Fd | Errno {
    return this.#install(this.#step(), () => new InotifyQueue(O_NONBLOCK, null));
  }

  watch(inotify: Fd, path: Bytes, mask: number): number {
    const process = this.#step();
    if ((mask & IN_KNOWN) === 0) return -EINVAL;
    const queue = process.at(inotify);
    if (queue === null) return -EBADF;
    if (!(queue instanceof InotifyQueue)) return -EINVAL;
    const { at } = this.#world.tree;
    const found = at.find(process, path, (mask & IN_DONT_FOLLOW) === 0);
    if (found !== 0) return found;
    const node = at.node as Inode;
    if ((mask & IN_ONLYDIR) !== 0 && !node.isDirectory) return -ENOTDIR;
    return may(process, node, R_OK) ? queue.watch(node, mask) : -EACCES;
  }

  unwatch(inotify: Fd, watch: number): Done | Errno {
    const queue = this.#step().at(inotify);
    if (queue === null) return -EBADF as Errno;
    return (queue instanceof InotifyQueue ? queue.unwatch(watch) : -EINVAL) as Done | Errno;
  }

  clock(id: number): readonly [number, number] {
    this.#step();
    return this.#world.clock.read(id) ?? (-EINVAL as never);
  }

  windowSize(fd: Fd): readonly [number, number] | Errno {
    if (this.#step().at(fd) === null) return -EBADF as Errno;
    const { terminal } = this.#world;
    return terminal !== null && fd <= 1 ? terminal : (-ENOTTY as Errno);
  }

  rawMode(fd: Fd, on: 0 | 1): Done | Errno {
    const size = this.windowSize(fd);
    return (typeof size === 'number' && on === 1 ? size : 0) as Done | Errno;
  }

  // this process

  args(): readonly Bytes[] {
    return this.#step().argv.slice();
  }

  executed(): readonly Bytes[] {
    return [this.#step().path];
  }

  environ(): readonly Bytes[] {
    return this.#step().env;
  }

  argWrite(index: number, data: Bytes): Done | Errno {
    const { argv } = this.#step();
    const old = argv[index];
    if (old === undefined) return -EINVAL as Errno;
    const put = data.slice(0, old.length);
    argv[index] = put + old.slice(put.length);
    return put.length as Done;
  }

  checkpoint(state: Bytes, directory: Fd, keep: readonly number[], process: number): Done | Errno {
    const owner = this.#step();
    this.#checkpoint = { owner, state, directory, keep, process, status: -1 };
    owner.env = owner.env.filter((variable) => !variable.startsWith('RUNITBOX_STATE='));
    this.#restored = null;
    this.#taken = 0;
    return 0 as Done;
  }

  /** The engine fails: what sys_reexec does. False: there is no checkpoint. Signals stay caught, as they would be blocked. */
  failEngine(): boolean {
    const checkpoint = this.#checkpoint;
    const process = this.#main.process;
    if (checkpoint?.owner !== process) return false;
    const home = process.at(checkpoint.directory)?.inode;
    if (home !== undefined && home !== null) process.enter(home);
    for (const fd of checkpoint.keep) process.kept[fd] = true;
    process.closeUnkept();
    process.noted |= process.arriving | this.#taken;
    process.arriving = 0;
    process.waiting = false;
    this.#signals = null;
    const field = (value: number): string => String(value + 1).padStart(10, '0');
    this.#restored = {
      owner: process,
      text: `${field(checkpoint.process)} ${field(checkpoint.status)} ${checkpoint.state}`,
    };
    this.#main.ended = new MainExecuted('/proc/self/exe', process.argv, process.env);
    this.#checkpoint = null;
    return true;
  }

  restore(): Bytes | Errno {
    const process = this.#step();
    return this.#restored?.owner === process ? this.#restored.text : (-ENOENT as Errno);
  }

  setCloexec(fd: number, on: 0 | 1): Done | Errno {
    const process = this.#step();
    if (process.at(fd) === null) return -EBADF as Errno;
    process.kept[fd] = on === 0;
    return 0 as Done;
  }

  // What follows would change this process for good, and no supervisor needs it: this kernel has none of it.

  chroot(): Done | Errno {
    return this.#without();
  }

  numericCall(call: number, numbers: readonly number[]): Done | Errno {
    if (call !== CALL_PRCTL || numbers[0] !== PR_SET_CHILD_SUBREAPER) return this.#without();
    this.#step().isSubreaper = numbers[1] === 1;
    return 0 as Done;
  }

  setgroups(): Done | Errno {
    return this.#without();
  }

  setaffinity(): Done | Errno {
    return this.#without();
  }

  capabilities(): Errno {
    return this.#without();
  }

  trim(): Done {
    return 0 as Done;
  }

  rlimit(): Errno {
    return this.#without();
  }

  #without(): Errno {
    this.#step();
    return -ENOSYS as Errno;
  }

  exit(code: number): never {
    const process = this.#step();
    end(this.#world, process, exitStatus(code));
    return this.#main.end(new MainExited(code));
  }
}

const REBOOTS: readonly number[] = [REBOOT_CTRL_ALT_DEL_OFF, REBOOT_RESTART, REBOOT_HALT, REBOOT_POWER_OFF];

const NOBODY: readonly [number, number] = [0, 0];

/** null: the one it has. */
const givenEnv = (env: readonly Bytes[]): readonly Bytes[] | null => {
  if (env.length === 0) return null;
  return env.length === 1 && env[0] === '' ? [] : env;
};

/** 32 to 34 belong to the C library. */
const catchable = (signal: number): boolean =>
  signal >= 1 && signal <= LAST_SIGNAL && (signal < 32 || signal > 34) && signal !== SIGKILL && signal !== SIGSTOP;
