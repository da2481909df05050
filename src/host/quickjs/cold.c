/* The cold part of the program: what is loaded when it is first asked for, out of the executable's own file.
 *
 * Promises: costs nothing until then, as it is in no segment; comes from the very file that runs, whatever has that name
 * by now. Read next: image/image.h (where it lies), ../../cold.ts (what it holds).
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "host.h"
#include "image/image.h"

/* All `len` bytes at `offset`. 0, or an errno. */
static int read_at(int fd, uint8_t *to, size_t len, off_t offset) {
  while (len > 0) {
    ssize_t n = pread(fd, to, len, offset);
    if (n == 0) return EIO;
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    to += n;
    len -= n;
    offset += n;
  }
  return 0;
}

static int read_self(uint8_t *to, const struct image *image) {
  int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  int failed = read_at(fd, to, image->cold_size, image->cold_at);
  close(fd);
  return failed;
}

static JSValue load_cold(JSContext *ctx, JSValueConst this_value, int argc, JSValueConst *argv) {
  const struct image *image = (const struct image *)image_area;
  (void)this_value;
  (void)argc;
  (void)argv;
  uint8_t *bytecode = js_malloc(ctx, image->cold_size + 1);
  if (!bytecode) return JS_EXCEPTION;
  int failed = read_self(bytecode, image);
  JSValue value = failed ? JS_NewInt32(ctx, -failed)
                         : JS_ReadObject(ctx, bytecode, image->cold_size, JS_READ_OBJ_BYTECODE);
  js_free(ctx, bytecode);
  return failed || JS_IsException(value) ? value : JS_EvalFunction(ctx, value);
}

int bind_cold(JSContext *ctx) {
  JSValue global = JS_GetGlobalObject(ctx);
  int r = JS_SetPropertyStr(ctx, global, "__cold", JS_NewCFunction(ctx, load_cold, "__cold", 0));
  JS_FreeValue(ctx, global);
  return r < 0 ? -1 : 0;
}
