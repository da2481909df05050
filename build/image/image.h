/* The heap image: a JavaScript heap that is stored in the executable and is there when the program starts.
 *
 * Read next: ../README.md, make.c (how it is made), ../../src/host/quickjs/main.c (how it is started).
 */
#ifndef RUNITBOX_IMAGE_H
#define RUNITBOX_IMAGE_H
#include <stddef.h>
#include <stdint.h>
#include "quickjs.h"

#define IMAGE_MAGIC "runitbox heap 1"

/* What the image begins with. The build reads the numbers (Makefile, elf.ts). */
struct image {
  char magic[16];
  char *start;  /* of this header */
  size_t used;  /* bytes from there */
  size_t atoms; /* the first one that is not of the image */
  JSContext *ctx;
  JSValue main;
};

/* Where the linker script has room for it. */
extern char image_area[], image_area_end[];

/* make.c: the whole of the build's call `--dump BYTECODE PLACES IMAGE [NOTES]`. Returns the exit status. */
int image_make(int argc, char **argv);
/* What is allocated next belongs to the thing that these bytes describe (places.ts). */
void image_context(const void *bytes, size_t len);

/* seal.c */
extern const size_t engine_context_size;
/* Before the bundle is loaded: what comes after tells which names it uses. */
void engine_mark(JSContext *ctx);
/* Makes the finished heap fit to be stored. Returns the first atom that is not of it. */
size_t engine_seal(JSContext *ctx);
#endif
