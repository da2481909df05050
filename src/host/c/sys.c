/* The system calls behind the table in sys.h.
 *
 * Promises: each row is one function, takes what the binder checked, and gives a result or -errno for every input.
 * Nothing is decided here: no retries but after EINTR, no defaults, no messages. One thread calls; signals may
 * come at any time. No x86, glibc or musl is assumed.
 * Read next: calls.ts (what each row means), spawn at "processes" (the one delicate part).
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#define _FILE_OFFSET_BITS 64
#define _TIME_BITS 64
#include "lines.h"
#include "sys.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h> /* rename, nothing else */
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_UNPOISON_MEMORY_REGION(from, size) ((void)0)
#endif

/* The same number on every architecture since Linux 5.3; older headers do not have it. */
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif

extern char **environ;

#define CALL(name) static int64_t do_##name(const sys_arg *a, sys_out *out)
#define UNUSED ((void)a, (void)out)

static int64_t result(int64_t r) { return r < 0 ? -errno : r; }

/* Where a filter of system calls knows one of two names only. */
static int is_unknown(int64_t r) { return r == -ENOSYS || r == -EPERM; }

#define EITHER(old, newer)                                                                                 \
  int64_t r = result(old);                                                                                 \
  return (void)out, is_unknown(r) ? result(newer) : r

/* Every 'i' is 32 bits, so is every descriptor among 'v' once this has looked at it. */
static int is_fd(int64_t n) { return n >= 0 && n <= INT_MAX; }

#define RETRY(r, expression)                                                                               \
  do                                                                                                       \
    (r) = (expression);                                                                                    \
  while ((r) < 0 && errno == EINTR)

static int64_t strings(char *const *list, size_t count, sys_out *out) {
  size_t total = 0;
  for (size_t i = 0; i < count; i++) total += strlen(list[i]) + 1;
  char *to = total <= sizeof out->buf ? out->buf : (out->owned = malloc(total));
  if (!to) return -ENOMEM;
  out->bytes = to;
  out->len = total;
  out->count = count;
  for (size_t i = 0; i < count; i++) {
    size_t size = strlen(list[i]) + 1;
    memcpy(to, list[i], size);
    to += size;
  }
  return 0;
}

static int64_t numbers(sys_out *out, int64_t first, int64_t second) {
  out->v[0] = first;
  out->v[1] = second;
  out->count = 2;
  return 0;
}

/* ---- files ---- */

CALL(open) {
  int64_t fd;
  (void)out;
  int flags = ((int)a[1].n & ~OPEN_NOFOLLOW) | (a[1].n & OPEN_NOFOLLOW ? O_NOFOLLOW : 0);
  /* not by open(): musl's sets close-on-exec a second time, for kernels of 2007 */
  RETRY(fd, syscall(SYS_openat, AT_FDCWD, a[0].s, flags | O_CLOEXEC | O_LARGEFILE, (mode_t)a[2].n));
  return result(fd);
}

CALL(close) {
  (void)out;
  /* Linux has closed the descriptor even when it says EINTR. */
  return close((int)a[0].n) < 0 && errno != EINTR ? -errno : 0;
}

CALL(read) {
  ssize_t got;
  if (a[1].n < 1 || a[1].n > (int64_t)sizeof out->buf) return -EINVAL;
  RETRY(got, read((int)a[0].n, out->buf, (size_t)a[1].n));
  if (got < 0) return -errno;
  out->bytes = out->buf;
  out->len = (size_t)got;
  return 0;
}

CALL(write) {
  ssize_t put;
  (void)out;
  RETRY(put, write((int)a[0].n, a[1].s, a[1].len));
  return result(put);
}

CALL(pwrite) {
  ssize_t put;
  (void)out;
  RETRY(put, pwrite((int)a[0].n, a[1].s, a[1].len, a[2].n));
  return result(put);
}

CALL(ftruncate) {
  int r;
  (void)out;
  RETRY(r, ftruncate((int)a[0].n, a[1].n));
  return result(r);
}

static int64_t stat_result(int r, const struct stat *st, sys_out *out) {
  if (r < 0) return -errno;
  uint64_t inode = st->st_ino;
  int64_t v[] = {st->st_mode, (int64_t)st->st_dev, (int64_t)(inode & 0xffffffff), (int64_t)(inode >> 32), st->st_uid,
                 st->st_gid,  st->st_size,         st->st_mtim.tv_sec,            st->st_mtim.tv_nsec,     (int64_t)st->st_nlink};
  memcpy(out->v, v, sizeof v);
  out->count = sizeof v / sizeof *v;
  return 0;
}

/* By a descriptor, where a filter of system calls refuses the call that takes a path. */
static int stat_opened(const char *path, int flags, struct stat *st) {
  int fd = open(path, O_PATH | O_CLOEXEC | flags);
  if (fd < 0) return -1;
  int r = fstat(fd, st), error = errno;
  close(fd);
  errno = error;
  return r;
}

static int64_t stat_path(int r, const char *path, int flags, struct stat *st, sys_out *out) {
  return stat_result(r < 0 && is_unknown(-errno) ? stat_opened(path, flags, st) : r, st, out);
}

CALL(stat) {
  struct stat st;
  return stat_path(stat(a[0].s, &st), a[0].s, 0, &st, out);
}

CALL(lstat) {
  struct stat st;
  return stat_path(lstat(a[0].s, &st), a[0].s, O_NOFOLLOW, &st, out);
}

CALL(fstat) {
  struct stat st;
  return stat_result(fstat((int)a[0].n, &st), &st, out);
}

CALL(fsync) { return (void)out, result(fsync((int)a[0].n)); }
CALL(fchmod) { return (void)out, result(fchmod((int)a[0].n, (mode_t)a[1].n)); }
CALL(fchown) { return (void)out, result(fchown((int)a[0].n, (uid_t)a[1].n, (gid_t)a[2].n)); }
CALL(access) { return (void)out, result(access(a[0].s, (int)a[1].n)); }
CALL(chmod) { return (void)out, result(chmod(a[0].s, (mode_t)a[1].n)); }
CALL(mkdir) { EITHER(mkdir(a[0].s, (mode_t)a[1].n), mkdirat(AT_FDCWD, a[0].s, (mode_t)a[1].n)); }
CALL(mkfifo) { return (void)out, result(mkfifo(a[0].s, (mode_t)a[1].n)); }
CALL(rename) { EITHER(rename(a[0].s, a[1].s), renameat(AT_FDCWD, a[0].s, AT_FDCWD, a[1].s)); }
CALL(unlink) { EITHER(unlink(a[0].s), unlinkat(AT_FDCWD, a[0].s, 0)); }
CALL(link) { return (void)out, result(link(a[0].s, a[1].s)); }
CALL(symlink) { return (void)out, result(symlink(a[0].s, a[1].s)); }
CALL(chdir) { return (void)out, result(chdir(a[0].s)); }
CALL(fchdir) { return (void)out, result(fchdir((int)a[0].n)); }
CALL(dup2) { return (void)out, result(dup2((int)a[0].n, (int)a[1].n)); }
CALL(flock) { return (void)out, result(flock((int)a[0].n, (int)a[1].n)); }

/* A lease to write is only given where nobody else has the file open. Whoever opens it in between makes the kernel send
 * a signal: one that does nothing. */
CALL(sole) {
  int fd = (int)a[0].n;
  (void)out;
  if (fcntl(fd, F_SETSIG, SIGURG) < 0 || fcntl(fd, F_SETLEASE, F_WRLCK) < 0) return -errno;
  return result(fcntl(fd, F_SETLEASE, F_UNLCK));
}

CALL(exchange) {
  (void)out;
#ifdef SYS_renameat2
  return result(syscall(SYS_renameat2, AT_FDCWD, a[0].s, AT_FDCWD, a[1].s, 2 /* RENAME_EXCHANGE */));
#else
  (void)a;
  return -ENOSYS;
#endif
}

CALL(readlink) {
  ssize_t got = readlink(a[0].s, out->buf, sizeof out->buf);
  if (got < 0) return -errno;
  out->bytes = out->buf;
  out->len = (size_t)got;
  return 0;
}

/* Names are packed into the buffer while they fit, then into memory that doubles. */
static int64_t add_name(sys_out *out, size_t *room, const char *name) {
  size_t size = strlen(name) + 1;
  if (size > *room - out->len) {
    char *more = realloc(out->owned, *room * 2);
    if (!more) return -ENOMEM;
    if (!out->owned) memcpy(more, out->buf, out->len);
    out->bytes = out->owned = more;
    *room *= 2;
  }
  memcpy((char *)out->bytes + out->len, name, size);
  out->len += size;
  out->count++;
  return 0;
}

CALL(readdir) {
  DIR *dir = opendir(a[0].s);
  if (!dir) return -errno;
  size_t room = sizeof out->buf;
  int64_t r = 0;
  out->bytes = out->buf;
  out->len = out->count = 0;
  while (r == 0) {
    errno = 0;
    const struct dirent *entry = readdir(dir);
    if (!entry) {
      r = -errno;
      break;
    }
    if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..")) r = add_name(out, &room, entry->d_name);
  }
  closedir(dir);
  return r;
}

CALL(pipe) {
  int fd[2];
  if (a[0].n & ~(int64_t)O_NONBLOCK) return -EINVAL;
  if (pipe2(fd, (int)a[0].n | O_CLOEXEC) < 0) return -errno;
  return numbers(out, fd[0], fd[1]);
}

CALL(fstype) {
  struct statfs fs;
  return (void)out, statfs(a[0].s, &fs) < 0 ? -errno : (int64_t)(uint32_t)fs.f_type;
}

CALL(block) {
  int flags = fcntl((int)a[0].n, F_GETFL);
  if (flags < 0) return (void)out, -errno;
  return flags & O_NONBLOCK ? result(fcntl((int)a[0].n, F_SETFL, flags & ~O_NONBLOCK)) : 0;
}

/* A lock of this process, not of the description, which it may share with those that it must keep out. */
CALL(hold) {
  struct flock lock = {.l_type = a[1].n ? F_WRLCK : F_UNLCK, .l_whence = SEEK_SET};
  return (void)out, result(fcntl((int)a[0].n, F_SETLK, &lock));
}

/* ---- signals ---- */

static uint32_t noted[2]; /* bit (n - 1) & 31 of word (n - 1) / 32: signal n came; 32 bits are atomic everywhere */
static int told[2] = {-1, -1};
static uint32_t taken[2]; /* those handed out since the last guard(): an engine that fails may have lost them */
static sigset_t caught; /* all zeros: none */

static void note(int sig) {
  int saved = errno;
  __atomic_fetch_or(&noted[(sig - 1) / 32], 1u << ((sig - 1) & 31), __ATOMIC_SEQ_CST);
  /* A full pipe refuses it twice, and is readable all the same. */
  if (write(told[1], "", 1) < 0) {
    ssize_t put = write(told[1], "", 1);
    (void)put;
  }
  errno = saved;
}

/* 32 to 34 belong to the C library. */
static int catchable(int64_t sig) {
  return sig >= 1 && sig <= 64 && (sig < 32 || sig > 34) && sig != SIGKILL && sig != SIGSTOP;
}

static int is_ignored(int sig) {
  struct sigaction now;
  return sigaction(sig, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

static int64_t catch_them(const sys_arg *a, int spare_ignored) {
  for (size_t i = 0; i < a[0].len; i++)
    if (!catchable(a[0].v[i])) return -EINVAL;
  if (told[0] < 0 && pipe2(told, O_NONBLOCK | O_CLOEXEC) < 0) return -errno;
  /* A child that merely stops or continues is no news. */
  struct sigaction action = {.sa_handler = note, .sa_flags = SA_NOCLDSTOP};
  sigfillset(&action.sa_mask);
  for (size_t i = 0; i < a[0].len; i++) {
    int sig = (int)a[0].v[i];
    if (spare_ignored && is_ignored(sig)) continue;
    if (sigaction(sig, &action, NULL) < 0) return -errno;
    sigaddset(&caught, sig);
  }
  /* Whoever started us may have blocked them. */
  sigprocmask(SIG_UNBLOCK, &caught, NULL);
  return told[0];
}

CALL(catchSignals) { return (void)out, catch_them(a, 0); }
CALL(catchUnignored) { return (void)out, catch_them(a, 1); }

CALL(takeSignals) {
  char drain[64];
  (void)a;
  /* First the descriptor, then the notes: what comes in between is told again, never lost. */
  while (told[0] >= 0 && read(told[0], drain, sizeof drain) == (ssize_t)sizeof drain) continue;
  out->count = 0;
  for (int word = 0; word < 2; word++) {
    uint32_t bits = __atomic_exchange_n(&noted[word], 0, __ATOMIC_SEQ_CST);
    taken[word] |= bits;
    for (int i = 0; i < 32; i++)
      if (bits >> i & 1) out->v[out->count++] = word * 32 + i + 1;
  }
  return 0;
}

/* ---- processes ---- */

#define PAIRS 64

typedef struct {
  const sys_arg *a;
  char *const *env;
  int to[PAIRS], from[PAIRS], count;
  int record, above; /* descriptors from `above` on are nobody's target */
  volatile int failed;
} child;

/* Moves a descriptor out of the targets' way; the copy closes itself at execve. */
static int aside(const child *c, int fd) { return fcntl(fd, F_DUPFD_CLOEXEC, c->above); }

static int is_target(const child *c, int fd) {
  for (int i = 0; i < c->count; i++)
    if (c->to[i] == fd) return 1;
  return 0;
}

static int place_descriptors(child *c) {
  if (c->record >= 0 && is_target(c, c->record) && (c->record = aside(c, c->record)) < 0) return -1;
  for (int i = 0; i < c->count; i++)
    if (is_target(c, c->from[i]) && (c->from[i] = aside(c, c->from[i])) < 0) return -1;
  for (int i = 0; i < c->count; i++)
    if (dup2(c->from[i], c->to[i]) < 0) return -1;
  return 0;
}

/* A handler must not run in this child, which shares our memory. Asking after all 64 costs 14 us of spawn's 110:
 * only a guest in a process that catches signals of its own, Node, has to. */
static void reset_signals(void) {
  struct sigaction action;
  sigset_t none;
  for (int sig = 1; sig <= 64; sig++) {
#ifndef SYS_GUEST
    if (!sigismember(&caught, sig)) continue;
#endif
    if (sigaction(sig, NULL, &action) < 0) continue;
    if (action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN) continue;
    memset(&action, 0, sizeof action);
    sigaction(sig, &action, NULL);
  }
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

static void digits(char *to, int count, int64_t n) {
  while (count--) to[count] = (char)('0' + n % 10), n /= 10;
}

/* The moment is taken in the child, so that with the caller's own it encloses the process's start. */
static int write_record(const child *c) {
  char tail[26];
  struct timespec up = {0};
  clock_gettime(CLOCK_BOOTTIME, &up);
  digits(tail, 14, (int64_t)up.tv_sec * 1000 + up.tv_nsec / 1000000);
  tail[14] = ' ';
  digits(tail + 15, 10, (int64_t)getpid());
  tail[25] = '\n';
  struct iovec parts[] = {{(void *)c->a[7].s, c->a[7].len}, {tail, sizeof tail}};
  ssize_t put;
  RETRY(put, pwritev(c->record, parts, 2, 0));
  if (put < 0) return -1;
  if ((size_t)put == c->a[7].len + sizeof tail) return 0;
  errno = ENOSPC;
  return -1;
}

/* Runs in the parent's memory on a stack of its own, the parent standing still (or, at once, in a copy of it): only
 * calls to the kernel. */
static int be_child(void *arg) {
  child *c = arg;
  const sys_arg *a = c->a;
  if (a[5].n & SPAWN_SETSID) setsid();
  /* all signals are blocked, or a process outside the foreground would be stopped for asking for it */
  if (a[5].n & SPAWN_TERMINAL && tcgetpgrp(0) == getpgrp() && setpgid(0, 0) == 0) tcsetpgrp(0, getpid());
  if ((!*a[3].s || chdir(a[3].s) == 0) && place_descriptors(c) == 0 &&
      (!(a[5].n & SPAWN_CONTROLLING) || ioctl(0, TIOCSCTTY, 0) == 0)) {
    reset_signals();
    if (c->record < 0 || write_record(c) == 0) execve(a[0].s, (char *const *)a[1].list, c->env);
  }
  c->failed = errno;
  _exit(a[5].n & SPAWN_AT_ONCE ? 100 : 111);
}

static int prepare(child *c, const sys_arg *a) {
  *c = (child){.a = a, .env = a[5].n & SPAWN_ENV ? (char *const *)a[2].list : environ, .record = (int)a[6].n};
  if (!a[1].len || a[4].len % 2 || a[4].len > 2 * PAIRS) return -EINVAL;
  if (a[5].n & ~(int64_t)(SPAWN_SETSID | SPAWN_ENV | SPAWN_AT_ONCE | SPAWN_TERMINAL | SPAWN_CONTROLLING)) return -EINVAL;
  for (; c->count < (int)a[4].len / 2; c->count++) {
    int64_t to = a[4].v[2 * c->count], from = a[4].v[2 * c->count + 1];
    if (!is_fd(to) || !is_fd(from)) return -EBADF;
    c->to[c->count] = (int)to;
    c->from[c->count] = (int)from;
    if (to >= c->above) c->above = to == INT_MAX ? INT_MAX : (int)to + 1;
  }
  return 0;
}

static _Alignas(16) char stack[32768];

#define KEEP_MAX 2

/* What guard() was told: see sys_again. */
static struct {
  char *mark; /* PROCESS STATUS STATE */
  int home, keep[KEEP_MAX], kept, successor, status;
  pid_t process;
  time_t since;
} guarded = {.status = -1};

CALL(spawn) {
  child c;
  sigset_t all, before;
  (void)out;
  int64_t r = prepare(&c, a);
  if (r < 0) return r;
  ASAN_UNPOISON_MEMORY_REGION(stack, sizeof stack); /* the frames of a child that ended are still marked */
  /* Between clone and reset_signals a handler would run in the child and write into our memory. */
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);
  int share = a[5].n & SPAWN_AT_ONCE ? 0 : CLONE_VM | CLONE_VFORK;
  r = result(clone(be_child, stack + sizeof stack, share | SIGCHLD, &c));
  if (r > 0 && c.failed) {
    int reaped;
    RETRY(reaped, waitpid((pid_t)r, NULL, 0));
    r = -(SPAWN_FAILED + c.failed);
  }
  if (r > 0 && guarded.process < 0) guarded.process = (pid_t)r;
  sigprocmask(SIG_SETMASK, &before, NULL);
  return r;
}

CALL(exec) {
  (void)out;
  if (!a[1].len) return -EINVAL;
  char *const *env = a[2].len ? (char *const *)a[2].list : environ;
  execve(a[0].s, (char *const *)a[1].list, a[2].len == 1 && !*env[0] ? env + 1 : env);
  return -errno;
}

CALL(waitpid) {
  int status = 0;
  pid_t pid;
  RETRY(pid, waitpid((pid_t)a[0].n, &status, (int)a[1].n));
  if (pid > 0 && pid == guarded.process) guarded.status = status;
  return pid < 0 ? -errno : numbers(out, pid, status);
}

CALL(kill) { return (void)out, result(kill((pid_t)a[0].n, (int)a[1].n)); }
CALL(pidfd) { return (void)out, result(syscall(SYS_pidfd_open, (pid_t)a[0].n, 0)); }
CALL(getpid) { return UNUSED, getpid(); }
CALL(pidfdKill) { return (void)out, result(syscall(SYS_pidfd_send_signal, (int)a[0].n, (int)a[1].n, NULL, 0)); }
CALL(geteuid) { return UNUSED, geteuid(); }
CALL(getppid) { return UNUSED, getppid(); }
CALL(setsid) { return UNUSED, setsid() < 0 ? -errno : 0; }
CALL(sync) { return UNUSED, sync(), 0; }

/* A kernel that cannot halt ends the process that asked for it; where that is process 1, it panics. */
CALL(reboot) {
  int status = 0;
  pid_t child = fork(), gone;
  (void)out;
  if (child > 0) {
    RETRY(gone, waitpid(child, &status, 0));
    return gone < 0 ? -errno : WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
  }
  int64_t r = result(reboot((int)a[0].n));
  if (child == 0) _exit((int)-r);
  return r;
}


/* ---- waiting ---- */

static int milliseconds(int64_t n) { return n < 0 ? -1 : n > INT_MAX ? INT_MAX : (int)n; }

CALL(poll) {
  struct pollfd few[64], *fds = few;
  size_t count = a[0].len / 2;
  if (a[0].len % 2 || count > sizeof out->v / sizeof *out->v) return -EINVAL;
  for (size_t i = 0; i < a[0].len; i += 2)
    if (a[0].v[i] != (int)a[0].v[i] || a[0].v[i + 1] != (short)a[0].v[i + 1]) return -EINVAL;
  if (count > sizeof few / sizeof *few && !(fds = malloc(count * sizeof *fds))) return -ENOMEM;
  for (size_t i = 0; i < count; i++)
    fds[i] = (struct pollfd){.fd = (int)a[0].v[2 * i], .events = (short)a[0].v[2 * i + 1]};
  int64_t r = result(poll(fds, count, milliseconds(a[1].n)));
  for (size_t i = 0; r >= 0 && i < count; i++) out->v[i] = fds[i].revents;
  out->count = count;
  if (fds != few) free(fds);
  return r;
}

CALL(inotify) { return UNUSED, result(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)); }

CALL(watch) {
  (void)out;
  if (a[2].n < 0 || a[2].n > UINT32_MAX) return -EINVAL;
  return result(inotify_add_watch((int)a[0].n, a[1].s, (uint32_t)a[2].n));
}

CALL(unwatch) { return (void)out, result(inotify_rm_watch((int)a[0].n, (int)a[1].n)); }

CALL(clock) {
  struct timespec now;
  if (clock_gettime((clockid_t)a[0].n, &now) < 0) return -errno;
  return numbers(out, now.tv_sec, now.tv_nsec);
}

/* ---- lines of a log ---- */

CALL(udp) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)a[1].n)};
  (void)out;
  if (a[0].len != sizeof to.sin_addr || a[1].n < 0 || a[1].n > UINT16_MAX) return -EINVAL;
  memcpy(&to.sin_addr, a[0].s, sizeof to.sin_addr);
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) == 0) return result(fd);
  int error = errno;
  close(fd);
  return -error;
}

/* Room for `size` bytes of a result, in the buffer where it does. */
static char *room(sys_out *out, size_t size) {
  out->bytes = size <= sizeof out->buf ? out->buf : (out->owned = malloc(size));
  return (char *)out->bytes;
}

CALL(lines) {
  lines_job job = {{a[0].s, a[0].len}, (size_t)a[1].n, (int)a[2].n, {a[3].s, a[3].len}, {a[4].s, a[4].len},
                   (size_t)a[5].n,     (size_t)a[6].n, (int)a[7].n};
  if (a[1].n < 0 || job.at > job.in.len || job.state < LINE_START || job.state > LINE_SKIPPED) return -EINVAL;
  if (a[5].n < 1 || a[6].n < 0 || !lines_rules_valid(job.rules)) return -EINVAL;
  size_t size = lines_room(&job);
  if (size < sizeof out->buf) size = sizeof out->buf;
  char *to = room(out, size);
  if (!to) return -ENOMEM;
  out->len = lines_run(&job, to, size);
  out->numbers[1] = (int64_t)job.at;
  out->numbers[2] = job.state;
  out->count = 3;
  return 0;
}

CALL(translate) {
  if (a[1].n < 0 || a[2].n < 0 || a[3].len != 256) return -EINVAL;
  char *to = room(out, a[0].len);
  if (!to) return -ENOMEM;
  lines_translate((span){a[0].s, a[0].len}, (size_t)a[1].n, (size_t)a[2].n, a[3].s, to);
  out->len = a[0].len;
  return 0;
}

/* ---- this process ---- */

static int arg_count;
static char **arg_list;
static char *arg_end; /* where the last argument's NUL stands; NULL: argv does not lie in one piece, or is unknown */

void sys_init(int argc, char **argv) {
  arg_count = argc;
  arg_list = argv;
  arg_end = NULL;
  for (int i = 0; i + 1 < argc; i++)
    if (argv[i + 1] != argv[i] + strlen(argv[i]) + 1) return;
  if (argc > 0) arg_end = argv[argc - 1] + strlen(argv[argc - 1]);
}

CALL(args) { return (void)a, strings(arg_list, (size_t)arg_count, out); }

CALL(environ) {
  size_t count = 0;
  (void)a;
  while (environ && environ[count]) count++;
  return strings(environ, count, out);
}

/* The length is taken from where the next one begins: a NUL written earlier must not shorten it. */
CALL(argWrite) {
  (void)out;
  if (!arg_end) return -ENOSYS;
  if (a[0].n < 0 || a[0].n >= arg_count) return -EINVAL;
  char *at = arg_list[a[0].n], *end = a[0].n + 1 < arg_count ? arg_list[a[0].n + 1] - 1 : arg_end;
  size_t room = (size_t)(end - at), put = a[1].len < room ? a[1].len : room;
  memcpy(at, a[1].s, put);
  return (int64_t)put;
}

/* ---- staying, where the engine does not ---- */

/* What a process hands to its successor is a file without a name, open as HANDED_AT, or as the next one that is no
 * descriptor to keep:
 *   "runitbox " PID " " PROCESS " " STATUS " " STATE     three numbers of ten digits
 * It is ours if it is a regular file without a name, of our own user and closed to all others, that names our process
 * number. Nobody else can have made it but a process of the same user and number: the one that executed us. */
#define HANDED_AT 3
#define TITLE "runitbox "
#define TITLE_SIZE (sizeof TITLE - 1)
#define HEAD_SIZE (TITLE_SIZE + 11) /* title, process number, space */
#define MARK_SIZE 22                /* two numbers, each with a space */

static int handed = -1; /* what an earlier self has left, until the first guard() */

static void write_head(char *to) {
  memcpy(to, TITLE, TITLE_SIZE);
  digits(to + TITLE_SIZE, 10, getpid());
  to[HEAD_SIZE - 1] = ' ';
}

static int is_handed(int fd) {
  char head[HEAD_SIZE], found[HEAD_SIZE];
  struct stat st;
  ssize_t got;
  /* to overlook what is there would start everything a second time: what is refused for a moment is tried again */
  for (int tries = 0; fstat(fd, &st) < 0; tries++)
    if (errno == EBADF || tries == 3) return 0;
  if (!S_ISREG(st.st_mode) || (st.st_mode & 077) || st.st_nlink != 0 || st.st_uid != geteuid()) return 0;
  write_head(head);
  /* not by read(): where it is not ours, its position is not ours to move */
  for (int tries = 0; (got = pread(fd, found, HEAD_SIZE, 0)) < 0; tries++)
    if (tries == 3) return 0;
  return got == (ssize_t)HEAD_SIZE && memcmp(head, found, HEAD_SIZE) == 0;
}

static int find_handed(void) {
  for (int fd = HANDED_AT; fd <= HANDED_AT + KEEP_MAX; fd++)
    if (is_handed(fd)) return fd;
  return -1;
}

int sys_is_successor(void) { return find_handed() >= 0; }

static int64_t number_at(const char *from) {
  int64_t n = 0;
  for (int i = 0; i < 10; i++) n = n * 10 + from[i] - '0';
  return n;
}

CALL(handed) {
  struct stat st;
  (void)a;
  if (handed < 0) handed = find_handed();
  if (handed < 0) return -ENOENT;
  fcntl(handed, F_SETFD, FD_CLOEXEC);
  if (fstat(handed, &st) < 0) return -errno;
  if (st.st_size < (off_t)(HEAD_SIZE + MARK_SIZE)) return -EIO;
  size_t size = (size_t)st.st_size - HEAD_SIZE;
  char *text = malloc(size);
  if (!text) return -ENOMEM;
  out->bytes = out->owned = text;
  for (out->len = 0; out->len < size;) {
    ssize_t got = pread(handed, text + out->len, size - out->len, (off_t)(HEAD_SIZE + out->len));
    if (got < 0 && errno != EINTR) return -errno;
    if (got == 0) return -EIO;
    if (got > 0) out->len += (size_t)got;
  }
  /* none, and one that was about to be spawned and was not, are none: what is spawned now is another */
  int64_t process = number_at(text) - 1;
  guarded.process = process > 0 ? (pid_t)process : 0;
  guarded.status = (int)(number_at(text + 11) - 1);
  return 0;
}

static int write_all(int fd, const char *from, size_t size) {
  while (size > 0) {
    ssize_t put;
    RETRY(put, write(fd, from, size));
    if (put <= 0) return 0;
    from += put;
    size -= (size_t)put;
  }
  return 1;
}

static int new_memory_file(void) {
#ifdef SYS_memfd_create
  /* 8: not executable, which some kernels insist on and older ones do not know */
  int fd = (int)syscall(SYS_memfd_create, "runitbox", 8 | 1 /* MFD_CLOEXEC */);
  if (fd < 0) fd = (int)syscall(SYS_memfd_create, "runitbox", 1);
  if (fd >= 0 && fchmod(fd, 0600) == 0) return fd;
  if (fd >= 0) close(fd);
#endif
  return -1;
}

/* A file without a name in a directory; where the file system has none, one that loses its name at once. */
static int new_nameless_file(const char *directory) {
  char path[64];
  int fd = -1;
#ifdef O_TMPFILE
  fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0) return fd;
#endif
  size_t length = strlen(directory);
  memcpy(path, directory, length);
  memcpy(path + length, "/.runitbox.0000000000.0", 24);
  digits(path + length + 11, 10, getpid());
  for (int i = 0; i < 10 && fd < 0; i++) {
    path[length + 22] = (char)('0' + i);
    fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 && errno != EEXIST) return -1;
  }
  if (fd >= 0 && unlink(path) < 0) {
    close(fd);
    return -1;
  }
  return fd;
}

static int write_state(int fd) {
  char head[HEAD_SIZE];
  write_head(head);
  digits(guarded.mark, 10, guarded.process + 1);
  digits(guarded.mark + 11, 10, guarded.status + 1);
  return write_all(fd, head, HEAD_SIZE) && write_all(fd, guarded.mark, strlen(guarded.mark));
}

/* Where the state may lie: in memory, else where files usually do, else in the directory that we are in. */
static int new_state_file(void) {
  static const char *const directories[] = {"/dev/shm", "/run", "/tmp", "."};
  int fd = new_memory_file();
  for (size_t i = 0;; i++) {
    if (fd >= 0 && write_state(fd)) return fd;
    if (fd >= 0) close(fd);
    if (i == sizeof directories / sizeof *directories) return -1;
    fd = new_nameless_file(directories[i]);
  }
}

/* execve leaves a descriptor open; a copy put back in its place is so from the start, where fcntl is refused. */
static int leave_open(int fd) {
  if (fcntl(fd, F_SETFD, 0) == 0) return 1;
  int copy = dup(fd), left = copy >= 0 && dup2(copy, fd) == fd;
  if (copy >= 0) close(copy);
  return left;
}

static int is_kept(int fd) {
  for (int i = 0; i < guarded.kept; i++)
    if (guarded.keep[i] == fd) return 1;
  return 0;
}

/* Leaves the state where the successor looks for it. All other descriptors but those to keep close themselves at
 * execve, so this may take the place of any, and one is available even where no more may be opened. */
static int hand_over(void) {
  int at = HANDED_AT;
  while (is_kept(at)) at++;
  if (!guarded.mark) {
    char mark[MARK_SIZE];
    digits(mark, 10, guarded.process + 1);
    mark[10] = ' ';
    digits(mark + 11, 10, guarded.status + 1);
    /* one that has not come to reading it has nothing new to say */
    if (guarded.process != 0 && pwrite(handed, mark, MARK_SIZE - 1, HEAD_SIZE) != MARK_SIZE - 1) return 0;
    return leave_open(handed);
  }
  close(at);
  int fd = new_state_file();
  if (fd < 0) return 0;
  if (fd == at) return leave_open(fd);
  int moved = dup2(fd, at) == at;
  close(fd);
  return moved;
}

/* Sends a signal to everybody: process 1 to all, a subreaper to its children. */
static void signal_all(int sig) {
  static const char path[] = "/proc/thread-self/children";
  char text[1024];
  ssize_t got;
  pid_t pid = 0;
  if (getpid() == 1) {
    kill(-1, sig);
    return;
  }
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    if (guarded.process > 0) kill(guarded.process, sig);
    return;
  }
  while ((got = read(fd, text, sizeof text)) > 0) {
    for (ssize_t i = 0; i < got; i++) {
      if (text[i] >= '0' && text[i] <= '9') {
        pid = pid * 10 + text[i] - '0';
      } else {
        if (pid > 0) kill(pid, sig);
        pid = 0;
      }
    }
  }
  close(fd);
}

/* Reaps whoever has ended. Returns whether a child is left. */
static int reap_all(void) {
  int status;
  pid_t pid;
  while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
    if (pid == guarded.process) guarded.status = status;
  return pid == 0;
}

/* The end, where there is nobody else to see to it: TERM, seven seconds, KILL. */
static void end_all(void) {
  signal_all(SIGTERM);
  signal_all(SIGCONT);
  for (int tenths = 0; reap_all() && tenths < 70; tenths++) usleep(100000);
  /* the children of a child that is killed become ours */
  for (int rounds = 0; reap_all() && rounds < 100; rounds++) {
    signal_all(SIGKILL);
    usleep(10000);
  }
  _exit(111);
}

/* For a second, or to the end if that is asked for. */
static void stand_in(void) {
  static const int asking[] = {SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGPWR, 37, 38};
  struct timespec second = {.tv_sec = 1};
  sigset_t set;
  sigemptyset(&set);
  for (size_t i = 0; i < sizeof asking / sizeof *asking; i++) sigaddset(&set, asking[i]);
  int asked = sigtimedwait(&set, NULL, &second) > 0;
  reap_all();
  if (asked) end_all();
}

/* Without its state a successor would start everything a second time. */
static void say_no_room(void) {
  static const char line[] = "runitbox: fatal: no file to keep the state in, trying again every second\n";
  static int said;
  if (!said) write_all(2, line, sizeof line - 1);
  said = 1;
}

void sys_again(void) {
  sigset_t all;
  if (!guarded.mark && handed < 0) handed = find_handed();
  if (!guarded.mark && handed < 0) return;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, NULL);
  for (int i = 0; i < 64; i++)
    if ((noted[i / 32] | taken[i / 32]) >> i % 32 & 1) kill(getpid(), i + 1);
  int soon = !guarded.mark || (guarded.successor && time(NULL) < guarded.since + 2);
  if (guarded.mark && fchdir(guarded.home) == 0)
    for (int i = 0; i < guarded.kept; i++) leave_open(guarded.keep[i]);
  for (;; soon = 1) {
    if (soon) stand_in();
    if (!hand_over()) {
      say_no_room();
      continue;
    }
    execv("/proc/self/exe", arg_list);
    if (getpid() != 1) return;
  }
}

static void crashed(int sig) {
  sys_again();
  _exit(128 + sig);
}

/* The first time: crashes are caught, and what an earlier self has left is no longer needed. */
static void begin_guard(void) {
  static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
  struct sigaction action = {.sa_handler = crashed, .sa_flags = SA_ONSTACK | SA_NODEFER};
  stack_t own = {.ss_sp = stack, .ss_size = sizeof stack};
  for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++) sigaction(crashes[i], &action, NULL);
  sigaltstack(&own, NULL);
  guarded.since = time(NULL);
  guarded.successor = handed >= 0;
  if (handed >= 0) close(handed);
  handed = -1;
  unsetenv("RUNITBOX_STATE"); /* earlier releases handed over in it: no service is to see one */
}

CALL(guard) {
  sigset_t none;
  char *mark = malloc(MARK_SIZE + a[0].len + 1), *old = guarded.mark;
  (void)out;
  if (a[2].len > KEEP_MAX) return free(mark), -EINVAL;
  if (!mark) return -ENOMEM;
  memcpy(mark, "0000000000 0000000000 ", MARK_SIZE);
  memcpy(mark + MARK_SIZE, a[0].s, a[0].len);
  mark[MARK_SIZE + a[0].len] = 0;
  if (!old) begin_guard();
  guarded.mark = mark;
  guarded.home = (int)a[1].n;
  guarded.kept = 0; /* a crash in between keeps none of a half */
  for (size_t i = 0; i < a[2].len; i++) guarded.keep[i] = (int)a[2].v[i];
  guarded.kept = (int)a[2].len;
  guarded.process = (pid_t)a[3].n;
  guarded.status = -1;
  taken[0] = taken[1] = 0;
  sigemptyset(&none);
  if (!old) sigprocmask(SIG_SETMASK, &none, NULL); /* sys_again has blocked them */
  free(old);
  return 0;
}

/* ---- for good ---- */

/* Not by the C library's functions: they ask after threads first, and change every one of them. */
#ifdef SYS_setuid32
#define SETUID SYS_setuid32
#define SETGID SYS_setgid32
#define SETGROUPS SYS_setgroups32
#else
#define SETUID SYS_setuid
#define SETGID SYS_setgid
#define SETGROUPS SYS_setgroups
#endif

CALL(inherit) { return (void)out, result(fcntl((int)a[0].n, F_SETFD, a[1].n ? 0 : FD_CLOEXEC)); }
CALL(chroot) { return (void)out, result(chroot(a[0].s)); }

CALL(own) {
  static const int calls[OWN_COUNT] = {SETUID, SETGID, SYS_umask, SYS_getpriority, SYS_setpriority,
                                       SYS_ioprio_set, SYS_unshare, SYS_prctl};
  long v[5] = {0};
  (void)out;
  if (a[0].n < 0 || a[0].n >= OWN_COUNT || a[1].len > sizeof v / sizeof *v) return -EINVAL;
  for (size_t i = 0; i < a[1].len; i++) v[i] = (long)a[1].v[i];
  return result(syscall(calls[a[0].n], v[0], v[1], v[2], v[3], v[4]));
}

/* The numbers as 32-bit words at the start of the result's room. NULL: too many. */
static uint32_t *words(const sys_arg *a, sys_out *out) {
  uint32_t *to = (uint32_t *)out->buf;
  if (a->len > sizeof out->buf / sizeof *to) return NULL;
  for (size_t i = 0; i < a->len; i++) to[i] = (uint32_t)a->v[i];
  return to;
}

CALL(setgroups) { return words(a, out) ? result(syscall(SETGROUPS, a[0].len, out->buf)) : -EINVAL; }

CALL(setaffinity) {
  return words(a, out) ? result(syscall(SYS_sched_setaffinity, 0, a[0].len * sizeof(uint32_t), out->buf)) : -EINVAL;
}

CALL(capabilities) {
  uint32_t head[2] = {0x20080522 /* two words for each set */, 0}, set[6] = {0};
  if (a[0].len && a[0].len != 6) return -EINVAL;
  if (words(a, out)) memcpy(set, out->buf, a[0].len * sizeof *set);
  if (syscall(a[0].len ? SYS_capset : SYS_capget, head, set) < 0) return -errno;
  for (out->count = 0; out->count < 6; out->count++) out->v[out->count] = set[out->count];
  return 0;
}

CALL(rlimit) {
  int64_t was[2];
  if (a[1].len && a[1].len != 2) return -EINVAL;
  if (syscall(SYS_prlimit64, 0, (int)a[0].n, a[1].len ? a[1].v : NULL, was) < 0) return -errno;
  return numbers(out, was[0], was[1]);
}

/* The engine's allocator: not every host has it. */
__attribute__((weak)) int alloc_trim(char *room, size_t size);

CALL(trim) { return (void)a, alloc_trim ? alloc_trim(out->buf, sizeof out->buf) : 0; }

CALL(exit) {
  (void)out;
  _exit((int)a[0].n);
}

#define ROW(name, args, type) {#name, args, type, do_##name},
const sys_row sys_table[] = {SYS_CALLS(ROW)};
const int sys_count = sizeof sys_table / sizeof *sys_table;
