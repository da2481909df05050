// Lines on standard output, where the logs of containers live: each with the service's name, or as a JSON object.
//
// Promises: the same as a log directory: every line once, in order; a reader that is slow is waited for by poll, not by
// this. A reader that has gone ends the stream, which is told once.
// Read next: loop.ts.
import { rfc3339, stampOf } from '../formats/stamp.ts';
import { type Bytes, type Fd, refused } from '../host/calls.ts';
import { EAGAIN, POLLOUT } from '../host/linux.ts';
import { sys } from '../host/sys.ts';
import type { Piece } from './piece.ts';
import type { Settings, StreamForm } from './settings.ts';

const STDOUT = 1 as Fd;
const NEVER = 2 ** 52;

export interface Stream {
  readonly settings: Settings;
  readonly form: StreamForm;
  readonly service: Bytes;
  /** Text to be written. */
  rest: Bytes;
  /** How much of it has been written. */
  sent: number;
  /** Where in a line the next piece begins. */
  state: number;
  /** The reader has gone. */
  gone: boolean;
}

export const newStream = (settings: Settings): Stream | null =>
  settings.stream === null ? null : { settings, ...settings.stream, rest: '', sent: 0, state: 0, gone: false };

const allLines = ({ settings, service, state }: Stream, { data, moment }: Piece): readonly [Bytes, number] => {
  const head = stampOf(settings.stampStyle, moment) + (service === '' ? '' : `${service}: `);
  let [text, at, now] = ['', 0, state];
  for (;;) {
    const made = sys.lines(data, at, now, head, '', settings.lineBytes, NEVER, 0);
    if (refused(made)) throw new Error(`lines: ${made}`);
    text += made[0];
    if (made[1] === at) return [text, made[2]];
    at = made[1];
    now = made[2];
  }
};

/** One well formed character beyond ASCII. */
const WIDE =
  '[\\xc2-\\xdf][\\x80-\\xbf]|\\xe0[\\xa0-\\xbf][\\x80-\\xbf]|[\\xe1-\\xec\\xee\\xef][\\x80-\\xbf]{2}|\\xed[\\x80-\\x9f][\\x80-\\xbf]|' +
  '\\xf0[\\x90-\\xbf][\\x80-\\xbf]{2}|[\\xf1-\\xf3][\\x80-\\xbf]{3}|\\xf4[\\x80-\\x8f][\\x80-\\xbf]{2}';
const NOT_ASCII = /[\x80-\xff]/;
const PARTS = new RegExp(`${WIDE}|[\\x80-\\xff]`, 'g');
/** U+FFFD, as UTF-8. */
const REPLACEMENT = '\xef\xbf\xbd';

/** Text as a JSON string in UTF-8; bytes that are none become U+FFFD. */
export const jsonString = (text: Bytes): Bytes => {
  const sound = NOT_ASCII.test(text) ? text.replace(PARTS, (part) => (part.length > 1 ? part : REPLACEMENT)) : text;
  return JSON.stringify(sound);
};

/** A line whose end is in a later piece says so: the next object goes on with it. */
const object = ({ service }: Stream, time: Bytes, line: Bytes, whole: boolean): Bytes => {
  const rest = whole ? '' : ',"partial":true';
  return `{"time":"${time}","service":${jsonString(service)},"line":${jsonString(line)}${rest}}\n`;
};

const objects = (stream: Stream, { data, moment }: Piece): Bytes => {
  const time = rfc3339(moment);
  const lines = data.split('\n');
  const last = lines.pop() ?? '';
  let text = '';
  for (const line of lines) text += object(stream, time, line, true);
  return last === '' ? text : text + object(stream, time, last, false);
};

/** Takes a whole piece in. */
export const offer = (stream: Stream, piece: Piece): void => {
  if (stream.gone) return;
  if (stream.form === 'json') {
    stream.rest += objects(stream, piece);
    return;
  }
  const [text, state] = allLines(stream, piece);
  stream.rest += text;
  stream.state = state;
};

/**
 * What a pipe takes at once where poll says that it takes anything: a longer write might wait, deaf to signals, and let
 * others who write to the same pipe come in between.
 */
const AT_ONCE_BYTES = 4096;

/** The next bytes to be written: whole lines, where one is not longer than that. */
export const portion = (rest: Bytes, from: number): Bytes => {
  const most = from + AT_ONCE_BYTES;
  const end = rest.length <= most ? rest.length : rest.lastIndexOf('\n', most - 1) + 1;
  return rest.slice(from, end > from ? end : most);
};

const WRITABLE: readonly number[] = [STDOUT, POLLOUT];

const takesMore = (): boolean => {
  const ready = sys.poll(WRITABLE, 0);
  return !refused(ready) && ready[0] !== 0;
};

/** Writes what waits; true: nothing waits any more. */
export const drain = (stream: Stream): boolean => {
  const { rest } = stream;
  while (stream.sent < rest.length) {
    if (!takesMore()) return false;
    const written = sys.write(STDOUT, portion(rest, stream.sent));
    if (written === -EAGAIN) return false;
    if (refused(written)) {
      stream.settings.voice.warn('unable to write to standard output', written);
      stream.gone = true;
      break;
    }
    stream.sent += written;
  }
  stream.rest = '';
  stream.sent = 0;
  return true;
};
