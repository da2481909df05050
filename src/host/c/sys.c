/* The table of system calls, and what their results have in common.
 *
 * Read next: sys.h (the rows), internal.h (what a family is), ../calls.ts (what each row means).
 */
#include "internal.h"

int64_t numbers_result(sys_out *out, int64_t first, int64_t second) {
  out->v[0] = first;
  out->v[1] = second;
  out->count = 2;
  return 0;
}

char *bytes_result(sys_out *out, size_t size) {
  if (size > sizeof out->buf) out->owned = malloc(size);
  char *to = size > sizeof out->buf ? out->owned : out->buf;
  out->bytes = to;
  return to;
}

int64_t strings_result(sys_out *out, char *const *list, size_t count) {
  size_t total = 0;
  for (size_t i = 0; i < count; i++) total += strlen(list[i]) + 1;
  char *to = bytes_result(out, total);
  if (!to) return -ENOMEM;
  out->len = total;
  out->count = count;
  for (size_t i = 0; i < count; i++) {
    size_t size = strlen(list[i]) + 1;
    memcpy(to, list[i], size);
    to += size;
  }
  return 0;
}

void write_digits(char *to, int count, int64_t n) {
  for (int i = count - 1; i >= 0; i--) {
    to[i] = (char)('0' + n % 10);
    n /= 10;
  }
}

#define ROW(name, args, type) {#name, args, type, do_##name},
const sys_row sys_table[] = {SYS_CALLS(ROW)};
const int sys_count = COUNT(sys_table);
