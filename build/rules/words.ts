// Words that were given up for those of the field: one word for one thing, in plain present-day English.
//
// To retire a word, add a row. A row in RETIRED holds at once; one in IN_PAGES holds in the pages, one in NEXT nowhere: what is
// left of both is counted (`graph.ts --words`), until it is nothing and the row can move up. Names that are ordinary words too (`over`, `told`, `rest`) cannot be told by text.
// Messages of C runit stay as they are, whatever stands here. Read next: ../../docs/glossary.md.
import { filesIn, lineOf, type Rule, type Tree } from './tree.ts';

export interface Retired {
  /** As it stands in the list. */
  readonly title: string;
  readonly word: RegExp;
  readonly use: string;
}

/** Between two words of a phrase: a blank, or the end of a line and what begins the next line of a comment. */
const BETWEEN = '\\s+(?:(?://|\\*|#)\\s+)?';

const phrase = (words: string, use: string): Retired => ({
  title: words,
  word: new RegExp(`\\b(?:${words.replaceAll(' ', BETWEEN)})\\b`, 'i'),
  use,
});
const name = (word: string, use: string): Retired => ({ title: word, word: new RegExp(`\\b(?:${word})\\b`), use });

/** None of these is left. */
export const RETIRED: readonly Retired[] = [
  phrase('com(?:es?|ing) to life', 'starts, is created'),
  phrase('in so many words', 'literally'),
  phrase('rules? of the house', 'rules of the project'),
];

/** Gone from the pages; sources, tests and manual pages have them still. */
export const IN_PAGES: readonly Retired[] = [
  phrase('is told of', 'is reported, learns of'),
  phrase('to be had', 'available'),
  phrase('br(?:ing|ings|ought|inging) (?:\\w+ ){0,3}to an end', 'stop, end'),
  phrase('unless said', 'default'),
  phrase('ask after', 'query'),
  phrase('deaf', 'blocked, does not read commands'),
  phrase('for want of', 'without'),
  phrase('hindrance', 'obstacle, skipReason'),
  phrase('shall', 'must, is to'),
];

/** To be retired: some files have them still. */
export const NEXT: readonly Retired[] = [
  phrase('gone on after a failure of the engine', 're-executed after an engine failure'),
  phrase('no process for the command', 'fork failed'),
  phrase('is no (?:command|status|moment)\\b(?! of)', "expected a ..., got '...'"),
  name('noSuch', 'badUser'),
  name('Works', 'ProcessorState'),
  name('Board|newBoard|removeSpares', 'status files, standby files'),
  name('deliverNews', 'pendingEvents'),
  name('slim', 'trim'),
  name('alien', 'foreignRunsv'),
  name('Ending', 'ExitStatus'),
  name('lookSoon|forceLook', 'rescan'),
  name('UNTOLD_TYPES', 'NO_INOTIFY_FILESYSTEMS'),
  name('handOver|takeUp', 'checkpoint, restore'),
  name('sys_again', 'reexec'),
  name('Wish|Whom', 'SignalAction, ExecOptions, UserSpec'),
  name('Round', 'WaitSession'),
  name('Until|looksBack', 'WaitCondition, needsPriorStatus'),
  name('easyBytes|softBytes|oldMs', 'fastPathBytes, rotateAtBytes, rotateAtMs'),
  name('isSwollen', 'needsTrim'),
  name('sameBreath', 'sameRead'),
  name('comeToLife', 'openForAppend'),
  name('NEVER_MIND', 'NO_TIME'),
  name('refused', 'isErrno'),
  name('Voice', 'Diagnostics'),
  name('Wrong', 'ParseError'),
  name('PATIENCE_MS', 'TIMEOUT_MS'),
  name('Late|Stuck', 'TimeoutError'),
  name('elapse', 'sleep'),
  name('furnish', 'setUp'),
];

const READ = /^(src|test|build|docs|docker)\/.*\.(ts|c|h|sh|mk|md|8)$|^(README|CONTRIBUTING)\.md$|^Makefile$/;
/** What people read who do not read the sources. promises.md quotes titles of tests. */
const PAGES = /^(README|CONTRIBUTING)\.md$|^docs\/(?!promises)[^/]*\.md$/;
/** Where the retired words are listed. */
const LIST = /^(build\/rules|test\/unit\/build)\/.*words/;

interface Place extends Retired {
  readonly at: string;
  readonly found: string;
}

/** Each place in files like `where` that has one of `words`. */
export const placesOf = (tree: Tree, words: readonly Retired[], where: RegExp = READ): readonly Place[] =>
  filesIn(tree, where)
    .filter(([path]) => !LIST.test(path))
    .flatMap(([path, text]) =>
      words.flatMap((retired) =>
        [...text.matchAll(new RegExp(retired.word, `${retired.word.flags}g`))].map(({ 0: found, index }) => ({
          ...retired,
          found: found.replace(/\s+/g, ' '),
          at: `${path}:${lineOf(text, index)}`,
        })),
      ),
    );

export const retiredWords: Rule = (tree) =>
  [...placesOf(tree, RETIRED), ...placesOf(tree, IN_PAGES, PAGES)].map(
    ({ at, found, use }) => `${at}: expected '${use}', got '${found}'`,
  );
