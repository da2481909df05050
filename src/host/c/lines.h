/* The bytes of log lines: what svlogd does to every byte, in C for speed.
 *
 * Promises: pure functions of their arguments, defined for every input; they allocate nothing and do no I/O.
 * Read next: lines.c, ../../log/ (who decides), ../../formats/selection.ts (how rules are packed).
 */
#ifndef RUNITBOX_LINES_H
#define RUNITBOX_LINES_H
#include <stddef.h>

/* Where in a line the next byte is. */
enum { LINE_START, LINE_SELECTED, LINE_SKIPPED };

typedef struct {
  const char *bytes;
  size_t len;
} span;

typedef struct {
  span in;        /* the input */
  size_t at;      /* the first byte of it that has not been processed */
  int state;      /* that byte is at LINE_START, or after the first `limit` bytes of a line that was selected or skipped */
  span head;      /* goes before each line */
  span rules;     /* select lines by their first `limit` bytes */
  size_t limit;   /* >= 1 */
  size_t enough;  /* stop after the newline of a selected line once there is this much output */
  int brief;      /* cut longer lines after `limit` bytes, and append "..." and a newline */
} lines_job;

/* Room that lines_run needs for at least one step. */
size_t lines_room(const lines_job *job);

/* Writes the selected lines to `to` (of `room` bytes), advances `at` and `state`, and returns the count of bytes.
 * A last line that has neither a newline nor `limit` bytes stays unprocessed. */
size_t lines_run(lines_job *job, char *to, size_t room);

/* Whether the rules are well-formed. */
int lines_rules_valid(span rules);

/* Copies `in` to `to`, each of the first `limit` bytes of a line replaced by its entry in `table` (256 bytes);
 * `column` bytes of the first line came before. Newlines are kept. */
void lines_translate(span in, size_t column, size_t limit, const char *table, char *to);
#endif
