/* The bytes of log lines, at full speed: what svlogd does to every byte.
 *
 * Promises: pure functions of their arguments, defined for every input; they allocate nothing and know no file.
 * Read next: lines.c, ../../log/ (who decides), ../../formats/selection.ts (how rules are packed).
 */
#ifndef RUNITBOX_LINES_H
#define RUNITBOX_LINES_H
#include <stddef.h>

/* Where in a line the next byte is. */
enum { LINE_START, LINE_TAKEN, LINE_SKIPPED };

typedef struct {
  const char *bytes;
  size_t len;
} span;

typedef struct {
  span in;        /* what was read */
  size_t at;      /* the first byte of it that has not been dealt with */
  int state;      /* where that byte is: behind the first `limit` bytes of a line that was taken or skipped, or LINE_START */
  span head;      /* goes in front of each line */
  span rules;     /* decide by the first `limit` bytes of a line whether it is taken */
  size_t limit;   /* >= 1 */
  size_t enough;  /* stop behind the newline of a taken line when there is as much output */
  int brief;      /* of a line of `limit` bytes or more only these, with "..." and a newline behind */
} lines_job;

/* Room that lines_run needs for at least one step. */
size_t lines_room(const lines_job *job);

/* Appends the lines taken to `to` (of `room` bytes), moves at and state on, and gives the count of bytes.
 * A last line that has neither a newline nor `limit` bytes is left for later. */
size_t lines_run(lines_job *job, char *to, size_t room);

/* Whether rules can be used: kinds and lengths fit. */
int lines_rules_valid(span rules);

/* Copies `in` to `to`, each of the first `limit` bytes of a line replaced by its entry in `table` (256 bytes);
 * `column` bytes of the first line came before. Newlines stay. */
void lines_translate(span in, size_t column, size_t limit, const char *table, char *to);
#endif
