// The commands for those who change the checkout: suites take minutes, so their words are checked, not carried out.
//
// Promises: each line is make, or a program of the checkout or vitest on npm's Node.js; targets, variables, files and options exist.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Block } from './page.ts';

const MAKEFILES: readonly string[] = ['Makefile', 'build/checks.mk', 'build/node.mk', 'build/install.mk'];

/** npm's Node.js, as the one on the machine may be too old for what the tests are written in. */
const NODE = 'node_modules/.bin/node';
const VITEST = 'node_modules/.bin/vitest';

const textOf = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');

/** make's words: targets that `make help` lists, and variables that a recipe reads. */
const makeFault = (root: string, words: readonly string[]): string | null => {
  const rules = MAKEFILES.map((path) => textOf(join(root, path))).join('\n');
  const isKnown = (word: string): boolean => {
    const [name = '', ...value] = word.split('=');
    return value.length > 0 ? rules.includes(`$(${name})`) : new RegExp(`^## ${word}:`, 'm').test(rules);
  };
  const unknown = words.find((word) => !isKnown(word));
  return unknown === undefined ? null : `expected a target or variable of make, got '${unknown}'`;
};

/** A program's file and its options, which it reads itself or in the module beside it that is named so. */
const programFault = (root: string, [file = '', ...words]: readonly string[]): string | null => {
  const path = join(root, file);
  if (!existsSync(path)) return `expected a file of the checkout, got '${file}'`;
  const text = [path, join(dirname(path), 'options.ts'), join(root, 'test/lib/options.ts')].map(textOf).join('');
  const unknown = words
    .filter((word) => word.startsWith('--'))
    .find((word) => !new RegExp(`\\b${word.slice('--'.length)}'?: |${word}\\b`).test(text));
  return unknown === undefined ? null : `expected an option of ${file}, got '${unknown}'`;
};

const vitestFault = (root: string, [run, ...words]: readonly string[]): string | null => {
  const paths = words.filter((word) => word.includes('/'));
  if (run !== 'run' || paths.length === 0) return 'expected vitest run and what to run';
  const unknown = paths.find((path) => !existsSync(join(root, path)));
  return unknown === undefined ? null : `expected a file of the checkout, got '${unknown}'`;
};

/** What is wrong with one command; null: nothing. */
export const checkoutFault = (root: string, line: string): string | null => {
  const command = line.replace(/ +#.*$/, '').replace(/^sudo /, '');
  // a quoted word has no options
  const [program = '', ...words] = command.replaceAll(/'[^']*'/g, 'WORD').split(/ +/);
  if (program === 'make') return makeFault(root, words);
  if (program !== NODE) return `expected make or ${NODE}, got '${program}'`;
  return words[0] === VITEST ? vitestFault(root, words.slice(1)) : programFault(root, words);
};

export const checkoutFaults = (root: string, blocks: readonly Block[]): readonly string[] =>
  blocks.flatMap(({ page, line, text }) =>
    text
      .trim()
      .split('\n')
      .map((command) => [command, checkoutFault(root, command)] as const)
      .filter(([, fault]) => fault !== null)
      .map(([command, fault]) => `${page}:${line}: ${command}: ${fault}`),
  );
