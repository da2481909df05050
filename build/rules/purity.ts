// machine and formats touch no clock, no file, nothing that can fail: what they give depends on what they are given.
import { codeOf } from './comments.ts';
import { filesIn, type Rule } from './tree.ts';

const OUTSIDE = /\b(sys\.|Date\b|Math\.random|performance|process\.|console\.)/;

export const purity: Rule = (tree) =>
  filesIn(tree, /^src\/(machine|formats)\/.*\.ts$/).flatMap(([path, text]) => {
    const found = OUTSIDE.exec(codeOf(text))?.[0];
    return found === undefined ? [] : [`${path}: expected a pure file, found '${found}'`];
  });
