/* What this process may do: user, groups, capabilities, limits, root directory.
 *
 * Read next: ../../effects/exec/ (who calls these, and in which order).
 */
#include "internal.h"
#include <sys/resource.h>

/* Not the C library's functions, which look for threads first and change every one of them. */
#ifdef SYS_setuid32
#define SETUID SYS_setuid32
#define SETGID SYS_setgid32
#define SETGROUPS SYS_setgroups32
#else
#define SETUID SYS_setuid
#define SETGID SYS_setgid
#define SETGROUPS SYS_setgroups
#endif

CALL(numericCall) {
  static const int calls[CALL_COUNT] = {SETUID, SETGID, SYS_umask, SYS_getpriority, SYS_setpriority,
                                        SYS_ioprio_set, SYS_unshare, SYS_prctl};
  long v[5] = {0};
  if (a[0].n < 0 || a[0].n >= CALL_COUNT || a[1].len > COUNT(v)) return -EINVAL;
  for (size_t i = 0; i < a[1].len; i++) v[i] = (long)a[1].v[i];
  return result(syscall(calls[a[0].n], v[0], v[1], v[2], v[3], v[4]));
}

CALL(chroot) { return result(chroot(a[0].s)); }

/* The numbers as 32-bit words at the start of the result's room. NULL: too many. */
static uint32_t *words(const sys_arg *list, sys_out *out) {
  uint32_t *to = (uint32_t *)out->buf;
  if (list->len > sizeof out->buf / sizeof *to) return NULL;
  for (size_t i = 0; i < list->len; i++) to[i] = (uint32_t)list->v[i];
  return to;
}

CALL(setgroups) { return words(a, out) ? result(syscall(SETGROUPS, a[0].len, out->buf)) : -EINVAL; }

/* The kernel's mask is of longs, in the processor's byte order. */
CALL(setaffinity) {
  unsigned long *mask = (unsigned long *)out->buf;
  size_t each = sizeof *mask / 4, size = (a[0].len + each - 1) / each * sizeof *mask;
  if (size > sizeof out->buf) return -EINVAL;
  memset(mask, 0, size);
  for (size_t i = 0; i < a[0].len; i++) mask[i / each] |= (unsigned long)(uint32_t)a[0].v[i] << i % each * 32;
  return result(syscall(SYS_sched_setaffinity, 0, size, mask));
}

CALL(capabilities) {
  uint32_t head[2] = {0x20080522 /* two words for each set */, 0}, set[6] = {0};
  if (a[0].len && a[0].len != 6) return -EINVAL;
  if (words(a, out)) memcpy(set, out->buf, a[0].len * sizeof *set);
  if (syscall(a[0].len ? SYS_capset : SYS_capget, head, set) < 0) return -errno;
  for (out->count = 0; out->count < 6; out->count++) out->v[out->count] = set[out->count];
  return 0;
}

CALL(rlimit) {
  int64_t before[2];
  if (a[1].len && a[1].len != 2) return -EINVAL;
  if (syscall(SYS_prlimit64, 0, (int)a[0].n, a[1].len ? a[1].v : NULL, before) < 0) return -errno;
  const int64_t *least = a[1].len && (uint64_t)a[1].v[0] < (uint64_t)before[0] ? a[1].v : before;
  if (a[0].n == RLIMIT_NOFILE && (!least_files[1] || (uint64_t)least[0] < (uint64_t)least_files[0])) memcpy(least_files, least, sizeof least_files);
  return numbers_result(out, before[0], before[1]);
}
