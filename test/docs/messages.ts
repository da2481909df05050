// The messages of the page about troubleshooting and of DIAGNOSTICS in manual pages: the sources print each of them.
//
// Promises: each clause of a message is a clause of some string of src, in which a hole (`${...}`) stands for any text. Clauses end at
// colons, commas and parentheses, as messages are put together there. Read next: run.ts.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Message {
  readonly page: string;
  /** From 1. */
  readonly line: number;
  readonly text: string;
}

const PAGE = 'docs/troubleshooting.md';
const MANUALS: readonly string[] = ['chpst', 'runsvdir', 'svlogd'].map((name) => `docs/man/${name}.8`);

const HOLE = '\0';
/** Fewer letters than this between the holes of a clause tell nothing. */
const LEAST_LETTERS = 3;
const SEPARATOR = /[:,;]\s+| \(|\)|[:,;]$|^[:,;]/;
/** A clause of a message that is a name, a number or the text of a system error. */
const IS_VARIABLE = /^[A-Z/]*$|^\.\.\.$/;

const clausesOf = (text: string): readonly string[] =>
  text
    .split(SEPARATOR)
    .map((clause) => clause.trim())
    .filter((clause) => clause !== '');

const lettersIn = (text: string): number => text.replaceAll(/[^a-z]/gi, '').length;

/** A hole without one inside, and a hole with a template inside. */
const SIMPLE_HOLE = /\$\{[^{}`]*\}/g;
const NESTED = /\$\{[^{}`]*`([^`]*)`[^{}`]*\}/g;
const QUOTED = /'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"/g;

/** Every string of a source, its holes marked. */
export const stringsIn = (source: string): readonly string[] => {
  const code = source.replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, '');
  const found = [...code.matchAll(QUOTED)].map(([, single, double]) => single ?? double ?? '');
  let text = code;
  for (let before = ''; text !== before; ) {
    before = text;
    text = text.replaceAll(SIMPLE_HOLE, HOLE);
    found.push(...[...text.matchAll(NESTED)].map(([, inner = '']) => inner));
    text = text.replaceAll(NESTED, HOLE);
  }
  return [...found, ...[...text.matchAll(/`([^`]*)`/g)].map(([, inner = '']) => inner)];
};

const patternOf = (clause: string): RegExp =>
  new RegExp(`^${clause.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(HOLE, '.*')}$`);

/** What the strings of all sources can look like. */
export const patternsOf = (strings: readonly string[]): readonly RegExp[] => {
  const clauses = new Set(strings.flatMap(clausesOf).filter((clause) => lettersIn(clause) >= LEAST_LETTERS));
  return [...clauses].map(patternOf);
};

const rowsOf = (page: string, text: string): readonly Message[] => {
  const lines = text.split('\n');
  const from = lines.findIndex((line) => line.startsWith('## Messages of '));
  return lines.flatMap((line, at) => {
    const message = at > from ? /^\| `([^`]+)` \|/.exec(line)?.[1] : undefined;
    return message === undefined ? [] : [{ page, line: at + 1, text: message }];
  });
};

/** `.It "MESSAGE"` below DIAGNOSTICS. */
const itemsOf = (page: string, text: string): readonly Message[] => {
  const lines = text.split('\n');
  const from = lines.indexOf('.Sh DIAGNOSTICS');
  const next = lines.findIndex((line, at) => at > from && line.startsWith('.Sh '));
  return lines.slice(0, next < 0 ? undefined : next).flatMap((line, at) => {
    const message = from >= 0 && at > from ? /^\.It "(.*)"$/.exec(line)?.[1] : undefined;
    return message === undefined ? [] : [{ page, line: at + 1, text: message }];
  });
};

export const faultsOf = (messages: readonly Message[], patterns: readonly RegExp[]): readonly string[] =>
  messages.flatMap(({ page, line, text }) => {
    const clauses = clausesOf(text).filter((clause) => !IS_VARIABLE.test(clause));
    const missing = clauses.filter((clause) => !patterns.some((pattern) => pattern.test(clause)));
    const at = `${page}:${line}: '${text}'`;
    if (clauses.length === 0) return [`${at}: nothing in it can be looked for`];
    return missing.length === 0 ? [] : [`${at}: no source prints '${missing.join("', '")}'`];
  });

const sourcesIn = (root: string): readonly string[] =>
  execFileSync('git', ['ls-files', 'src/*.ts'], { cwd: root, encoding: 'utf8' })
    .trim()
    .split('\n')
    .flatMap((path) => stringsIn(readFileSync(join(root, path), 'utf8')));

/** What no source prints, one line each. */
export const messageFaults = (root: string): readonly string[] => {
  const read = (page: string): string => readFileSync(join(root, page), 'utf8');
  const messages = [...rowsOf(PAGE, read(PAGE)), ...MANUALS.flatMap((page) => itemsOf(page, read(page)))];
  return faultsOf(messages, patternsOf(sourcesIn(root)));
};
