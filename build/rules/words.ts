// Words that were given up for those of the field: one word for one thing, in plain present-day English.
//
// To retire a word, add a row. A row in RETIRED holds at once; one in NEXT is only counted (`graph.ts --words`), until
// nothing is left of it and it can move up. Names that are ordinary words too (`over`, `told`, `rest`) cannot be told by text.
// Messages of C runit stay as they are, whatever stands here. Read next: ../../docs/glossary.md.
import { filesIn, lineOf, type Rule, type Tree } from './tree.ts';

export interface Retired {
  readonly word: RegExp;
  readonly use: string;
}

const phrase = (word: string, use: string): Retired => ({ word: new RegExp(`\\b(?:${word})\\b`, 'i'), use });
const name = (word: string, use: string): Retired => ({ word: new RegExp(`\\b(?:${word})\\b`), use });

/** None of these is left. */
export const RETIRED: readonly Retired[] = [
  phrase('comes? to life', 'starts, is created'),
  phrase('in so many words', 'literally'),
  phrase('rules? of the house', 'rules of the project'),
];

/** To be retired: some files have them still. */
export const NEXT: readonly Retired[] = [
  phrase('is told of', 'is reported, learns of'),
  phrase('(?:is|was|were|are) to be had', 'is available'),
  phrase('br(?:ing|ings|ought|inging) (?:\\w+ ){0,3}to an end', 'stop, end'),
  phrase('gone on after a failure of the engine', 're-executed after an engine failure'),
  phrase('no process for the command', 'fork failed'),
  phrase('unless said', 'default'),
  phrase('ask after', 'query'),
  phrase('is no (?:command|status|moment)\\b(?! of)', "expected a ..., got '...'"),
  name('noSuch', 'badUser'),
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
  name('hindrance', 'skipReason'),
];

const READ = /^(src|test|build|docs|docker)\/.*\.(ts|c|h|sh|mk|md|8)$|^(README|CONTRIBUTING)\.md$|^Makefile$/;
/** Where the retired words are listed. */
const LIST = /^(build\/rules|test\/unit\/build)\/.*words/;

/** Each place that has one of `words`. */
export const placesOf = (tree: Tree, words: readonly Retired[]): readonly (Retired & { readonly at: string })[] =>
  filesIn(tree, READ)
    .filter(([path]) => !LIST.test(path))
    .flatMap(([path, text]) =>
      words.flatMap((retired) =>
        [...text.matchAll(new RegExp(retired.word, `${retired.word.flags}g`))].map(({ index }) => ({
          ...retired,
          at: `${path}:${lineOf(text, index)}`,
        })),
      ),
    );

export const retiredWords: Rule = (tree) =>
  placesOf(tree, RETIRED).map(({ at, word, use }) => `${at}: expected '${use}', got ${word.source}`);
