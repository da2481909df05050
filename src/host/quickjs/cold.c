/* The cold parts of the program: bytecode that is unpacked and loaded when it is first asked for.
 *
 * Promises: costs nothing until then: it lies behind the constants in the text segment, whose pages nobody touches before.
 * Read next: ../cold.ts, ../../cold-sv.ts (what is in one), ../../../build/image/pack-parts.ts (which packs them).
 */
#include <string.h>
#include <sys/mman.h>
#include "host.h"

/* The file that pack.ts writes. */
extern const uint8_t cold_parts[];

static uint32_t number(const uint8_t *p) { return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24; }

/* A length of 15 goes on in the bytes behind it. */
static size_t length(const uint8_t **from, size_t n) {
  if (n < 15) return n;
  do n += **from;
  while (*(*from)++ == 255);
  return n;
}

/* Copies n bytes and up to 7 more, eight at a time: most runs are that short. */
static uint8_t *copy(uint8_t *to, const uint8_t *from, size_t n) {
  uint8_t *const end = to + n;
  for (; to < end; to += 8, from += 8) memcpy(to, from, 8);
  return end;
}

/* LZ4; the block is our own, so nothing in it is checked. It may write 7 bytes beyond the end. */
static void unpack(const uint8_t *from, const uint8_t *end, uint8_t *to) {
  for (;;) {
    const uint8_t token = *from++, *match;
    size_t n = length(&from, token >> 4);
    to = copy(to, from, n);
    from += n;
    if (from == end) return;
    match = to - (from[0] | from[1] << 8);
    from += 2;
    n = length(&from, token & 15) + 4;
    if (to - match >= 8) to = copy(to, match, n);
    else
      while (n--) *to++ = *match++;
  }
}

/* The bytes are in pages of their own for that long: all of them at once cost less than a fault for each. */
static JSValue load(JSContext *ctx, const uint8_t *packed, size_t n, size_t size) {
  uint8_t *bytes = mmap(NULL, size + 8, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  JSValue value;
  if (bytes == MAP_FAILED) return JS_ThrowOutOfMemory(ctx);
  unpack(packed, packed + n, bytes);
  value = JS_ReadObject(ctx, bytes, size, JS_READ_OBJ_BYTECODE);
  munmap(bytes, size + 8);
  return JS_IsException(value) ? value : JS_EvalFunction(ctx, value);
}

/* __cold(NAME): runs the top level of that part. */
static JSValue load_cold(JSContext *ctx, JSValueConst this_value, int argc, JSValueConst *argv) {
  JSValue value = JS_UNDEFINED;
  const char *name = argc > 0 ? JS_ToCString(ctx, argv[0]) : NULL;
  (void)this_value;
  if (!name) return JS_EXCEPTION;
  for (const uint8_t *part = cold_parts; *part;) {
    const uint8_t *sizes = part + strlen((const char *)part) + 1;
    if (!strcmp((const char *)part, name)) value = load(ctx, sizes + 8, number(sizes), number(sizes + 4));
    part = sizes + 8 + number(sizes);
  }
  JS_FreeCString(ctx, name);
  return value;
}

int bind_cold(JSContext *ctx) {
  JSValue global = JS_GetGlobalObject(ctx);
  int r = JS_SetPropertyStr(ctx, global, "__cold", JS_NewCFunction(ctx, load_cold, "__cold", 1));
  JS_FreeValue(ctx, global);
  return r < 0 ? -1 : 0;
}
