/* What the families of system calls share. Every family includes this first, and nobody else does.
 *
 * Promises: CALL(name) defines the function behind the row `name` of sys.h. It takes arguments that the binder has checked,
 * and returns a result or -errno for every input.
 * Must not: hold policy. The families retry after EINTR; they choose no defaults and print no messages (reexec.c prints one).
 * One thread calls; signals may arrive at any time. No x86, glibc or musl is assumed.
 * Read next: files.c (the plainest family), processes.c (the one delicate part).
 */
#ifndef RUNITBOX_INTERNAL_H
#define RUNITBOX_INTERNAL_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#define _FILE_OFFSET_BITS 64
#define _TIME_BITS 64
#include "sys.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define UNUSED __attribute__((unused))
#define CALL(name) int64_t do_##name(const sys_arg *a UNUSED, sys_out *out UNUSED)
#define DECLARE(name, args, type) CALL(name);
SYS_CALLS(DECLARE)

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* r = expression, again while a signal interrupts it. */
#define RETRY(r, expression)                                                                               \
  do                                                                                                       \
    (r) = (expression);                                                                                    \
  while ((r) < 0 && errno == EINTR)

extern char **environ;

/* ---- sys.c: results ---- */

static inline int64_t result(int64_t r) { return r < 0 ? -errno : r; }
int64_t numbers_result(sys_out *out, int64_t first, int64_t second);
int64_t strings_result(sys_out *out, char *const *list, size_t count);
/* Room for `size` bytes of a result: the buffer where they fit, else memory. NULL: none. */
char *bytes_result(sys_out *out, size_t size);
/* n as `count` decimal digits; calls nothing, so it is safe in the child of spawn and in a signal handler. */
void write_digits(char *to, int count, int64_t n);

/* ---- self.c ---- */

char **sys_argv(void);

/* ---- signals.c ---- */

/* Sets caught signals to their default and unblocks all: for the child of spawn, where a handler must not run. */
void reset_signals(void);
/* Signals that arrived since the last checkpoint, handled or not: bit n - 1 for signal n. */
uint64_t signals_since_checkpoint(void);
/* The signals taken so far are part of the checkpoint that is being made. */
void forget_taken_signals(void);

/* ---- processes.c ---- */

/* The stack of spawn's child; while a process crashes, that of the handler. */
extern _Alignas(16) char child_stack[32768];
/* The lowest RLIMIT_NOFILE that this process has had, as rlimit knows it: spawn's children get it. Its maximum is 0: unknown. */
extern int64_t least_files[2];

/* ---- checkpoint.c ---- */

#define KEEP_MAX 2 /* descriptors that a checkpoint keeps open */

/* The last checkpoint of this process, see sys_reexec. */
struct checkpoint {
  char *text;   /* PROCESS STATUS STATE; NULL: there is none */
  int directory;
  int keep[KEEP_MAX], keep_count;
  int restored; /* this process was re-executed itself */
  time_t since; /* the first one */
  pid_t process;
  int status;
};
extern struct checkpoint checkpoint;
/* Whether there is a checkpoint: this process's, or one from before it was re-executed that it has not replaced yet. */
int has_checkpoint(void);
/* Leaves the checkpoint where the re-executed process looks for it. Returns whether that worked. */
int pass_checkpoint(void);
/* Makes execve leave a descriptor open. Returns whether that worked. */
int leave_open(int fd);

/* ---- reexec.c ---- */

/* From now on a crash is answered by sys_reexec. */
void catch_crashes(void);
#endif
