/* This process: its arguments and environment, its numbers, its end.
 *
 * Read next: privileges.c (what it may do).
 */
#include <sys/auxv.h>
#include "internal.h"

static int arg_count;
static char **arg_list;
static char *arg_end; /* the NUL of the last argument; NULL: argv is not in one piece, or unknown */

void sys_init(int argc, char **argv) {
  arg_count = argc;
  arg_list = argv;
  arg_end = NULL;
  for (int i = 0; i + 1 < argc; i++)
    if (argv[i + 1] != argv[i] + strlen(argv[i]) + 1) return;
  if (argc > 0) arg_end = argv[argc - 1] + strlen(argv[argc - 1]);
}

char **sys_argv(void) { return arg_list; }

CALL(args) { return strings_result(out, arg_list, (size_t)arg_count); }

/* Whatever name argv[0] has been given. */
CALL(executed) {
  char *path = (char *)getauxval(AT_EXECFN);
  return strings_result(out, &path, path ? 1 : 0);
}

CALL(environ) {
  size_t count = 0;
  while (environ && environ[count]) count++;
  return strings_result(out, environ, count);
}

/* The length follows from where the next argument begins: a NUL written earlier must not shorten it. */
CALL(argWrite) {
  if (!arg_end) return -ENOSYS;
  if (a[0].n < 0 || a[0].n >= arg_count) return -EINVAL;
  char *at = arg_list[a[0].n], *end = a[0].n + 1 < arg_count ? arg_list[a[0].n + 1] - 1 : arg_end;
  size_t room = (size_t)(end - at), put = a[1].len < room ? a[1].len : room;
  memcpy(at, a[1].s, put);
  return (int64_t)put;
}

CALL(getpid) { return getpid(); }
CALL(geteuid) { return geteuid(); }
CALL(getppid) { return getppid(); }
CALL(setsid) { return setsid() < 0 ? -errno : 0; }

/* The engine's allocator, where the host has it. */
__attribute__((weak)) int alloc_trim(char *room, size_t size);

CALL(trim) { return alloc_trim ? alloc_trim(out->buf, sizeof out->buf) : 0; }

CALL(exit) { _exit((int)a[0].n); }
