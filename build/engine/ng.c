/* quickjs-ng's form of two functions of src/host/quickjs/engine.c, by ng's public functions. Included there; never shipped.
 *
 * Promises: the same results as those for QuickJS (test/contract compares them). Speed does not matter.
 */

/* The public way: UTF-8, folded back to bytes. */
int engine_view(JSContext *ctx, JSValueConst value, const char **bytes, size_t *len, void **owned) {
  size_t n, i, o = 0;
  const char *utf8;
  char *copy;
  *owned = NULL;
  if (!JS_IsString(value)) {
    JS_ThrowTypeError(ctx, "not a string");
    return -1;
  }
  utf8 = JS_ToCStringLen(ctx, &n, value);
  if (!utf8) return -1;
  copy = js_malloc(ctx, n + 1);
  for (i = 0; copy && i < n; o++) {
    unsigned char c = utf8[i++];
    if (c > 0xc3) {
      JS_ThrowTypeError(ctx, "not a byte string");
      js_free(ctx, copy);
      copy = NULL;
    } else {
      copy[o] = c < 0x80 ? c : (char)(c << 6 | (utf8[i++] & 0x3f));
    }
  }
  JS_FreeCString(ctx, utf8);
  if (!copy) return -1;
  copy[o] = 0;
  *owned = copy;
  *bytes = copy;
  *len = o;
  return 0;
}

JSValue engine_numbers(JSContext *ctx, const int64_t *v, size_t count) {
  JSValue array = JS_NewArray(ctx);
  for (size_t i = 0; i < count && !JS_IsException(array); i++) {
    if (JS_SetPropertyUint32(ctx, array, i, JS_NewInt64(ctx, v[i])) < 0) {
      JS_FreeValue(ctx, array);
      array = JS_EXCEPTION;
    }
  }
  return array;
}
