/* Feeds a logger, and says what that took.
 *
 *   feed run pipe|file DATA LOGGER ARG...        one line: wall nanoseconds, user and system microseconds, wait status
 *   feed latency COUNT FILE LOGGER ARG...        COUNT lines: nanoseconds from the write of a line until FILE has grown
 *                                                by it, told by inotify; then the wait status
 *
 * Promises: `run` takes the time from before the logger's start to its end; DATA is in memory before that. The pipe is
 * the kernel's usual one, written to in blocks of its size, as a busy service does. The logger is ended by the end of
 * its input; whoever starts feed bounds its time. Must not decide what is good.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK = 65536 };

static void die(const char *what)
{
  fprintf(stderr, "feed: %s: %s\n", what, strerror(errno));
  exit(111);
}

static long long now_ns(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* The logger gets `in` as its standard input, goes with its feeder, and has nothing else open. */
static pid_t start(char **argv, int in)
{
  pid_t parent = getpid(), pid = fork();
  if (pid < 0)
    die("fork");
  if (pid)
    return pid;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent || dup2(in, 0) < 0)
    _exit(111);
  close_range(3, ~0U, 0);
  execv(argv[0], argv);
  _exit(127);
}

static void make_pipe(int ends[2])
{
  if (pipe2(ends, O_CLOEXEC))
    die("pipe");
}

static void put(int fd, const char *from, size_t left)
{
  while (left) {
    ssize_t n = write(fd, from, left < BLOCK ? left : BLOCK);
    if (n < 0 && errno != EINTR)
      return;
    if (n > 0) {
      from += n;
      left -= n;
    }
  }
}

static const char *load(const char *path, size_t *size)
{
  struct stat st;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &st))
    die(path);
  const char *data = mmap(NULL, st.st_size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
  if (data == MAP_FAILED)
    die(path);
  close(fd);
  *size = st.st_size;
  return data;
}

static int run(int by_pipe, const char *path, char **argv)
{
  struct rusage used;
  int ends[2] = {-1, -1}, in, status;
  size_t size = 0;
  const char *data = by_pipe ? load(path, &size) : NULL;
  if (by_pipe)
    make_pipe(ends);
  in = by_pipe ? ends[0] : open(path, O_RDONLY | O_CLOEXEC);
  if (in < 0)
    die(path);
  long long begun = now_ns();
  pid_t pid = start(argv, in);
  close(in);
  if (by_pipe) {
    put(ends[1], data, size);
    close(ends[1]);
  }
  if (wait4(pid, &status, 0, &used) != pid)
    die("wait");
  printf("%lld %lld %lld %d\n", now_ns() - begun, used.ru_utime.tv_sec * 1000000LL + used.ru_utime.tv_usec,
         used.ru_stime.tv_sec * 1000000LL + used.ru_stime.tv_usec, status);
  return 0;
}

static off_t size_of(const char *path)
{
  struct stat st;
  return stat(path, &st) ? 0 : st.st_size;
}

/* Until FILE is there: the logger makes it when it has started. */
static void await_file(int watch, const char *path)
{
  char events[4096], dir[PATH_MAX];
  snprintf(dir, sizeof dir, "%s", path);
  *strrchr(dir, '/') = 0;
  int wd = inotify_add_watch(watch, dir, IN_CREATE | IN_MOVED_TO);
  if (wd < 0)
    die(dir);
  while (access(path, F_OK))
    if (read(watch, events, sizeof events) < 0)
      die("inotify");
  inotify_rm_watch(watch, wd);
}

static long long once(int out, int watch, const char *path, const char *line, size_t length)
{
  char events[4096];
  off_t before = size_of(path);
  long long begun = now_ns();
  if (write(out, line, length) != (ssize_t)length)
    die("write");
  while (size_of(path) < before + (off_t)length)
    if (read(watch, events, sizeof events) < 0)
      die("inotify");
  return now_ns() - begun;
}

static int latency(long count, const char *path, char **argv)
{
  static const char line[] = "2026-11-21 12:00:00 worker 12345: info: one request of many, answered as it should be, in 12 ms\n";
  const struct timespec pause = {0, 2000000};
  int ends[2], status, watch = inotify_init1(IN_CLOEXEC);
  make_pipe(ends);
  pid_t pid = start(argv, ends[0]);
  close(ends[0]);
  await_file(watch, path);
  if (inotify_add_watch(watch, path, IN_MODIFY) < 0)
    die(path);
  once(ends[1], watch, path, line, sizeof line - 1);
  for (long i = 0; i < count; i++) {
    nanosleep(&pause, NULL); /* the logger sleeps again */
    printf("%lld\n", once(ends[1], watch, path, line, sizeof line - 1));
  }
  close(ends[1]);
  if (waitpid(pid, &status, 0) != pid)
    die("wait");
  printf("%d\n", status);
  return 0;
}

int main(int argc, char **argv)
{
  signal(SIGPIPE, SIG_IGN);
  if (argc > 4 && !strcmp(argv[1], "run"))
    return run(!strcmp(argv[2], "pipe"), argv[3], argv + 4);
  if (argc > 4 && !strcmp(argv[1], "latency"))
    return latency(atol(argv[2]), argv[3], argv + 4);
  fputs("usage: feed run pipe|file DATA LOGGER ARG... | feed latency COUNT FILE LOGGER ARG...\n", stderr);
  return 2;
}
