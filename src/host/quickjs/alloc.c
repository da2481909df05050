/* The engine's memory: size classes carved from a growing region, so that a small program touches few pages.
 *
 * Promises: blocks are aligned to 16; the next request of its class gets a freed block again; NULL when the system has no
 * more; free and realloc accept memory of the heap image (free ignores it, realloc copies it).
 * A block is a size_t with its total size, then the payload. Classes are 16 bytes apart up to 1 KiB, then a quarter of the
 * power of two below; above 128 KiB each block is a mapping of its own that returns to the system. A request above a page
 * takes a free block of up to four times its size, so that a burst of strings of all lengths reuses few pages.
 * Must not: be used by two threads.
 * Build switches: PLAIN_MALLOC (the C library's, for the address sanitizer), FAIL_ALLOC (refusals on demand).
 * Read next: main.c.
 */
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include "host.h"

#ifdef FAIL_ALLOC
#include "../c/sys.h"
/* RUNITBOX_FAIL_ALLOC=n: the n-th request fails; n+: that and all later ones, also after sys_reexec. */
static int refuse(void) {
  static long requests, from = -1, for_ever;
  if (from < 0) {
    char *rest = "";
    const char *s = getenv("RUNITBOX_FAIL_ALLOC");
    from = s ? strtol(s, &rest, 10) : 0;
    for_ever = *rest == '+';
    if (sys_is_reexecuted()) from = for_ever;
  }
  return from > 0 && (++requests == from || (for_ever && requests > from));
}
#else
#define refuse() 0
#endif

#ifdef PLAIN_MALLOC

static void *take(size_t size) { return malloc(size); }
static void give(void *p) { free(p); }
static size_t usable(const void *p) { return malloc_usable_size((void *)p); }
static size_t whole(size_t size) { return size; }

#else

#define HEAD sizeof(size_t)
#define LEAD (16 - HEAD) /* before the head of a block that is a mapping of its own */
#define FINE 1024
#define LARGE (128u << 10)
#define CLASSES (FINE / 16 + 4 * 7 + 1)
#define FIRST (256u << 10)
#define CHUNK (1u << 20)

#ifdef HEAP_IMAGE
/* The rest of the image's last page and the room after it. */
extern char young_end[];
static char *next = image_limit, *end = young_end;
#else
static char first[FIRST] __attribute__((aligned(16)));
static char *next = first + 16 - HEAD, *end = first + FIRST;
#endif
static void *unused[CLASSES];

static size_t *head(const void *p) { return (size_t *)p - 1; }
static size_t usable(const void *p) { return p ? *head(p) - HEAD : 0; }

/* The class of a request of `size` bytes and, in *total, the size of its block; class CLASSES: a mapping of its own. */
static unsigned class_of(size_t size, size_t *total) {
  size_t t = (size + HEAD + 15) & ~(size_t)15, step;
  unsigned log;
  if (t <= FINE) {
    *total = t;
    return t / 16;
  }
  if (size > LARGE - HEAD) {
    *total = ((size + 16 + 4095) & ~(size_t)4095) - LEAD;
    return CLASSES;
  }
  log = 8 * sizeof(long) - 1 - __builtin_clzl(t - 1); /* 2^log < t <= 2^(log+1) */
  step = (size_t)1 << (log - 2);
  t = (t + step - 1) & ~(step - 1);
  *total = t;
  return FINE / 16 + (log - 10) * 4 + (t - ((size_t)1 << log)) / step;
}

static size_t whole(size_t size) {
  class_of(size, &size);
  return size - HEAD;
}

static char *map(size_t size) {
  char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return p == MAP_FAILED ? NULL : p;
}

/* A new region wastes the rest of the last one: less than one block. */
static char *carve(size_t total) {
  char *p;
  if ((size_t)(end - next) < total) {
    p = map(CHUNK);
    if (!p) return NULL;
    next = p + 16 - HEAD;
    end = p + CHUNK;
  }
  p = next + HEAD;
  next += total;
  return p;
}

static void *take(size_t size) {
  size_t total;
  unsigned c = class_of(size, &total), roomy = total > 4096 ? c + 8 : c;
  char *p;
  if (c == CLASSES) {
    p = map(total + LEAD);
    p = p ? p + 16 : NULL;
  } else {
    while (c < roomy && c < CLASSES - 1 && !unused[c]) c++;
    p = unused[c];
    if (p) {
      unused[c] = *(void **)p;
      return p;
    }
    p = carve(total);
  }
  if (p) *head(p) = total;
  return p;
}

static void give(void *p) {
  if (IN_IMAGE(p)) return;
  size_t total = *head(p), ignored;
  unsigned c = class_of(total - HEAD, &ignored);
  if (c < CLASSES) {
    *(void **)p = unused[c];
    unused[c] = p;
  } else {
    munmap((char *)p - 16, total + LEAD);
  }
}

/* In units of the kernel's pages, 16 or 64 KiB on some arm64 and ppc64: madvise rounds the length up, so a smaller unit would
 * discard memory in use. */
static void forget(char *p, size_t size) {
  uintptr_t rest = getauxval(AT_PAGESZ) - 1, from = ((uintptr_t)p + rest) & ~rest, to = ((uintptr_t)p + size) & ~rest;
  if (from < to) madvise((void *)from, to - from, MADV_DONTNEED);
}

/* Returns whole pages within free blocks, and those of `room`, to the system. */
int alloc_trim(char *room, size_t size) {
  forget(room, size);
  for (int c = 0; c < CLASSES; c++)
    for (char *p = unused[c]; p; p = *(char **)p)
      forget(p + sizeof p, usable(p) - sizeof p);
  return 0;
}

#endif

#ifdef RUNITBOX_NG
typedef void state;
#define COUNT(blocks, bytes) ((void)s) /* this engine counts for itself */
#else
typedef JSMallocState state;
#define COUNT(blocks, bytes)                                                                               \
  do {                                                                                                     \
    s->malloc_count += (blocks);                                                                           \
    s->malloc_size += (bytes);                                                                             \
  } while (0)
#endif

static void *get(state *s, size_t size) {
  void *p = size > PTRDIFF_MAX - 8192 || refuse() ? NULL : take(size);
  if (p) COUNT(1, usable(p));
  return p;
}

static void put(state *s, void *p) {
  if (!p) return;
  COUNT(-1, -usable(p));
  give(p);
}

static void *resize(state *s, void *p, size_t size) {
  size_t old = p ? usable(p) : 0;
  void *q;
  if (size == 0) {
    put(s, p);
    return NULL;
  }
  if (p && size <= PTRDIFF_MAX - 8192 && whole(size) == old) return p;
  q = get(s, size);
  if (q && p) {
    memcpy(q, p, old < size ? old : size);
    put(s, p);
  }
  return q;
}

#ifdef RUNITBOX_NG
static void *zeroed(state *s, size_t items, size_t size) {
  size_t total;
  void *p = __builtin_mul_overflow(items, size, &total) ? NULL : get(s, total);
  return p ? memset(p, 0, total) : NULL;
}
#endif

const JSMallocFunctions alloc_functions = {
#ifdef RUNITBOX_NG
  .js_calloc = zeroed,
#endif
  .js_malloc = get,
  .js_free = put,
  .js_realloc = resize,
  .js_malloc_usable_size = usable,
};
