/* Processes: spawn, exec, wait, kill, reboot.
 *
 * Promises: after spawn there is a child that runs the program, or there is none and the caller has the reason (../calls.ts
 * has the order of the steps). Read next: checkpoint.c (which child's end is recorded).
 */
#include "internal.h"
#include <sys/resource.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>
#include <sys/uio.h>
#include <sys/wait.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_UNPOISON_MEMORY_REGION(from, size) ((void)0)
#endif

/* The same numbers on every architecture; headers older than Linux 5.9 lack them. */
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif

#define MAX_PAIRS 64

int64_t least_files[2];

/* spawn's arguments by name */
enum { PATH, ARGV, ENV, DIRECTORY, PAIRS, FLAGS, RECORD_FD, RECORD_TEXT };

typedef struct {
  const sys_arg *a;
  char *const *env;
  int to[MAX_PAIRS], from[MAX_PAIRS], count;
  int record;   /* descriptor, or -1 */
  int free_from; /* no descriptor from here on is a target */
  volatile int failed;
} child;

/* Moves a descriptor out of the targets' way, to a copy that execve closes. Returns -1 where that fails. */
static int move_aside(const child *c, int *fd) {
  *fd = fcntl(*fd, F_DUPFD_CLOEXEC, c->free_from);
  return *fd < 0 ? -1 : 0;
}

static int is_target(const child *c, int fd) {
  for (int i = 0; i < c->count; i++)
    if (c->to[i] == fd) return 1;
  return 0;
}

static int place_descriptors(child *c) {
  if (c->record >= 0 && is_target(c, c->record) && move_aside(c, &c->record) < 0) return -1;
  for (int i = 0; i < c->count; i++)
    if (is_target(c, c->from[i]) && move_aside(c, &c->from[i]) < 0) return -1;
  for (int i = 0; i < c->count; i++)
    if (dup2(c->from[i], c->to[i]) < 0) return -1;
  return 0;
}

/* The child takes the time, so that this and the caller's own time enclose the process's start. */
static int write_record(const child *c) {
  const sys_arg *text = &c->a[RECORD_TEXT];
  char tail[26];
  struct timespec up = {0};
  clock_gettime(CLOCK_BOOTTIME, &up);
  write_digits(tail, 14, (int64_t)up.tv_sec * 1000 + up.tv_nsec / 1000000);
  tail[14] = ' ';
  write_digits(tail + 15, 10, (int64_t)getpid());
  tail[25] = '\n';
  struct iovec parts[] = {{(void *)text->s, text->len}, {tail, sizeof tail}};
  ssize_t put;
  RETRY(put, pwritev(c->record, parts, 2, 0));
  if (put < 0) return -1;
  if ((size_t)put == text->len + sizeof tail) return 0;
  errno = ENOSPC;
  return -1;
}

static int set_up(child *c) {
  int64_t flags = c->a[FLAGS].n;
  const char *directory = c->a[DIRECTORY].s;
  if (flags & SPAWN_SETSID) setsid();
  /* all signals are blocked: otherwise SIGTTOU would stop a process in the background */
  if (flags & SPAWN_TERMINAL && tcgetpgrp(0) == getpgrp() && setpgid(0, 0) == 0) tcsetpgrp(0, getpid());
  if (*directory && chdir(directory) < 0) return -1;
  /* it shares our table until here: to copy thousands of descriptors, and to close them at execve, takes a millisecond */
  if (flags >> SPAWN_BELOW && syscall(SYS_close_range, flags >> SPAWN_BELOW, ~0u, 2 /* CLOSE_RANGE_UNSHARE */) < 0) return -1;
  if (place_descriptors(c) < 0) return -1;
  if (least_files[1] && syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, least_files, NULL) < 0) return -1;
  if (flags & SPAWN_CONTROLLING && ioctl(0, TIOCSCTTY, 0) < 0) return -1;
  reset_signals();
  return c->record >= 0 ? write_record(c) : 0;
}

/* Runs on a stack of its own in the memory of the parent, which waits (with SPAWN_AT_ONCE: in a copy of it). So it may only
 * call the kernel. */
static int run_child(void *arg) {
  child *c = arg;
  const sys_arg *a = c->a;
  if (set_up(c) == 0) execve(a[PATH].s, (char *const *)a[ARGV].list, c->env);
  c->failed = errno;
  _exit(a[FLAGS].n & SPAWN_AT_ONCE ? 100 : 111);
}

static int is_fd(int64_t n) { return n >= 0 && n <= INT_MAX; }

static int prepare(child *c, const sys_arg *a) {
  const sys_arg *pairs = &a[PAIRS];
  int64_t flags = a[FLAGS].n;
  *c = (child){.a = a, .env = flags & SPAWN_ENV ? (char *const *)a[ENV].list : environ, .record = (int)a[RECORD_FD].n};
  if (!a[ARGV].len || pairs->len % 2 || pairs->len > 2 * MAX_PAIRS) return -EINVAL;
  if (flags < 0 || flags & 255 & ~(SPAWN_SETSID | SPAWN_ENV | SPAWN_AT_ONCE | SPAWN_TERMINAL | SPAWN_CONTROLLING)) return -EINVAL;
  for (; c->count < (int)pairs->len / 2; c->count++) {
    int64_t to = pairs->v[2 * c->count], from = pairs->v[2 * c->count + 1];
    if (!is_fd(to) || !is_fd(from)) return -EBADF;
    c->to[c->count] = (int)to;
    c->from[c->count] = (int)from;
    if (to >= c->free_from) c->free_from = to == INT_MAX ? INT_MAX : (int)to + 1;
  }
  return 0;
}

_Alignas(16) char child_stack[32768];

CALL(spawn) {
  child c;
  sigset_t all, before;
  int64_t r = prepare(&c, a);
  if (r < 0) return r;
  ASAN_UNPOISON_MEMORY_REGION(child_stack, sizeof child_stack); /* frames of an earlier child are still marked */
  /* Between clone and reset_signals a handler would run in the child and write to the parent's memory. */
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);
  int share = a[FLAGS].n & SPAWN_AT_ONCE ? 0 : CLONE_VM | CLONE_VFORK;
  if (a[FLAGS].n >> SPAWN_BELOW) share |= CLONE_FILES;
  r = result(clone(run_child, child_stack + sizeof child_stack, share | SIGCHLD, &c));
  if (r > 0 && c.failed) {
    int reaped;
    RETRY(reaped, waitpid((pid_t)r, NULL, 0));
    r = -(SPAWN_FAILED + c.failed);
  }
  if (r > 0 && checkpoint.process < 0) checkpoint.process = (pid_t)r;
  sigprocmask(SIG_SETMASK, &before, NULL);
  return r;
}

CALL(exec) {
  if (!a[1].len) return -EINVAL;
  char *const *env = a[2].len ? (char *const *)a[2].list : environ;
  execve(a[0].s, (char *const *)a[1].list, a[2].len == 1 && !*env[0] ? env + 1 : env);
  return -errno;
}

CALL(waitpid) {
  int status = 0;
  pid_t pid;
  RETRY(pid, waitpid((pid_t)a[0].n, &status, (int)a[1].n));
  if (pid > 0 && pid == checkpoint.process) checkpoint.status = status;
  return pid < 0 ? -errno : numbers_result(out, pid, status);
}

CALL(kill) { return result(kill((pid_t)a[0].n, (int)a[1].n)); }
CALL(pidfd) { return result(syscall(SYS_pidfd_open, (pid_t)a[0].n, 0)); }
CALL(pidfdKill) { return result(syscall(SYS_pidfd_send_signal, (int)a[0].n, (int)a[1].n, NULL, 0)); }

/* In a child: a kernel that cannot halt ends the caller, and panics where that is process 1. */
CALL(reboot) {
  int status = 0;
  pid_t child = fork(), gone;
  if (child > 0) {
    RETRY(gone, waitpid(child, &status, 0));
    if (gone < 0) return -errno;
    return WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
  }
  int64_t r = result(reboot((int)a[0].n));
  if (child == 0) _exit((int)-r);
  return r;
}
