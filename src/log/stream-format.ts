// The format of lines on standard output: after the service's name, or as a JSON object.
//
// Promises: a line of up to MAX_LINE_BYTES stays whole, however it was read. A longer line is split there, never within a
// character, and each part but the last is marked as partial. Read next: stream.ts (which writes them).
import { jsonString } from '../formats/json.ts';
import { rfc3339, stampOf } from '../formats/stamp.ts';
import type { Moment } from '../formats/tai64.ts';
import type { Bytes } from '../abi/bytes.ts';
import { isErrno } from '../host/calls.ts';
import { sys } from '../host/sys.ts';
import type { Settings, StreamForm } from './settings.ts';

/** Longer lines are split. */
export const MAX_LINE_BYTES = 131_072;

export interface Style {
  readonly settings: Settings;
  readonly form: StreamForm;
  readonly service: Bytes;
}

const MAX_CHARACTER_BYTES = 4;

const isInner = (text: Bytes, at: number): boolean => (text.charCodeAt(at) & 0xc0) === 0x80;

/** Where to split a text longer than `most`: there, or before the UTF-8 character that would be split. */
export const cutAt = (text: Bytes, most: number): number => {
  for (let at = most; at > most - MAX_CHARACTER_BYTES && at > 0; at--) if (!isInner(text, at)) return at;
  return most;
};

const headOf = ({ settings, service, form }: Style, moment: Moment): Bytes =>
  form === 'json'
    ? `{"time":"${rfc3339(moment)}","service":${jsonString(service)},"line":`
    : stampOf(settings.stampStyle, moment) + (service === '' ? '' : `${service}: `);

/** A part that the next object, or line, continues. */
const formatPart = ({ form }: Style, head: Bytes, part: Bytes): Bytes =>
  form === 'json' ? `${head}${jsonString(part)},"partial":true}\n` : `${head}${part}...\n`;

/** A part of a line whose end is still to be read. */
export const partText = (style: Style, part: Bytes, moment: Moment): Bytes =>
  formatPart(style, headOf(style, moment), part);

/** One line, split if it is long. */
const formatLine = (style: Style, head: Bytes, line: Bytes): Bytes => {
  let [text, rest] = ['', line];
  while (rest.length > MAX_LINE_BYTES) {
    const at = cutAt(rest, MAX_LINE_BYTES);
    text += formatPart(style, head, rest.slice(0, at));
    rest = rest.slice(at);
  }
  return text + head + (style.form === 'json' ? `${jsonString(rest)}}\n` : `${rest}\n`);
};

const NO_LIMIT = 2 ** 52;

/** Lines that need no split, each after its head. */
const stampLines = (style: Style, data: Bytes, moment: Moment): Bytes => {
  const head = headOf(style, moment);
  let [text, at, state] = ['', 0, 0];
  while (at < data.length) {
    const made = sys.lines(data, at, state, head, '', style.settings.lineBytes, NO_LIMIT, 0);
    if (isErrno(made)) throw new Error(`lines: ${made}`);
    text += made[0];
    at = made[1];
    state = made[2];
  }
  return text;
};

/** Whole lines. */
export const linesText = (style: Style, data: Bytes, moment: Moment): Bytes => {
  if (style.form === 'text' && data.length <= MAX_LINE_BYTES) return stampLines(style, data, moment);
  const head = headOf(style, moment);
  let text = '';
  for (const line of data.slice(0, -1).split('\n')) text += formatLine(style, head, line);
  return text;
};
