/* Runs a program as process 1 of PID, mount, UTS and IPC namespaces of its own, with a terminal as its console.
 *
 *   jail SOURCE=TARGET ... -- FILE ARGV0 [ARGUMENT ...]
 *
 * Each SOURCE is mounted over TARGET there (a directory or a file); /proc is new; /dev/console is a new pseudo terminal
 * that is nobody's controlling terminal. What is said on it goes to standard output, what comes on standard input is
 * typed there. Standard error gets `pid N` (process 1 as seen from here) and at the end `exit N` or `signal N`:
 * 2 for power off and halt, 1 for reboot, as the kernel ends such a namespace. Nothing outlives it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static void die(const char *what) {
  fprintf(stderr, "jail: %s: %s\n", what, strerror(errno));
  exit(99);
}

static void bind_over(const char *source, const char *target) {
  if (mount(source, target, NULL, MS_BIND | MS_REC, NULL) < 0) die(target);
}

static void be_init(char **argv, const char *terminal) {
  char *home[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL};
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) die("/");
  bind_over(terminal, "/dev/console");
  for (; *argv && strcmp(*argv, "--"); argv++) {
    char *target = strchr(*argv, '=');
    if (!target) die(*argv);
    *target++ = 0;
    bind_over(*argv, target);
  }
  if (mount("proc", "/proc", "proc", 0, NULL) < 0) die("/proc");
  if (!*argv || !argv[1] || !argv[2]) die("usage");
  int null = open("/dev/null", O_RDWR);
  for (int fd = 0; fd < 3; fd++) dup2(null, fd);
  close(null);
  execve(argv[1], argv + 2, home);
  _exit(98);
}

static int copy(int from, int to) {
  char bytes[4096];
  ssize_t got = read(from, bytes, sizeof bytes);
  if (got <= 0) return 0;
  return write(to, bytes, (size_t)got) == got;
}

/* A plain terminal: nothing is echoed, no line ending is changed. */
static void make_raw(const char *terminal) {
  struct termios how;
  int fd = open(terminal, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (fd < 0 || tcgetattr(fd, &how) < 0) die(terminal);
  how.c_oflag &= ~(tcflag_t)OPOST;
  how.c_lflag &= ~(tcflag_t)ECHO;
  if (tcsetattr(fd, TCSANOW, &how) < 0) die(terminal);
  /* kept open, so that the other end never hangs up */
}

int main(int argc, char **argv) {
  int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), status, input = 0;
  (void)argc;
  if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0) die("pty");
  const char *terminal = ptsname(master);
  make_raw(terminal);
  int space = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC;
  int pid = (int)syscall(SYS_clone, space | SIGCHLD, NULL, NULL, NULL, NULL);
  if (pid < 0) die("clone");
  if (pid == 0) be_init(argv + 1, terminal);
  fprintf(stderr, "pid %d\n", pid);
  int ended = (int)syscall(SYS_pidfd_open, pid, 0);
  struct pollfd fds[] = {{ended, POLLIN, 0}, {master, POLLIN, 0}, {input, POLLIN, 0}};
  for (;;) {
    poll(fds, 3, -1);
    if (fds[1].revents & POLLIN) copy(master, 1);
    else if (fds[0].revents) break;
    if (fds[2].revents && !copy(input, master)) fds[2].fd = -1;
  }
  if (waitpid(pid, &status, 0) != pid) die("waitpid");
  fprintf(stderr, WIFSIGNALED(status) ? "signal %d\n" : "exit %d\n", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
  return 0;
}
