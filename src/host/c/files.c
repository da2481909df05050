/* Files, directories, descriptors and locks.
 *
 * Promises: descriptors are close-on-exec from the start, but for dup2's copy.
 * Read next: poll.c (waiting for descriptors).
 */
#include "internal.h"
#include <dirent.h>
#include <stdio.h> /* rename, nothing else */
#include <sys/file.h>
#include <sys/vfs.h>

/* Some seccomp filters allow only one of the two calls that do the same. */
static int is_unknown(int64_t r) { return r == -ENOSYS || r == -EPERM; }

#define EITHER(old, newer)                                                                                 \
  int64_t r = result(old);                                                                                 \
  return is_unknown(r) ? result(newer) : r

CALL(open) {
  int64_t fd;
  int flags = ((int)a[1].n & ~OPEN_NOFOLLOW) | (a[1].n & OPEN_NOFOLLOW ? O_NOFOLLOW : 0);
  /* not open(): musl's sets close-on-exec a second time, for kernels of 2007 */
  RETRY(fd, syscall(SYS_openat, AT_FDCWD, a[0].s, flags | O_CLOEXEC | O_LARGEFILE, (mode_t)a[2].n));
  return result(fd);
}

CALL(close) {
  /* Linux has closed the descriptor even when it says EINTR. */
  return close((int)a[0].n) < 0 && errno != EINTR ? -errno : 0;
}

static int64_t buffer_result(sys_out *out, ssize_t got) {
  if (got < 0) return -errno;
  out->bytes = out->buf;
  out->len = (size_t)got;
  return 0;
}

CALL(read) {
  ssize_t got;
  if (a[1].n < 1 || a[1].n > (int64_t)sizeof out->buf) return -EINVAL;
  RETRY(got, read((int)a[0].n, out->buf, (size_t)a[1].n));
  return buffer_result(out, got);
}

CALL(pread) {
  ssize_t got;
  if (a[1].n < 1 || a[1].n > (int64_t)sizeof out->buf) return -EINVAL;
  RETRY(got, pread((int)a[0].n, out->buf, (size_t)a[1].n, a[2].n));
  return buffer_result(out, got);
}

CALL(write) {
  ssize_t put;
  RETRY(put, write((int)a[0].n, a[1].s, a[1].len));
  return result(put);
}

CALL(pwrite) {
  ssize_t put;
  RETRY(put, pwrite((int)a[0].n, a[1].s, a[1].len, a[2].n));
  return result(put);
}

CALL(ftruncate) {
  int r;
  RETRY(r, ftruncate((int)a[0].n, a[1].n));
  return result(r);
}

static int64_t stat_result(int r, const struct stat *st, sys_out *out) {
  if (r < 0) return -errno;
  uint64_t inode = st->st_ino;
  int64_t v[] = {st->st_mode, (int64_t)st->st_dev, (int64_t)(inode & 0xffffffff), (int64_t)(inode >> 32), st->st_uid,
                 st->st_gid,  st->st_size,         st->st_mtim.tv_sec,            st->st_mtim.tv_nsec,     (int64_t)st->st_nlink};
  memcpy(out->v, v, sizeof v);
  out->count = COUNT(v);
  return 0;
}

/* Where a seccomp filter refuses the call that takes a path. */
static int stat_opened(const char *path, int flags, struct stat *st) {
  int fd = open(path, O_PATH | O_CLOEXEC | flags);
  if (fd < 0) return -1;
  int r = fstat(fd, st), error = errno;
  close(fd);
  errno = error;
  return r;
}

static int64_t stat_path(int r, const char *path, int flags, struct stat *st, sys_out *out) {
  return stat_result(r < 0 && is_unknown(-errno) ? stat_opened(path, flags, st) : r, st, out);
}

CALL(stat) {
  struct stat st;
  return stat_path(stat(a[0].s, &st), a[0].s, 0, &st, out);
}

CALL(lstat) {
  struct stat st;
  return stat_path(lstat(a[0].s, &st), a[0].s, O_NOFOLLOW, &st, out);
}

CALL(fstat) {
  struct stat st;
  return stat_result(fstat((int)a[0].n, &st), &st, out);
}

CALL(fsync) { return result(fsync((int)a[0].n)); }
CALL(fchmod) { return result(fchmod((int)a[0].n, (mode_t)a[1].n)); }
CALL(fchown) { return result(fchown((int)a[0].n, (uid_t)a[1].n, (gid_t)a[2].n)); }
CALL(access) { return result(access(a[0].s, (int)a[1].n)); }
CALL(chmod) { return result(chmod(a[0].s, (mode_t)a[1].n)); }
CALL(mkdir) { EITHER(mkdir(a[0].s, (mode_t)a[1].n), mkdirat(AT_FDCWD, a[0].s, (mode_t)a[1].n)); }
CALL(mkfifo) { return result(mkfifo(a[0].s, (mode_t)a[1].n)); }
CALL(rename) { EITHER(rename(a[0].s, a[1].s), renameat(AT_FDCWD, a[0].s, AT_FDCWD, a[1].s)); }
CALL(unlink) { EITHER(unlink(a[0].s), unlinkat(AT_FDCWD, a[0].s, 0)); }
CALL(link) { return result(link(a[0].s, a[1].s)); }
CALL(symlink) { return result(symlink(a[0].s, a[1].s)); }
CALL(chdir) { return result(chdir(a[0].s)); }
CALL(fchdir) { return result(fchdir((int)a[0].n)); }
CALL(dup2) { return result(dup2((int)a[0].n, (int)a[1].n)); }
CALL(flock) { return result(flock((int)a[0].n, (int)a[1].n)); }

CALL(exchange) {
#ifdef SYS_renameat2
  return result(syscall(SYS_renameat2, AT_FDCWD, a[0].s, AT_FDCWD, a[1].s, 2 /* RENAME_EXCHANGE */));
#else
  return -ENOSYS;
#endif
}

/* The kernel grants a write lease only where nobody else has the file open. Whoever opens it before the lease is returned
 * makes the kernel send a signal: SIGURG, which is ignored. */
static int is_open_elsewhere(int fd) {
  return fcntl(fd, F_SETSIG, SIGURG) < 0 || fcntl(fd, F_SETLEASE, F_WRLCK) < 0 || fcntl(fd, F_SETLEASE, F_UNLCK) < 0;
}

static int is_own(int fd, int64_t user, size_t size) {
  struct stat st;
  return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1 && st.st_uid == (uid_t)user &&
         !(st.st_mode & (S_IWGRP | S_IWOTH)) && st.st_size == (off_t)size;
}

static int64_t rewrite(int fd, const sys_arg *a, char *now) {
  const sys_arg *was = &a[2], *text = &a[3];
  if (!is_own(fd, a[4].n, was->len)) return -ESTALE;
  if (pread(fd, now, was->len, 0) != (ssize_t)was->len || memcmp(now, was->s, was->len)) return -ESTALE;
  if (text->len == was->len && !memcmp(text->s, was->s, was->len)) return 0;
  if (a[5].n & REPUBLISH_USED && is_open_elsewhere(fd)) return -EAGAIN;
  ssize_t put = text->len ? pwrite(fd, text->s, text->len, 0) : 0;
  if (put != (ssize_t)text->len) return put < 0 ? -errno : -ENOSPC;
  return text->len < was->len ? result(ftruncate(fd, (off_t)text->len)) : 0;
}

/* One call for what takes ten, each a crossing from the interpreter: a stop publishes five times. */
CALL(republish) {
  if (a[2].len > sizeof out->buf) return -EINVAL;
  const sys_arg opening[] = {a[0], {.n = O_RDWR | OPEN_NOFOLLOW | O_NONBLOCK | O_NOCTTY}, {.n = 0}};
  int fd = (int)do_open(opening, out);
  if (fd < 0) return fd;
  int64_t r = rewrite(fd, a, out->buf);
  close(fd);
  if (r < 0) return r;
  return a[5].n & REPUBLISH_SWAP && do_exchange(a, out) == 0 ? 1 : do_rename(a, out);
}

CALL(readlink) {
  return buffer_result(out, readlink(a[0].s, out->buf, sizeof out->buf));
}

/* Names go to the buffer while they fit, then to memory that doubles. */
static int64_t add_name(sys_out *out, size_t *room, const char *name) {
  size_t size = strlen(name) + 1;
  if (size > *room - out->len) {
    char *more = realloc(out->owned, *room * 2);
    if (!more) return -ENOMEM;
    if (!out->owned) memcpy(more, out->buf, out->len);
    out->owned = more;
    out->bytes = more;
    *room *= 2;
  }
  memcpy((char *)out->bytes + out->len, name, size);
  out->len += size;
  out->count++;
  return 0;
}

/* Not opendir(): it allocates, and the first page of the C library's heap would stay with every supervisor. */
CALL(readdir) {
  _Alignas(struct dirent) char block[2048];
  int fd = open(a[0].s, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return -errno;
  size_t room = sizeof out->buf;
  int64_t r = 0, got;
  out->bytes = out->buf;
  out->len = 0;
  out->count = 0;
  while (r == 0 && (got = syscall(SYS_getdents64, fd, block, sizeof block)) != 0) {
    if (got < 0) r = -errno;
    for (char *at = block; r == 0 && at < block + got; at += ((struct dirent *)at)->d_reclen) {
      const char *name = ((struct dirent *)at)->d_name;
      if (strcmp(name, ".") && strcmp(name, "..")) r = add_name(out, &room, name);
    }
  }
  close(fd);
  return r;
}

CALL(pipe) {
  int fd[2];
  if (a[0].n & ~(int64_t)O_NONBLOCK) return -EINVAL;
  if (pipe2(fd, (int)a[0].n | O_CLOEXEC) < 0) return -errno;
  return numbers_result(out, fd[0], fd[1]);
}

CALL(fstype) {
  struct statfs fs;
  return statfs(a[0].s, &fs) < 0 ? -errno : (int64_t)(uint32_t)fs.f_type;
}

CALL(setBlocking) {
  int flags = fcntl((int)a[0].n, F_GETFL);
  if (flags < 0) return -errno;
  return flags & O_NONBLOCK ? result(fcntl((int)a[0].n, F_SETFL, flags & ~O_NONBLOCK)) : 0;
}

CALL(setCloexec) { return result(fcntl((int)a[0].n, F_SETFD, a[1].n ? FD_CLOEXEC : 0)); }

/* Not flock, whose owner is the open description: processes that must exclude each other may share it. */
CALL(posixLock) {
  struct flock lock = {.l_type = a[1].n ? F_WRLCK : F_UNLCK, .l_whence = SEEK_SET};
  return result(fcntl((int)a[0].n, F_SETLK, &lock));
}

CALL(sync) {
  sync();
  return 0;
}
