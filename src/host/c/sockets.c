/* Sockets: those that connect, and those that listen.
 *
 * Read next: ../../formats/socket-address.ts (who writes addresses).
 */
#include "internal.h"
#include <sys/socket.h>

static int listens(int fd, const struct sockaddr *address, socklen_t size, int backlog) {
  const int one = 1; /* connections of an earlier server may linger */
  return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 && bind(fd, address, size) == 0 &&
         listen(fd, backlog) == 0;
}

CALL(socket) {
  struct sockaddr_storage to = {.ss_family = (sa_family_t)a[0].n};
  const size_t head = sizeof to.ss_family;
  if (a[2].len > sizeof to - head) return -EINVAL;
  memcpy((char *)&to + head, a[2].s, a[2].len);
  const struct sockaddr *address = (struct sockaddr *)&to;
  const socklen_t size = (socklen_t)(head + a[2].len);
  int fd = socket((int)a[0].n, (int)a[1].n | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  if (a[3].n > 0 ? listens(fd, address, size, (int)a[3].n) : connect(fd, address, size) == 0 || errno == EINPROGRESS)
    return fd;
  int error = errno;
  close(fd);
  return -error;
}

CALL(accept) { return result(accept4((int)a[0].n, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)); }
