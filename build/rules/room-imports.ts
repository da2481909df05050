// Imports: only along the arrows of rooms.ts, modules of Node.js only where Node.js is, no cycle between files.
import { arrowsBetween, cyclesIn, roomOf, subjectOf } from './graph.ts';
import { type Import, importsIn } from './imports.ts';
import { ON_NODE, PACKAGES, ROOMS, SUBJECTS } from './rooms.ts';
import type { Rule } from './tree.ts';

const at = ({ from, line }: Import): string => `${from}:${line}`;

/** Whether an import goes from a room to one that lies above it. */
export const isUpward = ({ from, to, isPackage }: Import): boolean => {
  const [start, end] = [roomOf(from), roomOf(to)];
  return !isPackage && start !== end && !(ROOMS[start] ?? []).includes(end);
};

export const roomImports: Rule = (tree) =>
  importsIn(tree)
    .filter(isUpward)
    .map((each) => `${at(each)}: ${roomOf(each.from)} may not import ${each.to}`);

/** Whether an import goes from a subject's folder to one of the same room that lies above it. */
export const isUpwardSubject = ({ from, to, isPackage }: Import): boolean => {
  const [start, end] = [subjectOf(from), subjectOf(to)];
  return !isPackage && roomOf(from) === roomOf(to) && start !== end && !(SUBJECTS[start] ?? []).includes(end);
};

/** The same between the subjects of a room. */
export const subjectImports: Rule = (tree) =>
  importsIn(tree)
    .filter((each) => roomOf(each.from) !== 'host' && isUpwardSubject(each))
    .map((each) => `${at(each)}: ${subjectOf(each.from)} may not import ${each.to}`);

export const packageImports: Rule = (tree) =>
  importsIn(tree)
    .filter(
      ({ from, to, isPackage }) => isPackage && !(to.startsWith('node:') ? ON_NODE.test(from) : PACKAGES[to] === from),
    )
    .map((each) => `${at(each)}: may not import ${each.to}, see build/rules/rooms.ts`);

export const importCycles: Rule = (tree) =>
  cyclesIn(arrowsBetween(importsIn(tree), (path) => path)).map(
    (files) => `${files[0]}: expected no cycle of imports, got ${files.join(', ')}`,
  );
