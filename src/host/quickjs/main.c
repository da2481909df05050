/* Starts the program: takes the heap image, or runs the bundle's bytecode; then calls __main().
 *
 * Promises: the exit status is what __main() returns; an uncaught exception is one line on standard error and
 * status 111. Nothing else is decided here.
 * Build switch: HEAP_IMAGE (the heap is in the executable; an executable without one can only make it). Otherwise the
 * bytecode is linked in.
 * Read next: bind.c (what JavaScript can call), ../../../build/README.md (the heap image).
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include "../c/sys.h"
#include "host.h"
#ifdef HEAP_IMAGE
#include "image/image.h"
#endif

#define FATAL 111

#ifdef HEAP_IMAGE
int __clock_gettime(clockid_t id, struct timespec *time); /* musl's own, under its other name */

/* Replaces the C library's, whose first call looks for the vDSO: two pages and their tables, 8 us. These programs read the
 * clock seldom. */
int clock_gettime(clockid_t id, struct timespec *time) {
#ifdef SYS_clock_gettime64
  /* 32-bit systems: Linux 5.1 has it; older seccomp filters refuse it */
  long old[2];
  if (syscall(SYS_clock_gettime64, id, time) == 0) return 0;
  if (errno != ENOSYS && errno != EPERM) return -1;
  if (syscall(SYS_clock_gettime32, id, old) < 0) return -1;
  time->tv_sec = old[0];
  time->tv_nsec = old[1];
  return 0;
#else
  int r = (int)syscall(SYS_clock_gettime, id, time);
  /* a seccomp filter that was written for programs that use the vDSO does not allow this call: use the vDSO */
  return r < 0 && (errno == ENOSYS || errno == EPERM) ? __clock_gettime(id, time) : r;
#endif
}
#endif

int fatal_text(const char *what, const char *detail) {
  struct iovec line[] = {
      {"runitbox: fatal: ", 17},
      {(char *)what, strlen(what)},
      {": ", detail[0] ? 2 : 0},
      {(char *)detail, strlen(detail)},
      {"\n", 1},
  };
  (void)!writev(2, line, sizeof line / sizeof *line);
  sys_reexec();
  return FATAL;
}

/* The text of a value on one line: "    at f\n    at g\n" becomes "at f, at g". */
static void one_line(JSContext *ctx, JSValueConst value, char *to, size_t room) {
  const char *from = JS_ToCString(ctx, value);
  size_t n = 0;
  for (const char *p = from; p && *p && n + 3 < room; p++) {
    if (*p == '\n') {
      while (p[1] == ' ' || p[1] == '\n') p++;
      if (p[1]) {
        to[n++] = ',';
        to[n++] = ' ';
      }
    } else if (n > 0 || *p != ' ') {
      to[n++] = *p;
    }
  }
  to[n] = 0;
  JS_FreeCString(ctx, from);
}

int fatal(JSContext *ctx) {
  static char what[1024], detail[3072];
  JSValue error = JS_GetException(ctx), stack = JS_GetPropertyStr(ctx, error, "stack");
  one_line(ctx, error, what, sizeof what);
  if (JS_IsString(stack)) one_line(ctx, stack, detail, sizeof detail);
  return fatal_text(what[0] ? what : "out of memory", detail);
}

JSValue load_bundle(JSContext *ctx, const uint8_t *bytecode, size_t len) {
  JSValue global, main, bundle = JS_EXCEPTION;
#ifdef HEAP_IMAGE
  if (bind_cold(ctx)) return bundle;
#endif
  if (bind_calls(ctx) == 0) bundle = JS_ReadObject(ctx, bytecode, len, JS_READ_OBJ_BYTECODE);
  if (!JS_IsException(bundle)) bundle = JS_EvalFunction(ctx, bundle);
  if (JS_IsException(bundle)) return bundle;
  JS_FreeValue(ctx, bundle);
  global = JS_GetGlobalObject(ctx);
  main = JS_GetPropertyStr(ctx, global, "__main");
  JS_FreeValue(ctx, global);
  return main;
}

static int run(JSContext *ctx, JSValueConst main) {
  int32_t status;
  JSValue r = JS_Call(ctx, main, JS_UNDEFINED, 0, NULL);
  if (JS_IsException(r) || JS_ToInt32(ctx, &status, r)) return fatal(ctx);
  return status;
}

#ifdef HEAP_IMAGE

static int start(int argc, char **argv) {
  const struct image *image = (const struct image *)image_area;
  if (memcmp(image->magic, IMAGE_MAGIC, sizeof image->magic) != 0) return image_make(argc, argv);
  JS_UpdateStackTop(JS_GetRuntime(image->ctx));
  return run(image->ctx, image->main);
}

#else

extern const uint8_t bundle[], bundle_end[];

static int start(int argc, char **argv) {
  JSContext *ctx = engine_context(JS_NewRuntime2(&alloc_functions, NULL));
  JSValue main;
  (void)argc;
  (void)argv;
  if (!ctx) return fatal_text("out of memory", "");
  main = load_bundle(ctx, bundle, bundle_end - bundle);
  return JS_IsException(main) ? fatal(ctx) : run(ctx, main);
}

#endif

/* The program pause without arguments, in front of the engine: so it holds a few pages of memory. ../../applets/pause.ts
 * has the rest of it. */
static void pause_if_called(char **argv) {
  const char *slash = argv[0] && !argv[1] ? strrchr(argv[0], '/') : NULL;
  sigset_t ends;
  int signal;
  if (!argv[0] || argv[1] || strcmp(slash ? slash + 1 : argv[0], "pause")) return;
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  sigprocmask(SIG_BLOCK, &ends, NULL);
  do
    signal = sigwaitinfo(&ends, NULL);
  while (signal < 0 && errno == EINTR);
  _exit(signal < 0 ? FATAL : 0);
}

int main(int argc, char **argv) {
  pause_if_called(argv);
  sys_init(argc, argv);
  _exit(start(argc, argv));
}
