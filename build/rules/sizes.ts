// Files stay small enough to be read in one go, and C stays little.
import { filesIn, type Rule, type Tree } from './tree.ts';

export const FILE_LINES_MAX = 300;
/**
 * All C of the product: what the next capabilities need, so that nobody squeezes two statements into a line. Raised from 2430 for epoll:
 * poll over the 30,000 descriptors of 10,000 services costs milliseconds each time.
 */
export const C_LINES_MAX = 2460;

/** Files above the limit, each with its reason. An entry that is no longer needed is a breach. */
const LONG: Readonly<Record<string, string>> = {
  'src/machine/service/table.ts': 'one table, which is read as a whole',
};

const PRODUCT_C = /^(src|build\/image)\/.*\.[ch]$/;

const linesOf = (text: string): number => text.split('\n').length - 1;

/** Lines of C in the product that are neither empty nor comment. */
export const cLines = (tree: Tree): number =>
  filesIn(tree, PRODUCT_C)
    .flatMap(([, text]) => text.replace(/\/\*[\s\S]*?\*\//g, '').split('\n'))
    .filter((line) => line.trim() !== '').length;

export const fileSizesBut =
  (long: Readonly<Record<string, string>>): Rule =>
  (tree) => {
    const above = filesIn(tree, /^src\/.*\.ts$|\.[ch]$/).filter(([, text]) => linesOf(text) > FILE_LINES_MAX);
    return [
      ...above
        .filter(([path]) => !(path in long))
        .map(([path, text]) => `${path}: expected at most ${FILE_LINES_MAX} lines, got ${linesOf(text)}`),
      ...Object.keys(long)
        .filter((path) => !above.some(([each]) => each === path))
        .map((path) => `build/rules/sizes.ts: ${path} is no longer above the limit, remove the exception`),
    ];
  };

export const fileSizes: Rule = fileSizesBut(LONG);

export const cSize: Rule = (tree) => {
  const lines = cLines(tree);
  return lines > C_LINES_MAX
    ? [`src, build/image: expected at most ${C_LINES_MAX} lines of C without comments, got ${lines}`]
    : [];
};
