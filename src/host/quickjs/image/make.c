/* Makes the heap image: stage 1 loads the bundle in the region of the image and writes the region to a file.
 *
 * Promises: everything that the engine allocates is in the region, about in the order of the requests; blocks have the
 * layout of ../alloc.c (a size_t with the total size, then the payload), which manages them at run time.
 * What usual runs touch is kept together: the region has three parts, and a list of places (build/image/places.ts) assigns
 * requests to the first two. A request is identified by its context, the function or name it is made for, and its number
 * within that context, so that a change elsewhere in the code does not shift it. Requests that are not in the list go to
 * the third part: a stale list makes the program slower and stays correct.
 * Must not: let anything from outside (time, environment, descriptors) into the image; run in the shipped program.
 * Read next: seal.c.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../host.h"
#include "image.h"

#define HEAD sizeof(size_t)
#define PARTS 3

typedef struct {
  char *next, *end;
  void *unused; /* freed blocks, each with the next one's address in its payload */
} part;

static part parts[PARTS];
static size_t room_for[PARTS - 1]; /* the bytes of part 0 and 1 */
static const uint64_t *places; /* two sizes as measured; then keys, ascending, with the part in the low two bits */
static size_t place_count;
static uint64_t context, number, key;
static char *context_room; /* before all parts, beside the runtime: every start writes to both */
static uint32_t *seen; /* how often each context occurred */
static uint64_t *notes; /* by address: the key of the request that got the block */

static uint64_t mix(uint64_t h, uint64_t n) {
  h = (h ^ n) * 0x9e3779b97f4a7c15;
  return h ^ h >> 29;
}

void image_context(const void *bytes, size_t len) {
  const unsigned char *p = bytes;
  if (len == 0) return;
  number = 0;
  for (context = len; len > 0; len--) context = mix(context, *p++);
  context = mix(context, ++seen[context >> 48]); /* small functions look alike: the first, the second, ... */
}

static int compare(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a & ~3ull, y = *(const uint64_t *)b & ~3ull;
  return x < y ? -1 : x > y;
}

static part *part_for(size_t total) {
  const uint64_t *place;
  size_t i;
  key = mix(context, ++number) & ~3ull;
  place = place_count > 2 ? bsearch(&key, places + 2, place_count - 2, sizeof key, compare) : NULL;
  for (i = place ? *place & 3 : PARTS - 1; i < PARTS - 1; i++) {
    if ((size_t)(parts[i].end - parts[i].next) >= total) break;
  }
  return parts + i;
}

static size_t *head(const void *p) { return (size_t *)p - 1; }
static size_t usable(const void *p) { return *head(p) - HEAD; }

/* A freed block of this size, or the front of the smallest larger one; growing tables leave large ones. */
static char *reuse(part *in, size_t total) {
  void **link = &in->unused, **best = NULL;
  char *p, *rest;
  for (; *link && *head(*link) != total; link = *link) {
    if (*head(*link) > total + HEAD && (!best || *head(*link) < *head(*best))) best = link;
  }
  if (!*link && best) {
    p = *best;
    rest = p + total;
    *head(rest) = *head(p) - total;
    *(void **)rest = *(void **)p;
    *best = rest;
    return p;
  }
  p = *link;
  if (p) *link = *(void **)p;
  return p;
}

static void *take(JSMallocState *s, size_t size) {
  size_t total = (size + HEAD + 15) & ~(size_t)15;
  part *in = part_for(total);
  char *p;
  if (size == engine_context_size && context_room) {
    p = context_room;
    context_room = NULL;
  } else if (!(p = reuse(in, total))) {
    if ((size_t)(in->end - in->next) < total) return NULL;
    p = in->next + HEAD;
    in->next += total;
  }
  *head(p) = total;
  notes[(p - image_area) / 16] = key;
  s->malloc_count++;
  s->malloc_size += total;
  return p;
}

static void give(JSMallocState *s, void *p) {
  part *in = parts;
  if (!p) return;
  s->malloc_count--;
  s->malloc_size -= *head(p);
  while ((char *)p >= in->end) in++;
  *(void **)p = in->unused;
  in->unused = p;
}

static void *resize(JSMallocState *s, void *p, size_t size) {
  void *q = size > 0 ? take(s, size) : NULL;
  if (q && p) memcpy(q, p, size < usable(p) ? size : usable(p));
  if (q || size == 0) give(s, p);
  return q;
}

static const JSMallocFunctions functions = {take, give, resize, usable};

/* The payload of a block is aligned to 16. */
static char *aligned(char *p) { return (char *)(((uintptr_t)p + 15) & ~(uintptr_t)15) + HEAD; }

static void lay_out(void) {
  char *start = image_area + sizeof(struct image);
  context_room = aligned(start) + HEAD;
  start = context_room + engine_context_size;
  for (size_t i = 0; i < PARTS; i++) {
    parts[i].next = start = aligned(start);
    start = i < PARTS - 1 ? start + room_for[i] : start;
    parts[i].end = i < PARTS - 1 ? start : image_area_end;
  }
}

static void clear_unused(void) {
  for (part *in = parts; in < parts + PARTS; in++) {
    for (void *p = in->unused, *next; p; p = next) {
      next = *(void **)p;
      memset(p, 0, usable(p));
    }
  }
}

static void *map_zeros(size_t len) {
  void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return p == MAP_FAILED ? NULL : p;
}

static const void *map_file(const char *path, size_t *len) {
  int fd = open(path, O_RDONLY);
  off_t n = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
  void *p = n > 0 ? mmap(NULL, n, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
  *len = p == MAP_FAILED ? 0 : n;
  return p;
}

static int write_file(const char *path, const char *bytes, size_t len) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  while (fd >= 0 && len > 0) {
    ssize_t n = write(fd, bytes, len);
    if (n < 0) break;
    bytes += n;
    len -= n;
  }
  return fd < 0 || len > 0 || close(fd) < 0 ? fatal_text("cannot write", path) : 0;
}

static int fill(struct image *image, const void *bytecode, size_t len) {
  lay_out();
  image->ctx = engine_context(JS_NewRuntime2(&functions, NULL));
  if (!image->ctx) return fatal_text("out of memory", "");
  engine_mark(image->ctx);
  image->main = load_bundle(image->ctx, bytecode, len);
  if (JS_IsException(image->main)) return fatal(image->ctx);
  image->atoms = engine_seal(image->ctx);
  return 0;
}

/* The sizes in the list are those of the bundle it was measured with. A child fills the parts and reports the sizes that
 * this bundle needs. */
static int measure(struct image *image, const void *bytecode, size_t len) {
  size_t *taken = mmap(NULL, sizeof room_for, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  int status = 1;
  pid_t child;
  if (taken == MAP_FAILED) return fatal_text("out of memory", "");
  for (int i = 0; i < PARTS - 1; i++) room_for[i] = place_count > 2 ? places[i] : 0;
  child = fork();
  if (child == 0) {
    status = fill(image, bytecode, len);
    for (int i = 0; i < PARTS - 1; i++) taken[i] = parts[i].next - (parts[i].end - room_for[i]);
    _exit(status);
  }
  if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
    return fatal_text("cannot measure the heap", "");
  memcpy(room_for, taken, sizeof room_for);
  return 0;
}

int image_make(int argc, char **argv) {
  struct image *image = (struct image *)image_area;
  size_t room = (image_area_end - image_area) / 16 * sizeof *notes, len;
  const void *bytecode;
  if (argc < 5 || strcmp(argv[1], "--dump") != 0) return fatal_text("no heap image in this executable", "");
  places = map_file(argv[3], &place_count);
  place_count /= sizeof *places;
  bytecode = map_file(argv[2], &len);
  notes = map_zeros(room);
  seen = map_zeros((1 << 16) * sizeof *seen);
  if (len == 0 || !notes || !seen) return fatal_text("cannot read", argv[2]);
  if (measure(image, bytecode, len) != 0 || fill(image, bytecode, len) != 0) return 1;
  clear_unused();
  image->start = image_area;
  image->used = parts[PARTS - 1].next - image_area;
  memcpy(image->magic, IMAGE_MAGIC, sizeof image->magic);
  if (argc > 5 && write_file(argv[5], (char *)notes, room) != 0) return 1;
  return write_file(argv[4], image_area, image->used);
}
