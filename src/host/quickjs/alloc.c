/* The engine's memory: exact classes carved from a growing region, so that a small program touches few pages.
 *
 * Promises: blocks aligned to 16; a freed block is used again by the next request of its class; NULL when the system
 * has no more; memory of the heap image may be handed to free and realloc (free forgets it, realloc copies).
 * A block is a size_t with its whole size, then the payload. Above a page a request takes what lies unused up to four
 * times its size, so that a burst of strings of all lengths goes through few pages. Up to 1 KiB sizes go by 16 bytes, then by a quarter of
 * the power of two below, and above 128 KiB each block is a mapping of its own that goes back to the system.
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
/* RUNITBOX_FAIL_ALLOC=n: the n-th request is refused; n+: that and all later ones, those of the same process executed
 * anew included (sys_again). */
static int refuse(void) {
  static long count, from = -1, for_ever;
  if (from < 0) {
    char *rest = "";
    const char *s = getenv("RUNITBOX_FAIL_ALLOC");
    from = s ? strtol(s, &rest, 10) : 0;
    for_ever = *rest == '+';
    if (sys_is_successor()) from = for_ever;
  }
  return from > 0 && (++count == from || (for_ever && count > from));
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
#define LEAD (16 - HEAD) /* in front of the head, where a block is a mapping of its own */
#define FINE 1024
#define LARGE (128u << 10)
#define CLASSES (FINE / 16 + 4 * 7 + 1)
#define FIRST (256u << 10)
#define CHUNK (1u << 20)

#ifdef HEAP_IMAGE
/* What is left of the image's last page and the room behind it. */
extern char young_end[];
static char *next = image_limit, *end = young_end;
#else
static char first[FIRST] __attribute__((aligned(16)));
static char *next = first + 16 - HEAD, *end = first + FIRST;
#endif
static void *unused[CLASSES];

static size_t *head(const void *p) { return (size_t *)p - 1; }
static size_t usable(const void *p) { return p ? *head(p) - HEAD : 0; }

/* The class of a request of `size` bytes and, in *total, what it takes; class CLASSES: a mapping of its own. */
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
  *total = t = (t + step - 1) & ~(step - 1);
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

/* What is left of a region is lost when the next one begins: less than one block. */
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
    if (p) return unused[c] = *(void **)p, p;
    p = carve(total);
  }
  if (p) *head(p) = total;
  return p;
}

static void give(void *p) {
  size_t total = *head(p), ignored;
  unsigned c = class_of(total - HEAD, &ignored);
  if (IN_IMAGE(p)) return;
  if (c < CLASSES) {
    *(void **)p = unused[c];
    unused[c] = p;
  } else {
    munmap((char *)p - 16, total + LEAD);
  }
}

/* By the kernel's pages, which are 16 or 64 KiB on some arm64 and ppc64: it rounds the length up, so with smaller ones it
 * would take what is in use. */
static void forget(char *p, size_t size) {
  uintptr_t rest = getauxval(AT_PAGESZ) - 1, from = ((uintptr_t)p + rest) & ~rest, to = ((uintptr_t)p + size) & ~rest;
  if (from < to) madvise((void *)from, to - from, MADV_DONTNEED);
}

/* Whole pages within free blocks go back to the system, and those of `room`. */
int alloc_trim(char *room, size_t size) {
  forget(room, size);
  for (int c = 0; c < CLASSES; c++)
    for (char *p = unused[c]; p; p = *(char **)p)
      forget(p + sizeof p, usable(p) - sizeof p);
  return 0;
}

#endif

#ifdef RUNITBOX_NG
typedef void state; /* this engine counts for itself */
#define COUNT(blocks, bytes) ((void)s)
#else
typedef JSMallocState state;
#define COUNT(blocks, bytes) (s->malloc_count += (blocks), s->malloc_size += (bytes))
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
static void *zeroed(state *s, size_t count, size_t size) {
  size_t total;
  void *p = __builtin_mul_overflow(count, size, &total) ? NULL : get(s, total);
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
