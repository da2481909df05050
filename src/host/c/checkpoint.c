/* Checkpoint and restore: the state that a process keeps across reexec.c.
 *
 * The checkpoint is passed in a file without a name, open as RESTORED_FD, or as the next descriptor that is not one to
 * keep:
 *   "runitbox " PID " " PROCESS " " STATUS " " STATE     three numbers of ten digits
 * Promises: a file is believed only if it is a regular file without a name, belongs to our effective user, is closed to all
 * others, and names our process number. Only a process of the same user and number can have made it: the one that
 * executed us.
 * Read next: reexec.c.
 */
#include "internal.h"

#define RESTORED_FD 3
#define TITLE "runitbox "
#define TITLE_SIZE (sizeof TITLE - 1)
#define HEAD_SIZE (TITLE_SIZE + 11) /* title, process number, space */
#define CHILD_SIZE 22               /* PROCESS and STATUS, each with a space */

struct checkpoint checkpoint = {.status = -1};

static int restored_fd = -1; /* the checkpoint of before, until the first one of our own */

static void write_head(char *to) {
  memcpy(to, TITLE, TITLE_SIZE);
  write_digits(to + TITLE_SIZE, 10, getpid());
  to[HEAD_SIZE - 1] = ' ';
}

static void write_child(char *to) {
  write_digits(to, 10, checkpoint.process + 1);
  to[10] = ' ';
  write_digits(to + 11, 10, checkpoint.status + 1);
  to[21] = ' ';
}

/* ---- restore ---- */

static int is_checkpoint(int fd) {
  char head[HEAD_SIZE], found[HEAD_SIZE];
  struct stat st;
  ssize_t got;
  /* Errors are tried again: to overlook a checkpoint would start everything a second time. */
  for (int tries = 0; fstat(fd, &st) < 0; tries++)
    if (errno == EBADF || tries == 3) return 0;
  if (!S_ISREG(st.st_mode) || (st.st_mode & 077) || st.st_nlink != 0 || st.st_uid != geteuid()) return 0;
  write_head(head);
  /* not read(): it would move the position of a file that may not be ours */
  for (int tries = 0; (got = pread(fd, found, HEAD_SIZE, 0)) < 0; tries++)
    if (tries == 3) return 0;
  return got == (ssize_t)HEAD_SIZE && memcmp(head, found, HEAD_SIZE) == 0;
}

static int find_checkpoint(void) {
  for (int fd = RESTORED_FD; fd <= RESTORED_FD + KEEP_MAX; fd++)
    if (is_checkpoint(fd)) return fd;
  return -1;
}

int sys_is_reexecuted(void) { return find_checkpoint() >= 0; }

int has_checkpoint(void) {
  if (checkpoint.text) return 1;
  if (restored_fd < 0) restored_fd = find_checkpoint();
  return restored_fd >= 0;
}

static int64_t number_at(const char *from) {
  int64_t n = 0;
  for (int i = 0; i < 10; i++) n = n * 10 + from[i] - '0';
  return n;
}

CALL(restore) {
  struct stat st;
  if (restored_fd < 0) restored_fd = find_checkpoint();
  if (restored_fd < 0) return -ENOENT;
  fcntl(restored_fd, F_SETFD, FD_CLOEXEC);
  if (fstat(restored_fd, &st) < 0) return -errno;
  if (st.st_size < (off_t)(HEAD_SIZE + CHILD_SIZE)) return -EIO;
  size_t size = (size_t)st.st_size - HEAD_SIZE;
  char *text = malloc(size);
  if (!text) return -ENOMEM;
  out->owned = text;
  out->bytes = text;
  for (out->len = 0; out->len < size;) {
    ssize_t got = pread(restored_fd, text + out->len, size - out->len, (off_t)(HEAD_SIZE + out->len));
    if (got < 0 && errno != EINTR) return -errno;
    if (got == 0) return -EIO;
    if (got > 0) out->len += (size_t)got;
  }
  /* "the next one spawned", and not spawned before the failure, counts as none: what is spawned now is another */
  int64_t process = number_at(text) - 1;
  checkpoint.process = process > 0 ? (pid_t)process : 0;
  checkpoint.status = (int)(number_at(text + 11) - 1);
  return 0;
}

/* ---- the file ---- */

static int write_all(int fd, const char *from, size_t size) {
  while (size > 0) {
    ssize_t put;
    RETRY(put, write(fd, from, size));
    if (put <= 0) return 0;
    from += put;
    size -= (size_t)put;
  }
  return 1;
}

static int new_memory_file(void) {
#ifdef SYS_memfd_create
  /* 8, MFD_NOEXEC_SEAL: some kernels insist on it, older ones do not know it */
  int fd = (int)syscall(SYS_memfd_create, "runitbox", 8 | 1 /* MFD_CLOEXEC */);
  if (fd < 0) fd = (int)syscall(SYS_memfd_create, "runitbox", 1);
  if (fd >= 0 && fchmod(fd, 0600) == 0) return fd;
  if (fd >= 0) close(fd);
#endif
  return -1;
}

/* A file without a name in a directory; where the file system has none, a file that is unlinked at once. */
static int new_nameless_file(const char *directory) {
  char path[64];
  int fd = -1;
#ifdef O_TMPFILE
  fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0) return fd;
#endif
  size_t length = strlen(directory);
  memcpy(path, directory, length);
  memcpy(path + length, "/.runitbox.0000000000.0", 24);
  write_digits(path + length + 11, 10, getpid());
  for (int i = 0; i < 10 && fd < 0; i++) {
    path[length + 22] = (char)('0' + i);
    fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 && errno != EEXIST) return -1;
  }
  if (fd >= 0 && unlink(path) < 0) {
    close(fd);
    return -1;
  }
  return fd;
}

static int write_checkpoint(int fd) {
  char head[HEAD_SIZE];
  write_head(head);
  write_child(checkpoint.text);
  return write_all(fd, head, HEAD_SIZE) && write_all(fd, checkpoint.text, strlen(checkpoint.text));
}

/* In memory; else where temporary files usually are; else in the current directory. */
static int new_checkpoint_file(void) {
  static const char *const directories[] = {"/dev/shm", "/run", "/tmp", "."};
  int fd = new_memory_file();
  for (size_t i = 0;; i++) {
    if (fd >= 0 && write_checkpoint(fd)) return fd;
    if (fd >= 0) close(fd);
    if (i == COUNT(directories)) return -1;
    fd = new_nameless_file(directories[i]);
  }
}

/* A copy that dup2 puts in the same place is left open too, where a filter refuses fcntl. */
int leave_open(int fd) {
  if (fcntl(fd, F_SETFD, 0) == 0) return 1;
  int copy = dup(fd), done = copy >= 0 && dup2(copy, fd) == fd;
  if (copy >= 0) close(copy);
  return done;
}

/* A process that failed before its first checkpoint passes on the one that it found; only the child's end may be news. */
static int pass_restored(void) {
  char child[CHILD_SIZE];
  write_child(child);
  if (checkpoint.process != 0 && pwrite(restored_fd, child, CHILD_SIZE - 1, HEAD_SIZE) != CHILD_SIZE - 1) return 0;
  return leave_open(restored_fd);
}

static int is_kept(int fd) {
  for (int i = 0; i < checkpoint.keep_count; i++)
    if (checkpoint.keep[i] == fd) return 1;
  return 0;
}

/* execve closes all descriptors but those to keep, so the file may replace any other; and closing that one first makes
 * room where no more may be opened. */
int pass_checkpoint(void) {
  int at = RESTORED_FD;
  while (is_kept(at)) at++;
  if (!checkpoint.text) return pass_restored();
  close(at);
  int fd = new_checkpoint_file();
  if (fd < 0) return 0;
  if (fd == at) return leave_open(fd);
  int moved = dup2(fd, at) == at;
  close(fd);
  return moved;
}

/* ---- checkpoint ---- */

/* The first one replaces what this process was restored from. */
static void begin_checkpoints(void) {
  catch_crashes();
  checkpoint.since = time(NULL);
  checkpoint.restored = restored_fd >= 0;
  if (restored_fd >= 0) close(restored_fd);
  restored_fd = -1;
  unsetenv("RUNITBOX_STATE"); /* earlier releases kept the state there: no service is to see it */
}

CALL(checkpoint) {
  if (a[2].len > KEEP_MAX) return -EINVAL;
  char *text = malloc(CHILD_SIZE + a[0].len + 1), *old = checkpoint.text;
  if (!text) return -ENOMEM;
  memcpy(text + CHILD_SIZE, a[0].s, a[0].len);
  text[CHILD_SIZE + a[0].len] = 0;
  if (!old) begin_checkpoints();
  checkpoint.text = text;
  checkpoint.directory = (int)a[1].n;
  checkpoint.keep_count = 0; /* a crash between these lines must not see half a list */
  for (size_t i = 0; i < a[2].len; i++) checkpoint.keep[i] = (int)a[2].v[i];
  checkpoint.keep_count = (int)a[2].len;
  checkpoint.process = (pid_t)a[3].n;
  checkpoint.status = -1;
  forget_taken_signals();
  if (!old) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL); /* sys_reexec has blocked them */
  }
  free(old);
  return 0;
}
