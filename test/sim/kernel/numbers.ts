// Linux's numbers that the product does not use but a kernel must know. Read next: ../../lib/abi.ts.
export const O_ACCMODE = 3;
/** x86's; the product does not use it. */
export const O_DIRECTORY = 0o200000;

export const S_IFCHR = 0o020000;
export const S_ISVTX = 0o1000;

export const X_OK = 1;
export const W_OK = 2;
export const R_OK = 4;

export const LOCK_SH = 1;
export const LOCK_UN = 8;

export const POLLNVAL = 32;

export const WUNTRACED = 2;
export const WCONTINUED = 8;

export const IN_ACCESS = 0x1;
export const IN_MODIFY = 0x2;
export const IN_CLOSE_WRITE = 0x8;
export const IN_CLOSE_NOWRITE = 0x10;
export const IN_OPEN = 0x20;
export const IN_ALL_EVENTS = 0xfff;
export const IN_Q_OVERFLOW = 0x4000;
export const IN_IGNORED = 0x8000;
export const IN_MASK_ADD = 0x20000000;
export const IN_ISDIR = 0x40000000;
export const IN_ONESHOT = 0x80000000;
/** Every bit that watch() takes; without one of them it refuses. */
export const IN_KNOWN = 0xf700efff;

export const SIGILL = 4;
export const SIGTRAP = 5;
export const SIGABRT = 6;
export const SIGBUS = 7;
export const SIGFPE = 8;
export const SIGSEGV = 11;
export const SIGTSTP = 20;
export const SIGTTIN = 21;
export const SIGTTOU = 22;
export const SIGURG = 23;
export const SIGXCPU = 24;
export const SIGXFSZ = 25;
export const SIGWINCH = 28;
export const SIGSYS = 31;
export const LAST_SIGNAL = 64;

export const PATH_MAX = 4096;
export const NAME_MAX = 255;
export const LINKS_MAX = 40;
export const PAGE_BYTES = 4096;
export const PIPE_PAGES = 16;

export const MAGIC_EXT4 = 0xef53;
export const MAGIC_TMPFS = 0x01021994;
export const MAGIC_PROC = 0x9fa0;
export const MAGIC_PIPEFS = 0x50495045;

/** What an operation answers where a real one would wait: nothing has happened yet, ask again. No errno is this big. */
export const BLOCKED = -0x100000;
