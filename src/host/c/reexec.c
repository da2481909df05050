/* The last line of defence of process 1: what happens where the engine fails or crashes.
 *
 * Promises: a process with a checkpoint executes its own file again and keeps its children. Where that fails it reaps
 * children and shuts down on request until it succeeds; process 1 never ends here.
 * Must not: allocate, or rely on anything of the engine: it runs in a signal handler.
 * Read next: sys.h (sys_reexec, in full).
 */
#include "internal.h"
#include <sys/wait.h>

/* Sends a signal to every process as process 1, to every child as a subreaper. */
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
    if (checkpoint.process > 0) kill(checkpoint.process, sig);
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

/* Reaps all children that have ended. Returns whether any are left. */
static int reap_all(void) {
  int status;
  pid_t pid;
  while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
    if (pid == checkpoint.process) checkpoint.status = status;
  return pid == 0;
}

/* TERM, seven seconds, KILL. */
static void shut_down(void) {
  signal_all(SIGTERM);
  signal_all(SIGCONT);
  for (int tenths = 0; reap_all() && tenths < 70; tenths++) usleep(100000);
  /* the children of a killed child become ours: kill those too */
  for (int rounds = 0; reap_all() && rounds < 100; rounds++) {
    signal_all(SIGKILL);
    usleep(10000);
  }
  _exit(111);
}

/* Waits a second, and shuts down if a signal requests it. */
static void stand_by(void) {
  static const int requests[] = {SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGPWR, 37, 38};
  struct timespec second = {.tv_sec = 1};
  sigset_t set;
  sigemptyset(&set);
  for (size_t i = 0; i < COUNT(requests); i++) sigaddset(&set, requests[i]);
  int requested = sigtimedwait(&set, NULL, &second) > 0;
  reap_all();
  if (requested) shut_down();
}

static void warn_no_file(void) {
  static const char line[] = "runitbox: fatal: no file to keep the state in, trying again every second\n";
  static int warned;
  if (warned) return;
  warned = 1;
  (void)!write(2, line, sizeof line - 1);
}

/* Signals that arrived since the checkpoint arrive again. They are blocked, so they stay pending through execve. */
static void raise_signals_again(void) {
  uint64_t signals = signals_since_checkpoint();
  for (int i = 0; i < 64; i++)
    if (signals >> i & 1) kill(getpid(), i + 1);
}

void sys_reexec(void) {
  sigset_t all;
  if (!has_checkpoint()) return;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, NULL);
  raise_signals_again();
  int failed_again = !checkpoint.text || (checkpoint.restored && time(NULL) < checkpoint.since + 2);
  if (checkpoint.text && fchdir(checkpoint.directory) == 0)
    for (int i = 0; i < checkpoint.keep_count; i++) leave_open(checkpoint.keep[i]);
  for (;;) {
    if (failed_again) stand_by();
    failed_again = 1;
    if (pass_checkpoint()) {
      execv("/proc/self/exe", sys_argv());
      if (getpid() != 1) return;
    } else {
      warn_no_file(); /* without its state the process would start everything a second time */
    }
  }
}

static void on_crash(int sig) {
  sys_reexec();
  _exit(128 + sig);
}

void catch_crashes(void) {
  static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
  struct sigaction action = {.sa_handler = on_crash, .sa_flags = SA_ONSTACK | SA_NODEFER};
  stack_t stack = {.ss_sp = child_stack, .ss_size = sizeof child_stack};
  for (size_t i = 0; i < COUNT(crashes); i++) sigaction(crashes[i], &action, NULL);
  sigaltstack(&stack, NULL);
}
