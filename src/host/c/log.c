/* What svlogd needs besides files: the bytes of log lines.
 *
 * Read next: lines.h (what happens to each byte).
 */
#include "internal.h"
#include "lines.h"

/* A limit; one beyond what a size can be is none, where sizes have 32 bits. */
static size_t at_most(int64_t n) { return (uint64_t)n > SIZE_MAX ? SIZE_MAX : (size_t)n; }

CALL(lines) {
  lines_job job = {{a[0].s, a[0].len}, (size_t)a[1].n, (int)a[2].n, {a[3].s, a[3].len}, {a[4].s, a[4].len},
                   at_most(a[5].n),    at_most(a[6].n), (int)a[7].n};
  if (a[1].n < 0 || job.at > job.in.len || job.state < LINE_START || job.state > LINE_SKIPPED) return -EINVAL;
  if (a[5].n < 1 || a[6].n < 0 || !lines_rules_valid(job.rules)) return -EINVAL;
  size_t size = lines_room(&job);
  if (size < sizeof out->buf) size = sizeof out->buf;
  char *to = bytes_result(out, size);
  if (!to) return -ENOMEM;
  out->len = lines_run(&job, to, size);
  out->numbers[1] = (int64_t)job.at;
  out->numbers[2] = job.state;
  out->count = 3;
  return 0;
}

CALL(translate) {
  if (a[1].n < 0 || a[2].n < 0 || a[3].len != 256) return -EINVAL;
  char *to = bytes_result(out, a[0].len);
  if (!to) return -ENOMEM;
  lines_translate((span){a[0].s, a[0].len}, at_most(a[1].n), at_most(a[2].n), a[3].s, to);
  out->len = a[0].len;
  return 0;
}
