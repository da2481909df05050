// No promise without a test: each title in italics in a page of promises is that of a case.
//
// In a title `...` and a word in capitals stand for what differs between cases. Read next: ../../docs/promises.md.
import { filesIn, lineOf, type Rule } from './tree.ts';

const PAGES = /^docs\/(promises|security)\.md$/;
const TITLE = /(?<![\w*/])\*([^*\n]+?)\*(?!\w)/g;
const VARIABLE = /\.\.\.|\b[A-Z]{3,}\b/;

/** The texts of the tests as their titles read. */
const titlesText = (texts: readonly string[]): string => texts.join('\n').replaceAll("\\'", "'");

export const promiseTitles: Rule = (tree) => {
  const tests = titlesText(filesIn(tree, /^test\/.*\.ts$/).map(([, text]) => text));
  const isThere = (title: string): boolean =>
    title
      .split(VARIABLE)
      .map((part) => part.trim())
      .every((part) => tests.includes(part));
  return filesIn(tree, PAGES).flatMap(([page, text]) =>
    [...text.matchAll(TITLE)]
      .filter(({ 1: title = '' }) => !isThere(title))
      .map(({ 1: title, index }) => `${page}:${lineOf(text, index)}: expected the title of a test, got '${title}'`),
  );
};
