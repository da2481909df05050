/* What the files of the QuickJS host share.
 *
 * main.c starts the program, bind.c gives JavaScript the calls of ../c/sys.h, engine.c is the engine with a few functions
 * that its public header lacks, alloc.c its memory, image/ how a heap gets into the executable (../../../build/README.md).
 * Read next: main.c.
 */
#ifndef RUNITBOX_HOST_H
#define RUNITBOX_HOST_H
#include <stddef.h>
#include "quickjs.h"

/* alloc.c */
extern const JSMallocFunctions alloc_functions;

/* engine.c */
/* A context with the parts of the language that the programs use. NULL: no memory, or no runtime. */
JSContext *engine_context(JSRuntime *rt);
/* A byte string of these bytes. */
JSValue engine_bytes(JSContext *ctx, const char *bytes, size_t len);
/* The bytes of a byte string and a NUL, valid as long as the value lives; where *owned is set, until js_free frees that.
 * -1: an exception (not a string, a character above 255, no memory). */
int engine_view(JSContext *ctx, JSValueConst value, const char **bytes, size_t *len, void **owned);
/* The length of an array, -1 for anything else. */
int64_t engine_length(JSContext *ctx, JSValueConst value);
/* An array of numbers. */
JSValue engine_numbers(JSContext *ctx, const int64_t *v, size_t count);

/* bind.c: puts the calls on globalThis.__sys. -1: an exception. */
int bind_calls(JSContext *ctx);

#ifdef HEAP_IMAGE
/* cold.c: puts the function that loads a cold part on globalThis.__cold. -1: an exception. */
int bind_cold(JSContext *ctx);
#endif

/* main.c */
/* Gives the bundle the calls and runs its top level, which only defines things. Returns globalThis.__main. */
JSValue load_bundle(JSContext *ctx, const uint8_t *bytecode, size_t len);
/* One line on standard error, then sys_reexec. Returns the exit status of an internal failure where the process may end. */
int fatal_text(const char *what, const char *detail);
/* The same for the exception that is pending. */
int fatal(JSContext *ctx);
#endif
