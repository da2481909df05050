// Which system calls there are, and with what the kernel may refuse each for once.
//
// Promises: a call that is not in the table is refused too, as a sandbox does: calls that are new in a program are swept
// without a word here. Left out is what would be a lie rather than a refusal (ECHILD, ESRCH, ENOENT: there is no such thing).
import { existsSync, readFileSync } from 'node:fs';

const ERRNO = {
  EPERM: 1,
  EINTR: 4,
  EIO: 5,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EBUSY: 16,
  EINVAL: 22,
  ENFILE: 23,
  EMFILE: 24,
  ENOSPC: 28,
  EROFS: 30,
  ENOLCK: 37,
  ENOSYS: 38,
} as const;

export type Refusal = keyof typeof ERRNO;

export const errnoOf = (refusal: Refusal): number => ERRNO[refusal];

/** What a sandbox says to a call that it does not know. */
const UNKNOWN: readonly Refusal[] = ['EPERM', 'ENOSYS'];

const OPEN: readonly Refusal[] = ['EMFILE', 'ENFILE', 'ENOMEM', 'EACCES', 'EIO'];
const STAT: readonly Refusal[] = ['EACCES', 'ENOMEM', 'EIO'];
const WRITE: readonly Refusal[] = ['ENOSPC', 'EIO', 'EINTR'];
const MAKE: readonly Refusal[] = ['ENOSPC', 'EACCES', 'EROFS', 'EIO'];
const MEMORY: readonly Refusal[] = ['ENOMEM'];
/** Cannot fail, or fail without harm: refused would be a lie. */
const NEVER: readonly Refusal[] = [];

const REFUSALS: Readonly<Record<string, readonly Refusal[]>> = {
  open: OPEN,
  openat: OPEN,
  close: ['EIO', 'EINTR'],
  read: ['EIO', 'EINTR', 'EAGAIN'],
  pread64: ['EIO', 'EINTR'],
  write: [...WRITE, 'EAGAIN'],
  writev: [...WRITE, 'EAGAIN'],
  pwrite64: WRITE,
  pwritev: WRITE,
  ftruncate: ['EIO', 'EINTR'],
  fsync: ['EIO', 'ENOSPC'],
  stat: STAT,
  lstat: STAT,
  fstat: ['ENOMEM', 'EIO'],
  newfstatat: STAT,
  access: STAT,
  faccessat: STAT,
  readlink: ['EACCES', 'EIO'],
  readlinkat: ['EACCES', 'EIO'],
  getdents64: ['EIO', 'ENOMEM'],
  mkdir: MAKE,
  mkdirat: MAKE,
  mknod: MAKE,
  mknodat: MAKE,
  symlink: MAKE,
  link: MAKE,
  rename: MAKE,
  renameat: MAKE,
  renameat2: [...MAKE, 'EINVAL', ...UNKNOWN],
  unlink: ['EACCES', 'EIO', 'EROFS'],
  chmod: ['EPERM', 'EIO', 'EROFS'],
  fchmod: ['EPERM', 'EIO', 'EROFS'],
  chdir: ['EACCES', 'EIO', 'ENOMEM'],
  fchdir: ['EACCES', 'EIO'],
  statfs: ['EIO', ...UNKNOWN],
  flock: ['EINTR', 'ENOLCK'],
  fcntl: ['EMFILE', 'EAGAIN'],
  dup2: ['EINTR', 'EBUSY', 'EMFILE'],
  pipe2: ['EMFILE', 'ENFILE'],
  poll: ['EINTR', 'ENOMEM', 'EAGAIN'],
  ppoll: ['EINTR', 'ENOMEM'],
  inotify_init1: ['EMFILE', 'ENOMEM', ...UNKNOWN],
  inotify_add_watch: ['ENOSPC', 'ENOMEM', 'EACCES', ...UNKNOWN],
  inotify_rm_watch: ['EINVAL'],
  pidfd_open: ['EMFILE', 'ENOMEM', ...UNKNOWN],
  clone: ['EAGAIN', 'ENOMEM'],
  fork: ['EAGAIN', 'ENOMEM'],
  vfork: ['EAGAIN', 'ENOMEM'],
  wait4: ['EINTR'],
  // a supervisor may send a signal to what it has started, and nothing else
  kill: NEVER,
  prctl: ['EINVAL', 'EPERM'],
  setsid: ['EPERM'],
  ioctl: ['EIO', 'EPERM'],
  brk: MEMORY,
  mmap: MEMORY,
  munmap: MEMORY,
  madvise: ['ENOMEM', 'EINVAL'],
  mprotect: MEMORY,
  exit_group: NEVER,
  execve: NEVER,
  arch_prctl: NEVER,
  set_tid_address: NEVER,
  getpid: NEVER,
  getppid: NEVER,
  geteuid: NEVER,
  gettid: NEVER,
  sync: NEVER,
  umask: NEVER,
  rt_sigreturn: NEVER,
  rt_sigaction: NEVER,
  rt_sigprocmask: NEVER,
  rt_sigtimedwait: NEVER,
  sigaltstack: NEVER,
  clock_gettime: NEVER,
  restart_syscall: NEVER,
};

export const refusalsOf = (call: string): readonly Refusal[] => REFUSALS[call] ?? UNKNOWN;

const HEADERS = [
  '/usr/include/x86_64-linux-gnu/asm/unistd_64.h',
  '/usr/include/asm/unistd_64.h',
  '/usr/include/aarch64-linux-gnu/asm/unistd.h',
  '/usr/include/asm-generic/unistd.h',
];

/** The names of the calls, by number, as the kernel's header has them. */
export const callNames = (): ReadonlyMap<number, string> => {
  const header = HEADERS.find((path) => existsSync(path) && /__NR_read\s+\d/.test(readFileSync(path, 'latin1')));
  if (header === undefined) throw new Error(`no header has the numbers of system calls: ${HEADERS.join(', ')}`);
  const names = new Map<number, string>();
  for (const [, name = '', number] of readFileSync(header, 'latin1').matchAll(/^#define __NR_(\w+)\s+(\d+)$/gm))
    names.set(Number(number), name);
  return names;
};
