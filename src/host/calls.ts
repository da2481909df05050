// The kernel as TypeScript sees it: one flat table of synchronous calls.
//
// Promises: a call never throws for what the kernel refuses; refusal is a negative errno in the result, and the
// types make the caller look. Strings are byte strings (Bytes): one character, 0..255, is one byte. So names
// that are no UTF-8 pass unharmed and nothing is ever decoded.
// The same table stands in c/sys.h; test/contract holds QuickJS, Node and the virtual kernel to one behaviour.
// Read next: sys.ts (which host is in use), linux.ts (the constants), loop.ts (waiting).

/** A string in which every character is one byte (0..255). */
export type Bytes = string;

declare const brand: unique symbol;

/** A refusal: minus errno. */
export type Errno = number & { readonly [brand]: 'errno' };
/** An open descriptor. */
export type Fd = number & { readonly [brand]: 'fd' };
/** A process number, above 0. */
export type Pid = number & { readonly [brand]: 'pid' };
/** Success with nothing to tell, or a count. */
export type Done = number & { readonly [brand]: 'done' };

/** mode, device, inode low 32 bits, inode high 32 bits, uid, gid, size in bytes, mtime seconds, nanoseconds, links */
export type RawStat = readonly [number, number, number, number, number, number, number, number, number, number];

export interface Calls {
  open(path: Bytes, flags: number, mode: number): Fd | Errno;
  close(fd: Fd): Done | Errno;
  /** At most `max` bytes (1..65536); "" is end of file. */
  read(fd: Fd, max: number): Bytes | Errno;
  /** Bytes written. */
  write(fd: Fd, data: Bytes): Done | Errno;
  pwrite(fd: Fd, data: Bytes, offset: number): Done | Errno;
  ftruncate(fd: Fd, size: number): Done | Errno;
  fsync(fd: Fd): Done | Errno;
  fchmod(fd: Fd, mode: number): Done | Errno;
  /** Gives a file to a user and a group; -1: it keeps that. */
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
  /** Waiting for a lock (no LOCK_NB) ends with EINTR when a caught signal comes. */
  flock(fd: Fd, operation: number): Done | Errno;
  /** Whether no other descriptor, of any process, leads to this file: 0, or EAGAIN. Only the file's owner may ask. */
  sole(fd: Fd): Done | Errno;
  /** Read end, write end; `flags` is O_NONBLOCK or 0. */
  pipe(flags: number): readonly [Fd, Fd] | Errno;
  /** The file system's magic number. */
  fstype(path: Bytes): number;
  /** Takes O_NONBLOCK away from what the descriptor refers to, all its copies included. */
  block(fd: Fd): Done | Errno;
  /**
   * Takes (1) or leaves (0) the one lock on what the descriptor, open for writing, leads to: a file, a pipe or a socket.
   * Locks are of processes, so those that share a descriptor keep each other out. EAGAIN or EACCES: another process has it. It is
   * gone when this process ends or closes any descriptor of the same thing.
   */
  hold(fd: Fd, taken: 0 | 1): Done | Errno;
  /** A non-blocking datagram socket, connected to an IPv4 address (4 bytes) and port. */
  udp(address: Bytes, port: number): Fd | Errno;
  /**
   * The lines of `data` from byte `at` on that `rules` take by their first `limit` bytes, each behind `head`: the
   * text, the first byte not dealt with, the state there. States: 0 at the start of a line, 1 (2) within one that
   * was taken (left out), behind its first `limit` bytes. It stops behind the newline of a taken line once there are `enough`
   * bytes of text, where its room ends, and before a last line that has neither a newline nor `limit` bytes.
   * With `brief` 1 a line that long is cut there and `...` put behind it. `rules`: see formats/selection.ts. EINVAL: `at` beyond
   * the data, no such state, `limit` below 1, rules that are none.
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
   * of the first line came before. Newlines stay.
   */
  translate(data: Bytes, column: number, limit: number, table: Bytes): Bytes | Errno;
  /**
   * Starts a program. In the child, in this order: setsid if asked, chdir to `dir` unless "", each pair of `fds`
   * (child's descriptor, ours) put in place, caught signals back to default, no signal blocked, then, with
   * `recordFd` >= 0, `recordText`, the milliseconds since boot as 14 digits, a space, the child's pid as ten digits and
   * a newline written at offset 0 of that
   * descriptor, then execve. Returns when the program runs. Refusals: -errno where no child came to be;
   * -(4096 + errno) where a later step failed, a record that could not be written whole included (the child is
   * then gone and already reaped). EINVAL: no argv[0], half a pair, over 64 pairs, an unknown flag. With
   * SPAWN_AT_ONCE it returns as soon as there is a child, so that several become programs side by side; one that
   * cannot exits 100. With SPAWN_TERMINAL, where descriptor 0 is a terminal and our process group has its foreground, the
   * child leads a group of its own and that has the foreground. With SPAWN_CONTROLLING descriptor 0, once in place, becomes
   * the controlling terminal of the child's session (EPERM where another session has it, ENOTTY where it is none).
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
  /** Replaces this program; an empty `env` means ours, one of a single "" an empty one. Returns only when refused. */
  exec(path: Bytes, argv: readonly Bytes[], env: readonly Bytes[]): Errno;
  /** Process number (0: none ready) and raw wait status. */
  waitpid(pid: number, options: number): readonly [number, number] | Errno;
  kill(pid: number, signal: number): Done | Errno;
  /** A descriptor that polls readable once that process has ended. */
  pidfd(pid: number): Fd | Errno;
  /** Sends a signal to the very process that the descriptor was opened for; ESRCH once that was reaped. */
  pidfdKill(pidfd: Fd, signal: number): Done | Errno;
  getpid(): Pid;
  /** Whose files we make. */
  geteuid(): number;
  getppid(): number;
  setsid(): Done | Errno;
  /**
   * reboot(2) with one of the LINUX_REBOOT commands, made by a child that is awaited, as a kernel that cannot halt ends
   * the process that asked; by this process where there is no child to be had. Nothing is written to disks before.
   */
  reboot(command: number): Done | Errno;
  /** Writes everything that waits to be written to disks; returns when that is done. */
  sync(): Done;
  /**
   * Catches these signals from now on, besides those of earlier calls; the descriptor, always the same, polls
   * readable while some are noted. A child that only stops or continues gives no SIGCHLD. EINVAL for SIGKILL,
   * SIGSTOP and what is no signal; then none of them is caught.
   */
  catchSignals(signals: readonly number[]): Fd | Errno;
  /** The same, but those that are ignored stay so. */
  catchUnignored(signals: readonly number[]): Fd | Errno;
  /** The signals noted since the last call, ascending, each once. */
  takeSignals(): readonly number[];
  /**
   * `fds`: descriptor, events, descriptor, events, ...; milliseconds, -1 for ever. The events of each. EINTR when
   * a caught signal comes meanwhile.
   */
  poll(fds: readonly number[], timeoutMs: number): readonly number[] | Errno;
  inotify(): Fd | Errno;
  watch(inotify: Fd, path: Bytes, mask: number): number;
  unwatch(inotify: Fd, watch: number): Done | Errno;
  /** Seconds, nanoseconds. */
  clock(id: number): readonly [number, number];
  /** argv, argv[0] first. */
  args(): readonly Bytes[];
  /** NAME=value strings. */
  environ(): readonly Bytes[];
  /** Overwrites the memory of argv[index] from its start, at most its own length: what `ps` shows. */
  argWrite(index: number, data: Bytes): Done | Errno;
  /** Whether programs that we start or become get this descriptor; a fresh one is not passed on. */
  inherit(fd: number, passedOn: 0 | 1): Done | Errno;
  /** The current directory stays, even outside of the new root. */
  chroot(path: Bytes): Done | Errno;
  /**
   * One of the calls that need nothing but numbers, at most five, and change what is kept of this process: `call` is an
   * OWN_* of linux.ts. EINVAL for any other, and for more numbers.
   */
  own(call: number, numbers: readonly number[]): Done | Errno;
  /** Exactly these, at most 16384 (EINVAL). */
  setgroups(groups: readonly number[]): Done | Errno;
  /** On which processors this process may run: bits, 32 processors a number. */
  setaffinity(bits: readonly number[]): Done | Errno;
  /**
   * Effective, permitted, inheritable capabilities, low 32 bits of each, then the high ones: what they are now. An
   * empty `sets` only asks.
   */
  capabilities(sets: readonly number[]): readonly number[] | Errno;
  /** Soft and hard limit, -1 for none: what they were. An empty `limits` only asks. */
  rlimit(resource: number, limits: readonly number[]): readonly [number, number] | Errno;
  /** Gives memory that lies unused back to the system, where the host can; what is used again costs as if new. */
  trim(): Done;
  exit(code: number): never;
  /**
   * From now on, should the engine fail or crash, this process does not end: it executes its own file again, in
   * `directory`, with its children and arguments, the descriptors `keep` (at most two) open, and `state` for handed() to
   * read, see sys_again in c/sys.c. `process`: whose end is to be kept for then; -1: the next one spawned; 0: nobody's.
   * ENOMEM: what was said last stands.
   */
  guard(state: Bytes, directory: Fd, keep: readonly number[], process: number): Done | Errno;
  /**
   * What this process has left for itself before it executed its file again: two numbers, each plus one in ten digits (`process`
   * and its raw wait status), and `state`. ENOENT: nothing.
   */
  handed(): Bytes | Errno;
}

/** Whether a result is a refusal. */
export const refused = (result: unknown): result is Errno => typeof result === 'number' && result < 0;
