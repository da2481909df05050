// Keys out of the bytes that a terminal sends.
//
// Promises: any bytes give keys that are known or nothing at all; what may be the beginning of a key is kept until more
// comes. Pure. Read next: model.ts (what a key does).
import type { Bytes } from '../../abi/bytes.ts';

/** Names of keys that are more than a character; a character is its own name. */
const SEQUENCES: Readonly<Record<string, string>> = {
  A: 'up',
  B: 'down',
  H: 'home',
  F: 'end',
  '1~': 'home',
  '7~': 'home',
  '4~': 'end',
  '8~': 'end',
  '5~': 'page up',
  '6~': 'page down',
  '3~': 'delete',
};

const CONTROLS: Readonly<Record<string, string>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\x7f': 'backspace',
  '\b': 'backspace',
  '\x0c': 'redraw',
  '\x1b': 'escape',
};

const ESCAPE = '\x1b';
/** A whole sequence: `\x1b[`, parameters, one letter; or `\x1bO` and a letter. */
const WHOLE = /^\x1b(?:\[([0-9;?<=>!]{0,32}[\x20-\x2f]{0,4}[\x40-\x7e])|O([\x40-\x7e]))/;
const BEGUN = /^\x1b(?:\[[0-9;?<=>!]{0,32}[\x20-\x2f]{0,4}|O)?$/;

export interface Keys {
  readonly keys: readonly string[];
  /** What may be the beginning of a key. */
  readonly rest: Bytes;
}

const keyOf = (byte: Bytes): string | null => {
  const control = CONTROLS[byte];
  if (control !== undefined) return control;
  return byte < ' ' ? null : byte;
};

/** The keys in `bytes`. `isAll`: nothing more comes soon, so that an escape is the key of that name. */
export const keysIn = (bytes: Bytes, isAll: boolean): Keys => {
  const keys: string[] = [];
  let rest = bytes;
  while (rest !== '') {
    if (rest[0] === ESCAPE) {
      if (!isAll && BEGUN.test(rest)) break;
      const sequence = WHOLE.exec(rest);
      if (sequence !== null) {
        const name = SEQUENCES[sequence[1] ?? sequence[2] ?? ''];
        if (name !== undefined) keys.push(name);
        rest = rest.slice(sequence[0].length);
        continue;
      }
    }
    const key = keyOf(rest[0] as string);
    if (key !== null) keys.push(key);
    rest = rest.slice(1);
  }
  return { keys, rest };
};
