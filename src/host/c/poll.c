/* Waiting: poll, epoll, inotify, and the clock.
 *
 * Read next: ../loop.ts (the one that waits).
 */
#include "internal.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/inotify.h>

static int milliseconds(int64_t n) {
  if (n < 0) return -1;
  return n > INT_MAX ? INT_MAX : (int)n;
}

CALL(poll) {
  struct pollfd few[64], *fds = few;
  size_t count = a[0].len / 2;
  if (a[0].len % 2 || count > COUNT(out->v)) return -EINVAL;
  for (size_t i = 0; i < a[0].len; i += 2)
    if (a[0].v[i] != (int)a[0].v[i] || a[0].v[i + 1] != (short)a[0].v[i + 1]) return -EINVAL;
  if (count > COUNT(few)) {
    fds = malloc(count * sizeof *fds);
    if (!fds) return -ENOMEM;
  }
  for (size_t i = 0; i < count; i++)
    fds[i] = (struct pollfd){.fd = (int)a[0].v[2 * i], .events = (short)a[0].v[2 * i + 1]};
  int64_t r = result(poll(fds, count, milliseconds(a[1].n)));
  for (size_t i = 0; r >= 0 && i < count; i++) out->v[i] = fds[i].revents;
  out->count = count;
  if (fds != few) free(fds);
  return r;
}

CALL(epoll) { return result(epoll_create1(EPOLL_CLOEXEC)); }

CALL(epollSet) {
  struct epoll_event event = {.events = (uint32_t)a[2].n, .data.fd = (int)a[1].n};
  return result(epoll_ctl((int)a[0].n, a[2].n ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, (int)a[1].n, &event));
}

CALL(epollWait) {
  struct epoll_event ready[64];
  int64_t r = result(epoll_wait((int)a[0].n, ready, COUNT(ready), milliseconds(a[1].n)));
  for (out->count = 0; (int64_t)out->count < 2 * r; out->count += 2) {
    out->v[out->count] = ready[out->count / 2].data.fd;
    out->v[out->count + 1] = ready[out->count / 2].events;
  }
  return r;
}

CALL(inotify) { return result(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)); }

CALL(watch) {
  if (a[2].n < 0 || a[2].n > UINT32_MAX) return -EINVAL;
  return result(inotify_add_watch((int)a[0].n, a[1].s, (uint32_t)a[2].n));
}

CALL(unwatch) { return result(inotify_rm_watch((int)a[0].n, (int)a[1].n)); }

CALL(clock) {
  struct timespec now;
  if (clock_gettime((clockid_t)a[0].n, &now) < 0) return -errno;
  return numbers_result(out, now.tv_sec, now.tv_nsec);
}
