// The checkout as text, which is all that a rule sees: so a test gives it a tree of a few lines instead.
//
// Read next: ../rules.ts (all rules).
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Path from the top of the checkout -> what the file holds. */
export type Tree = ReadonlyMap<string, string>;

/** One line for each breach: where, and what was expected. */
export type Rule = (tree: Tree) => readonly string[];

/** What is downloaded or made. */
const NOT_OURS: readonly string[] = ['.git', '.cache', 'node_modules', 'out', 'dist', 'coverage'];
const TEXT = /(\.(ts|c|h|sh|mk|md|json|js|ld|8|1)|^Makefile|\/Dockerfile|^Dockerfile)$/;

const filesUnder = (top: string, folder: string): readonly string[] =>
  readdirSync(join(top, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (NOT_OURS.includes(entry.name)) return [];
    return entry.isDirectory() ? filesUnder(top, path) : entry.isFile() ? [path] : [];
  });

/** Every file; of those that are no text, the name alone. */
export const readTree = (top: string): Tree =>
  new Map(
    filesUnder(top, '')
      .toSorted()
      .map((path) => [path, TEXT.test(path) ? readFileSync(join(top, path), 'utf8') : '']),
  );

/** The files whose path matches. */
export const filesIn = (tree: Tree, pattern: RegExp): readonly (readonly [path: string, text: string])[] =>
  [...tree].filter(([path]) => pattern.test(path));

export const lineOf = (text: string, index: number): number => text.slice(0, index).split('\n').length;
