/* Lets one system call of a program fail, or kills the program before that call:
 *   inject FILE record PROGRAM [ARGUMENT ...]           writes the number of each call to FILE, a line each
 *   inject FILE NUMBER NTH ERRNO PROGRAM ...            refuses the NTH call of that NUMBER with ERRNO
 *   inject FILE NUMBER NTH kill PROGRAM ...             sends KILL before it
 * `inject -n ...` runs the program as process 1 of a PID namespace, and ends as it does; without that the program keeps this
 * process, and is followed by a process that is nobody's child. Only calls of the program itself are counted, from its
 * first instruction on, those after a further execve too; children are not followed. When the call has come, "hit" is
 * written to FILE and the program is let go.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static int report; /* FILE */
static int recording;
static long wanted_call, nth, refusal; /* refusal 0: kill */

static void give_up(const char *what) {
  dprintf(2, "inject: %s: %s\n", what, strerror(errno));
  _exit(111);
}

#if defined __x86_64__
static void set_call(pid_t pid, long number) {
  ptrace(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, orig_rax), number);
}
static void set_result(pid_t pid, long result) {
  ptrace(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, rax), result);
}
#elif defined __aarch64__
static void set_call(pid_t pid, long number) {
  int call = (int)number;
  struct iovec one = {&call, sizeof call};
  ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &one);
}
static void set_result(pid_t pid, long result) {
  struct user_regs_struct regs;
  struct iovec all = {&regs, sizeof regs};
  ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &all);
  regs.regs[0] = (unsigned long)result;
  ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &all);
}
#else
#error "set_call and set_result are not written for this architecture"
#endif

/* What is to be done to a call that has come. */
enum { PASS, REFUSE, KILLED };

static int call_begins(pid_t pid, long number) {
  static long count;
  if (recording) {
    dprintf(report, "%ld\n", number);
    return PASS;
  }
  if (number != wanted_call || ++count != nth) return PASS;
  dprintf(report, "hit\n");
  if (refusal == 0) {
    kill(pid, SIGKILL);
    return KILLED;
  }
  /* Linux closes a descriptor whatever it says */
  if (number != SYS_close) set_call(pid, -1);
  return REFUSE;
}

/* Follows a seized process until it has ended or the call has come. Returns its wait status, or -1 where it lives on. */
static int follow(pid_t pid) {
  int status, counting = 0, refusing = 0;
  for (;;) {
    if (waitpid(pid, &status, __WALL) < 0) {
      if (errno == EINTR) continue;
      return -1;
    }
    if (!WIFSTOPPED(status)) return status;
    int signal = WSTOPSIG(status), event = status >> 16;
    if (signal == (SIGTRAP | 0x80)) {
      struct __ptrace_syscall_info info;
      ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info);
      if (counting && info.op == PTRACE_SYSCALL_INFO_ENTRY) {
        int act = call_begins(pid, (long)info.entry.nr);
        if (act == KILLED) return -1;
        refusing = act == REFUSE;
      } else if (refusing && info.op == PTRACE_SYSCALL_INFO_EXIT) {
        set_result(pid, -refusal);
        ptrace(PTRACE_DETACH, pid, 0, 0);
        return -1;
      }
      signal = 0;
    } else if (event == PTRACE_EVENT_EXEC) {
      counting = 1;
      signal = 0;
    } else if (event == PTRACE_EVENT_STOP) {
      if (signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU) {
        ptrace(PTRACE_LISTEN, pid, 0, 0);
        continue;
      }
      signal = 0;
    }
    ptrace(PTRACE_SYSCALL, pid, 0, signal);
  }
}

static void seize(pid_t pid) {
  long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC;
  if (ptrace(PTRACE_SEIZE, pid, 0, options) < 0) give_up("unable to follow");
  /* from its next call on: it waits for us, and is stopped once in order to be set going again */
  if (ptrace(PTRACE_INTERRUPT, pid, 0, 0) < 0) give_up("unable to interrupt");
}

static int gate[2];

static void await_gate(void) {
  char byte;
  close(gate[1]);
  while (read(gate[0], &byte, 1) < 0 && errno == EINTR) continue;
  close(gate[0]);
}

static void become(char **argv) {
  execvp(argv[0], argv);
  give_up(argv[0]);
}

/* The follower is a grandchild: the program has no child that it did not make. */
static void run_here(char **argv) {
  pid_t program = getpid(), child = fork();
  if (child < 0) give_up("unable to fork");
  if (child == 0) {
    if (fork() != 0) _exit(0);
    setsid();
    close(gate[0]);
    seize(program);
    close(gate[1]);
    for (int fd = 0; fd < 3; fd++) close(fd);
    follow(program);
    _exit(0);
  }
  waitpid(child, NULL, 0);
  close(report);
  await_gate();
  become(argv);
}

static void run_as_first(char **argv) {
  pid_t program = (pid_t)syscall(SYS_clone, CLONE_NEWPID | CLONE_NEWNS | SIGCHLD, 0, 0, 0, 0);
  if (program < 0) give_up("unable to make a namespace");
  if (program == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(report);
    await_gate();
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) give_up("unable to have mounts of our own");
    if (mount("proc", "/proc", "proc", 0, NULL) < 0) give_up("unable to mount /proc");
    become(argv);
  }
  close(gate[0]);
  seize(program);
  close(gate[1]);
  int status = follow(program);
  while (status < 0 && waitpid(program, &status, 0) < 0)
    if (errno != EINTR) _exit(0);
  if (WIFSIGNALED(status)) {
    signal(WTERMSIG(status), SIG_DFL);
    raise(WTERMSIG(status));
  }
  _exit(WEXITSTATUS(status));
}

int main(int argc, char **argv) {
  int first = argc > 1 && strcmp(argv[1], "-n") == 0;
  char **words = argv + 1 + first;
  int count = argc - 1 - first;
  if (count < 3) return 100;
  report = open(words[0], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (report < 0) give_up(words[0]);
  recording = strcmp(words[1], "record") == 0;
  if (!recording) {
    if (count < 5) return 100;
    wanted_call = atol(words[1]);
    nth = atol(words[2]);
    refusal = strcmp(words[3], "kill") == 0 ? 0 : atol(words[3]);
  }
  if (pipe2(gate, O_CLOEXEC) < 0) give_up("unable to make a pipe");
  if (first) run_as_first(words + (recording ? 2 : 4));
  else run_here(words + (recording ? 2 : 4));
}
