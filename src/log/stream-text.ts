// What lines look like on standard output: each behind the service's name, or as a JSON object; and where one is cut.
//
// Promises: a line is one piece up to LINE_MOST bytes, whatever pieces it came in; a longer one is cut there, never within
// a character, and each part says that it goes on. Read next: stream.ts (who writes them).
import { rfc3339, stampOf } from '../formats/stamp.ts';
import type { Moment } from '../formats/tai64.ts';
import type { Bytes } from '../abi/bytes.ts';
import { refused } from '../host/calls.ts';
import { sys } from '../host/sys.ts';
import type { Settings, StreamForm } from './settings.ts';

/** Longer lines are cut. */
export const LINE_MOST = 131_072;

export interface Style {
  readonly settings: Settings;
  readonly form: StreamForm;
  readonly service: Bytes;
}

const CHARACTER_MOST = 4;

const isInner = (text: Bytes, at: number): boolean => (text.charCodeAt(at) & 0xc0) === 0x80;

/** Where a text that is longer than `most` is cut: there, or before the character of UTF-8 that would be cut in two. */
export const cutAt = (text: Bytes, most: number): number => {
  for (let at = most; at > most - CHARACTER_MOST && at > 0; at--) if (!isInner(text, at)) return at;
  return most;
};

/** A well formed character beyond ASCII. Many are taken at once below: a call for each would cost four times as much. */
const WIDE =
  '[\\xc2-\\xdf][\\x80-\\xbf]|\\xe0[\\xa0-\\xbf][\\x80-\\xbf]|[\\xe1-\\xec\\xee\\xef][\\x80-\\xbf]{2}|\\xed[\\x80-\\x9f][\\x80-\\xbf]|' +
  '\\xf0[\\x90-\\xbf][\\x80-\\xbf]{2}|[\\xf1-\\xf3][\\x80-\\xbf]{3}|\\xf4[\\x80-\\x8f][\\x80-\\xbf]{2}';
const NOT_ASCII = /[\x80-\xff]/;
const PARTS = new RegExp(`(?:${WIDE}){1,200}|[\\x80-\\xff]`, 'g');
/** U+FFFD, as UTF-8. */
const REPLACEMENT = '\xef\xbf\xbd';

/** Text as a JSON string in UTF-8; bytes that are none become U+FFFD. */
export const jsonString = (text: Bytes): Bytes => {
  const sound = NOT_ASCII.test(text) ? text.replace(PARTS, (part) => (part.length > 1 ? part : REPLACEMENT)) : text;
  return JSON.stringify(sound);
};

const headOf = ({ settings, service, form }: Style, moment: Moment): Bytes =>
  form === 'json'
    ? `{"time":"${rfc3339(moment)}","service":${jsonString(service)},"line":`
    : stampOf(settings.stampStyle, moment) + (service === '' ? '' : `${service}: `);

/** A part of a line says so: the next object, or line, goes on with it. */
const partBehind = ({ form }: Style, head: Bytes, part: Bytes): Bytes =>
  form === 'json' ? `${head}${jsonString(part)},"partial":true}\n` : `${head}${part}...\n`;

/** A part of a line whose end comes later. */
export const partText = (style: Style, part: Bytes, moment: Moment): Bytes =>
  partBehind(style, headOf(style, moment), part);

/** One line, in parts if it is long. */
const lineBehind = (style: Style, head: Bytes, line: Bytes): Bytes => {
  let [text, rest] = ['', line];
  while (rest.length > LINE_MOST) {
    const at = cutAt(rest, LINE_MOST);
    text += partBehind(style, head, rest.slice(0, at));
    rest = rest.slice(at);
  }
  return text + head + (style.form === 'json' ? `${jsonString(rest)}}\n` : `${rest}\n`);
};

const NO_LIMIT = 2 ** 52;

/** Lines that are not too long, each behind its head. */
const headed = (style: Style, data: Bytes, moment: Moment): Bytes => {
  const head = headOf(style, moment);
  let [text, at, state] = ['', 0, 0];
  while (at < data.length) {
    const made = sys.lines(data, at, state, head, '', style.settings.lineBytes, NO_LIMIT, 0);
    if (refused(made)) throw new Error(`lines: ${made}`);
    text += made[0];
    at = made[1];
    state = made[2];
  }
  return text;
};

/** Whole lines. */
export const linesText = (style: Style, data: Bytes, moment: Moment): Bytes => {
  if (style.form === 'text' && data.length <= LINE_MOST) return headed(style, data, moment);
  const head = headOf(style, moment);
  let text = '';
  for (const line of data.slice(0, -1).split('\n')) text += lineBehind(style, head, line);
  return text;
};
