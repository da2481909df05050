// Words that were given up for those of the field: one word for one thing, in plain present-day English.
//
// To retire a word, add a row to NEXT, which holds nowhere: what is left of it is counted (`graph.ts --words`), until it is
// nothing and the row can move to RETIRED. Names that are ordinary words too (`over`, `told`, `rest`) cannot be told by text.
// Messages of C runit stay as they are, whatever stands here. Read next: ../../docs/glossary.md.
import { filesIn, lineOf, type Rule, type Tree } from './tree.ts';

export interface Retired {
  /** As it stands in the list. */
  readonly title: string;
  readonly word: RegExp;
  readonly use: string;
  /** Files in which it is retired; all that are read, where there is none. */
  readonly where?: RegExp;
}

/** Between two words of a phrase: a blank, or the end of a line and what begins the next line of a comment. */
const BETWEEN = '\\s+(?:(?://|\\*|#)\\s+)?';

const phrase = (words: string, use: string): Retired => ({
  title: words,
  word: new RegExp(`\\b(?:${words.replaceAll(' ', BETWEEN)})\\b`, 'i'),
  use,
});
const name = (word: string, use: string): Retired => ({ title: word, word: new RegExp(`\\b(?:${word})\\b`), use });

/** An ordinary word that is retired as a name: no source declares it. */
const declared = (word: string, use: string): Retired => ({
  title: `declared ${word}`,
  word: new RegExp(`\\b(?:type|interface|class|const|let|function|readonly) (?:${word})\\b`),
  use,
  where: /^src\//,
});

/** None of these is left. */
export const RETIRED: readonly Retired[] = [
  phrase('com(?:es?|ing) to life', 'starts, is created'),
  phrase('in so many words', 'literally'),
  phrase('rules? of the house', 'rules of the project'),
  phrase('is told of', 'is reported, learns of'),
  phrase('to be had', 'available'),
  phrase('br(?:ing|ings|ought|inging) (?:\\w+ ){0,3}to an end', 'stop, end'),
  phrase('unless said', 'default'),
  phrase('ask after', 'query'),
  phrase('deaf', 'blocked, does not read commands'),
  phrase('for want of', 'without'),
  phrase('hindrance', 'obstacle, skipReason'),
  phrase('shall', 'must, is to'),
  phrase('gone on after a failure of the engine', 're-executed after an engine failure'),
  phrase('no process for the command', 'fork failed'),
  phrase('is no (?:command|status|moment)\\b(?! of)', "expected a ..., got '...'; is not a ..."),
  name('noSuch', 'badUser'),
  name('Board|newBoard|removeSpares', 'StatusFiles, standby files'),
  name('deliverNews', 'pendingEvents'),
  name('alien', 'foreignRunsv'),
  name('lookSoon|forceLook', 'rescan'),
  name('UNTOLD_TYPES', 'NO_INOTIFY_FILESYSTEMS'),
  name('handOver|takeUp', 'checkpoint, restore'),
  name('sys_again', 'reexec'),
  name('looksBack', 'needsPriorStatus'),
  name('easyBytes|softBytes|oldMs', 'fastPathBytes, rotateAtBytes, rotateAtMs'),
  name('isSwollen', 'needsTrim'),
  name('sameBreath', 'sameRead'),
  name('comeToLife', 'openForAppend'),
  name('NEVER_MIND', 'NO_TIME'),
  name('PATIENCE(?:_MS)?', 'TIMEOUT_MS'),
  declared('Works', 'ProcessorState'),
  declared('slim', 'trim'),
  declared('Ending', 'ExitStatus'),
  declared('Wish|Whom', 'SignalAction, ExecOptions, UserSpec'),
  declared('Round', 'WaitSession'),
  declared('Until', 'WaitCondition'),
  declared('refused', 'isErrno'),
  declared('Voice', 'Diagnostics'),
  declared('Wrong', 'ParseError'),
  declared('Late|Stuck', 'TimeoutError'),
  declared('elapse', 'sleep'),
  declared('furnish', 'setUp'),
];

/** To be retired: some files have them still. */
export const NEXT: readonly Retired[] = [];

const READ = /^(src|test|build|docs|docker)\/.*\.(ts|c|h|sh|mk|md|8)$|^(README|CONTRIBUTING)\.md$|^Makefile$/;
/** Where the retired words are listed. */
const LIST = /^(build\/rules|test\/unit\/build)\/.*words/;

interface Place extends Retired {
  readonly at: string;
  readonly found: string;
}

/** Each place that has one of `words`. */
export const placesOf = (tree: Tree, words: readonly Retired[]): readonly Place[] =>
  filesIn(tree, READ)
    .filter(([path]) => !LIST.test(path))
    .flatMap(([path, text]) =>
      words
        .filter(({ where }) => where?.test(path) !== false)
        .flatMap((retired) =>
          [...text.matchAll(new RegExp(retired.word, `${retired.word.flags}g`))].map(({ 0: found, index }) => ({
            ...retired,
            found: found.replace(/\s+/g, ' '),
            at: `${path}:${lineOf(text, index)}`,
          })),
        ),
    );

export const retiredWords: Rule = (tree) =>
  placesOf(tree, RETIRED).map(({ at, found, use }) => `${at}: expected '${use}', got '${found}'`);
