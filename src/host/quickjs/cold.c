/* The cold parts of the program: bytecode that is loaded when it is first asked for.
 *
 * Promises: costs nothing until then: it lies behind the constants in the text segment, whose pages nobody touches before.
 * Read next: ../cold.ts, ../../cold-sv.ts (what is in one).
 */
#include <string.h>
#include "host.h"

extern const uint8_t cold_init[], cold_init_end[], cold_order[], cold_order_end[], cold_ready[], cold_ready_end[];
extern const uint8_t cold_setup[], cold_setup_end[], cold_sv[], cold_sv_end[];

static const struct {
  const char *name;
  const uint8_t *from, *to;
} parts[] = {{"init", cold_init, cold_init_end},
             {"order", cold_order, cold_order_end},
             {"ready", cold_ready, cold_ready_end},
             {"setup", cold_setup, cold_setup_end},
             {"sv", cold_sv, cold_sv_end}};

/* __cold(NAME): runs the top level of that part. */
static JSValue load_cold(JSContext *ctx, JSValueConst this_value, int argc, JSValueConst *argv) {
  JSValue value = JS_UNDEFINED;
  const char *name = argc > 0 ? JS_ToCString(ctx, argv[0]) : NULL;
  (void)this_value;
  if (!name) return JS_EXCEPTION;
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    if (strcmp(parts[i].name, name) != 0) continue;
    value = JS_ReadObject(ctx, parts[i].from, parts[i].to - parts[i].from, JS_READ_OBJ_BYTECODE);
    if (!JS_IsException(value)) value = JS_EvalFunction(ctx, value);
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
