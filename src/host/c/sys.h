/* The one table of system calls that TypeScript sees; src/host/calls.ts is its typed face.
 *
 * Promises: every call is synchronous, holds no policy, frees what it allocates, and reports errors as -errno. Strings are
 * byte strings: one character (0..255) is one byte, in both directions.
 * Read next: internal.h (the calls, one file for each family), ../quickjs/bind.c and ../node/bind.c (the two binders).
 *
 * X(name, "arguments", 'result')
 *   arguments  i int32   n number to int64   s path-like string, no NUL (EINVAL)   d data, may hold NUL
 *              a array of strings, no NUL    v array of numbers (int64)
 *   result     i number (>= 0 or -errno)     d data string or -errno
 *              v array of numbers or -errno  a array of strings or -errno
 *              m array of a data string and numbers, or -errno
 *
 * All binders must agree on this (test/contract): a missing argument, one of another type, a number that is not an integer
 * of its size and a character above 255 throw TypeError; a NUL in s or a gives -EINVAL without a call; extra arguments are
 * ignored.
 */
#ifndef RUNITBOX_SYS_H
#define RUNITBOX_SYS_H
#include <stddef.h>
#include <stdint.h>

#define SYS_CALLS(X)                                                                                       \
  /* files.c: descriptors are always close-on-exec */                                                      \
  X(open, "sii", 'i')      /* path, flags (OPEN_NOFOLLOW), mode */                                         \
  X(close, "i", 'i')                                                                                       \
  X(read, "ii", 'd')       /* fd, at most this many bytes (1..65536); "" at end of file */                 \
  X(pread, "iin", 'd')     /* fd, at most this many bytes, offset */                                       \
  X(write, "id", 'i')      /* bytes written */                                                             \
  X(pwrite, "idn", 'i')    /* fd, data, offset */                                                          \
  X(ftruncate, "in", 'i')                                                                                  \
  X(fsync, "i", 'i')                                                                                       \
  X(fchmod, "ii", 'i')                                                                                     \
  X(fchown, "inn", 'i')    /* fd, user, group; -1: unchanged */                                            \
  X(stat, "s", 'v')        /* mode, device, inode low 32, inode high 32, uid, gid, size, mtime, ns, links */ \
  X(lstat, "s", 'v')                                                                                       \
  X(fstat, "i", 'v')                                                                                       \
  X(access, "si", 'i')                                                                                     \
  X(chmod, "si", 'i')                                                                                      \
  X(mkdir, "si", 'i')                                                                                      \
  X(mkfifo, "si", 'i')                                                                                     \
  X(rename, "ss", 'i')                                                                                     \
  X(exchange, "ss", 'i')   /* renameat2 RENAME_EXCHANGE */                                                 \
  X(unlink, "s", 'i')                                                                                      \
  X(link, "ss", 'i')       /* existing name, further name */                                               \
  X(symlink, "ss", 'i')    /* target, path */                                                              \
  X(readlink, "s", 'd')                                                                                    \
  X(readdir, "s", 'a')     /* all names but . and .., in directory order */                                \
  X(chdir, "s", 'i')                                                                                       \
  X(fchdir, "i", 'i')                                                                                      \
  X(dup2, "ii", 'i')       /* the copy is not close-on-exec */                                             \
  X(setCloexec, "ii", 'i') /* fd, 1 or 0 */                                                                \
  X(setBlocking, "i", 'i') /* clears O_NONBLOCK */                                                         \
  X(flock, "ii", 'i')                                                                                      \
  X(posixLock, "ii", 'i')  /* fd, 1 or 0: takes or releases the process's lock; EAGAIN: another process has it */ \
  X(republish, "ssddni", 'i') /* spare, path, its text, the next, user, REPUBLISH_*: 1: the names were swapped, 0: renamed */ \
  X(pipe, "i", 'v')        /* flags (O_NONBLOCK or 0): read end, write end */                              \
  X(fstype, "s", 'i')      /* statfs f_type as an unsigned number */                                       \
  X(sync, "", 'i')                                                                                         \
  /* sockets.c: they never block */                                                                        \
  X(socket, "iidi", 'i')   /* family, type, address behind the family, backlog: listens; 0: connects, or begins to */ \
  X(accept, "i", 'i')                                                                                      \
  X(receive, "ii", 'm')    /* fd, at most this many bytes: a datagram, who sent it (pid, uid) */           \
  /* log.c: lines.h has what lines and translate do */                                                     \
  X(lines, "diiddnni", 'm') /* data, at, state, head, rules, limit, enough, brief: text, at, state */      \
  X(translate, "dnnd", 'd') /* data, column, limit, table of 256 bytes */                                  \
  /* processes.c */                                                                                        \
  X(spawn, "saasviid", 'i') /* path, argv, env, directory, pairs child fd/our fd, flags, record fd, text */ \
  X(exec, "saa", 'i')      /* path, argv, env; [] passes our environment on, [""] an empty one */          \
  X(waitpid, "ii", 'v')    /* pid, options: pid (0: none has ended), raw wait status */                    \
  X(kill, "ii", 'i')                                                                                       \
  X(pidfd, "i", 'i')       /* pidfd_open: readable when that process has ended */                          \
  X(pidfdKill, "ii", 'i')  /* pidfd, signal: pidfd_send_signal */                                          \
  X(reboot, "i", 'i')      /* command; made by a child, as the kernel may end the caller */                \
  /* signals.c: a handler records caught signals, and one descriptor reports them */                       \
  X(catchSignals, "v", 'i') /* numbers to catch from now on: descriptor, readable while some are pending */ \
  X(catchUnignored, "v", 'i') /* the same, but ignored signals stay ignored */                             \
  X(takeSignals, "", 'v')  /* the numbers recorded since the last call, ascending; empties the descriptor */ \
  /* poll.c */                                                                                             \
  X(poll, "vn", 'v')       /* pairs fd/events, milliseconds (-1: no timeout): the events of each fd */     \
  X(epoll, "", 'i')                                                                                        \
  X(epollSet, "iii", 'i')  /* epoll fd, fd, events (0: no longer) */                                       \
  X(epollWait, "in", 'v')  /* epoll fd, milliseconds (-1: no timeout): pairs fd/events, at most 64 */      \
  X(inotify, "", 'i')      /* a non-blocking inotify descriptor */                                         \
  X(watch, "isn", 'i')     /* inotify fd, path, mask: watch number */                                      \
  X(unwatch, "ii", 'i')                                                                                    \
  X(clock, "i", 'v')       /* clock id: seconds, nanoseconds */                                            \
  /* terminal.c */                                                                                         \
  X(windowSize, "i", 'v')  /* fd of a terminal: rows, columns */                                           \
  X(rawMode, "ii", 'i')    /* fd of a terminal, 1: no echo, a key at a time; 0: as it was before */        \
  /* self.c */                                                                                             \
  X(args, "", 'a')         /* argv, argv[0] first */                                                       \
  X(executed, "", 'a')     /* the path that execve was given, as the only one; none where it is unknown */  \
  X(environ, "", 'a')      /* NAME=value strings */                                                        \
  X(argWrite, "id", 'i')   /* overwrites the memory of argv[i] from its start, at most its own length */   \
  X(getpid, "", 'i')                                                                                       \
  X(geteuid, "", 'i')                                                                                      \
  X(getppid, "", 'i')                                                                                      \
  X(setsid, "", 'i')                                                                                       \
  X(exit, "i", 'i')                                                                                        \
  X(trim, "", 'i')         /* returns unused memory to the system, where the host can */                   \
  /* checkpoint.c: sys_reexec has what they are for */                                                     \
  X(checkpoint, "sivi", 'i') /* state, directory, descriptors to keep (at most 2), process (-1: the next one spawned) */ \
  X(restore, "", 'd')      /* the checkpoint of before the failure: PROCESS STATUS STATE; ENOENT: none */  \
  /* privileges.c */                                                                                       \
  X(numericCall, "iv", 'i') /* CALL_*, at most five numbers: a system call that takes only numbers */      \
  X(chroot, "s", 'i')                                                                                      \
  X(setgroups, "v", 'i')                                                                                   \
  X(setaffinity, "v", 'i') /* bits, 32 processors a number */                                              \
  X(capabilities, "v", 'v') /* effective, permitted, inheritable, low 32 bits, then high; [] only reads them */ \
  X(rlimit, "iv", 'v')     /* resource, soft and hard limit (-1: none) or []: the limits before */

/* open's flag O_NOFOLLOW: on arm the kernel has another number, and open translates this one */
#define OPEN_NOFOLLOW 0400000

/* republish flags */
#define REPUBLISH_USED 1 /* the spare was public once: EAGAIN where somebody has it open */
#define REPUBLISH_SWAP 2 /* the file at `path` becomes the spare, where the kernel can swap names */

/* spawn flags */
#define SPAWN_SETSID 1       /* the child leads a new session */
#define SPAWN_ENV 2          /* env is given; without this flag the child inherits ours */
#define SPAWN_AT_ONCE 4      /* return as soon as there is a child; one that cannot execute the program exits 100 */
#define SPAWN_TERMINAL 8     /* if we have the foreground of terminal 0, the child gets it, in a process group of its own */
#define SPAWN_CONTROLLING 16 /* the child's descriptor 0 becomes the controlling terminal of its session */
#define SPAWN_BELOW 8        /* this many bits to the left: the child gets only descriptors below that number; 0: all */

/* The calls of numericCall; all concern this process. */
enum {
  CALL_SETUID, CALL_SETGID, CALL_UMASK, CALL_GETPRIORITY, CALL_SETPRIORITY, CALL_IOPRIO_SET, CALL_UNSHARE, CALL_PRCTL,
  CALL_COUNT
};

/* What spawn returns where fork worked and a later step in the child failed: -(SPAWN_FAILED + errno). */
#define SPAWN_FAILED 4096

typedef struct {
  int64_t n;         /* i, n */
  const char *s;     /* s, d: bytes */
  size_t len;        /* s, d: count of bytes; a, v: count of elements */
  const char **list; /* a: NULL-terminated */
  const int64_t *v;  /* v */
} sys_arg;

/* A call writes its result here.
 *   d  `len` bytes at `bytes`
 *   a  `count` NUL-terminated strings, one behind the other, at `bytes`
 *   v  the first `count` of `v`
 *   m  `count` elements: `len` bytes at `bytes`, then `numbers` from the second on
 * `bytes` points at `buf`, or at malloc'ed memory that `owned` points at too: the binder sets `owned` to NULL before the
 * call and frees it after it has copied the result. After an error only `owned` has a meaning. */
typedef struct {
  const char *bytes;
  size_t len;
  size_t count;
  void *owned;
  int64_t numbers[4];
  union {
    int64_t v[8192];
    char buf[65536];
  };
} sys_out;

typedef struct {
  const char *name;
  const char *args;
  char result;
  int64_t (*call)(const sys_arg *a, sys_out *out); /* >= 0, or -errno */
} sys_row;

extern const sys_row sys_table[];
extern const int sys_count;

/* Called where the engine has failed. A process that has called checkpoint() executes its own file again (re-exec): it keeps its
 * pid, children and arguments, changes to that directory, keeps the descriptors open, and gets signals that arrived meanwhile.
 * restore() then returns
 *   PROCESS STATUS STATE
 * the pid of checkpoint's process (for -1 that of the next one spawned) and its wait status, each plus one in ten digits, 0
 * for none. The state is passed in memory or in a file without a name: no variable, no argument, nothing that a child gets.
 * Where neither can be made, the process tries once a second, for without the state it would start everything a second time.
 * A process that fails again within a second waits for a second before the next attempt; meanwhile it reaps children, and
 * shuts down on request. Returns where the process may end. */
void sys_reexec(void);

/* Whether this process was re-executed: for code that runs before restore() can be called. */
int sys_is_reexecuted(void);

/* Called once by main(), before anything else: argv lies there. */
void sys_init(int argc, char **argv);
#endif
