// Variables: the value in a file of an environment directory, the lines of an environment file, and what both change.
//
// Promises: pure; names are taken as they are, one with `=` in it included, as envdir always did.
import type { Bytes } from '../abi/bytes.ts';
import { type ParseError, parseError } from './parse-error.ts';

/** `text` null: the variable goes away. */
export interface VariableChange {
  readonly name: Bytes;
  readonly value: Bytes | null;
}

const isBlank = (char: string | undefined): boolean => char === ' ' || char === '\t';

/** The first line less blanks at its end, NUL being a newline; null for a file of no bytes. */
export const variableIn = (content: Bytes): Bytes | null => {
  if (content === '') return null;
  const newline = content.indexOf('\n');
  let end = newline < 0 ? content.length : newline;
  while (isBlank(content[end - 1])) end--;
  return content.slice(0, end).replaceAll('\0', '\n');
};

const withoutLead = (line: Bytes): Bytes => {
  let at = 0;
  while (isBlank(line[at])) at++;
  return line.slice(at);
};

const hasBlank = (name: Bytes): boolean => name.includes(' ') || name.includes('\t');

const SHOWN_BYTES = 60;

/** A name for a message: what is no name may be a file of any kind. */
const shown = (name: Bytes): Bytes =>
  name.slice(0, SHOWN_BYTES).replace(/[\x00-\x08\x0a-\x1f\x7f]/g, '?') + (name.length > SHOWN_BYTES ? '...' : '');

const lineChange = (line: Bytes, environ: readonly Bytes[]): VariableChange | null | ParseError => {
  if (line === '' || line[0] === '#') return null;
  const at = line.indexOf('=');
  const name = at < 0 ? line : line.slice(0, at);
  if (name === '') return parseError('no name');
  if (hasBlank(name)) return parseError(`a blank in the name ${shown(name)}`);
  if (line.includes('\0')) return parseError('a NUL byte');
  if (at >= 0) return { name, value: line.slice(at + 1) };
  const own = environ.find((entry) => entry.startsWith(`${name}=`));
  return own === undefined ? null : { name, value: own.slice(name.length + 1) };
};

const BYTE_ORDER_MARK = '\xef\xbb\xbf';

/**
 * Docker's format: NAME=VALUE lines, the value as it stands; NAME alone takes it from `environ`, or is nothing; empty
 * lines and those that begin with # are passed over. A ParseError names the line.
 */
export const parseEnvFile = (content: Bytes, environ: readonly Bytes[]): readonly VariableChange[] | ParseError => {
  const text = content.startsWith(BYTE_ORDER_MARK) ? content.slice(BYTE_ORDER_MARK.length) : content;
  const changes: VariableChange[] = [];
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] as Bytes;
    const change = lineChange(withoutLead(line.endsWith('\r') ? line.slice(0, -1) : line), environ);
    if (change === null) continue;
    if ('wrong' in change) return parseError(`line ${at + 1}: ${change.wrong}`);
    changes.push(change);
  }
  return changes;
};

const keyOf = (entry: Bytes): Bytes => {
  const at = entry.indexOf('=');
  return at < 0 ? entry : entry.slice(0, at);
};

/**
 * `block`, entries with a NUL before and behind each, less those that begin with `sign`. It is looked for without the NUL
 * before it: a first byte that is rare makes the engine quick.
 */
const without = (block: Bytes, sign: Bytes): Bytes => {
  let left = block;
  for (let at = left.indexOf(sign); at >= 0; at = left.indexOf(sign, at)) {
    if (left[at - 1] === '\0') left = left.slice(0, at) + left.slice(left.indexOf('\0', at) + 1);
    else at++;
  }
  return left;
};

/**
 * `environ` after these changes, later ones first in force; changed variables come last, as they were given. The names
 * are looked for in all entries as one string: taking each entry apart costs several times as much.
 */
export const changedEnvironment = (environ: readonly Bytes[], changes: readonly VariableChange[]): readonly Bytes[] => {
  const entries = new Map<Bytes, Bytes>();
  for (const change of changes) {
    const entry = change.value === null ? change.name : `${change.name}=${change.value}`;
    const key = keyOf(entry);
    entries.delete(key);
    entries.set(key, entry);
  }
  let block = `\0${environ.join('\0')}\0`;
  for (const key of entries.keys()) block = without(without(block, `${key}=`), `${key}\0`);
  const kept = block.length > 2 ? block.slice(1, -1).split('\0') : [];
  for (const entry of entries.values()) if (entry.includes('=')) kept.push(entry);
  return kept;
};
