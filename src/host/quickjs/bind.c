/* Gives JavaScript the calls of ../c/sys.h: one function that converts arguments by a row's type string, and one loop over
 * the table.
 *
 * Promises: wrong types throw TypeError; a NUL in a path-like string gives -EINVAL; what the kernel refuses is the
 * result, never an exception. Byte strings pass without decoding.
 * Must not: know any call by name.
 * Read next: ../c/sys.h, engine.c.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "../c/sys.h"
#include "host.h"

#define MAX_ARGS 8

/* Memory of one call's arguments, freed after it. */
typedef struct held {
  struct held *next;
  void *memory;
} held;

typedef struct {
  JSContext *ctx;
  held *held;
  int invalid; /* a NUL where none may be */
} walk;

static int fail(walk *w, const char *message) {
  JS_ThrowTypeError(w->ctx, "%s", message);
  return -1;
}

static void *keep(walk *w, size_t size) {
  held *h = js_malloc(w->ctx, sizeof *h + size);
  if (!h) return NULL;
  h->next = w->held;
  h->memory = NULL;
  w->held = h;
  return h + 1;
}

static void release(walk *w) {
  while (w->held) {
    held *h = w->held;
    w->held = h->next;
    js_free(w->ctx, h->memory);
    js_free(w->ctx, h);
  }
}

static int number(walk *w, JSValueConst value, double low, double high, int64_t *n) {
  double d;
  if (!JS_IsNumber(value)) return fail(w, "not a number");
  if (JS_ToFloat64(w->ctx, &d, value)) return -1;
  if (!(d >= low && d <= high && d == trunc(d))) return fail(w, "not an integer of this size");
  *n = d;
  return 0;
}

static int text(walk *w, JSValueConst value, int path, const char **bytes, size_t *len) {
  void *owned;
  if (engine_view(w->ctx, value, bytes, len, &owned)) return -1;
  if (owned) {
    if (!keep(w, 0)) {
      js_free(w->ctx, owned);
      return -1;
    }
    w->held->memory = owned;
  }
  if (path && memchr(*bytes, 0, *len)) w->invalid = 1;
  return 0;
}

#define WIDE 9223372036854774784.0 /* the largest double below 2^63 */

static int list(walk *w, JSValueConst value, char type, sys_arg *a) {
  int64_t length = engine_length(w->ctx, value);
  int of_text = type == 'a';
  if (length < 0) return fail(w, "not an array");
  void *memory = keep(w, (length + 1) * (of_text ? sizeof *a->list : sizeof *a->v));
  if (!memory) return -1;
  const char **strings = memory;
  int64_t *numbers = memory;
  for (int64_t i = 0; i < length; i++) {
    size_t ignored;
    /* the array keeps the element alive: no JavaScript runs before the call has ended */
    JSValue element = JS_GetPropertyUint32(w->ctx, value, i);
    int r = of_text ? text(w, element, 1, &strings[i], &ignored) : number(w, element, -WIDE, WIDE, &numbers[i]);
    JS_FreeValue(w->ctx, element);
    if (r) return -1;
  }
  if (of_text) strings[length] = NULL;
  a->len = length;
  a->list = strings;
  a->v = numbers;
  return 0;
}

static int argument(walk *w, JSValueConst value, char type, sys_arg *a) {
  switch (type) {
  case 'i':
    return number(w, value, INT32_MIN, INT32_MAX, &a->n);
  case 'n':
    return number(w, value, -WIDE, WIDE, &a->n);
  case 's':
  case 'd':
    return text(w, value, type == 's', &a->s, &a->len);
  default:
    return list(w, value, type, a);
  }
}

static JSValue strings(JSContext *ctx, const char *bytes, size_t count) {
  JSValue array = JS_NewArray(ctx);
  for (size_t i = 0; i < count && !JS_IsException(array); i++) {
    size_t len = strlen(bytes);
    if (JS_SetPropertyUint32(ctx, array, i, engine_bytes(ctx, bytes, len)) < 0) {
      JS_FreeValue(ctx, array);
      return JS_EXCEPTION;
    }
    bytes += len + 1;
  }
  return array;
}

static JSValue mixed(JSContext *ctx, const sys_out *out) {
  JSValue array = engine_numbers(ctx, out->numbers, out->count);
  if (!JS_IsException(array) && JS_SetPropertyUint32(ctx, array, 0, engine_bytes(ctx, out->bytes, out->len)) < 0) {
    JS_FreeValue(ctx, array);
    return JS_EXCEPTION;
  }
  return array;
}

static JSValue result(JSContext *ctx, char type, int64_t r, const sys_out *out) {
  if (r < 0 || type == 'i') return JS_NewInt64(ctx, r);
  switch (type) {
  case 'd':
    return engine_bytes(ctx, out->bytes, out->len);
  case 'm':
    return mixed(ctx, out);
  case 'v':
    return engine_numbers(ctx, out->v, out->count);
  default:
    return strings(ctx, out->bytes, out->count);
  }
}

static JSValue call(JSContext *ctx, JSValueConst this_value, int argc, JSValueConst *argv, int index) {
  static sys_out out;
  const sys_row *row = &sys_table[index];
  sys_arg a[MAX_ARGS];
  walk w = {ctx, NULL, 0};
  JSValue value = JS_EXCEPTION;
  int i;
  (void)this_value;
  for (i = 0; row->args[i]; i++) {
    if (argument(&w, i < argc ? argv[i] : JS_UNDEFINED, row->args[i], &a[i])) break;
  }
  if (!row->args[i]) {
    out.owned = NULL;
    value = result(ctx, row->result, w.invalid ? -EINVAL : row->call(a, &out), &out);
    free(out.owned);
  }
  release(&w);
  return value;
}

int bind_calls(JSContext *ctx) {
  JSValue global = JS_GetGlobalObject(ctx), calls = JS_NewObject(ctx);
  int r = JS_IsException(calls) ? -1 : 0;
  for (int i = 0; i < sys_count && r >= 0; i++) {
    const sys_row *row = &sys_table[i];
    JSValue f = JS_NewCFunctionMagic(ctx, call, row->name, strlen(row->args), JS_CFUNC_generic_magic, i);
    r = JS_SetPropertyStr(ctx, calls, row->name, f);
  }
  if (r >= 0) r = JS_SetPropertyStr(ctx, global, "__sys", calls);
  else JS_FreeValue(ctx, calls);
  JS_FreeValue(ctx, global);
  return r < 0 ? -1 : 0;
}
