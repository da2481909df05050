// No dead exports: what src exports, another file of src, test or build uses.
import { filesIn, type Rule } from './tree.ts';

const EXPORT = /^export (?:const|let|function|class|interface|type) (\w+)/gm;
/** What others import is the sense of these. */
const FOR_OTHERS = /^src\/(abi\/|api\/(index|types)\.ts$)/;

export const deadExports: Rule = (tree) => {
  const users = new Map<string, number>();
  for (const [, text] of filesIn(tree, /^(src|test|build)\/.*\.ts$/)) {
    for (const word of new Set(text.match(/\w+/g))) users.set(word, (users.get(word) ?? 0) + 1);
  }
  return filesIn(tree, /^src\/.*\.ts$/)
    .filter(([path]) => !FOR_OTHERS.test(path))
    .flatMap(([path, text]) =>
      [...text.matchAll(EXPORT)]
        .map(([, name = '']) => name)
        .filter((name) => users.get(name) === 1)
        // a type that only its own file names is part of what an exported function says
        .filter((name) => !(/^[A-Z]/.test(name) && (text.match(new RegExp(`\\b${name}\\b`, 'g')) ?? []).length > 1))
        .map((name) => `${path}: nobody uses the export ${name}`),
    );
};
