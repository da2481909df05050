/* Binds the table of ../c/sys.h to Node, for tests with coverage and a debugger, and for the packed Node build.
 *
 * Promises: what sys.h requires of all binders; works on every Node from 18 on (Node-API 6).
 * Must not: run on two threads at once; results are in static memory until they are copied.
 * Read next: load.ts, which loads this and lists what Node does differently.
 */
#define NAPI_VERSION 6
#include "sys.h"
#include <errno.h>
#include <node_api.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ARGS 8
#define WRONG_TYPE 1
#define WIDEST 9223372036854774784.0 /* the largest double below 2^63 */

/* Memory of one call's arguments: a chain, freed as a whole. */
typedef struct block {
  struct block *next;
} block;

static void *grab(block **chain, size_t count, size_t size) {
  block *b = count > (SIZE_MAX - sizeof *b) / size ? NULL : malloc(sizeof *b + count * size);
  if (!b) return NULL;
  b->next = *chain;
  *chain = b;
  return b + 1;
}

static void release(block *chain) {
  while (chain) {
    block *next = chain->next;
    free(chain);
    chain = next;
  }
}

static int take_number(napi_env env, napi_value value, double limit, int64_t *n) {
  double d;
  if (napi_get_value_double(env, value, &d) != napi_ok) return WRONG_TYPE;
  if (!(d >= -limit && d <= limit) || d != (double)(int64_t)d) return WRONG_TYPE;
  *n = (int64_t)d;
  return 0;
}

/* Through UTF-16, because Node-API's Latin-1 silently drops the upper byte. */
static int take_bytes(napi_env env, napi_value value, block **chain, const char **bytes, size_t *len) {
  if (napi_get_value_string_utf16(env, value, NULL, 0, len) != napi_ok) return WRONG_TYPE;
  char16_t *wide = grab(chain, *len + 1, sizeof *wide);
  char *narrow = grab(chain, *len + 1, 1);
  if (!wide || !narrow) return -ENOMEM;
  if (napi_get_value_string_utf16(env, value, wide, *len + 1, len) != napi_ok) return WRONG_TYPE;
  for (size_t i = 0; i < *len; i++) {
    if (wide[i] > 255) return WRONG_TYPE;
    narrow[i] = (char)wide[i];
  }
  narrow[*len] = 0;
  *bytes = narrow;
  return 0;
}

static int take_string(napi_env env, napi_value value, block **chain, const char **bytes, size_t *len) {
  int r = take_bytes(env, value, chain, bytes, len);
  return r == 0 && memchr(*bytes, 0, *len) ? -EINVAL : r;
}

/* A wrong type (a positive r) takes precedence over an earlier element with a NUL. */
static int take_array(napi_env env, napi_value value, char type, block **chain, sys_arg *a) {
  bool is_array = false;
  uint32_t count;
  int r = 0;
  if (napi_is_array(env, value, &is_array) != napi_ok || !is_array) return WRONG_TYPE;
  if (napi_get_array_length(env, value, &count) != napi_ok) return WRONG_TYPE;
  int64_t *numbers = type == 'v' ? grab(chain, count, sizeof *numbers) : NULL;
  const char **list = type == 'a' ? grab(chain, (size_t)count + 1, sizeof *list) : NULL;
  if (!numbers && !list) return -ENOMEM;
  for (uint32_t i = 0; i < count && r <= 0; i++) {
    napi_value item;
    size_t len;
    int one = napi_get_element(env, value, i, &item) != napi_ok ? WRONG_TYPE
              : numbers ? take_number(env, item, WIDEST, &numbers[i])
                        : take_string(env, item, chain, &list[i], &len);
    if (one) r = one;
  }
  if (list) list[count] = NULL;
  a->v = numbers;
  a->list = list;
  a->len = count;
  return r;
}

static int take(napi_env env, napi_value value, char type, block **chain, sys_arg *a) {
  switch (type) {
    case 'i': return take_number(env, value, 0x1p31, &a->n) || a->n > INT32_MAX ? WRONG_TYPE : 0;
    case 'n': return take_number(env, value, WIDEST, &a->n);
    case 's': return take_string(env, value, chain, &a->s, &a->len);
    case 'd': return take_bytes(env, value, chain, &a->s, &a->len);
    default: return take_array(env, value, type, chain, a);
  }
}

static const char *expected(char type) {
  switch (type) {
    case 'i': return "a 32-bit integer";
    case 'n': return "an integer";
    case 'a': return "an array of byte strings";
    case 'v': return "an array of integers";
    default: return "a byte string";
  }
}

static void complain(napi_env env, const sys_row *row, int index) {
  char message[96];
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  snprintf(message, sizeof message, "%s: argument %d must be %s", row->name, index + 1, expected(row->args[index]));
  if (!pending) napi_throw_type_error(env, NULL, message);
}

static napi_value give_array(napi_env env, char type, const sys_out *out) {
  napi_value array, item;
  const char *at = out->bytes;
  napi_create_array_with_length(env, out->count, &array);
  for (size_t i = 0; i < out->count; i++) {
    size_t len = type == 'a' ? strlen(at) : 0;
    if (type == 'a') napi_create_string_latin1(env, at, len, &item);
    else napi_create_int64(env, out->v[i], &item);
    napi_set_element(env, array, (uint32_t)i, item);
    at += type == 'a' ? len + 1 : 0;
  }
  return array;
}

static napi_value give_mixed(napi_env env, const sys_out *out) {
  napi_value array, item;
  napi_create_array_with_length(env, out->count, &array);
  for (size_t i = 0; i < out->count; i++) {
    if (i == 0) napi_create_string_latin1(env, out->bytes, out->len, &item);
    else napi_create_int64(env, out->numbers[i], &item);
    napi_set_element(env, array, (uint32_t)i, item);
  }
  return array;
}

static napi_value give(napi_env env, char type, int64_t r, const sys_out *out) {
  napi_value value = NULL;
  if (r < 0 || type == 'i') napi_create_int64(env, r, &value);
  else if (type == 'd') napi_create_string_latin1(env, out->bytes, out->len, &value);
  else if (type == 'm') value = give_mixed(env, out);
  else value = give_array(env, type, out);
  return value;
}

static napi_value call(napi_env env, napi_callback_info info) {
  static sys_out out;
  sys_arg args[MAX_ARGS] = {0};
  napi_value values[MAX_ARGS], value = NULL;
  size_t count = MAX_ARGS;
  block *chain = NULL;
  void *data;
  int64_t r = 0;
  if (napi_get_cb_info(env, info, &count, values, NULL, &data) != napi_ok) return NULL;
  const sys_row *row = data;
  for (int i = 0; row->args[i] && r <= 0; i++) {
    int one = take(env, values[i], row->args[i], &chain, &args[i]);
    if (one) r = one;
    if (one > 0) complain(env, row, i);
  }
  if (r <= 0) {
    out.owned = NULL;
    if (r == 0) r = row->call(args, &out);
    value = give(env, row->result, r, &out);
    free(out.owned);
  }
  release(chain);
  return value;
}

NAPI_MODULE_INIT() {
  for (int i = 0; i < sys_count; i++) {
    napi_value function;
    const sys_row *row = &sys_table[i];
    if (napi_create_function(env, row->name, NAPI_AUTO_LENGTH, call, (void *)row, &function) != napi_ok) return NULL;
    if (napi_set_named_property(env, exports, row->name, function) != napi_ok) return NULL;
  }
  return exports;
}
