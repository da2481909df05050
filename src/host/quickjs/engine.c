/* The engine, and the few functions that its public header lacks.
 *
 * Promises: no policy; each function touches only what its comment says. Both engines compile here: QuickJS (the
 * product) and quickjs-ng (RUNITBOX_NG, no heap image).
 * Read next: host.h (what each function promises), image/seal.c.
 */
#include "quickjs.c"
#include "host.h"

JSContext *engine_context(JSRuntime *rt) {
  JSContext *ctx = rt ? JS_NewContextRaw(rt) : NULL;
  if (!ctx) return NULL;
  JS_AddIntrinsicBaseObjects(ctx);
  JS_AddIntrinsicRegExp(ctx);
  JS_AddIntrinsicJSON(ctx);
  JS_AddIntrinsicMapSet(ctx);
  return ctx;
}

JSValue engine_bytes(JSContext *ctx, const char *bytes, size_t len) {
  return js_new_string8_len(ctx, bytes, len);
}

int64_t engine_length(JSContext *ctx, JSValueConst value) {
  int64_t length;
#ifdef RUNITBOX_NG
  int array = JS_IsArray(value);
#else
  int array = JS_IsArray(ctx, value);
#endif
  return array > 0 && js_get_length64(ctx, &length, value) == 0 ? length : -1;
}

#ifdef RUNITBOX_NG
#include "../../../build/engine/ng.c"
#else

/* Most byte strings are used in place. A rope is flattened first, and then keeps the flat string alive. */
int engine_view(JSContext *ctx, JSValueConst value, const char **bytes, size_t *len, void **owned) {
  JSString *p;
  uint32_t i;
  *owned = NULL;
  if (!JS_IsString(value)) {
    JS_ThrowTypeError(ctx, "not a string");
    return -1;
  }
  if (JS_VALUE_GET_TAG(value) == JS_TAG_STRING_ROPE) {
    JSValue flat = js_linearize_string_rope(ctx, JS_DupValue(ctx, value));
    if (JS_IsException(flat)) return -1;
    p = JS_VALUE_GET_STRING(flat);
    JS_FreeValue(ctx, flat);
  } else {
    p = JS_VALUE_GET_STRING(value);
  }
  *len = p->len;
  *bytes = (const char *)p->u.str8;
  if (!p->is_wide_char) return 0;
  char *copy = js_malloc(ctx, p->len + 1);
  if (!copy) return -1;
  for (i = 0; i < p->len; i++) {
    if (p->u.str16[i] > 0xff) {
      js_free(ctx, copy);
      JS_ThrowTypeError(ctx, "not a byte string");
      return -1;
    }
    copy[i] = p->u.str16[i];
  }
  copy[i] = 0;
  *owned = copy;
  *bytes = copy;
  return 0;
}

JSValue engine_numbers(JSContext *ctx, const int64_t *v, size_t count) {
  JSValue array = JS_NewArray(ctx);
  JSObject *p;
  if (JS_IsException(array) || count == 0) return array;
  p = JS_VALUE_GET_OBJ(array);
  if (expand_fast_array(ctx, p, count)) {
    JS_FreeValue(ctx, array);
    return JS_EXCEPTION;
  }
  for (size_t i = 0; i < count; i++) p->u.array.u.values[i] = JS_NewInt64(ctx, v[i]);
  p->u.array.count = count;
  p->prop[0].u.value = JS_NewInt32(ctx, count);
  return array;
}

#ifdef HEAP_IMAGE
#include "image/seal.c"
#endif
#endif
