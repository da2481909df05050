/* Signals: a handler records them, and a pipe makes poll return.
 *
 * Promises: no signal is lost between two calls of takeSignals; several of one number count as one.
 * Read next: processes.c (what becomes of the handlers in a child), reexec.c (and after a crash).
 */
#include "internal.h"

/* Signal n is bit (n - 1) & 31 of word (n - 1) / 32: 32 bits are atomic on every machine. */
static uint32_t pending[2];
static uint32_t taken[2]; /* since the last checkpoint: an engine that fails may have lost them */
static int signal_pipe[2] = {-1, -1};
static sigset_t caught; /* all zeros: none */

static void on_signal(int sig) {
  int saved = errno;
  __atomic_fetch_or(&pending[(sig - 1) / 32], 1u << ((sig - 1) & 31), __ATOMIC_SEQ_CST);
  /* Any error may be a single one, so try once more. A full pipe refuses both and is readable anyway. */
  if (write(signal_pipe[1], "", 1) < 0) {
    ssize_t put = write(signal_pipe[1], "", 1);
    (void)put;
  }
  errno = saved;
}

/* 32 to 34 belong to the C library. */
static int is_catchable(int64_t sig) {
  return sig >= 1 && sig <= 64 && (sig < 32 || sig > 34) && sig != SIGKILL && sig != SIGSTOP;
}

static int is_ignored(int sig) {
  struct sigaction now;
  return sigaction(sig, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

static int64_t catch_signals(const sys_arg *list, int spare_ignored) {
  for (size_t i = 0; i < list->len; i++)
    if (!is_catchable(list->v[i])) return -EINVAL;
  if (signal_pipe[0] < 0 && pipe2(signal_pipe, O_NONBLOCK | O_CLOEXEC) < 0) return -errno;
  /* SA_NOCLDSTOP: only the end of a child matters */
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_NOCLDSTOP};
  sigfillset(&action.sa_mask);
  for (size_t i = 0; i < list->len; i++) {
    int sig = (int)list->v[i];
    if (spare_ignored && is_ignored(sig)) continue;
    if (sigaction(sig, &action, NULL) < 0) return -errno;
    sigaddset(&caught, sig);
  }
  /* the parent may have blocked them */
  sigprocmask(SIG_UNBLOCK, &caught, NULL);
  return signal_pipe[0];
}

CALL(catchSignals) { return catch_signals(&a[0], 0); }
CALL(catchUnignored) { return catch_signals(&a[0], 1); }

CALL(takeSignals) {
  char drain[64];
  /* The pipe first: a signal that arrives between the two steps makes it readable again. */
  while (signal_pipe[0] >= 0 && read(signal_pipe[0], drain, sizeof drain) == (ssize_t)sizeof drain) continue;
  out->count = 0;
  for (int word = 0; word < 2; word++) {
    uint32_t bits = __atomic_exchange_n(&pending[word], 0, __ATOMIC_SEQ_CST);
    taken[word] |= bits;
    for (int i = 0; i < 32; i++)
      if (bits >> i & 1) out->v[out->count++] = word * 32 + i + 1;
  }
  return 0;
}

/* All 64 signals cost 14 us of spawn's 110: only a guest in a process that catches signals of its own, Node, resets
 * them all. */
void reset_signals(void) {
  struct sigaction action;
  sigset_t none;
  for (int sig = 1; sig <= 64; sig++) {
#ifndef SYS_GUEST
    if (!sigismember(&caught, sig)) continue;
#endif
    if (sigaction(sig, NULL, &action) < 0) continue;
    if (action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN) continue;
    memset(&action, 0, sizeof action);
    sigaction(sig, &action, NULL);
  }
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

uint64_t signals_since_checkpoint(void) {
  return (uint64_t)(pending[1] | taken[1]) << 32 | (pending[0] | taken[0]);
}

void forget_taken_signals(void) { memset(taken, 0, sizeof taken); }
