// The kernel as TypeScript sees it: one flat table of synchronous calls.
//
// Promises: a call does not throw where the kernel refuses; the result is -errno, and the types make the caller check. Strings are byte strings (Bytes): one character, 0..255, is one byte. So names
// that are not UTF-8 pass unchanged, and nothing is ever decoded.
// The same table stands in c/sys.h; test/contract holds QuickJS, Node and the virtual kernel to one behaviour.
// Read next: sys.ts (which host is in use), ../abi/ (the constants), loop.ts (waiting).

import type { Bytes } from '../abi/bytes.ts';

declare const brand: unique symbol;

/** A failed call: -errno. */
export type Errno = number & { readonly [brand]: 'errno' };
/** An open descriptor. */
export type Fd = number & { readonly [brand]: 'fd' };
/** A process number, above 0. */
export type Pid = number & { readonly [brand]: 'pid' };
/** Success without a result, or a count. */
export type Done = number & { readonly [brand]: 'done' };

/** mode, device, inode low 32 bits, inode high 32 bits, uid, gid, size in bytes, mtime seconds, nanoseconds, links */
export type RawStat = readonly [number, number, number, number, number, number, number, number, number, number];

export interface Calls {
  open(path: Bytes, flags: number, mode: number): Fd | Errno;
  close(fd: Fd): Done | Errno;
  /** At most `max` bytes (1..65536); "" is end of file. */
  read(fd: Fd, max: number): Bytes | Errno;
  /** The same from `offset` on; the descriptor's position stays. ESPIPE where it has none. */
  pread(fd: Fd, max: number, offset: number): Bytes | Errno;
  /** Bytes written. */
  write(fd: Fd, data: Bytes): Done | Errno;
  pwrite(fd: Fd, data: Bytes, offset: number): Done | Errno;
  ftruncate(fd: Fd, size: number): Done | Errno;
  fsync(fd: Fd): Done | Errno;
  fchmod(fd: Fd, mode: number): Done | Errno;
  /** -1 keeps the user or the group. */
  fchown(fd: Fd, user: number, group: number): Done | Errno;
  stat(path: Bytes): RawStat | Errno;
  lstat(path: Bytes): RawStat | Errno;
  fstat(fd: Fd): RawStat | Errno;
  access(path: Bytes, mode: number): Done | Errno;
  chmod(path: Bytes, mode: number): Done | Errno;
  mkdir(path: Bytes, mode: number): Done | Errno;
  mkfifo(path: Bytes, mode: number): Done | Errno;
  rename(from: Bytes, to: Bytes): Done | Errno;
  /** Swaps two existing names atomically. */
  exchange(one: Bytes, other: Bytes): Done | Errno;
  unlink(path: Bytes): Done | Errno;
  link(existing: Bytes, path: Bytes): Done | Errno;
  symlink(target: Bytes, path: Bytes): Done | Errno;
  readlink(path: Bytes): Bytes | Errno;
  /** All names but . and .. */
  readdir(path: Bytes): readonly Bytes[] | Errno;
  chdir(path: Bytes): Done | Errno;
  fchdir(fd: Fd): Done | Errno;
  /** Makes `to` a copy of `from`; the copy is not close-on-exec. */
  dup2(from: Fd, to: Fd): Fd | Errno;
  /** Without LOCK_NB: waits; EINTR when a caught signal arrives. */
  flock(fd: Fd, operation: number): Done | Errno;
  /**
   * Publishes the file `spare` as `path`: writes `text` to it, unless it says that already, and renames it over `path`, or with
   * REPUBLISH_SWAP swaps the two names where the kernel can (1; else 0). ESTALE: it is not a regular file of `user` with one name
   * that nobody else may write and that says `was`. EAGAIN, with REPUBLISH_USED: another descriptor, of any process, leads to it.
   * Then nothing has changed; after other errors it may say anything.
   */
  republish(spare: Bytes, path: Bytes, was: Bytes, text: Bytes, user: number, flags: number): Done | Errno;
  /** Read end, write end; `flags` is O_NONBLOCK or 0. */
  pipe(flags: number): readonly [Fd, Fd] | Errno;
  /** The file system's magic number. */
  fstype(path: Bytes): number;
  /** Clears O_NONBLOCK of the open file description, so for all copies of the descriptor. */
  setBlocking(fd: Fd): Done | Errno;
  /**
   * Takes (1) or releases (0) the POSIX lock on the whole file, pipe or socket behind the descriptor, which is open for writing.
   * Processes own these locks, so those that share a descriptor exclude each other. EAGAIN or EACCES: another process has it. It
   * ends when this process ends, or closes any descriptor of the same file.
   */
  posixLock(fd: Fd, taken: 0 | 1): Done | Errno;
  /**
   * A non-blocking socket. With a backlog above 0 it is bound to the address: a stream listens, a datagram socket of AF_UNIX is
   * told by the kernel who sends. With 0 it is connected to it, or
   * begins to be: a stream polls writable once that is decided, and a read then gives the error. `address`: what
   * formats/socket-address.ts writes.
   */
  socket(family: number, type: number, address: Bytes, backlog: number): Fd | Errno;
  /** A connection to a listening socket, non-blocking; EAGAIN: there is none. */
  accept(fd: Fd): Fd | Errno;
  /**
   * A datagram of at most `max` bytes (1..65536; of a longer one the rest is lost), and the pid and uid of its sender as the kernel
   * attests them: 0 and 2^32 - 1 where it does not. Descriptors that come with it are closed. EAGAIN: there is none.
   */
  receive(fd: Fd, max: number): readonly [Bytes, number, number] | Errno;
  /**
   * Selects lines of `data` from byte `at` on by their first `limit` bytes, and puts `head` before each. Returns the text, the
   * first byte not processed, and the state there: 0 at the start of a line, 1 (2) after the first `limit` bytes of a line
   * that was selected (skipped). It stops after the newline of a selected line once there are `enough` bytes of text, where
   * its room ends, and before a last line that has neither a newline nor `limit` bytes. With `brief` 1 a line of `limit`
   * bytes or more is cut there and `...` appended. `rules`: see formats/selection.ts. EINVAL: `at` beyond the data, an
   * unknown state, `limit` below 1, malformed rules.
   */
  lines(
    data: Bytes,
    at: number,
    state: number,
    head: Bytes,
    rules: Bytes,
    limit: number,
    enough: number,
    brief: 0 | 1,
  ): readonly [Bytes, number, number] | Errno;
  /**
   * `data` with each of the first `limit` bytes of a line replaced by its entry in `table` (256 bytes); `column` bytes
   * of the first line came before. Newlines are kept.
   */
  translate(data: Bytes, column: number, limit: number, table: Bytes): Bytes | Errno;
  /**
   * Starts a program. The child, in this order: setsid with SPAWN_SETSID; chdir to `dir` unless ""; duplicates each pair of
   * `fds` (child's descriptor, ours); resets caught signals to default and unblocks all; with `recordFd` >= 0 writes
   * `recordText`, the milliseconds since boot as 14 digits, a space, its pid as ten digits and a newline at offset 0 of that
   * descriptor; execve. Returns when the program runs. Errors: -errno where there is no child; -(4096 + errno) where a
   * later step failed, including a record that could not be written in full (the child has then ended and been reaped).
   * EINVAL: no argv[0], half a pair, over 64 pairs, an unknown flag. SPAWN_AT_ONCE: returns as soon as there is a child, so
   * that several can execute side by side; one that cannot exits 100. SPAWN_TERMINAL: where descriptor 0 is a terminal and our
   * process group is in its foreground, the child leads a group of its own, and that gets the foreground. SPAWN_CONTROLLING:
   * descriptor 0, once duplicated, becomes the controlling terminal of the child's session (EPERM where another session
   * has it, ENOTTY where it is not a terminal). SPAWN_BELOW times a number, added: before it duplicates any, the
   * child drops its descriptors from that number on; ENOSYS before Linux 5.9, after the fork.
   */
  spawn(
    path: Bytes,
    argv: readonly Bytes[],
    env: readonly Bytes[],
    dir: Bytes,
    fds: readonly number[],
    flags: number,
    recordFd: number,
    recordText: Bytes,
  ): Pid | Errno;
  /** execve. An empty `env` passes our environment on; a single "" an empty one. Returns only errors. */
  exec(path: Bytes, argv: readonly Bytes[], env: readonly Bytes[]): Errno;
  /** Process number (0: no child has ended) and raw wait status. */
  waitpid(pid: number, options: number): readonly [number, number] | Errno;
  kill(pid: number, signal: number): Done | Errno;
  /** A descriptor that polls readable once that process has ended. */
  pidfd(pid: number): Fd | Errno;
  /** Sends a signal to exactly the process that the descriptor was opened for; ESRCH once that was reaped. */
  pidfdKill(pidfd: Fd, signal: number): Done | Errno;
  getpid(): Pid;
  geteuid(): number;
  getppid(): number;
  setsid(): Done | Errno;
  /**
   * reboot(2) with one of the LINUX_REBOOT commands, called by a child, as a kernel that cannot halt ends the caller; by this
   * process where fork fails. It does not sync disks.
   */
  reboot(command: number): Done | Errno;
  /** sync(2): returns when all buffered data is on disk. */
  sync(): Done;
  /**
   * Catches these signals from now on, besides those of earlier calls; the descriptor, always the same, polls
   * readable while some are pending. A child that stops or continues gives no SIGCHLD. EINVAL for SIGKILL, SIGSTOP
   * and numbers that are not signals; then none of them is caught.
   */
  catchSignals(signals: readonly number[]): Fd | Errno;
  /** The same, but ignored signals stay ignored. */
  catchUnignored(signals: readonly number[]): Fd | Errno;
  /** The signals that arrived since the last call, ascending, each once. */
  takeSignals(): readonly number[];
  /**
   * `fds`: descriptor, events, descriptor, events, ...; -1: no timeout. Returns the events of each. EINTR when a caught
   * signal arrives.
   */
  poll(fds: readonly number[], timeoutMs: number): readonly number[] | Errno;
  /** An epoll descriptor: for more descriptors than poll is good at. */
  epoll(): Fd | Errno;
  /** Reports these events of a descriptor from now on, none with 0; EEXIST, ENOENT: it was reported already, or was not. */
  epollSet(epoll: Fd, fd: Fd, events: number): Done | Errno;
  /** Descriptor, events, descriptor, events, ... of those that are ready, at most 64; -1: no timeout. EINTR as poll. */
  epollWait(epoll: Fd, timeoutMs: number): readonly number[] | Errno;
  inotify(): Fd | Errno;
  watch(inotify: Fd, path: Bytes, mask: number): number;
  unwatch(inotify: Fd, watch: number): Done | Errno;
  /** Seconds, nanoseconds. */
  clock(id: number): readonly [number, number];
  /** Rows and columns of a terminal, 0 where it does not know; ENOTTY for anything else. */
  windowSize(fd: Fd): readonly [number, number] | Errno;
  /**
   * Raw mode of a terminal: keys come one at a time and are not shown; those that send signals go on doing so. Off: as it was
   * when it was set. One terminal at a time. ENOTTY for anything else.
   */
  rawMode(fd: Fd, on: 0 | 1): Done | Errno;
  /** argv, argv[0] first. */
  args(): readonly Bytes[];
  /** The path that execve was given, as the only one; none where it is unknown. */
  executed(): readonly Bytes[];
  /** NAME=value strings. */
  environ(): readonly Bytes[];
  /** Overwrites the memory of argv[index] from its start, at most its own length: what `ps` shows. */
  argWrite(index: number, data: Bytes): Done | Errno;
  /** Whether execve closes this descriptor; it closes a newly opened one. */
  setCloexec(fd: number, on: 0 | 1): Done | Errno;
  /** Keeps the current directory, even outside the new root. */
  chroot(path: Bytes): Done | Errno;
  /**
   * One of the system calls that take only numbers, at most five, and concern this process: `call` is a CALL_* of
   * ../abi/flags.ts. EINVAL for any other, and for more numbers.
   */
  numericCall(call: number, numbers: readonly number[]): Done | Errno;
  /** Replaces all supplementary groups; at most 16384 (EINVAL). */
  setgroups(groups: readonly number[]): Done | Errno;
  /** The processors this process may run on: bits, 32 processors a number. */
  setaffinity(bits: readonly number[]): Done | Errno;
  /**
   * Effective, permitted, inheritable capabilities, low 32 bits of each, then the high ones. Sets them unless `sets` is
   * empty, and returns them.
   */
  capabilities(sets: readonly number[]): readonly number[] | Errno;
  /**
   * Soft and hard limit, -1 for none. Sets them unless `limits` is empty, and returns those of before. Children of spawn get the
   * lowest RLIMIT_NOFILE that was seen here, so one that was raised is for this process alone.
   */
  rlimit(resource: number, limits: readonly number[]): readonly [number, number] | Errno;
  /** Returns unused memory to the system, where the host can. */
  trim(): Done;
  exit(code: number): never;
  /**
   * From now on this process survives a failure or a crash of the engine: it executes its own file again, in `directory`,
   * with its children and arguments, with the descriptors `keep` (at most two) open, and restore() returns `state`; see
   * sys_reexec in c/sys.h. `process`: the one whose end is recorded for then; -1: the next one spawned; 0: none.
   * ENOMEM: the last checkpoint stays.
   */
  checkpoint(state: Bytes, directory: Fd, keep: readonly number[], process: number): Done | Errno;
  /**
   * The checkpoint of this process from before it executed its file again: two numbers, each plus one in ten digits (`process`
   * and its raw wait status), and `state`. ENOENT: there is none.
   */
  restore(): Bytes | Errno;
}

/** Whether a result is an error. */
export const isErrno = (result: unknown): result is Errno => typeof result === 'number' && result < 0;
