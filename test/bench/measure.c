/* Runs two or more programs in turn, many times, and tells what each run cost.
 *
 *   measure COUNT PROGRAM ARG... [-- PROGRAM ARG...]...
 *
 * Standard output: for each run one line `SIDE WALL_NS CPU_US MINFLT STATUS`, SIDE counted from 0. Wall time is from
 * before posix_spawn to after wait4. The programs' output goes to /dev/null. Which side goes first changes every round,
 * so that what one leaves behind (caches, a busy neighbour) meets both alike.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#define SIDES 8

extern char **environ;

typedef struct {
  long long wall_ns, cpu_us;
  long minflt;
  int status, side;
} run;

static long long now_ns(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static long long us(struct timeval t) { return t.tv_sec * 1000000LL + t.tv_usec; }

static int measure(char **argv, const posix_spawn_file_actions_t *quiet, run *r)
{
  struct rusage usage;
  pid_t pid;
  long long start = now_ns();
  int error = posix_spawn(&pid, argv[0], quiet, NULL, argv, environ);
  if (error) {
    fprintf(stderr, "measure: %s: %s\n", argv[0], strerror(error));
    return -1;
  }
  wait4(pid, &r->status, 0, &usage);
  r->wall_ns = now_ns() - start;
  r->cpu_us = us(usage.ru_utime) + us(usage.ru_stime);
  r->minflt = usage.ru_minflt;
  return 0;
}

int main(int argc, char **argv)
{
  char **sides[SIDES];
  int count = 0;
  long rounds = argc > 2 ? atol(argv[1]) : 0;
  run *runs, *r;
  posix_spawn_file_actions_t quiet;
  for (int i = 2; i < argc && count < SIDES; i++) {
    sides[count++] = argv + i;
    while (i < argc && strcmp(argv[i], "--"))
      i++;
    argv[i] = NULL;
  }
  if (rounds < 1 || !count || !(runs = r = calloc(rounds * count, sizeof *runs)))
    return 2;
  posix_spawn_file_actions_init(&quiet);
  posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", O_WRONLY, 0);
  for (long round = 0; round < rounds; round++) {
    for (int i = 0; i < count; i++, r++) {
      r->side = (i + round) % count;
      if (measure(sides[r->side], &quiet, r))
        return 1;
    }
  }
  for (run *each = runs; each < r; each++)
    printf("%d %lld %lld %ld %d\n", each->side, each->wall_ns, each->cpu_us, each->minflt, each->status);
  return 0;
}
