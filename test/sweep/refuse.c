/* Runs a program for which the kernel refuses some system calls, for ever, as an older kernel or a sandbox does:
 *   refuse ERRNO CALL[,CALL ...] PROGRAM [ARGUMENT ...]
 * ERRNO is a number. A CALL is a name of the table below, or a number; `O_TMPFILE` is an open of a file without a name,
 * `STDIN` a read of descriptor 0.
 * The refusal holds for all that the program starts. Exit code 100: wrong words, 111: no filter, or no program. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NONE (-1)
#define FILELESS (-2) /* openat with O_TMPFILE */
#define FROM_STDIN (-3)
#define MOST 400

struct call {
  const char *name;
  int number;
};

#ifndef SYS_inotify_init
#define SYS_inotify_init NONE
#endif
#ifndef SYS_access
#define SYS_access NONE
#endif
#ifndef SYS_readlink
#define SYS_readlink NONE
#endif

#ifndef SYS_lstat
#define SYS_lstat NONE
#endif
#ifndef SYS_mkdir
#define SYS_mkdir NONE
#endif
#ifndef SYS_rename
#define SYS_rename NONE
#endif
#ifndef SYS_unlink
#define SYS_unlink NONE
#endif

static const struct call calls[] = {
    {"O_TMPFILE", FILELESS},
    {"STDIN", FROM_STDIN},
    {"accept4", SYS_accept4},
    {"access", SYS_access},
    {"bind", SYS_bind},
    {"capget", SYS_capget},
    {"clock_gettime", SYS_clock_gettime},
    {"clone3", 435},
    {"close_range", 436},
    {"fcntl", SYS_fcntl},
    {"flock", SYS_flock},
    {"fstatfs", SYS_fstatfs},
    {"getdents64", SYS_getdents64},
    {"getrandom", SYS_getrandom},
    {"inotify_add_watch", SYS_inotify_add_watch},
    {"inotify_init1", SYS_inotify_init1},
    {"lstat", SYS_lstat},
    {"memfd_create", SYS_memfd_create},
    {"mkdir", SYS_mkdir},
    {"pidfd_open", 434},
    {"pidfd_send_signal", 424},
    {"prctl", SYS_prctl},
    {"prlimit64", SYS_prlimit64},
    {"pwritev", SYS_pwritev},
    {"readlink", SYS_readlink},
    {"rename", SYS_rename},
    {"renameat", SYS_renameat},
    {"renameat2", SYS_renameat2},
    {"socket", SYS_socket},
    {"statfs", SYS_statfs},
    {"statx", SYS_statx},
    {"unlink", SYS_unlink},
    {"unlinkat", SYS_unlinkat},
};

static int number_of(const char *name) {
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
    if (strcmp(calls[i].name, name) == 0) return calls[i].number;
  char *rest;
  long number = strtol(name, &rest, 10);
  if (*name && !*rest) return (int)number;
  fprintf(stderr, "refuse: unknown call: %s\n", name);
  exit(100);
}

static struct sock_filter program[MOST];
static unsigned short length;

static void add(struct sock_filter instruction) {
  if (length == MOST) {
    fprintf(stderr, "refuse: too many calls\n");
    exit(100);
  }
  program[length++] = instruction;
}

static void add_fileless(unsigned number, unsigned flags_at, unsigned refusal) {
  struct sock_filter is_open = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 3);
  struct sock_filter flags = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, flags_at);
  struct sock_filter has_flag = BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_TMPFILE & ~O_DIRECTORY, 0, 1);
  struct sock_filter refuse = BPF_STMT(BPF_RET | BPF_K, refusal);
  struct sock_filter number_again = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
  add(is_open);
  add(flags);
  add(has_flag);
  add(refuse);
  add(number_again);
}

static void add_stdin(unsigned refusal) {
  struct sock_filter is_read = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_read, 0, 3);
  struct sock_filter descriptor = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0]));
  struct sock_filter is_first = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1);
  struct sock_filter refuse = BPF_STMT(BPF_RET | BPF_K, refusal);
  struct sock_filter number_again = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
  add(is_read);
  add(descriptor);
  add(is_first);
  add(refuse);
  add(number_again);
}

static void add_call(int number, unsigned refusal) {
  if (number == NONE) return;
  if (number == FROM_STDIN) {
    add_stdin(refusal);
    return;
  }
  if (number == FILELESS) {
    add_fileless(SYS_openat, offsetof(struct seccomp_data, args[2]), refusal);
#ifdef SYS_open
    add_fileless(SYS_open, offsetof(struct seccomp_data, args[1]), refusal);
#endif
    return;
  }
  struct sock_filter is_it = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1);
  struct sock_filter refuse = BPF_STMT(BPF_RET | BPF_K, refusal);
  add(is_it);
  add(refuse);
}

int main(int argc, char **argv) {
  if (argc < 4) {
    fprintf(stderr, "usage: refuse ERRNO CALL[,CALL ...] PROGRAM [ARGUMENT ...]\n");
    return 100;
  }
  unsigned refusal = SECCOMP_RET_ERRNO | ((unsigned)atoi(argv[1]) & SECCOMP_RET_DATA);
  struct sock_filter number = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
  struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  add(number);
  for (char *name = strtok(argv[2], ","); name; name = strtok(NULL, ",")) add_call(number_of(name), refusal);
  add(allow);
  struct sock_fprog filter = {.len = length, .filter = program};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) < 0) {
    fprintf(stderr, "refuse: no filter: %s\n", strerror(errno));
    return 111;
  }
  execvp(argv[3], argv + 3);
  fprintf(stderr, "refuse: %s: %s\n", argv[3], strerror(errno));
  return 111;
}
