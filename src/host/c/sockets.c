/* Sockets: those that connect, those that listen, and those that get datagrams.
 *
 * Read next: ../../formats/socket-address.ts (who writes addresses).
 */
#include "internal.h"
#include <sys/socket.h>

/* The connections of an earlier server may linger; whoever sends a datagram is named with it. */
static int listens(int fd, int is_stream, const struct sockaddr *address, socklen_t size, int backlog) {
  const int one = 1;
  return setsockopt(fd, SOL_SOCKET, is_stream ? SO_REUSEADDR : SO_PASSCRED, &one, sizeof one) == 0 &&
         bind(fd, address, size) == 0 && (!is_stream || listen(fd, backlog) == 0);
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
  if (a[3].n > 0 ? listens(fd, a[1].n == SOCK_STREAM, address, size, (int)a[3].n)
                 : connect(fd, address, size) == 0 || errno == EINPROGRESS)
    return fd;
  int error = errno;
  close(fd);
  return -error;
}

CALL(accept) { return result(accept4((int)a[0].n, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)); }

/* There is room for who sent it and nothing else: descriptors that come with it are closed by the kernel. */
CALL(receive) {
  union {
    struct cmsghdr first;
    char room[CMSG_SPACE(sizeof(struct ucred))];
  } control;
  struct iovec to = {out->buf, (size_t)a[1].n};
  struct msghdr message = {.msg_iov = &to, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  struct ucred sender = {0, (uid_t)-1, (gid_t)-1};
  ssize_t len;
  if (a[1].n < 1 || to.iov_len > sizeof out->buf) return -EINVAL;
  RETRY(len, recvmsg((int)a[0].n, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC));
  if (len < 0) return -errno;
  if (CMSG_FIRSTHDR(&message) && control.first.cmsg_level == SOL_SOCKET && control.first.cmsg_type == SCM_CREDENTIALS)
    memcpy(&sender, CMSG_DATA(&control.first), sizeof sender);
  out->bytes = out->buf;
  out->len = (size_t)len;
  out->numbers[1] = sender.pid;
  out->numbers[2] = sender.uid;
  out->count = 3;
  return 0;
}
