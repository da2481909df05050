// Everything that the services of the tests are made of; what it is says the name that it is called by, and where.
// Needs no shell, so it runs in an image that has nothing else. Says what happens to it, one line each.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t told;
static void on_term(int number) { told = number; }

static void say(const char *name, const char *what, long number) {
  char line[200];
  int length = snprintf(line, sizeof line, "%s %s %ld\n", name, what, number);
  if (write(1, line, length) != length) _exit(99);
}

// Takes memory until the kernel says that it is enough.
static void eat(void) {
  for (;;) {
    char *more = malloc(1 << 20);
    if (more) memset(more, 1, 1 << 20);
  }
}

// Takes every process that is left, keeps them until it is told, and ends.
static void fill(const char *name) {
  for (;;) {
    pid_t child = fork();
    if (child == 0) { signal(SIGTERM, SIG_DFL); for (;;) pause(); }
    if (child < 0) break;
  }
  say(name, "full", errno == EAGAIN);
  while (!told) pause();
  signal(SIGTERM, SIG_IGN);
  kill(0, SIGTERM);
  while (wait(NULL) > 0) {}
  _exit(1);
}

int main(int count, char **words) {
  char where[500];
  const char *called = strrchr(words[0], '/');
  called = called ? called + 1 : words[0];
  const char *name = getcwd(where, sizeof where) ? strrchr(where, '/') + 1 : "?";
  struct stat found;
  if (!strcmp(called, "check")) return stat("/etc/broken", &found) == 0 && found.st_size > 0;
  if (!strcmp(called, "finish")) { say(name, "finished with", count > 1 ? atol(words[1]) : 0); return 0; }
  if (!strcmp(name, "log")) { execlp("svlogd", "svlogd", "--stdout", NULL); return 111; }
  struct sigaction action = {.sa_handler = on_term};
  sigaction(SIGTERM, &action, NULL);
  say(name, "started", getpid());
  if (!strcmp(name, "eater")) eat();
  if (!strcmp(name, "filler")) fill(name);
  sigset_t term, old;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  sigprocmask(SIG_BLOCK, &term, &old);
  while (!told) sigsuspend(&old);
  if (getenv("NEEDS_MS")) usleep(atol(getenv("NEEDS_MS")) * 1000);
  for (long line = 1; line <= 2000; line++) say(name, "puts away", line);
  return 0;
}
