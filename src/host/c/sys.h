/* The one table of system calls that TypeScript sees; src/host/calls.ts is its typed face.
 *
 * Promises: every call is synchronous, holds no policy, allocates nothing it does not free, and reports
 * refusal as -errno. Strings are byte strings: one character (0..255) is one byte, in both directions.
 * Read next: sys.c (the calls), ../quickjs/bind.c and ../node/bind.c (the two binders).
 *
 * X(name, "arguments", 'result')
 *   arguments  i int32   n number to int64   s path-like string, no NUL (EINVAL)   d data, may hold NUL
 *              a array of strings, no NUL    v array of numbers (int64)
 *   result     i number (>= 0 or -errno)     d data string or -errno
 *              v array of numbers or -errno  a array of strings or -errno
 *              m array of a data string and numbers, or -errno
 *
 * What every binder must do alike (test/contract holds them to it): a missing argument, one of another type, a
 * number that is no integer of its size and a character above 255 throw TypeError; a NUL in s or a makes -EINVAL
 * the result without a call; arguments too many are ignored.
 */
#ifndef RUNITBOX_SYS_H
#define RUNITBOX_SYS_H
#include <stddef.h>
#include <stdint.h>

#define SYS_CALLS(X)                                                                                       \
  /* files: descriptors are always close-on-exec */                                                        \
  X(open, "sii", 'i')      /* path, flags (OPEN_NOFOLLOW), mode */                                                      \
  X(close, "i", 'i')                                                                                       \
  X(read, "ii", 'd')       /* fd, at most this many bytes (1..65536); "" at end of file */                 \
  X(write, "id", 'i')      /* bytes written */                                                             \
  X(pwrite, "idn", 'i')    /* fd, data, offset */                                                          \
  X(ftruncate, "in", 'i')                                                                                  \
  X(fsync, "i", 'i')                                                                                       \
  X(fchmod, "ii", 'i')                                                                                     \
  X(fchown, "inn", 'i')    /* fd, user, group; -1: stays */                                                \
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
  X(flock, "ii", 'i')                                                                                      \
  X(sole, "i", 'i')        /* 0: no other descriptor leads to this file; EAGAIN: there is one */           \
  X(pipe, "i", 'v')        /* flags (O_NONBLOCK or 0): read end, write end */                              \
  X(fstype, "s", 'i')      /* statfs f_type as an unsigned number */                                       \
  X(block, "i", 'i')       /* takes O_NONBLOCK away */                                                     \
  X(hold, "ii", 'i')       /* fd, 1 or 0: takes or leaves this process's lock on it; EAGAIN: another has it */ \
  X(udp, "di", 'i')        /* IPv4 address (4 bytes), port: a connected, non-blocking datagram socket */   \
  /* lines of a log: lines.h */                                                                            \
  X(lines, "diiddnni", 'm') /* data, at, state, head, rules, limit, enough, brief: text, at, state */      \
  X(translate, "dnnd", 'd') /* data, column, limit, table of 256 bytes */                                  \
  /* processes */                                                                                          \
  X(spawn, "saasviid", 'i') /* path, argv, env, directory, pairs child fd/our fd, flags, record fd, text */ \
  X(exec, "saa", 'i')      /* path, argv, env; an empty env means ours, one of a single "" an empty one */ \
  X(waitpid, "ii", 'v')    /* pid, options: pid (0: none ready), raw wait status */                        \
  X(kill, "ii", 'i')                                                                                       \
  X(pidfd, "i", 'i')       /* pidfd_open: readable when that process has ended */                          \
  X(pidfdKill, "ii", 'i')  /* pidfd, signal: pidfd_send_signal */                                          \
  X(getpid, "", 'i')                                                                                       \
  X(geteuid, "", 'i')                                                                                      \
  X(getppid, "", 'i')                                                                                      \
  X(setsid, "", 'i')                                                                                       \
  X(reboot, "i", 'i')      /* command; in a process of its own, as the kernel may end the caller */        \
  X(sync, "", 'i')                                                                                         \
  /* signals: caught ones are noted in C and told through one descriptor */                                \
  X(catchSignals, "v", 'i') /* numbers to catch from now on: descriptor, readable while some are noted */  \
  X(catchUnignored, "v", 'i') /* the same, but those that are ignored stay so */                           \
  X(takeSignals, "", 'v')  /* the numbers noted since the last call, ascending; empties the descriptor */  \
  /* waiting */                                                                                            \
  X(poll, "vn", 'v')       /* pairs fd/events, milliseconds (-1: for ever): the events of each fd */       \
  X(inotify, "", 'i')      /* a non-blocking inotify descriptor */                                         \
  X(watch, "isn", 'i')     /* inotify fd, path, mask: watch number */                                      \
  X(unwatch, "ii", 'i')                                                                                    \
  X(clock, "i", 'v')       /* clock id: seconds, nanoseconds */                                            \
  /* this process */                                                                                       \
  X(args, "", 'a')         /* argv, argv[0] first */                                                       \
  X(environ, "", 'a')      /* NAME=value strings */                                                        \
  X(argWrite, "id", 'i')   /* overwrite the memory of argv[i] from its start, at most its own length */    \
  X(guard, "sivi", 'i')    /* must not end: state, directory, descriptors to keep, process; see sys_again */ \
  X(handed, "", 'd')       /* what an earlier self has left: PROCESS STATUS STATE; ENOENT: nothing */       \
  X(inherit, "ii", 'i')    /* fd, whether programs that we become or start get it */                       \
  X(chroot, "s", 'i')                                                                                      \
  X(own, "iv", 'i')        /* OWN_*, at most five numbers: a call that needs nothing but numbers */        \
  X(setgroups, "v", 'i')                                                                                   \
  X(setaffinity, "v", 'i') /* bits, 32 processors a number */                                              \
  X(capabilities, "v", 'v') /* effective, permitted, inheritable, low 32 bits, then high; [] only asks */  \
  X(rlimit, "iv", 'v')     /* resource, soft and hard limit (-1: none) or nothing: what they were */       \
  X(trim, "", 'i')         /* unused memory goes back to the system, where the host can do that */         \
  X(exit, "i", 'i')

/* open's flag O_NOFOLLOW is another number on arm: this one is put in its place */
#define OPEN_NOFOLLOW 0400000

/* spawn flags */
#define SPAWN_SETSID 1 /* the child leads a new session */
#define SPAWN_ENV 2    /* env is given; without this flag the child inherits ours */
#define SPAWN_TERMINAL 8 /* where descriptor 0 is a terminal and its foreground ours, the child gets it, in a group of its own */
#define SPAWN_AT_ONCE 4 /* return as soon as there is a child; one that cannot become the program exits 100 */
#define SPAWN_CONTROLLING 16 /* the child's descriptor 0 becomes the controlling terminal of its session */

/* own's calls, all of this process: setuid, setgid, umask, getpriority, setpriority, ioprio_set, unshare, prctl */
enum { OWN_UID, OWN_GID, OWN_UMASK, OWN_GET_NICE, OWN_SET_NICE, OWN_IO_CLASS, OWN_UNSHARE, OWN_PRCTL, OWN_COUNT };

/* What spawn returns when fork worked but a later step in the child did not: -(SPAWN_FAILED + errno). */
#define SPAWN_FAILED 4096

typedef struct {
  int64_t n;         /* i, n */
  const char *s;     /* s, d: bytes */
  size_t len;        /* s, d: count of bytes; a, v: count of elements */
  const char **list; /* a: NULL-terminated */
  const int64_t *v;  /* v */
} sys_arg;

/* A call puts its result here.
 *   d  `len` bytes at `bytes`
 *   a  `count` NUL-terminated strings, one behind the other, at `bytes`
 *   v  the first `count` of `v`
 *   m  `count` elements: `len` bytes at `bytes`, then `numbers` from the second on
 * `bytes` points at `buf`, or at malloc'ed memory that `owned` also names: the binder sets `owned` to NULL before
 * the call and frees it once the result is copied. After a refusal nothing else in here means anything. */
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

/* Called where the engine has failed. A process that has called guard() executes its own file again: same number, same
 * children, same arguments, in that directory, signals that came meanwhile pending, the descriptor open, and what handed()
 * reads:
 *   PROCESS STATUS STATE
 * that process's number (or, where -1 was given, that of the next one spawned) and its wait status, each plus one in ten
 * digits, 0 for none. It lies in memory, or in a file without a name: no variable, no argument, nothing that a child gets.
 * Where there is neither, it is tried once a second, for without it everything would be started a second time. One that fails
 * again within a second stands in for itself for a second before it tries once more: it reaps, and brings everything to
 * an end if asked to. Returns where the process may end. */
void sys_again(void);

/* Whether an earlier self has left something: for what has to know before handed() can be called. */
int sys_is_successor(void);

/* Called once by main() before anything else: where argv lives. */
void sys_init(int argc, char **argv);
#endif
