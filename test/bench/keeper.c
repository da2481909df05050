/* Keeps one supervision tree: starts it, waits for what is asked on standard input, ends all of it.
 *
 *   keeper FIFO PROGRAM ARG...        (its services write one byte each into FIFO when they run)
 *
 * Each line of standard input is one wish, each is answered by one line, `ok NANOSECONDS` since the last mark, or
 * `refused TEXT`. A mark is set by the start and by every wish that says so.
 *   bytes N             until N bytes have come since the last `forget`
 *   forget              counts from 0 again
 *   kill SIGNAL         mark, then that signal to PROGRAM
 *   gone                until PROGRAM and everything that came of it has ended
 *   link TARGET PATH    mark, then the symbolic link PATH
 *   poke PATH LETTERS   mark, then LETTERS into the fifo PATH
 *   pid                 the number of PROGRAM (in place of nanoseconds)
 *   cpu                 microseconds of processor time of all that has ended (in place of nanoseconds)
 *
 * Promises: adopts every orphan of the tree (child subreaper), and kills and reaps all of them at the end of its
 * standard input: whoever started the keeper may be killed, nothing stays behind.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum wish { NOTHING, BYTES, GONE };

static int fifo, ends;
static pid_t program;
static long long marked;
static long have, wanted;
static enum wish wish;

static long long now_ns(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void mark(void) { marked = now_ns(); }

static void answer(long long n)
{
  printf("ok %lld\n", n);
  fflush(stdout);
}

static void done(int refused)
{
  if (refused)
    printf("refused %s\n", strerror(errno)), fflush(stdout);
  else
    answer(now_ns() - marked);
}

static long long cpu_us(void)
{
  struct rusage r;
  getrusage(RUSAGE_CHILDREN, &r);
  return (r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000000LL + r.ru_utime.tv_usec + r.ru_stime.tv_usec;
}

static int start(char **argv)
{
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  mark();
  return posix_spawn(&program, argv[0], &actions, &attributes, argv, environ);
}

/* Whether a child is left; what has ended is reaped. */
static int any_left(void)
{
  pid_t pid;
  do
    pid = waitpid(-1, NULL, WNOHANG);
  while (pid > 0);
  return pid == 0;
}

static void take_bytes(void)
{
  char block[4096];
  ssize_t n = read(fifo, block, sizeof block);
  if (n > 0)
    have += n;
}

/* Answers the wish that is waited for, if it has come true. */
static void look(void)
{
  if ((wish == BYTES && have >= wanted) || (wish == GONE && !any_left())) {
    done(0);
    wish = NOTHING;
  }
}

static int poke(const char *path, const char *letters)
{
  int fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC), r;
  mark();
  r = fd < 0 || write(fd, letters, strlen(letters)) < 0;
  if (fd >= 0)
    close(fd);
  return r;
}

static void obey(char *line)
{
  const char *verb = strtok(line, " \n"), *first = strtok(NULL, " \n"), *second = strtok(NULL, " \n");
  if (!verb)
    return;
  if (!strcmp(verb, "bytes") && first) {
    wanted = atol(first);
    wish = BYTES;
  } else if (!strcmp(verb, "gone")) {
    wish = GONE;
  } else if (!strcmp(verb, "forget")) {
    have = 0;
    answer(0);
  } else if (!strcmp(verb, "pid")) {
    answer(program);
  } else if (!strcmp(verb, "cpu")) {
    answer(cpu_us());
  } else if (!strcmp(verb, "kill") && first) {
    mark();
    done(kill(program, atoi(first)));
  } else if (!strcmp(verb, "link") && second) {
    mark();
    done(symlink(first, second));
  } else if (!strcmp(verb, "poke") && second) {
    done(poke(first, second));
  } else {
    errno = EINVAL;
    done(1);
  }
  look();
}

/* Every child gets KILL; what they leave comes to us and is next. */
static void end_all(void)
{
  char path[64];
  snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
  while (any_left()) {
    FILE *children = fopen(path, "r");
    int pid;
    while (children && fscanf(children, "%d", &pid) == 1)
      kill(pid, SIGKILL);
    if (!children)
      kill(program, SIGKILL);
    else
      fclose(children);
    waitpid(-1, NULL, 0);
  }
}

static void serve(void)
{
  static char line[4096];
  size_t len = 0;
  struct pollfd fds[] = {{.fd = 0, .events = POLLIN}, {.fd = fifo, .events = POLLIN}, {.fd = ends, .events = POLLIN}};
  for (;;) {
    struct signalfd_siginfo info;
    char *end;
    if (poll(fds, 3, -1) < 0 && errno != EINTR)
      return;
    if (fds[1].revents)
      take_bytes();
    if (fds[2].revents && read(ends, &info, sizeof info) > 0 && info.ssi_signo != SIGCHLD)
      return;
    look();
    if (!fds[0].revents)
      continue;
    ssize_t n = read(0, line + len, sizeof line - 1 - len);
    if (n <= 0)
      return;
    line[len += n] = 0;
    while ((end = strchr(line, '\n'))) {
      *end = 0;
      obey(line);
      len -= end + 1 - line;
      memmove(line, end + 1, len + 1);
    }
  }
}

int main(int argc, char **argv)
{
  sigset_t caught;
  if (argc < 3)
    return 2;
  sigemptyset(&caught);
  sigaddset(&caught, SIGCHLD);
  sigaddset(&caught, SIGTERM);
  sigaddset(&caught, SIGINT);
  sigaddset(&caught, SIGHUP);
  sigprocmask(SIG_BLOCK, &caught, NULL);
  signal(SIGPIPE, SIG_IGN);
  ends = signalfd(-1, &caught, SFD_CLOEXEC | SFD_NONBLOCK);
  fifo = open(argv[1], O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fifo < 0 || ends < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0) {
    perror("keeper");
    return 1;
  }
  int error = start(argv + 2);
  if (error)
    fprintf(stderr, "keeper: %s: %s\n", argv[2], strerror(error));
  else
    serve();
  end_all();
  return error != 0;
}
