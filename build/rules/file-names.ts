// Files and folders that comments and pages name exist: a newcomer follows these names.
//
// A name with `./` or `../` counts from the file that has it; one that begins with a folder of the checkout, from the
// top. Any other is the end of some path: of one only, or of one in the same folder, so that nobody has to guess which
// of several is meant.
import { dirname, join, normalize } from 'node:path';
import { commentsOf } from './comments.ts';
import { lineOf, type Rule, type Tree } from './tree.ts';

/** With one of our endings, or below a folder of the checkout. Not: patterns, variables, web addresses. */
const NAME =
  /(?<![\w/.*@$<{}~-])(?:(?:[\w.-]+\/)*[\w-][\w.-]*\.(?:ts|c|h|md|mk|ld)\b|(?:src|test|build|docs|docker)(?:\/[\w.-]*\w)+)(?![\w(/*<{$-]|\.\w|\.\*)/g;

const SOURCES = /^(src|test|build)\/.*\.(ts|c|h|sh|mk)$|^Makefile$/;
const PAGES = /^(README|CONTRIBUTING)\.md$|^(docs|build|test|docker)\/.*\.md$/;

const isLink = (name: string): boolean => name.startsWith('./') || name.startsWith('../');

/** Whether `name`, which stands in the file `at`, is the name of exactly one file, or of a folder from the top. */
const isFound = (tree: Tree, at: string, name: string): boolean => {
  if (tree.has(normalize(join(dirname(at), name)))) return true;
  const paths = [...tree.keys()];
  if (isLink(name)) return paths.some((path) => path.startsWith(`${normalize(join(dirname(at), name))}/`));
  if (tree.has(name) || paths.some((path) => path.startsWith(`${name}/`))) return true;
  return paths.filter((path) => path.endsWith(`/${name}`)).length === 1;
};

export const fileNames: Rule = (tree) =>
  [...tree].flatMap(([path, text]) => {
    const read = SOURCES.test(path) ? commentsOf(path, text) : PAGES.test(path) ? text : '';
    return [...read.matchAll(NAME)]
      .filter(({ 0: name }) => !isFound(tree, path, name))
      .map(
        ({ 0: name, index }) => `${path}:${lineOf(read, index)}: names '${name}', expected a file that exists, once`,
      );
  });
