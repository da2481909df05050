// The log argument of runsvdir: what services write to standard error, shown in `ps` in place of the argument.
//
// The first five bytes stay, the rest is a window over the latest output. Control bytes show as spaces, so that no
// service reaches a terminal through ps.
import type { Bytes } from '../../abi/bytes.ts';
import { type Fd, isErrno } from '../../host/calls.ts';
import { O_NONBLOCK } from '../../abi/flags.ts';
import { sys } from '../../host/sys.ts';
import { type Loop, watch } from '../loop.ts';
import type { Diagnostics } from '../diagnostics.ts';

/** The minimum length of the argument. */
export const LEAST = 7;
const FIXED = 5;
const STDERR = 2 as Fd;

/** How often to add a dot, so that old text leaves the window. */
export const DOT_MS = 900000;

export interface Readproctitle {
  readonly input: Fd;
  readonly argument: number;
  readonly head: Bytes;
  window: Bytes;
  dotMs: number;
}

const shown = (text: Bytes): Bytes => {
  let clean = '';
  for (const char of text) {
    if (char !== '\0') clean += char < ' ' || char === '\x7f' ? ' ' : char;
  }
  return clean;
};

const add = (title: Readproctitle, text: Bytes): void => {
  const size = title.window.length;
  title.window = (title.window + shown(text)).slice(-size);
  sys.argWrite(title.argument, title.head + title.window);
};

/** Makes `argument`, whose text is `log`, show standard error; null: impossible, and reported. */
export const openReadproctitle = (
  diagnostics: Diagnostics,
  argument: number,
  log: Bytes,
  nowMs: number,
): Readproctitle | null => {
  if (log.length < LEAST) {
    diagnostics.warn('log must have at least seven characters.');
    diagnostics.warn('log service disabled.');
    return null;
  }
  const pipe = sys.pipe(O_NONBLOCK);
  if (isErrno(pipe) || isErrno(sys.dup2(pipe[1], STDERR))) {
    diagnostics.warn('unable to create pipe for log.');
    diagnostics.warn('log service disabled.');
    return null;
  }
  sys.close(pipe[1]);
  const title: Readproctitle = {
    input: pipe[0],
    argument,
    head: log.slice(0, FIXED),
    window: log.slice(FIXED),
    dotMs: 0,
  };
  addDot(title, nowMs);
  return title;
};

/** The same with a pipe that already exists, and an argument that shows earlier text. */
export const continueReadproctitle = (input: Fd, argument: number, log: Bytes, nowMs: number): Readproctitle => ({
  input,
  argument,
  head: log.slice(0, FIXED),
  window: log.slice(FIXED),
  dotMs: nowMs + DOT_MS,
});

/** Adds the dot that is due, and sets the time of the next one. */
export const addDot = (title: Readproctitle, nowMs: number): void => {
  add(title, '.');
  title.dotMs = nowMs + DOT_MS;
};

/** Shows what arrives from now on. */
export const watchReadproctitle = (loop: Loop, title: Readproctitle): void =>
  watch(loop, title.input, () => {
    const text = sys.read(title.input, 4096);
    if (!isErrno(text)) add(title, text);
  });
