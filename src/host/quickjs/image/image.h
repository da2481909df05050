/* The heap image: a JavaScript heap stored in the executable, ready when the program starts.
 *
 * Read next: make.c (how it is made), ../main.c (how it is started), ../../../../build/README.md.
 */
#ifndef RUNITBOX_IMAGE_H
#define RUNITBOX_IMAGE_H
#include <stddef.h>
#include <stdint.h>
#include "quickjs.h"

#define IMAGE_MAGIC "runitbox heap 1"

/* The header of the image. The build reads its numbers (Makefile, build/image/elf.ts). */
struct image {
  char magic[16];
  char *start;  /* of this header */
  size_t used;  /* bytes from there */
  size_t atoms; /* the first atom after those of the image */
  JSContext *ctx;
  JSValue main;
};

/* The room that the linker script reserves for it. */
extern char image_area[], image_area_end[];

/* make.c: runs the build's call `--dump BYTECODE PLACES IMAGE [NOTES]`. Returns the exit status. */
int image_make(int argc, char **argv);
/* The next allocations belong to the object that these bytes describe (build/image/places.ts). */
void image_context(const void *bytes, size_t len);

/* seal.c */
extern const size_t engine_context_size;
/* Called before the bundle is loaded, to know later which names the bundle uses. */
void engine_mark(JSContext *ctx);
/* Prepares the finished heap for storage. Returns the first atom after those of the image. */
size_t engine_seal(JSContext *ctx);
#endif
