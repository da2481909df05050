// Prints the arrows between the rooms of src, and what breaks their order: `graph.ts [--words] [CHECKOUT]`.
//
// --words instead counts what is left of the words that are to be retired (rules/words.ts).
// Promises: says what is; the rules judge (rules.ts). Read next: rules/graph.ts, rules/rooms.ts.
import { parseArgs } from 'node:util';
import { type Arrows, arrowsBetween, cyclesIn, roomOf, subjectOf } from './rules/graph.ts';
import { type Import, importsIn } from './rules/imports.ts';
import { isUpward, isUpwardSubject } from './rules/room-imports.ts';
import { readTree, type Tree } from './rules/tree.ts';
import { NEXT, placesOf } from './rules/words.ts';

const lines = (arrows: Arrows): readonly string[] =>
  [...arrows].map(([from, ends]) => {
    const counts = [...ends].toSorted(([, a], [, b]) => b - a).map(([to, count]) => `${to} ${count}`);
    return `  ${from.padEnd(18)} ${counts.join(', ')}`;
  });

const asText = ({ from, to, line }: Import): string => `  ${from}:${line} -> ${to}`;

const sectionOf = (title: string, rows: readonly string[]): string => [`${title}: ${rows.length}`, ...rows].join('\n');

const cycles = (imports: readonly Import[], nameOf: (path: string) => string): readonly string[] =>
  cyclesIn(arrowsBetween(imports, nameOf)).map((names) => `  ${names.join(', ')}`);

const itself = (path: string): string => path;

const report = (tree: Tree): string => {
  const imports = importsIn(tree);
  const values = imports.filter(({ isType }) => !isType);
  const within = imports.filter(
    (each) => roomOf(each.from) === roomOf(each.to) && roomOf(each.from) !== 'host' && isUpwardSubject(each),
  );
  return [
    `imports: ${imports.length}, of types ${imports.length - values.length}`,
    sectionOf('rooms that import', lines(arrowsBetween(imports, roomOf))),
    sectionOf('subjects that import', lines(arrowsBetween(imports, subjectOf))),
    sectionOf('upward between rooms', imports.filter(isUpward).map(asText)),
    sectionOf('upward between the subjects of a room', within.map(asText)),
    sectionOf('cycles of rooms', cycles(imports, roomOf)),
    sectionOf('cycles of files', cycles(imports, itself)),
    sectionOf('cycles of files, types apart', cycles(values, itself)),
  ].join('\n');
};

const words = (tree: Tree): string =>
  NEXT.map((retired) => `${String(placesOf(tree, [retired]).length).padStart(6)} ${retired.title}`).join('\n');

const { values: options, positionals } = parseArgs({
  options: { words: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const tree = readTree(positionals[0] ?? `${import.meta.dirname}/..`);
console.log(options.words ? words(tree) : report(tree));
