/* The bytes of log lines. Read first: lines.h. */
#include "lines.h"
#include <string.h>

#define NONE ((size_t)-1)
#define STEP 4096 /* room for the short lines of one run, beyond what one long line needs */

static size_t find(span s, size_t from, char byte) {
  const char *found = from < s.len ? memchr(s.bytes + from, byte, s.len - from) : NULL;
  return found ? (size_t)(found - s.bytes) : NONE;
}

/* svlogd's patterns. A star extends to the first occurrence of the character after it. A "+c" that reaches the end of
 * the text is a match, whatever the rest of the pattern is. */
static int matches(span pattern, span text) {
  size_t t = 0;
  for (size_t p = 0; p < pattern.len; p++) {
    char c = pattern.bytes[p];
    if (c == '*') {
      if (p + 1 == pattern.len) return 1;
      t = find(text, t, pattern.bytes[p + 1]);
      if (t == NONE) return 0;
      continue;
    }
    if (c == '+') {
      char run = ++p < pattern.len ? pattern.bytes[p] : 0;
      if (t == text.len || text.bytes[t] != run) return 0;
      while (t < text.len && text.bytes[t] == run) t++;
      if (t == text.len) return 1;
      continue;
    }
    if (t == text.len || text.bytes[t] != c) return 0;
    t++;
  }
  return t == text.len;
}

/* rules: '+' or '-', the default; then for each rule '+' or '-', two bytes of length (big-endian) and the pattern. "" selects
 * every line. */
static int rule_at(span rules, size_t *at, char *kind, span *pattern) {
  const unsigned char *b = (const unsigned char *)rules.bytes + *at;
  if (rules.len - *at < 3) return 0;
  *kind = (char)b[0];
  *pattern = (span){rules.bytes + *at + 3, (size_t)b[1] << 8 | b[2]};
  if (pattern->len > rules.len - *at - 3 || (*kind != '+' && *kind != '-')) return 0;
  *at += 3 + pattern->len;
  return 1;
}

int lines_rules_valid(span rules) {
  size_t at = 1;
  char kind;
  span pattern;
  if (rules.len && rules.bytes[0] != '+' && rules.bytes[0] != '-') return 0;
  while (at < rules.len && rule_at(rules, &at, &kind, &pattern)) continue;
  return at >= rules.len;
}

static int is_selected(span rules, span text) {
  size_t at = 1;
  char kind, verdict = rules.len ? rules.bytes[0] : '+';
  span pattern;
  while (at < rules.len && rule_at(rules, &at, &kind, &pattern))
    if (kind != verdict && matches(pattern, text)) verdict = kind;
  return verdict == '+';
}

static char *put(char *to, const char *bytes, size_t len) {
  memcpy(to, bytes, len);
  return to + len;
}

size_t lines_room(const lines_job *job) {
  return job->head.len + (job->in.len - job->at) + sizeof "...\n" + STEP;
}

/* The rest of a long line, up to its newline or the end of the input. Returns whether the line ended. */
static int rest_of_line(lines_job *job, char **to) {
  size_t newline = find(job->in, job->at, '\n');
  size_t end = newline == NONE ? job->in.len : newline + 1;
  if (job->state == LINE_SELECTED) *to = put(*to, job->in.bytes + job->at, end - job->at);
  job->at = end;
  return newline != NONE;
}

size_t lines_run(lines_job *job, char *to, size_t room) {
  char *const start = to, *const full = to + room - (lines_room(job) - STEP);
  while (job->at < job->in.len) {
    int selected = job->state == LINE_SELECTED;
    if (job->state != LINE_START) {
      if (!rest_of_line(job, &to)) break;
      job->state = LINE_START;
    } else {
      span text = {job->in.bytes + job->at, job->in.len - job->at};
      if (text.len > job->limit) text.len = job->limit;
      size_t newline = find(text, 0, '\n');
      if (newline == NONE && text.len < job->limit) break;
      if (newline != NONE) text.len = newline;
      selected = is_selected(job->rules, text);
      if (selected) {
        to = put(to, job->head.bytes, job->head.len);
        to = put(to, text.bytes, text.len);
        if (newline != NONE) *to++ = '\n';
        else if (job->brief) to = put(to, "...\n", 4);
      }
      job->at += text.len + (newline != NONE);
      if (newline == NONE) {
        job->state = selected && !job->brief ? LINE_SELECTED : LINE_SKIPPED;
        continue;
      }
    }
    if ((selected && (size_t)(to - start) >= job->enough) || to > full) break;
  }
  return (size_t)(to - start);
}

void lines_translate(span in, size_t column, size_t limit, const char *table, char *to) {
  for (size_t i = 0; i < in.len; i++) {
    unsigned char c = (unsigned char)in.bytes[i];
    if (c == '\n') {
      to[i] = '\n';
      column = 0;
    } else {
      to[i] = column < limit ? table[c] : (char)c;
      column++;
    }
  }
}
