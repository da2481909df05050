// Flags and modes of system calls, with Linux's numbers on x86; the host translates where an architecture differs.
export const O_RDONLY = 0;
export const O_WRONLY = 1;
export const O_RDWR = 2;
export const O_CREAT = 0o100;
export const O_EXCL = 0o200;
export const O_TRUNC = 0o1000;
export const O_APPEND = 0o2000;
export const O_NONBLOCK = 0o4000;
export const O_NOCTTY = 0o400;
/** Only to name a file: enough for fstat and fchdir. */
export const O_PATH = 0o10000000;
/** x86's number, for which the host puts its own. */
export const O_NOFOLLOW = 0o400000;

export const S_IFMT = 0o170000;
export const S_IFIFO = 0o010000;
export const S_IFDIR = 0o040000;
export const S_IFREG = 0o100000;
export const S_IFLNK = 0o120000;
export const S_IFSOCK = 0o140000;
export const S_IXUSR = 0o100;

export const LOCK_SH = 1;
export const LOCK_EX = 2;
export const LOCK_NB = 4;

export const POLLIN = 1;
export const POLLPRI = 2;
export const POLLOUT = 4;
export const POLLERR = 8;
export const POLLHUP = 16;

export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;

export const WNOHANG = 1;

/** rlimit's resource. */
export const RLIMIT_NOFILE = 7;

export const CLOCK_REALTIME = 0;
export const CLOCK_MONOTONIC = 1;
export const CLOCK_BOOTTIME = 7;

export const IN_MODIFY = 0x2;
export const IN_ATTRIB = 0x4;
export const IN_OPEN = 0x20;
export const IN_MOVED_FROM = 0x40;
export const IN_MOVED_TO = 0x80;
export const IN_CREATE = 0x100;
export const IN_DELETE = 0x200;
export const IN_DELETE_SELF = 0x400;
export const IN_MOVE_SELF = 0x800;
export const IN_UNMOUNT = 0x2000;
export const IN_ONLYDIR = 0x1000000;
export const IN_DONT_FOLLOW = 0x2000000;

export const REPUBLISH_USED = 1;
export const REPUBLISH_SWAP = 2;

export const SPAWN_SETSID = 1;
export const SPAWN_ENV = 2;
export const SPAWN_AT_ONCE = 4;
export const SPAWN_TERMINAL = 8;
export const SPAWN_CONTROLLING = 16;
/** Times a number: the child gets only descriptors below that. */
export const SPAWN_BELOW = 256;
/** spawn's refusals at or below minus this happened after the fork: -(SPAWN_FAILED + errno). */
export const SPAWN_FAILED = 4096;

/** The calls of `numericCall`, as in c/sys.h. getpriority returns 20 minus the nice value. */
export const CALL_SETUID = 0;
export const CALL_SETGID = 1;
export const CALL_UMASK = 2;
export const CALL_GETPRIORITY = 3;
export const CALL_SETPRIORITY = 4;
export const CALL_IOPRIO_SET = 5;
export const CALL_UNSHARE = 6;
export const CALL_PRCTL = 7;

export const PR_SET_PDEATHSIG = 1;
export const PR_SET_KEEPCAPS = 8;
export const PR_CAPBSET_READ = 23;
export const PR_CAPBSET_DROP = 24;
export const PR_SET_CHILD_SUBREAPER = 36;
export const PR_SET_NO_NEW_PRIVS = 38;
export const PR_CAP_AMBIENT = 47;
export const PR_CAP_AMBIENT_RAISE = 2;

export const REBOOT_CTRL_ALT_DEL_OFF = 0;
export const REBOOT_RESTART = 0x01234567;
export const REBOOT_HALT = 0xcdef0123 | 0;
export const REBOOT_POWER_OFF = 0x4321fedc;
