// What a source file imports: `import`, `export ... from`, `import()` of a module or of a type.
//
// Promises: type imports are seen as others are, and are told apart by `isType`: no code follows from them.
import { dirname, join, normalize } from 'node:path';
import { codeOf } from './comments.ts';
import { filesIn, lineOf, type Tree } from './tree.ts';

export interface Import {
  readonly from: string;
  readonly line: number;
  /** A path from the top of the checkout, or the name of a package. */
  readonly to: string;
  readonly isPackage: boolean;
  readonly isType: boolean;
}

const STATEMENT = /\b(import|export)\s+(type\s)?(?:((?:\{[^}]*\}|[\w*\s,])+)from\s*)?'([^']+)'/g;
const EXPRESSION = /(typeof\s+|await\s+)?\bimport\s*\(\s*'([^']+)'\s*\)/g;

/** Whether each name in `{ type A, type B }` is a type. */
const areTypes = (names: string): boolean =>
  names.startsWith('{') &&
  names
    .slice(1, -1)
    .split(',')
    .filter((name) => name.trim() !== '')
    .every((name) => /^\s*type\s/.test(name));

/** The imports of one file. */
export const importsOf = (from: string, text: string): readonly Import[] => {
  const code = codeOf(text);
  const importOf = (index: number, target: string, isType: boolean): Import => {
    const isPackage = !target.startsWith('.');
    const to = isPackage ? target : normalize(join(dirname(from), target));
    return { from, line: lineOf(code, index), to, isPackage, isType };
  };
  return [
    ...[...code.matchAll(STATEMENT)].map(({ index, 2: type, 3: names = '', 4: target = '' }) =>
      importOf(index, target, type !== undefined || areTypes(names)),
    ),
    ...[...code.matchAll(EXPRESSION)].map(({ index, 1: before, 2: target = '' }) =>
      importOf(index, target, !before?.startsWith('await')),
    ),
  ];
};

/** The imports of all sources, and of nothing that was built. */
export const importsIn = (tree: Tree): readonly Import[] =>
  filesIn(tree, /^src\/.*\.ts$/)
    .flatMap(([path, text]) => importsOf(path, text))
    .filter(({ to }) => !to.startsWith('out/'));
