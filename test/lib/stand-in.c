/* Stands in the place of runsvdir and runsv, beside the executable `runitbox` in the same directory.
 *
 * Built with HOLDS=1 it adds --one-process to every runsvdir, with HOLDS=0 nothing. It needs neither /proc nor a library.
 * As `runsvdir` it becomes runsvdir with that option. As `runsv DIR` it starts such a runsvdir on a scan directory with one
 * link, to DIR, and stays as its parent: KILL reaches both, TERM brings the service down as it would with runsv, and the end
 * is told as runsv tells it. What is no call of a supervisor (options, a directory that is not there) and what a runsvdir
 * starts by itself becomes the real runsv.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char real[PATH_MAX + 16];

static int give_up(const char *what) {
  dprintf(2, "stand-in: %s: %s\n", what, strerror(errno));
  return 111;
}

static const char *last_part(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

/* Of which program the parent is, by its first word. */
static int is_child_of(const char *program) {
  char path[64], text[PATH_MAX] = "";
  snprintf(path, sizeof path, "/proc/%d/cmdline", (int)getppid());
  FILE *file = fopen(path, "r");
  if (!file) return 0;
  size_t count = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[count] = 0;
  return !strcmp(last_part(text), program);
}

static int become_runsvdir(int argc, char **argv) {
  char **words = calloc((size_t)argc + 2, sizeof *words);
  int count = 0;
  words[count++] = argv[0];
  if (HOLDS) words[count++] = "--one-process";
  for (int at = 1; at < argc; at++) words[count++] = argv[at];
  execv(real, words);
  return give_up(real);
}

static pid_t child;
static volatile sig_atomic_t told;

static void on_term(int number) {
  (void)number;
  told = 1;
  kill(child, SIGHUP); /* runsvdir's word for: down, and end */
}

/* The scan directory goes when the first of the two has ended, whatever ended it. */
static int tidy(const char *scan, const char *link) {
  unlink(link);
  return rmdir(scan);
}

static int supervise(const char *whole) {
  char scan[PATH_MAX], link[2 * PATH_MAX];
  const char *place = getenv("RUNITBOX_TEST"); /* the directory of the case, which goes with it */
  snprintf(scan, sizeof scan, "%s/scan-XXXXXX", place ? place : "/tmp");
  if (!mkdtemp(scan) && !mkdtemp(strcpy(scan, "/tmp/runitbox-scan-XXXXXX"))) return give_up(scan);
  chmod(scan, 0755);
  snprintf(link, sizeof link, "%s/%s", scan, last_part(whole));
  if (symlink(whole, link)) return give_up(link);

  sigset_t all, old;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, &old);
  pid_t parent = getpid();
  child = fork();
  if (child < 0) return give_up("fork");
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(111);
    sigprocmask(SIG_SETMASK, &old, NULL);
    char *words[] = {"runsvdir", scan, NULL};
    _exit(become_runsvdir(2, words));
  }
  struct sigaction action = {.sa_handler = on_term};
  sigaction(SIGTERM, &action, NULL);
  sigprocmask(SIG_SETMASK, &old, NULL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return give_up("wait");
  tidy(scan, link);
  if (WIFSIGNALED(status)) {
    signal(WTERMSIG(status), SIG_DFL);
    kill(parent, WTERMSIG(status));
  }
  return told && WEXITSTATUS(status) == 111 ? 0 : WEXITSTATUS(status);
}

int main(int argc, char **argv) {
  const char *self = (const char *)getauxval(AT_EXECFN);
  snprintf(real, sizeof real, "%.*srunitbox", (int)(last_part(self) - self), self);
  if (!strcmp(last_part(argv[0]), "runsvdir")) return become_runsvdir(argc, argv);

  struct stat stat_;
  char whole[PATH_MAX];
  int is_service = argc == 2 && argv[1][0] != '-' && !stat(argv[1], &stat_) && S_ISDIR(stat_.st_mode) &&
                   realpath(argv[1], whole) && last_part(whole)[0] != '.';
  if (is_service && !is_child_of("runsvdir")) return supervise(whole);
  execv(real, argv);
  return give_up(real);
}
