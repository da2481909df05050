/* Compiles a script to the engine's bytecode: bytecode SCRIPT OUT [debug]. Runs on the building machine.
 *
 * Promises: bytecode for exactly the engine it is built with, without the source text; with `debug` it has file names and
 * line numbers for error stacks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "quickjs.h"

static void die(const char *what) {
  fprintf(stderr, "bytecode: %s\n", what);
  exit(1);
}

static char *slurp(const char *path, size_t *len) {
  FILE *f = fopen(path, "rb");
  char *text = NULL;
  if (!f || fseek(f, 0, SEEK_END) != 0) die(path);
  *len = ftell(f);
  rewind(f);
  text = malloc(*len + 1);
  if (!text || fread(text, 1, *len, f) != *len) die(path);
  text[*len] = 0;
  fclose(f);
  return text;
}

int main(int argc, char **argv) {
  size_t len, size;
  int debug = argc > 3, flags = JS_WRITE_OBJ_BYTECODE;
  if (argc < 3) die("usage: bytecode SCRIPT OUT [debug]");
  JSRuntime *rt = JS_NewRuntime();
  JSContext *ctx = JS_NewContext(rt);
  char *text = slurp(argv[1], &len);
#ifdef RUNITBOX_NG
  flags |= JS_WRITE_OBJ_STRIP_SOURCE | (debug ? 0 : JS_WRITE_OBJ_STRIP_DEBUG);
#else
  JS_SetStripInfo(rt, debug ? JS_STRIP_SOURCE : JS_STRIP_DEBUG);
#endif
  JSValue script = JS_Eval(ctx, text, len, "runitbox.js", JS_EVAL_TYPE_GLOBAL | JS_EVAL_FLAG_COMPILE_ONLY);
  if (JS_IsException(script)) {
    JSValue error = JS_GetException(ctx);
    const char *message = JS_ToCString(ctx, error), *stack = JS_ToCString(ctx, JS_GetPropertyStr(ctx, error, "stack"));
    fprintf(stderr, "bytecode: %s\n%s\n", message ? message : "?", stack ? stack : "");
    exit(1);
  }
  uint8_t *bytes = JS_WriteObject(ctx, &size, script, flags);
  FILE *f = fopen(argv[2], "wb");
  if (!bytes || !f || fwrite(bytes, 1, size, f) != size || fclose(f) != 0) die(argv[2]);
  return 0;
}
