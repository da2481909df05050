/* A terminal: its size, and keys one at a time.
 *
 * Promises: signals of keys (INT, QUIT, TSTP) and the processing of output stay as they are.
 * Read next: poll.c (waiting for keys).
 */
#include "internal.h"
#include <sys/ioctl.h>
#include <termios.h>

CALL(windowSize) {
  struct winsize size;
  if (ioctl((int)a[0].n, TIOCGWINSZ, &size) < 0) return -errno;
  return numbers_result(out, size.ws_row, size.ws_col);
}

CALL(rawMode) {
  static struct termios before;
  static int is_raw;
  if (is_raw == !!a[1].n) return 0;
  if (!is_raw && tcgetattr((int)a[0].n, &before) < 0) return -errno;
  struct termios now = before;
  if (!is_raw) {
    now.c_iflag &= ~(tcflag_t)(ICRNL | INLCR | IXON);
    now.c_lflag &= ~(tcflag_t)(ICANON | ECHO | IEXTEN);
    now.c_cc[VMIN] = 1;
    now.c_cc[VTIME] = 0;
  }
  if (tcsetattr((int)a[0].n, TCSADRAIN, &now) < 0) return -errno;
  is_raw = !is_raw;
  return 0;
}
