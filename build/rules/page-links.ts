// Links between pages lead to files that exist, and to headings that they have.
import { dirname, join, normalize } from 'node:path';
import { filesIn, lineOf, type Rule, type Tree } from './tree.ts';

const LINK = /\]\(([^)\s]+)\)/g;

/** What code hosts make of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');

const anchorsOf = (page: string): readonly string[] =>
  [...page.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading));

/** Fenced blocks become empty lines: what looks like a link there is none. */
const withoutBlocks = (page: string): string =>
  page.replace(/^ *```[\s\S]*?^ *```$/gm, (block) => block.replace(/[^\n]/g, ''));

const exists = (tree: Tree, path: string): boolean =>
  tree.has(path) || [...tree.keys()].some((each) => each.startsWith(`${path}/`));

const isGood = (tree: Tree, page: string, link: string): boolean => {
  if (/^[a-z]+:/.test(link)) return true;
  const [path = '', anchor] = link.split('#', 2);
  const target = path === '' ? page : normalize(join(dirname(page), path)).replace(/\/$/, '');
  return exists(tree, target) && (anchor === undefined || anchorsOf(tree.get(target) ?? '').includes(anchor));
};

export const pageLinks: Rule = (tree) =>
  filesIn(tree, /\.md$/).flatMap(([page, text]) => {
    const read = withoutBlocks(text);
    return [...read.matchAll(LINK)]
      .filter(({ 1: link = '' }) => !isGood(tree, page, link))
      .map(
        ({ 1: link, index }) =>
          `${page}:${lineOf(read, index)}: expected a link to a file and a heading that exist, got '${link}'`,
      );
  });
