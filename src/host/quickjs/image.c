/* The heap image: a JavaScript heap that is stored in the executable and is there when the program starts.
 *
 * Promises: while an image is built, all the engine allocates lies in one region at a fixed address below everything
 * else (the linker's image_limit is 0 then, so that objects are counted and freed as usual). image_dump writes the
 * used part; the build puts it into the executable as a segment of its own and links image_limit above the region:
 * from then on IN_IMAGE objects are never freed or counted, and their pages stay the file's.
 * Must not: let anything of the outside (time, environment, descriptors) into the image.
 * Read next: ../../../build/README.md, engine.c (engine_seal), alloc.c.
 */
#ifdef HEAP_IMAGE
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "host.h"

/* Where the linker script has room for it. */
extern char image_area[], image_area_end[];

static const char magic[16] = "runitbox heap 1";

const struct image *image_start(void) {
  const struct image *image = (const struct image *)image_area;
  return memcmp(image->magic, magic, sizeof magic) == 0 ? image : NULL;
}

void image_begin(void) {
  alloc_from(image_area + sizeof(struct image), image_area_end);
}

static int write_all(int fd, const char *bytes, size_t len) {
  while (len > 0) {
    ssize_t n = write(fd, bytes, len);
    if (n < 0)
      return -1;
    bytes += n;
    len -= n;
  }
  return 0;
}

int image_dump(JSContext *ctx, JSValue main, const char *path) {
  struct image *image = (struct image *)image_area;
  int fd, r;
  image->atoms = engine_seal(ctx);
  image->start = image_area;
  image->ctx = ctx;
  image->main = main;
  image->used = alloc_forget() - image_area;
  memcpy(image->magic, magic, sizeof magic);
  fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  r = fd < 0 ? -1 : write_all(fd, image_area, image->used);
  return fd < 0 || close(fd) < 0 ? -1 : r;
}
#endif
