/* What the measured supervisors supervise: says that it runs by one byte into the fifo that BENCH_FIFO names, and waits.
 *
 * Built four times: as ./run of a service (ends by TERM), with -DTIDY as one that takes ten milliseconds to put its things
 * away, with -DREADER as ./run of a log service (reads until the end of its input), and with -DFLOOR as the least a program
 * can be (what starting anything costs).
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#ifdef TIDY
static void put_away(int sig)
{
  nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
  _exit(sig != SIGTERM);
}
#endif

int main(void)
{
#ifdef TIDY
  signal(SIGTERM, put_away);
#endif
#ifndef FLOOR
  const char *path = getenv("BENCH_FIFO");
  int fd = path ? open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC) : -1;
  if (fd >= 0) {
    if (write(fd, "r", 1) != 1)
      return 1;
    close(fd);
  }
#ifdef READER
  char block[4096];
  while (read(0, block, sizeof block) > 0)
    continue;
#else
  for (;;)
    pause();
#endif
#endif
  return 0;
}
