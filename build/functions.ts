// Prints how long functions and files are, the longest by name: `functions.ts [CHECKOUT]`; needs its node_modules.
//
// A function is everything with a body, one within another too; its length is its lines, from the first word to the last.
import { resolve } from 'node:path';
import type { Node, SourceFile } from 'typescript/unstable/ast';
import { SyntaxKind } from 'typescript/unstable/ast';
import { API } from 'typescript/unstable/sync';

const LONGEST = 8;

interface Measured {
  readonly name: string;
  readonly lines: number;
}

const WITH_BODY: readonly SyntaxKind[] = [
  SyntaxKind.FunctionDeclaration,
  SyntaxKind.FunctionExpression,
  SyntaxKind.ArrowFunction,
  SyntaxKind.MethodDeclaration,
  SyntaxKind.Constructor,
  SyntaxKind.GetAccessor,
  SyntaxKind.SetAccessor,
];

const lineAt = (file: SourceFile, position: number): number => file.text.slice(0, position).split('\n').length;

const functionsOf = (file: SourceFile, path: string): readonly Measured[] => {
  const found: Measured[] = [];
  const visit = (node: Node): void => {
    if (WITH_BODY.includes(node.kind)) {
      const first = lineAt(file, node.getStart(file));
      found.push({ name: `${path}:${first}`, lines: lineAt(file, node.end) - first + 1 });
    }
    node.forEachChild(visit);
  };
  visit(file);
  return found;
};

const report = (what: string, measured: readonly Measured[]): string => {
  const sorted = measured.toSorted((a, b) => b.lines - a.lines);
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * (1 - share))]?.lines ?? 0;
  const longest = sorted.slice(0, LONGEST).map(({ name, lines }) => `  ${String(lines).padStart(4)} ${name}`);
  return [`${what}: ${sorted.length}, median ${at(0.5)} lines, 95 % at most ${at(0.95)}`, ...longest].join('\n');
};

const top = resolve(process.argv[2] ?? `${import.meta.dirname}/..`);
const api = new API({ cwd: top });
const { program } = api.updateSnapshot({ openProjects: [`${top}/tsconfig.json`] }).getProjects()[0] ?? {};
if (program === undefined) throw new Error(`${top}/tsconfig.json: expected a project`);
const files = program
  .getSourceFileNames()
  .filter((path) => path.startsWith(`${top}/src/`))
  .flatMap((path) => {
    const file = program.getSourceFile(path);
    return file === undefined ? [] : [{ path: path.slice(top.length + 1), file }];
  });
console.log(
  report(
    'functions of src',
    files.flatMap(({ path, file }) => functionsOf(file, path)),
  ),
);
console.log(
  report(
    'files of src',
    files.map(({ path, file }) => ({ name: path, lines: file.text.split('\n').length - 1 })),
  ),
);
api.close();
