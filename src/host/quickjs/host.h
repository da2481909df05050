/* What the files of the QuickJS host share.
 *
 * main.c starts the program, bind.c gives JavaScript the calls of ../c/sys.h, engine.c is the engine itself with the
 * few doors into it that its public header lacks, alloc.c the memory, image.c the heap that is stored in the executable.
 * Read next: main.c.
 */
#ifndef RUNITBOX_HOST_H
#define RUNITBOX_HOST_H
#include <stddef.h>
#include "quickjs.h"

/* alloc.c */
extern const JSMallocFunctions alloc_functions;
/* All allocation from now on comes from [start, end), then from the system. */
void alloc_from(char *start, char *end);
/* Clears every free block and forgets it. Returns the end of what is in use. */
char *alloc_forget(void);

/* engine.c */
/* A runtime and a context with what the programs use of the language. NULL: no memory. */
JSContext *engine_new(void);
/* A byte string of these bytes. */
JSValue engine_bytes(JSContext *ctx, const char *bytes, size_t len);
/* The bytes of a byte string, NUL behind them, good for as long as the value lives or, where *owned is set, until
 * that is freed by js_free. -1: an exception (no string, a character above 255, no memory). */
int engine_view(JSContext *ctx, JSValueConst value, const char **bytes, size_t *len, void **owned);
/* The length of an array, -1 for anything else. */
int64_t engine_length(JSContext *ctx, JSValueConst value);
/* An array of numbers. */
JSValue engine_numbers(JSContext *ctx, const int64_t *v, size_t count);
/* Before the bundle is loaded: what comes after tells which names it uses. */
void engine_mark(JSContext *ctx);
/* Makes the finished heap fit to be stored: see image.c. Returns the first atom that is not of it. */
size_t engine_seal(JSContext *ctx);

/* bind.c: puts the calls on globalThis.__sys. -1: an exception. */
int bind_calls(JSContext *ctx);

/* image.c */
struct image {
  char magic[16];
  char *start; /* of this header */
  size_t used; /* bytes from there */
  size_t atoms; /* the first one that is not of the image */
  JSContext *ctx;
  JSValue main;
};
/* The stored heap, ready to run; NULL where the executable has none. */
const struct image *image_start(void);
/* Prepares the place where a heap to be stored is built. */
void image_begin(void);
/* Writes that heap to a file. -1: errno. */
int image_dump(JSContext *ctx, JSValue main, const char *path);
#endif
